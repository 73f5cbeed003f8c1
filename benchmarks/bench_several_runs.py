"""Fits of runs with a frequency offset each: CPU time, and −2 ln L less that of a brute force.

Run as `python -m benchmarks.bench_several_runs [--quick]`. One thread.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time

import numpy as np

from renp_sim.analysis.infer.fit import fit
from renp_sim.production.memory import keep_freed_memory
from tests.prediction.several_runs import MASS, SeveralRuns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="four steps a run only")
    # as the command does
    keep_freed_memory()
    print("runs steps  line/ueV     CPU/s   Δq brute")
    for n_runs, n_steps in [(2, 4), (3, 4)] + ([] if parser.parse_args().quick else [(2, 8)]):
        for linewidth_eV in (0.0, 1e-6, 5e-6):
            case = SeveralRuns.of(n_steps, linewidth_eV, n_runs)
            begun = time.process_time()
            constrain = dict.fromkeys(case.own)
            best = fit(case.observation, {"normal": case.model}, free=(MASS,), constrain=constrain).best
            cpu_s = time.process_time() - begun
            near = next(p.value for p in best.floating if p.name == MASS) + np.linspace(-1e-4, 1e-4, 41)
            excess = best.minus_two_ln_L - np.min(case.brute_force(near))
            row = f"{n_runs:4d} {n_steps:5d} {1e6 * linewidth_eV:9.1f} {cpu_s:9.2f} {excess:10.2e}"
            print(row, flush=True)


if __name__ == "__main__":
    main()
