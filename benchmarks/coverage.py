"""Coverage of limits: `python -m benchmarks.coverage --toys 10000`.

A coupling at 0 and at its expected limit, and the lightest mass at 0 and at 10 meV; 90 % intervals of the
profile, CLs and Feldman–Cousins with toys, at GP23's three frequencies.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from renp_sim.analysis.infer.coverage import (
    Coverage,
    accepted_by_cls,
    accepted_by_construction,
    accepted_by_profile,
)
from renp_sim.analysis.infer.outcomes import Uniforms
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.likelihood.polynomial_model import as_polynomial
from renp_sim.app.experiment import Experiment
from renp_sim.app.interest import limit_setup
from renp_sim.app.question import Question
from renp_sim.runfile.run import load

LEVEL = 0.9
SEED, CALIBRATION_SEED = 20261126, 20261127

SCALAR = ("interaction.model=scalar_mediator", "interaction.mass_eV=1", "interaction.y_electron=1")
CASES = (
    ("interaction.y_scalar.11", 0.0, SCALAR),
    ("interaction.y_scalar.11", 3.855e-17, SCALAR),
    ("lightest_mass_eV", 0.0, ()),
    ("lightest_mass_eV", 0.01, ()),
)
"""Parameter, true value, settings of the run file; the second is the expected 90 % limit."""


def coverages(
    parameter: str, truth: float, settings: tuple[str, ...], n_toys: int
) -> Iterator[tuple[str, Coverage]]:
    """Yield the coverage of each method that the parameter allows."""
    experiment = Experiment.of(load("gp23_three_frequencies", settings))
    _, setup, name = limit_setup(experiment, Question(), parameter)
    theta = setup.theta.copy()
    theta[setup.index(name)] = truth
    setup = as_polynomial(setup.moved(theta))
    mu = setup.model.expected(theta)

    def toys(kind: Kind, seed: int, n: int) -> Statistic:
        counts = Uniforms.of(setup, len(mu), seed=seed, n_toys=n).outcomes(setup, mu, theta).counts
        return Statistic.of(setup, name, kind, counts)

    both = toys(Kind.TWO_SIDED, SEED, n_toys)
    yield "profile", Coverage.of(accepted_by_profile(both, truth, LEVEL))
    calibration = toys(Kind.TWO_SIDED, CALIBRATION_SEED, 10 * n_toys)
    yield "feldman-cousins", Coverage.of(accepted_by_construction(both, calibration, truth, LEVEL))
    if name in setup.squared and truth > 0:
        null = theta.copy()
        null[setup.index(name)] = 0.0
        alone = Statistic.of(setup.moved(null), name, Kind.UPPER, setup.model.expected(null)[None])
        upper = toys(Kind.UPPER, SEED, n_toys)
        yield "cls", Coverage.of(accepted_by_cls(upper, alone, truth, LEVEL))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--toys", type=int, default=10_000)
    n_toys = parser.parse_args().toys
    print(f"coverage of {100 * LEVEL:g} % intervals, {n_toys} toys, 68 % Clopper–Pearson errors")
    for parameter, truth, settings in CASES:
        for method, found in coverages(parameter, truth, settings, n_toys):
            low, high = found.interval()
            print(f"{parameter:24} {truth:10.4g} {method:16} {found.share:.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
