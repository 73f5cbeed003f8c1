"""The fit as it is against frozen fits: CPU time, −2 ln L, intervals.

Run as `python -m benchmarks.bench_frozen_fits [--write-json FILE] [--judge] [ID …]`.
The data sets and what was said of them before are `tests/reference/frozen_fits.jsonl`; what a verdict means
is told in `tests/analysis/frozen_fits.py`; with `--judge` intervals in doubt that `benchmarks.arbiter` finds
right are `explained`. One thread. Exit code 1 if a verdict is `HIGHER` or `INTERVALS`.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.arbiter import is_right
from renp_sim.production.memory import keep_freed_memory
from tests.analysis.frozen_fits import Comparison, FrozenFit, compared, fitted, frozen_fits

HEAD = f"{'id':22} steps   before    after  Δq before   Δq brute   shift/σ verdict"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="data sets; all if none is named")
    parser.add_argument("--write-json", type=Path, metavar="FILE", help="write the fits, a line each")
    parser.add_argument(
        "--judge", action="store_true", help="ask `benchmarks.arbiter` for intervals in doubt: minutes"
    )
    asked = parser.parse_args()
    # as the command does
    keep_freed_memory()
    print(HEAD)
    verdicts, lines = [], []
    for case in frozen_fits(asked.ids):
        begun = time.process_time()
        after = fitted(case)
        cpu_s = time.process_time() - begun
        comparison = compared(case, after)
        if asked.judge and comparison.verdict == "INTERVALS":
            judged = [is_right(case, label, name, after[label]) for label, name in comparison.doubtful]
            comparison = replace(comparison, verdict="explained" if all(judged) else "INTERVALS")
        verdicts.append(comparison.verdict)
        lines.append(json.dumps({"id": case.id, "cpu_s": cpu_s, "fits": after}))
        print(row(case, cpu_s, comparison), flush=True)
    if asked.write_json is not None:
        asked.write_json.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print(", ".join(f"{verdicts.count(v)} {v}" for v in sorted(set(verdicts))))
    return int(any(verdict.isupper() for verdict in verdicts))


def row(case: FrozenFit, cpu_s: float, comparison: Comparison) -> str:
    """Return one line of the table; Δq are −2 ln L now less that of the frozen fit or the brute force."""
    c = comparison
    than = [
        f"{'-':>10}" if excess is None else f"{excess:>10.2e}" for excess in (c.than_before, c.than_brute)
    ]
    limit = "> " if "timeout" in case.before else ""
    before_s = f"{limit}{case.before['cpu_s']:.2f}"
    return (
        f"{case.id:22} {case.n_steps:5d} {before_s:>8} {cpu_s:8.2f} {than[0]} {than[1]} {c.shift:9.2e} "
        f"{c.verdict} {c.where if c.verdict != 'same' else ''}"
    )


if __name__ == "__main__":
    sys.exit(main())
