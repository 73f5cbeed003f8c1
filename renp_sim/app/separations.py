"""What a schedule is to tell apart: truths of a prior, each with its alternatives, on the steps of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from renp_sim.analysis.plan.optimum import Points
from renp_sim.analysis.plan.separation import Separation
from renp_sim.app.compare import setups_of
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.exposure import require_test
from renp_sim.app.fitting import model_of
from renp_sim.app.question import Question
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.errors import ConfigError, nearest
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.runfile.run import Run

__all__ = ["Asking", "first_points", "separations_of"]

FIRST_MASSES_EV = np.concatenate([[0.0], np.geomspace(1e-4, 0.3, 60)])
"""Values of a searched mass that are conditions from the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question to a schedule.

    Parameters
    ----------
    question
        What floats on both sides.
    asked
        "ordering", "nature", NAME=VALUE, or the NAME of a parameter that is to be measured.
    significance
        One-sided, in standard deviations; of a measurement 1 means that its interval is 68 %.
    error
        How far the interval of a measured parameter may reach to either side; None where nothing is measured.
    """

    question: Question
    asked: str
    significance: float
    error: float | None = None

    def require(self) -> None:
        """Raise ConfigError if a number of the question is out of range."""
        require_test(self.significance, ())
        if self.error is not None and not 0 < self.error < np.inf:
            raise ConfigError(f"--error {self.error:g}: must be finite and positive")

    def alternatives(self, experiment: Experiment) -> tuple[str, ...]:
        """Return the questions of `compare` that are to be answered.

        A measurement is one of the values at the ends of its interval: where a threshold is sharp, Δq over
        the interval has a meaning, and the derivative of μ has none.

        Raises
        ------
        ConfigError
            If a parameter that is to be measured is unknown, or neither end is in its range.
        """
        if self.error is None:
            return (self.asked,)
        inside, outside = self._ends(experiment)
        if not inside:
            raise ConfigError(
                f"--error {self.error:g}: {' and '.join(outside)} are both outside of the range of "
                f"{self.asked}, so that nothing is to be excluded; give a smaller error"
            )
        return inside

    def outside(self, experiment: Experiment) -> tuple[str, ...]:
        """Return the ends of the interval of a measured parameter that its range has not."""
        return () if self.error is None else self._ends(experiment)[1]

    def _ends(self, experiment: Experiment) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the ends of an interval that are in the range of its parameter, and those that are not."""
        model = model_of(experiment, hypothesis_of_run(experiment))
        names = [parameter.name for parameter in model.parameters]
        if self.asked not in names:
            raise ConfigError(
                f"--question {self.asked}: with --error, the name of a parameter; "
                f"{nearest(self.asked, names)}"
            )
        place, error = names.index(self.asked), self.error or 0.0
        parameter, true = model.parameters[place], float(experiment.theta_true(model)[place])
        ends = {end: f"{self.asked}={end!r}" for end in (true - error, true + error)}
        inside = tuple(text for end, text in ends.items() if parameter.lower <= end <= parameter.upper)
        return inside, tuple(text for text in ends.values() if text not in inside)


def separations_of(runs: Sequence[Run], candidate: IndexArray, asking: Asking) -> list[Separation]:
    """Return every truth with its alternatives on the steps of runs that differ in the truth only.

    Errors of single steps are left out: who chooses the steps has as many of them as he likes.

    Parameters
    ----------
    runs
        One for each truth.
    candidate
        Of which candidate each step is, shape (n,).
    asking
        What is to be told apart.

    Raises
    ------
    ConfigError
        If the question is none, or a parameter unknown or asked for twice.
    """
    return [
        separation
        for number, run in enumerate(runs)
        for separation in _of_truth(number, run, candidate, asking)
    ]


def _of_truth(number: int, run: Run, candidate: IndexArray, asking: Asking) -> list[Separation]:
    experiment = Experiment.of(run)
    nothing = np.zeros(experiment.exposure.n_steps)
    exposure = replace(experiment.exposure, omega_step_error_eV=nothing, efficiency_step_error=nothing)
    experiment = replace(experiment, exposure=exposure)
    truth = model_of(experiment, hypothesis_of_run(experiment))
    counts = truth.expected(experiment.theta_true(truth))
    found = []
    for asked in asking.alternatives(experiment):
        _, alternative, (_, label) = setups_of(experiment, asking.question, asked)
        model = alternative.model
        if not isinstance(model, ExpectedCounts):
            raise TypeError(f"{type(model).__name__}: the model of a run is ExpectedCounts")
        found.append(
            Separation(
                counts=counts,
                setup=alternative,
                candidate=candidate,
                n_candidates=int(np.max(candidate)) + 1,
                part=model.part,
                wanted=asking.significance**2,
                truth=number,
                label=label,
            )
        )
    return found


def first_points(separations: Sequence[Separation]) -> Points:
    """Return points of the alternatives: where they stand, and along a searched mass."""
    points: list[tuple[int, FloatArray]] = []
    for which, separation in enumerate(separations):
        setup = separation.setup
        points.append((which, setup.theta))
        for name in setup.searched:
            low, high = setup.limits(name)
            for mass in FIRST_MASSES_EV[(low <= FIRST_MASSES_EV) & (high >= FIRST_MASSES_EV)]:
                theta = setup.theta.copy()
                theta[setup.index(name)] = mass
                points.append((which, theta))
    return tuple(points)
