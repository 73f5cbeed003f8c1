"""Coverage of limits: `python -m benchmarks.coverage --toys 10000`.

A coupling at 0 and at its expected limit, and the lightest mass at 0 and at 10 meV; 90 % intervals of the
profile, CLs and Feldman–Cousins with toys, at GP23's three frequencies.
"""

import argparse

import numpy as np

from renp_sim.app.coverage import coverage_of
from renp_sim.app.experiment import Experiment
from renp_sim.app.question import Question
from renp_sim.runfile.run import load

LEVEL = 0.9
SEED = 20261126

SCALAR = ("interaction.model=scalar_mediator", "interaction.mass_eV=1", "interaction.y_electron=1")
CASES = (
    ("interaction.y_scalar.11", (0.0, 3.855e-17), SCALAR),
    ("lightest_mass_eV", (0.0, 0.01), ()),
)
"""Parameter, true values, settings of the run file; the second coupling is its expected 90 % limit."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--toys", type=int, default=10_000)
    n_toys = parser.parse_args().toys
    print(f"coverage of {100 * LEVEL:g} % intervals, {n_toys} toys, 68 % Clopper–Pearson errors")
    for parameter, truths, settings in CASES:
        experiment = Experiment.of(load("gp23_three_frequencies", settings))
        found = coverage_of(experiment, Question(), parameter, truths, seed=SEED, n_toys=n_toys, level=LEVEL)
        for truth, method, one in found.rows:
            low, high = one.interval()
            print(f"{parameter:24} {truth:10.4g} {method:16} {one.share:.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
