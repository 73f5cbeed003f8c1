"""CLs of a signal that only adds to the counts, and the limits that background alone would give.

q̃ and its asymptotic distributions are those of Cowan et al., EPJC 71 (2011) 1554, Eqs. 16 and 62–66. Where
outcomes are counted, or drawn, so are those of the band: with few counts it is no Gaussian one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

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
"""Times a bracket is doubled before a limit is said to be without bound."""

ROOT_TOLERANCE = 1e-9
"""In the logarithm of a limit."""

BAND_TOLERANCE, DRAWN_TOLERANCE = 1e-8, 1e-4
"""The same of a band that is counted, or drawn: quantiles of a step function, found by halving."""


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
        wanted = [float(ndtri(1 - alpha * ndtr(n)) + n) for n in BAND]
        return tuple(
            root_of(lambda value, far=far: far - math.sqrt(float(self.asimov.at(value)[0])), first)  # type: ignore[misc]
            for far in wanted
        )


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
        both, alone = self._p_values([held.theta[0], self.null], value, observed)
        return both / alone if alone > 0 else 1.0

    def _p_values(self, thetas: list[FloatArray], value: float, observed: float) -> list[float]:
        if self.toys is None:
            return [self._exact(theta, value, observed) for theta in thetas]
        calls = [((self.setup, self.name, Kind.UPPER, theta, value), self.toys.parts) for theta in thetas]
        found = gathered(self.toys.executor, statistic_of, calls)
        return [p_of_toys(np.concatenate(parts), observed)[0] for parts in found]

    def _exact(self, theta: FloatArray, value: float, observed: float) -> float:
        mu = self.setup.value.model.expected(theta)
        outcomes = every_outcome(mu, mu)
        return outcomes.p_value(self.data.of_other(outcomes.counts).at(value), observed, mu)[0]

    def band(self, alpha: float, first: float) -> tuple[float | None, ...]:
        """Return the quantiles of the limits of background alone."""
        known: dict[float, float] = {}

        def share(value: float) -> float:
            if value not in known:
                known[value] = self._excluded(value, alpha)
            return known[value]

        wanted = (ndtr(np.array(BAND)) * (1 - ROUNDING)).tolist()
        tolerance = BAND_TOLERANCE if self.toys is None else DRAWN_TOLERANCE
        return tuple(_first_above(share, least, first, tolerance) for least in wanted)

    def _excluded(self, value: float, alpha: float) -> float:
        """Return how probable it is that background alone excludes a value."""
        both, alone = (
            self._distribution(theta, value) for theta in (self.data.held(value).theta[0], self.null)
        )
        statistic, probability = alone
        # background never excludes what it expects as much of as signal and background
        with_signal = _not_below(*both, statistic)
        without = _not_below(*alone, statistic)
        return float(np.sum(probability[with_signal <= alpha * without]))

    def _distribution(self, theta: FloatArray, value: float) -> tuple[FloatArray, FloatArray]:
        """Return q̃ of outcomes against a value, and how probable each is, shape (b,) both."""
        if self.toys is None:
            mu = self.setup.value.model.expected(theta)
            outcomes = every_outcome(mu, mu)
            return self.data.of_other(outcomes.counts).at(value), outcomes.probabilities(mu)
        call = (self.setup, self.name, Kind.UPPER, theta, value)
        (parts,) = gathered(self.toys.executor, statistic_of, [(call, self.toys.parts)])
        drawn = np.concatenate(parts)
        return drawn, np.full(len(drawn), 1 / len(drawn))


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
