"""CLs of a signal that only adds to the counts, and the limits that background alone would give.

q̃ and its asymptotic distributions are those of Cowan et al., EPJC 71 (2011) 1554, Eqs. 16 and 62–66. Where
outcomes are counted, or drawn, so are those of the band: with few counts it is no Gaussian one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.band import BAND, ROUNDING
from renp_sim.analysis.infer.outcomes import TIE, every_outcome, p_of_toys
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.infer.toys import Toys, gathered, statistic_of
from renp_sim.arrays import FloatArray
from renp_sim.parallel.executor import Shared

__all__ = ["AsymptoticCls", "CountedCls", "asymptotic_cls", "root_of"]

DOUBLINGS = 60
"""Times a bracket is doubled before a limit is said to be without bound, so that there is an end."""

ROOT_TOLERANCE = 1e-9
"""In the logarithm of a limit (`test_no_count_excludes_the_same_whatever_the_background`)."""

BAND_TOLERANCE, DRAWN_TOLERANCE = 1e-8, 1e-4
"""The same of a band that is counted, or drawn: quantiles of a step function, found by halving
(`test_a_counted_band_is_that_of_background_alone`, `test_a_drawn_band_is_the_counted_one`)."""


def asymptotic_cls(q: FloatArray, q_null: float) -> FloatArray:
    """Return CLs of values of q̃, where background alone expects q̃ = q_null > 0, of any shape."""
    root, root_null = np.sqrt(q), math.sqrt(q_null)
    away = np.where(root <= root_null, root - root_null, (q - q_null) / (2 * root_null))
    return np.asarray(ndtr(-(away + root_null)) / ndtr(-away))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AsymptoticCls:
    """CLs from the observed q̃ and that of background alone."""

    data: Statistic
    asimov: Statistic

    @classmethod
    def of(cls, data: Statistic, null: FloatArray) -> "AsymptoticCls":
        """Return that of data with all parameters of background alone, shape (p,)."""
        setup = data.setup
        centred = setup.measured(null[setup.free])
        mu = setup.model.expected(null)
        return cls(data=data, asimov=Statistic.of(centred.moved(null), data.name, Kind.UPPER, mu[None]))

    def cls(self, value: float) -> float:
        """Return CLs of a value."""
        q, q_null = float(self.data.at(value)[0]), float(self.asimov.at(value)[0])
        if q_null <= 0:
            return 1.0
        return float(asymptotic_cls(np.array(q), q_null))

    def band(self, alpha: float, first: float) -> tuple[float | None, ...]:
        """Return the limits of background alone N standard deviations up: √q_A = Φ⁻¹(1 − α Φ(N)) + N."""

        def reaches(far: float) -> float | None:
            return root_of(lambda value: far - math.sqrt(float(self.asimov.at(value)[0])), first)

        return tuple(reaches(float(ndtri(1 - alpha * ndtr(n)) + n)) for n in BAND)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountedCls:
    """CLs from outcomes, all of them or toys, at the best fit of everything else to the data in hand."""

    setup: Shared[Setup]
    name: str
    null: FloatArray
    toys: Toys | None
    data: Statistic

    def cls(self, value: float) -> float:
        """Return CLs of a value."""
        held = self.data.held(value)
        observed = float(self.data.of_held(held, value)[0])
        both, alone = (
            p_of_toys(statistic, observed)[0]
            if self.toys is not None
            else float(_not_below(statistic, probability, np.array(observed)))
            for statistic, probability in self._distributions([held.theta[0], self.null], value)
        )
        return both / alone if alone > 0 else 1.0

    def band(self, alpha: float, first: float) -> tuple[float | None, ...]:
        """Return the quantiles of the limits of background alone."""

        @cache
        def share(value: float) -> float:
            return self._excluded(value, alpha)

        wanted = (ndtr(np.array(BAND)) * (1 - ROUNDING)).tolist()
        tolerance = BAND_TOLERANCE if self.toys is None else DRAWN_TOLERANCE
        return tuple(_first_above(share, least, first, tolerance) for least in wanted)

    def _excluded(self, value: float, alpha: float) -> float:
        """Return how probable it is that background alone excludes a value."""
        thetas = [self.data.held(value).theta[0], self.null]
        both, alone = self._distributions(thetas, value)
        statistic, probability = alone
        is_excluded = _not_below(*both, statistic) <= alpha * _not_below(*alone, statistic)
        return float(np.sum(probability[is_excluded]))

    def _distributions(self, thetas: list[FloatArray], value: float) -> list[tuple[FloatArray, FloatArray]]:
        """Return q̃ of outcomes of some parameters against a value, and how probable each is, shape (b,)."""
        if self.toys is None:
            expected = [self.setup.value.model.expected(theta) for theta in thetas]
            outcomes = [every_outcome(mu, mu) for mu in expected]
            return [
                (self.data.of_other(each.counts).at(value), each.probabilities(mu))
                for each, mu in zip(outcomes, expected, strict=True)
            ]
        calls = [((self.setup, self.name, Kind.UPPER, theta, value), self.toys.parts) for theta in thetas]
        drawn = [np.concatenate(parts) for parts in gathered(self.toys.executor, statistic_of, calls)]
        return [(each, np.full(len(each), 1 / len(each))) for each in drawn]


def _not_below(statistic: FloatArray, probability: FloatArray, observed: FloatArray) -> FloatArray:
    """Return the probability of a statistic that is not below each observed one, ties included."""
    order = np.argsort(statistic, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(probability[order])])
    at = np.searchsorted(statistic[order], observed - TIE * (1 + np.abs(observed)))
    return np.asarray(1 - below[at])


def _first_above(
    share: Callable[[float], float], least: float, first: float, tolerance: float
) -> float | None:
    """Return where a rising step function reaches so much; of equal steps the very same place."""
    step, high = math.log(2), math.log(first)
    for _ in range(DOUBLINGS):
        if share(math.exp(high - step)) < least:
            break
        high -= step
    for _ in range(DOUBLINGS):
        if share(math.exp(high)) >= least:
            break
        high += step
    else:
        return None
    while step > tolerance:
        step /= 2
        if share(math.exp(high - step)) >= least:
            high -= step
    return math.exp(high)


def root_of(excess: Callable[[float], float], first: float) -> float | None:
    """Return where an excess falls through 0, searched outward in the logarithm; None where it never does."""
    low = high = math.log(first)
    for _ in range(DOUBLINGS):
        if excess(math.exp(low)) > 0:
            break
        low -= math.log(2)
    for _ in range(DOUBLINGS):
        if excess(math.exp(high)) <= 0:
            found = brentq(lambda x: excess(math.exp(x)), low, high, xtol=ROOT_TOLERANCE)
            return math.exp(float(found))
        high += math.log(2)
    return None
