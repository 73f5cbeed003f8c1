"""CPU time of a sensitivity curve with bands, against root finding on the model: both in one run.

`python -m benchmarks.bench_limits`. A hundred mediator masses, five limits each (median, ±1σ, ±2σ) on one
coupling at GP23's three frequencies; the other side finds the same five by brentq with a call of the
model for every trial, which is what one would write by hand.
"""

import argparse
import math
import time

import numpy as np
from scipy.optimize import brentq

from renp_sim.analysis.infer.band import BAND
from renp_sim.analysis.intervals import delta_q_of_level
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.app.experiment import Experiment
from renp_sim.app.interest import limit_setup
from renp_sim.app.question import Question
from renp_sim.app.scan import scan_of
from renp_sim.app.sensitivity import Sensitivity, sensitivity_of
from renp_sim.runfile.run import load

SETTINGS = ("interaction.model=scalar_mediator", "interaction.y_electron=1")
PARAMETER = "interaction.y_scalar.11"
AGREEMENT = 1e-4


def ours(points: int) -> Sensitivity:
    """Return the curve of `renp-sim sensitivity`."""
    scan = scan_of(f"interaction.mass_eV=1e-3:1e4:{points}:log")
    return sensitivity_of("gp23_three_frequencies", Question(), [PARAMETER], scan, settings=SETTINGS)


def by_hand(points: int) -> list[list[float]]:
    """Return the same limits by root finding."""
    z = math.sqrt(delta_q_of_level(0.9))
    roots = [z + n if n >= 0 else n + math.sqrt(n * n + z * z) for n in BAND]
    out = []
    for mass_eV in np.geomspace(1e-3, 1e4, points).tolist():
        run = load("gp23_three_frequencies", (*SETTINGS, f"interaction.mass_eV={mass_eV!r}"))
        _, setup, name = limit_setup(Experiment.of(run), Question(), PARAMETER)
        index, theta = setup.index(name), setup.theta.copy()
        theta[index] = 0.0
        counts = setup.model.expected(theta)

        def root_of(log_value: float, wanted: float) -> float:
            theta[index] = math.exp(log_value)
            return math.sqrt(float(np.sum(poisson_deviance(counts, setup.model.expected(theta))))) - wanted

        start = math.log(setup.model.parameters[index].scale)
        found = (brentq(root_of, start - 10, start + 10, args=(root,), xtol=1e-7) for root in roots)
        out.append([math.exp(value) for value in found])
    return out


def main() -> None:
    """Print both times, and how well the limits agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100)
    points = parser.parse_args().points
    ours(2)
    begin = time.process_time()
    curve = ours(points)
    between = time.process_time()
    limits = by_hand(points)
    ours_s, theirs_s = between - begin, time.process_time() - between
    (found,) = curve.limits.values()
    expected = np.array([limit.expected for limit in found], dtype=float)
    off = float(np.max(np.abs(expected / np.array(limits) - 1)))
    print(f"{points} limits with bands: {ours_s:.1f} s CPU; by hand {theirs_s:.1f} s; agree to {off:.1g}")
    if off > AGREEMENT:
        raise SystemExit("the limits differ")


if __name__ == "__main__":
    main()
