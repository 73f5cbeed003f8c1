"""`coverage`: how often intervals hold the truth, by toys that are addressed in blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.cls import only_adds
from renp_sim.analysis.infer.coverage import (
    Coverage,
    accepted_by_cls,
    accepted_by_construction,
    accepted_by_profile,
)
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.infer.toys import gathered, parts_of, statistic_of
from renp_sim.analysis.likelihood.polynomial_model import as_polynomial
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.interest import limit_setup
from renp_sim.app.left_out import left_out
from renp_sim.app.question import Question
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor, Serial, Shared
from renp_sim.streams import BLOCK_TOYS

__all__ = ["CoverageMethod", "CoverageReport", "coverage_of"]

CALIBRATION = 10
"""Toys that say what is accepted, for each one that is tested."""

MOST_TOYS = 1_000_000


class CoverageMethod(StrEnum):
    """Whose intervals."""

    PROFILE = "profile"
    FELDMAN_COUSINS = "feldman-cousins"
    CLS = "cls"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoverageReport:
    """Coverages of one parameter.

    Parameters
    ----------
    parameter, level
        Whose intervals, and how often they should hold the truth.
    hypothesis, question
        Of the toys and their fits.
    rows
        True value, method and coverage.
    notes
        What the likelihood leaves out, a line each: toys are drawn from it, so no coverage shows it.
    """

    parameter: str
    level: float
    hypothesis: str
    question: Question
    rows: tuple[tuple[float, CoverageMethod, Coverage], ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what `coverage --json` prints; intervals are 68 % Clopper–Pearson."""
        return {
            "parameter": self.parameter,
            "cl": self.level,
            "hypothesis": self.hypothesis,
            "normalisation": self.question.normalisation_beside(self.parameter),
            "rows": [
                {
                    "truth": truth,
                    "method": method.value,
                    "coverage": found.share,
                    "interval": list(found.interval()),
                    "covered": found.covered,
                    "toys": found.n,
                }
                for truth, method, found in self.rows
            ],
            "notes": list(self.notes),
        }


def coverage_of(
    experiment: Experiment,
    question: Question,
    parameter: str,
    truths: Sequence[float],
    *,
    seed: int,
    n_toys: int,
    level: float = 0.9,
    methods: Sequence[CoverageMethod] = tuple(CoverageMethod),
    executor: Executor | None = None,
) -> CoverageReport:
    """Return how often the intervals of a parameter hold its true value.

    What is accepted by Feldman and Cousins is taken from other toys at the truth, other parameters included.
    CLs is that of a signal that only adds, asymptotic; other signals and a truth of 0 have none.

    Parameters
    ----------
    experiment, question, parameter
        As in `renp_sim.app.limit.limit_of`.
    truths
        Values of the parameter.
    seed, n_toys
        Of the toys of each; the first do not change when there are more.
    level
        Confidence level.
    methods
        Whose intervals.
    executor
        Who makes the blocks; the result does not depend on it.

    Raises
    ------
    ConfigError
        If there is no such parameter, value, level or number of toys.
    """
    if not 0.5 < level < 1:
        raise ConfigError(f"--cl {level:g}: must be above 0.5 and below 1")
    if not 1 <= n_toys <= MOST_TOYS:
        raise ConfigError(f"--toys {n_toys}: must lie in 1 … {MOST_TOYS}")
    _, setup, name = limit_setup(experiment, question, parameter)
    rows, notes = [], []
    for truth in truths:
        low, high = setup.limits(name)
        if not low <= truth <= high:
            raise ConfigError(f"--truth {truth:g}: {name} must lie in {low:g} … {high:g}")
        study = _Study(setup=_at(setup, name, truth), name=name, truth=truth, level=level, seed=seed)
        if CoverageMethod.CLS in methods and not study.has_cls:
            notes.append(f"no CLs at {truth:g}: it is for a signal that only adds to counts, and is not 0")
        rows += [
            (truth, method, found) for method, found in study.coverages(methods, n_toys, executor or Serial())
        ]
    return CoverageReport(
        parameter=name,
        level=level,
        hypothesis=hypothesis_of_run(experiment).label,
        question=question,
        rows=tuple(rows),
        notes=(*notes, *left_out(experiment, question.treatment)),
    )


def _at(setup: Setup, name: str, value: float) -> Setup:
    theta = setup.theta.copy()
    theta[setup.index(name)] = value
    return setup.moved(theta)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Study:
    """One true value."""

    setup: Setup
    name: str
    truth: float
    level: float
    seed: int

    @property
    def has_cls(self) -> bool:
        """Whether there is a CLs: of a signal that only adds, and is there."""
        return self.truth > 0 and only_adds(_at(self.setup, self.name, 0.0), self.name)

    def coverages(
        self, methods: Sequence[CoverageMethod], n_toys: int, executor: Executor
    ) -> list[tuple[CoverageMethod, Coverage]]:
        """Return those that the parameter allows."""
        found = []
        is_two_sided = {CoverageMethod.PROFILE, CoverageMethod.FELDMAN_COUSINS} & set(methods)
        two_sided = self.statistics(Kind.TWO_SIDED, 0, n_toys, executor) if is_two_sided else np.empty(0)
        if CoverageMethod.PROFILE in methods:
            found.append((CoverageMethod.PROFILE, accepted_by_profile(two_sided, self.level)))
        if CoverageMethod.FELDMAN_COUSINS in methods:
            others = self.statistics(Kind.TWO_SIDED, n_toys, CALIBRATION * n_toys, executor)
            accepted = accepted_by_construction(two_sided, others, self.level)
            found.append((CoverageMethod.FELDMAN_COUSINS, accepted))
        if CoverageMethod.CLS in methods and self.has_cls:
            upper = self.statistics(Kind.UPPER, 0, n_toys, executor)
            null = _at(self.setup, self.name, 0.0)
            expected = null.model.expected(null.theta)
            alone = Statistic.of(null, self.name, Kind.UPPER, expected[None]).at(self.truth)
            found.append((CoverageMethod.CLS, accepted_by_cls(upper, float(alone[0]), self.level)))
        return [(method, Coverage.of(accepted)) for method, accepted in found]

    def statistics(self, kind: Kind, start: int, n_toys: int, executor: Executor) -> FloatArray:
        """Return the statistic of toys start … start + n_toys − 1 at the truth, shape (n_toys,)."""
        setup, theta = as_polynomial(self.setup), self.setup.theta
        call = (Shared(setup), self.name, kind, theta, self.truth)
        parts = parts_of(self.seed, start, start + n_toys, BLOCK_TOYS)
        (found,) = gathered(executor, statistic_of, [(call, parts)])
        return np.concatenate(found)
