"""Batched fits against Minuit2 called from compiled C++ on the same toys: speed and agreement.

Run as `python -m benchmarks.bench_minuit2 [--quick]`; it needs ROOT, `pip install '.[root]'`.
Coupling and free normalisation, six steps with and without two control steps. `fit_toys.C`, compiled at
-O3, times its fits by itself, so that neither its compilation nor the reading of files counts; both sides
take turns in one run. Minuit2 goes from one start, and from the two that it needs for the same minima: as it
comes, and with the analytic gradient and strategy 0. One thread on either side.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.report import Report, add_json_option
from benchmarks.timing import Ratio
from renp_sim.analysis.infer.batch import fit_batch
from renp_sim.arrays import FloatArray
from renp_sim.production.memory import keep_freed_memory
from tests.analysis.toy_models import Polynomial, interference, with_control
from tests.macros.real_root import folder, run

MACRO = Path(__file__).with_name("fit_toys.C")
TRUTH = np.array([0.5, 1.0, 1.0])
MODELS = {"coupling + normalisation": interference(), "the same with control steps": with_control()}
WAYS = {"1 start": (1, False), "2 starts": (2, False), "2 starts, gradient, strategy 0": (2, True)}


@dataclass(frozen=True, kw_only=True)
class Minuit2:
    """Compiled fits of some toys: a folder for the macro's library and files."""

    model: Polynomial
    counts: FloatArray
    where: Path

    def write(self) -> None:
        m = self.model
        sizes = np.array(self.counts.shape[::-1], dtype=float)
        np.concatenate([sizes, m.a, m.b, m.c, m.d, self.counts.ravel()]).tofile(self.where / "in.bin")

    def fit(self, n_starts: int, is_fast: bool) -> tuple[float, FloatArray]:
        """Return the seconds that the fits took, and −2 ln L of each toy up to a constant."""
        build = f'gSystem->SetBuildDir("{self.where}", kTRUE); gSystem->SetFlagsOpt("-O3");'
        call = f'{MACRO}+O("{self.where}/in.bin", "{self.where}/out.bin", {n_starts}, {int(is_fast)})'
        made = run("root.exe", "-l", "-b", "-q", "-e", build, call)
        if made.returncode or "seconds" not in made.stdout:
            sys.exit(f"bench_minuit2: {MACRO.name} failed:\n{made.stdout}{made.stderr}")
        seconds = float(made.stdout.partition("seconds")[2].split()[0])
        return seconds, np.fromfile(self.where / "out.bin").reshape(-1, 3)[:, 0]


def batched(model: Polynomial, counts: FloatArray) -> FloatArray:
    return fit_batch(counts, {"m": model}, free=("x", "norm")).best_q


def saturated(n: FloatArray) -> FloatArray:
    """What −2 ln L of Baker and Cousins has besides 2 Σ(μ − n ln μ)."""
    constant: FloatArray = 2 * np.sum(n * np.log(np.maximum(n, 1.0)) - n, axis=1)
    return constant


def compare(report: Report, what: str, model: Polynomial, n_toys: int, n_reference: int, rounds: int) -> None:
    mu = model.expected(TRUTH)
    counts = np.random.default_rng(1).poisson(mu, size=(n_toys, len(mu))).astype(float)
    few = counts[:n_reference]
    with TemporaryDirectory() as scratch:
        minuit2 = Minuit2(model=model, counts=few, where=Path(scratch))
        minuit2.write()
        minuit2.fit(1, False)
        q = batched(model, counts)[:n_reference]
        for way, (n_starts, is_fast) in WAYS.items():
            times: list[tuple[float, float]] = []
            for _ in range(rounds):
                first_s, reference_q = minuit2.fit(n_starts, is_fast)
                begun = time.perf_counter()
                batched(model, counts)
                times.append((first_s / n_reference, (time.perf_counter() - begun) / n_toys))
            report_speed(report, what, way, Ratio(tuple(times)))
            report_agreement(what, way, q - reference_q - saturated(few))


def report_speed(report: Report, what: str, way: str, ratio: Ratio) -> None:
    low, high = ratio.spread
    row = f"{what}: Minuit2 in C++ from {way}"
    report.add(
        row,
        ratio.ratios,
        "≥ 20",
        f"{row} {1e6 * ratio.first_s:.1f} µs, "
        f"batched {1e6 * ratio.second_s:.2f} µs, ratio {ratio.ratio:.1f} ({low:.1f} … {high:.1f}); goal ≥ 20",
    )


def report_agreement(what: str, way: str, difference: FloatArray) -> None:
    print(
        f"{what}: {len(difference)} toys, median |Δ(−2 ln L)| {np.median(np.abs(difference)):.1e}, "
        f"worse than Minuit2 from {way} by 0.01: {np.mean(difference > 0.01):.2%} (goal ≤ 0.05 %), "
        f"better by 0.01: {np.mean(difference < -0.01):.2%}, largest {np.max(difference):.1e}"
    )


def main() -> None:
    keep_freed_memory()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer toys")
    add_json_option(parser)
    options = parser.parse_args()
    report = Report(options.json)
    if folder() is None:
        sys.exit("bench_minuit2: ROOT is not installed: pip install '.[root]'")
    n_toys, n_reference, rounds = (16_384, 4096, 3) if options.quick else (65_536, 16_384, 7)
    for what, model in MODELS.items():
        compare(report, what, model, n_toys, n_reference, rounds)


if __name__ == "__main__":
    main()
