"""Batched fits against iminuit on the same toys: speed and agreement.

Run as `python -m benchmarks.bench_fit [--quick]`.
Every line measures both sides interleaved in one run and prints the ratio of their times per toy. The
reference minimises a lean numpy likelihood, written out for each model, by MIGRAD from one start or several,
and each line says how many of the minima it misses: the fair one is the first that finds them all. For the
masses of the Standard Model it is the likelihood of the program itself, one toy at a time. One thread on
either side.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse

import numpy as np

from benchmarks.fit_cases import Case, cases
from benchmarks.report import Report, add_json_option
from benchmarks.timing import interleaved
from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.poisson import saturated_q
from renp_sim.analysis.search.problem import Problem
from renp_sim.production.memory import keep_freed_memory
from tests.analysis.reference_fit import reference_fit

SIDES = [-2.5, -1.0, -0.2, 0.2, 1.0, 2.5]


def speed(report: Report, case: Case, n_toys: int, few: int, rounds: int) -> None:
    counts = case.toys(n_toys)
    rows = counts[: case.few or few]
    best = case.batched(counts)[: len(rows)]
    constant = saturated_q(rows.T)
    for starts in case.starts:
        found = np.array([case.lean(row, starts) for row in rows]) + constant

        def reference(starts: int = starts) -> None:
            for row in rows:
                case.lean(row, starts)

        ratio = interleaved(reference, lambda: case.batched(counts), rounds=rounds)
        scale = n_toys / len(rows)
        ratios = [scale * each for each in ratio.ratios]
        what = f"{case.what}: MIGRAD from {starts} start{'s' * (starts > 1)}"
        report.add(
            what,
            ratios,
            case.goal,
            f"{what} {1e6 * ratio.first_s / len(rows):.0f} µs and misses "
            f"{np.mean(found - best > 0.01):.1%} of the minima, "
            f"batched {1e6 * ratio.second_s / n_toys:.2f} µs, "
            f"ratio {scale * ratio.ratio:.0f} ({min(ratios):.0f} … {max(ratios):.0f}); goal {case.goal}",
        )


def evaluations(report: Report, case: Case, n_toys: int, rounds: int) -> None:
    """How many evaluations of −2 ln L with its derivatives, for all toys at once, a fit takes as long as."""
    counts = case.toys(n_toys)
    problems = [
        Problem.of(Setup.of(model, free=case.free, constrain=case.constrain), counts)
        for model in case.models.values()
    ]
    each = [(p.likelihood(), np.repeat(p.start(), n_toys, axis=1)) for p in problems]

    def once() -> None:
        for likelihood, x in each:
            likelihood.value(x)
            likelihood.derivatives(x)

    ratio = interleaved(lambda: case.batched(counts), once, rounds=rounds)
    ratio.tell(report, f"{case.what}: batched fit against one evaluation", "≤ 15", n_toys, unit="toy")


def agreement(case: Case, n_toys: int) -> None:
    counts = case.toys(n_toys)
    setups = [Setup.of(model, free=case.free, constrain=case.constrain) for model in case.models.values()]
    starts = [] if "mass" in case.free[0] else SIDES
    reference = [min(reference_fit(setup, row, starts)[0] for setup in setups) for row in counts]
    difference = case.batched(counts) - np.array(reference)
    print(
        f"{case.what}: {n_toys} toys, median |Δ(−2 ln L)| {np.median(np.abs(difference)):.1e} (goal ≤ 1e-6), "
        f"worse than multi-start MINUIT by 0.01: {np.mean(difference > 0.01):.2%} (goal ≤ 0.05 %), better by "
        f"0.01: {np.mean(difference < -0.01):.2%}, largest {np.max(difference):.1e}"
    )


def main() -> None:
    keep_freed_memory()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer toys")
    add_json_option(parser)
    options = parser.parse_args()
    report = Report(options.json)
    many, few, rounds = (16_384, 60, 3) if options.quick else (65_536, 200, 7)
    every = cases()
    for case in every:
        speed(report, case, many, few, rounds)
        if case.few is None:
            evaluations(report, case, many, rounds)
    for case in every:
        if case.few is None:  # the same likelihood on both sides tells nothing
            scale = 10 if "mass" in case.free[0] else 1
            agreement(case, (200 if options.quick else 4000) // scale)


if __name__ == "__main__":
    main()
