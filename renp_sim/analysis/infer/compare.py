"""Is a hypothesis excluded by data that another one describes? Δ(−2 ln L) of two fits, and what it means.

The two need not be nested, so Wilks does not hold: the p-value is that of ΔT = q(alternative) − q(truth)
under the alternative at its best fit (a plug-in), from every outcome or from toys. The root of the Asimov ΔT
is the significance only where ΔT is Gaussian with a width of 2√ΔT (Blennow et al., JHEP 03 (2014) 028).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.band import BAND, band_of
from renp_sim.analysis.infer.outcomes import (
    TAIL,
    Outcomes,
    Uniforms,
    every_outcome,
    is_enumerable,
    is_least,
    p_of_toys,
)
from renp_sim.analysis.infer.possible import require_possible
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.infer.toys import Part, Toys, gathered
from renp_sim.analysis.infer.weights import is_beyond, log_ratio, weighted_p_value
from renp_sim.analysis.likelihood.poisson import IMPOSSIBLE_Q
from renp_sim.analysis.likelihood.scaled_model import longer
from renp_sim.analysis.minimise.solution import TIE
from renp_sim.analysis.search.problem import Problem
from renp_sim.analysis.search.search import search
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Shared

__all__ = ["Comparison", "Significance", "best_fit"]

MEDIAN = BAND.index(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Significance:
    """How improbable the alternative finds data, one-sided.

    Parameters
    ----------
    p_value
        Of the data, or of the median experiment under the truth.
    p_error
        Its Monte Carlo error; 0 where every outcome was counted, None where it is asymptotic.
    sigma
        Φ⁻¹(1 − p); None where p is 0 or 1 within what is known.
    is_bound
        Whether p is that or less: no toy was as extreme, or it is the end of what is told.
    """

    p_value: float
    p_error: float | None
    sigma: float | None
    is_bound: bool = False

    @classmethod
    def of(cls, p_value: float, p_error: float | None, *, n_toys: int = 0) -> "Significance":
        """Return the significance of a p-value; of N toys it may be the least that they can give."""
        sigma = -float(ndtri(p_value)) if 0 < p_value < 1 else None
        is_bound = n_toys > 0 and is_least(p_value, n_toys)
        return cls(p_value=p_value, p_error=p_error, sigma=sigma, is_bound=is_bound)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Two hypotheses at their best fits to one set of counts.

    Parameters
    ----------
    counts
        Of data, or those that the truth expects, shape (n,).
    truth, alternative
        What floats in each, at its best fit.
    q_truth, q_alternative
        −2 ln L there; infinite where counts are impossible.
    """

    counts: FloatArray
    truth: Setup
    alternative: Setup
    q_truth: float
    q_alternative: float

    @classmethod
    def of(cls, counts: FloatArray, truth: Setup, alternative: Setup) -> "Comparison":
        """Fit both; a truth that stands where it expects just these counts has no better fit."""
        problem = Problem.of(truth, counts[None])
        (q_truth,) = problem.likelihood().value(problem.start()).tolist()
        first = truth
        if q_truth > TIE:
            first, q_truth = best_fit(truth, counts)
        second, q_alternative = best_fit(alternative, counts)
        require_possible(second, min(q_truth, q_alternative), counts)
        return cls(
            counts=counts,
            truth=first,
            alternative=second,
            q_truth=q_truth,
            q_alternative=q_alternative,
        )

    def longer(self, factor: float) -> "Comparison":
        """Return the same for so many times the exposure.

        Where nothing is constrained both fits stay where they are, and −2 ln L grows like the counts.
        """
        if self.has_constraints:
            return self.refitted(factor)
        return replace(
            self,
            counts=factor * self.counts,
            truth=longer(self.truth, factor),
            alternative=longer(self.alternative, factor),
            q_truth=factor * self.q_truth,
            q_alternative=factor * self.q_alternative,
        )

    def refitted(self, factor: float) -> "Comparison":
        """Return the same for so many times the exposure, fitted anew."""
        return Comparison.of(
            factor * self.counts, longer(self.truth, factor), longer(self.alternative, factor)
        )

    @property
    def has_constraints(self) -> bool:
        """Whether other measurements say anything, which are not repeated in a longer exposure."""
        return any(c is not None for c in (*self.truth.constraints, *self.alternative.constraints))

    @property
    def delta_q(self) -> float:
        """ΔT, ≥ 0 where the truth describes the counts better; 0 where rounding makes the difference."""
        difference = self.q_alternative - self.q_truth
        return 0.0 if abs(difference) < TIE * (1 + abs(self.q_truth)) else difference

    @property
    def is_wall(self) -> bool:
        """Whether the alternative forbids counts that the truth allows, whatever floats."""
        return math.isfinite(self.q_truth) and not math.isfinite(self.q_alternative)

    def asymptotic(self) -> Significance:
        """Return the significance of the root of ΔT; at a wall it is no number."""
        if self.is_wall:
            return Significance(p_value=0.0, p_error=None, sigma=None)
        root = math.sqrt(max(self.delta_q, 0.0))
        return Significance(p_value=float(ndtr(-root)), p_error=None, sigma=root)

    def exact(self, *, is_data: bool) -> tuple[Significance, tuple[float, ...]]:
        """Return the significance from every outcome, and ΔT of experiments under the truth at `BAND`.

        Parameters
        ----------
        is_data
            Whether the counts are data; else the median experiment under the truth counts.

        Raises
        ------
        ConfigError
            If there are too many outcomes.
        """
        outcomes, statistic = self.every_statistic()
        band = band_of(statistic, outcomes.probabilities(self.truth.model.expected(self.truth.theta)))
        mu = self.alternative.model.expected(self.alternative.theta)
        observed = self.delta_q if is_data else band[MEDIAN]
        return Significance.of(*outcomes.p_value(statistic, observed, mu)), band

    def by_toys(self, toys: Toys, *, is_data: bool) -> tuple[Significance, tuple[float, ...]]:
        """Return the same from toys of both hypotheses, which share their random numbers.

        That of data is the share of toys of the alternative, (k + 1)/(N + 1), which no choice of a model has
        moved; that of the median experiment is known much further out by the weights of all toys.
        """
        (made,) = gathered(toys.executor, _drawn, [((Shared(self),), toys.parts)])
        statistic, ratio = np.concatenate(made, axis=2)
        under_alternative, under_truth = statistic
        band = band_of(under_truth)
        if is_data:
            p_value, error = p_of_toys(under_alternative, self.delta_q)
            return Significance.of(p_value, error, n_toys=len(under_alternative)), band
        p_value, error = weighted_p_value(statistic, ratio, band[MEDIAN])
        # the median of so many toys lies between these in two of three campaigns
        middle, away = len(under_truth) / 2, math.sqrt(len(under_truth)) / 2
        ends = np.sort(under_truth)[
            [max(int(middle - away), 0), min(int(middle + away), len(under_truth) - 1)]
        ]
        high, low = (weighted_p_value(statistic, ratio, end)[0] for end in ends.tolist())
        found = Significance.of(p_value, math.hypot(error, (high - low) / 2))
        return replace(found, is_bound=found.sigma is not None and is_beyond(found.sigma)), band

    def every_statistic(self, tail: float = TAIL) -> tuple[Outcomes, FloatArray]:
        """Return every outcome that either hypothesis makes likely, and ΔT of each, shape (b,).

        Raises
        ------
        ConfigError
            If there are too many, or constraints are measured anew in each.
        """
        outcomes = self.every_outcome(tail)
        return outcomes, self._statistic(outcomes)

    def every_outcome(self, tail: float = TAIL) -> Outcomes:
        """Return every outcome that either hypothesis makes likely, but for tails of each count.

        Raises
        ------
        ConfigError
            If there are too many, or constraints are measured anew in each.
        """
        both = self.expected
        least, most = np.minimum(*both), np.maximum(*both)
        if self.has_constraints:
            raise ConfigError("--method exact: constraints are measured anew in each experiment; use toys")
        if not is_enumerable(least, most, tail):
            raise ConfigError("--method exact: outcomes are too many to be counted; use toys, or fewer steps")
        return every_outcome(least, most, tail)

    @property
    def expected(self) -> tuple[FloatArray, FloatArray]:
        """What the truth and the alternative expect, shape (n,) each."""
        truth, alternative = (s.model.expected(s.theta) for s in (self.truth, self.alternative))
        return truth, alternative

    def weighted_toys(self, uniforms: Uniforms) -> tuple[FloatArray, FloatArray]:
        """Return ΔT of toys under the alternative and under the truth, and `log_ratio`, shape (2, b) each."""
        statistic, ratio = [], []
        for toys, drawn in self._toys(uniforms):
            statistic.append(self._statistic(toys, drawn))
            pair = (self.alternative, self.truth)
            ratio.append(log_ratio(pair, toys.counts, [_measured(toys, drawn, setup) for setup in pair]))
        return np.stack(statistic), np.stack(ratio)

    def _toys(self, uniforms: Uniforms) -> Iterator[tuple[Outcomes, Setup]]:
        """Yield toys of the alternative, then of the truth, and what they were drawn from."""
        for setup in (self.alternative, self.truth):
            yield uniforms.outcomes(setup, setup.model.expected(setup.theta), setup.theta), setup

    def _statistic(self, outcomes: Outcomes, drawn: Setup | None = None) -> FloatArray:
        """Return ΔT of each outcome, shape (b,); as large as can be where only one allows it.

        `drawn` is the set-up whose constraints were measured in them.
        """
        q = []
        for setup in (self.alternative, self.truth):
            values = _measured(outcomes, drawn or setup, setup)
            found = search(setup, outcomes.counts, constraint_values=values)
            q.append(np.minimum(found.q, IMPOSSIBLE_Q))
        return np.asarray(q[0] - q[1])


def _drawn(both: Shared[Comparison], part: Part) -> tuple[FloatArray, FloatArray]:
    return both.value.weighted_toys(part.uniforms(both.value.alternative, len(both.value.counts)))


def _measured(outcomes: Outcomes, drawn: Setup, setup: Setup) -> FloatArray | None:
    """Return what was measured of the free parameters of a set-up, shape (b, f), in toys of another one.

    What floats in one hypothesis only has no constraint.
    """
    values = outcomes.constraint_values
    if values is None:
        return None
    out = np.zeros((len(values), len(setup.names)))
    for place, name in enumerate(setup.names):
        if name in drawn.names:
            out[:, place] = values[:, drawn.names.index(name)]
    return out


def best_fit(setup: Setup, counts: FloatArray) -> tuple[Setup, float]:
    """Return the set-up at its global minimum, and −2 ln L there."""
    if not len(setup.free):
        return setup, float(search(setup, counts[None]).q[0])
    curve = ProfileCurve.of(setup, counts)
    return curve.setup, curve.q_min
