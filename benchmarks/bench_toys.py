"""Speed of `toys`: `python -m benchmarks.bench_toys`, `--quick` for less of it, `--study` for a whole study.

Each ratio is of two sides in one interleaved run, from the campaign to the finished file: two processes
against one, two Dask workers against one process, and Dask's own malloc settings against ours. Goals are in
docs/guide/speed.md. A study is 1e5 toys × 10 exposures × 2 hypotheses, six frequencies, free normalisation.
"""

import argparse
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program does

import numpy as np

from benchmarks.report import Report, add_json_option
from benchmarks.timing import Ratio, interleaved
from renp_sim.app.question import Normalisation, Question
from renp_sim.app.toy_plan import ToyPlan, plan_toys
from renp_sim.app.toys import make_toys
from renp_sim.parallel import cluster
from renp_sim.parallel.choice import executing
from renp_sim.parallel.executor import Executor
from renp_sim.production.memory import keep_freed_memory
from renp_sim.runfile.run import load
from renp_sim.streams import BLOCK_TOYS

QUESTION = Question(normalisation=Normalisation.FREE)
STUDY_TOYS = 100_000
STUDY_FACTORS = tuple(np.geomspace(0.1, 3, 10).tolist())


def plan(factors: tuple[float, ...]) -> ToyPlan:
    return plan_toys(load("gp23_six_frequencies"), QUESTION, "ordering", factors=factors)


def tell(report: Report, what: str, found: Ratio, goal: str) -> None:
    """Print and keep how many times as fast the second side is."""
    ratio = f"{found.ratio:.2f} × ({found.spread[0]:.2f} … {found.spread[1]:.2f})"
    line = f"{what}: {found.first_s:.2f} s, {found.second_s:.2f} s, {ratio}; goal {goal}"
    report.add(what, found.ratios, goal, line)


def compare(report: Report, asked: ToyPlan, n_toys: int, rounds: int) -> None:
    """Print the ratios."""
    with TemporaryDirectory() as folder, ExitStack() as stack:

        def side(executor: Executor) -> Callable[[], None]:
            path = Path(folder) / "toys.root"
            return lambda: make_toys(asked, path, 0, n_toys, executor=executor, force=True)

        one = side(stack.enter_context(executing(1)))
        two = side(stack.enter_context(executing(2, keep_freed_memory)))
        tell(report, "one process, two", interleaved(one, two, rounds), "≥ 1.7 ×")
        dask = side(stack.enter_context(executing(2, keep_freed_memory, cluster=cluster.LOCAL)))
        tell(report, "one process, two Dask workers", interleaved(one, dask, rounds), "≥ 1.6 ×")
        with patch.object(cluster, "MALLOC", {"MALLOC_TRIM_THRESHOLD_": "65536"}):
            bare = side(stack.enter_context(executing(2, cluster=cluster.LOCAL)))
        found = interleaved(bare, dask, rounds)
        tell(report, "Dask as it comes, with our settings", found, "> 1 ×")


def study(asked: ToyPlan, n_toys: int) -> None:
    """Print how long a whole study takes."""
    with TemporaryDirectory() as folder, executing(2, keep_freed_memory) as executor:
        path, begun = Path(folder) / "toys.root", time.perf_counter()
        make_toys(asked, path, 0, n_toys, executor=executor)
        seconds = time.perf_counter() - begun
        fits = n_toys * asked.campaign.rows_per_toy
        each, size = 1e6 * seconds / fits, path.stat().st_size / 1e6
        print(f"study: {n_toys} toys, {fits} fits in {seconds:.0f} s, {each:.0f} µs a fit; {size:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--study", action="store_true")
    parser.add_argument("--toys", type=int, default=STUDY_TOYS)
    add_json_option(parser)
    arguments = parser.parse_args()
    keep_freed_memory()
    if arguments.study:
        study(plan(STUDY_FACTORS), arguments.toys)
        return
    n_blocks, rounds = (4, 3) if arguments.quick else (8, 5)
    compare(Report(arguments.json), plan((0.3, 1.0)), n_blocks * BLOCK_TOYS, rounds)


if __name__ == "__main__":
    main()
