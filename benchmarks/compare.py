"""What got slower between two runs of a benchmark: `python -m benchmarks.compare OLD.json NEW.json`.

A figure is slower if its median is worse by more than 5 %, and by more than five times the noise, which is
√(a² + b²) of the median absolute deviations a, b of both sides. Where nothing changed that happens in at most
0.5 % of the figures with five repeats a side, in fewer with more, whatever the noise looks like
(test_noise_alone_is_no_loss); medians care for no single hiccup. The 5 % are for what differs between two
processes and not between repeats of one, such as where memory lies. Ratios within a run and multiples of a
yardstick do not drift with the machine; plain seconds do. With fewer than five repeats on a side nothing can
be told, which is said.
Exit code 1 if anything is slower, 2 if the files cannot be compared.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import copysign, hypot, inf
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.report import Row

__all__ = ["NOISES", "Change", "change_of", "main"]

MARGIN: Final = 0.05
NOISES: Final = 5.0
"""Found by trial for five repeats: test_noise_alone_is_no_loss fails with 3."""
FEWEST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How many times worse the new median is, how many times the noise that is, and the verdict."""

    times_worse: float
    noises: float
    verdict: str


def change_of(old: Row, new: Row, noises: float = NOISES) -> Change:
    """Compare the repeats of one figure."""
    if min(len(old.repeats), len(new.repeats)) < FEWEST:
        return Change(times_worse=1.0, noises=0.0, verdict="too few repeats")
    before, after = median(old.repeats), median(new.repeats)
    noise = hypot(_deviation(old.repeats), _deviation(new.repeats))
    sign = -1 if new.is_more_better else 1
    worse, distance = (after / before) ** sign, sign * (after - before)
    away = distance / noise if noise else copysign(inf, distance) if distance else 0.0
    verdict = "same"
    if abs(away) > noises and not 1 / (1 + MARGIN) <= worse <= 1 + MARGIN:
        verdict = "SLOWER" if worse > 1 else "faster"
    return Change(times_worse=worse, noises=away, verdict=verdict)


def _deviation(values: Sequence[float]) -> float:
    middle = median(values)
    return median(abs(value - middle) for value in values)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Row]]:
    try:
        table = json.loads(path.read_text("utf-8"))
        return table, {what: Row(**row) for what, row in table["rows"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(_refusal(f"{path}: no figures of a benchmark ({error})")) from None


def _refusal(said: str) -> int:
    print(f"compare: {said}")
    return 2


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args(arguments)
    (old, old_rows), (new, new_rows) = _read(options.old), _read(options.new)
    for key in ("benchmark", "options", "machine"):
        if old[key] != new[key]:
            return _refusal(f"{key} differs: {old[key]} in {options.old}, {new[key]} in {options.new}")
    slower = []
    for what in old_rows.keys() | new_rows.keys():
        if what not in old_rows or what not in new_rows:
            print(f"{what}: only in {options.old if what in old_rows else options.new}")
    for what in [name for name in old_rows if name in new_rows]:
        before, after = old_rows[what], new_rows[what]
        change = change_of(before, after)
        print(f"{change.verdict:15} {_span(before)} → {_span(after)} {change.noises:+.1f} × noise  {what}")
        if change.verdict == "SLOWER":
            slower.append(f"{what} ({change.times_worse:.2f} × as bad)")
    print("slower by more than the noise: " + ("; ".join(slower) or "nothing"))
    return int(bool(slower))


def _span(row: Row) -> str:
    if not row.repeats:
        return "did not finish"
    return f"{median(row.repeats):.4g} {row.unit} ({min(row.repeats):.4g} … {max(row.repeats):.4g})"


if __name__ == "__main__":
    raise SystemExit(main())
