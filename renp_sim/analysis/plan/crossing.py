"""Where along the exposure a question is answered, by Asimov sets.

All that is known of an experiment is what two hypotheses say of it at a given exposure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.minimise.solution import TIE
from renp_sim.arrays import FloatArray

__all__ = [
    "FACTOR_TOLERANCE",
    "MOST",
    "Crossings",
    "Curve",
    "asimov_curve",
    "by_asimov",
    "joined",
    "probit_of",
    "reach_of",
]

LEAST, MOST = 1e-6, 1e8
"""Factors on the durations of a run file between which an answer is looked for."""

FACTOR_TOLERANCE = 1e-6
"""In the logarithm of a factor (`test_crossings_of_one_count`)."""

MARGIN = 2.0
"""Exposures are looked at from and to so many times where a Gaussian or a single count has an asked power
(`test_toys_of_one_step_agree_with_every_outcome`)."""

Curve = tuple[FloatArray, FloatArray, FloatArray]
"""Factors on the exposure, Δq or power there, and its error, shape (g,) each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossings:
    """Where an asked power, or significance of an Asimov set, is passed.

    Parameters
    ----------
    power
        None for an Asimov set.
    status
        "reached", "already" at any exposure, "never", or "several" crossings.
    factors
        All of them, rising; the last one counts.
    error
        Monte Carlo error of the last; None without one.
    """

    power: float | None
    status: str
    factors: tuple[float, ...]
    error: float | None = None

    @classmethod
    def of(cls, power: float | None, factors: Sequence[float], error: float | None = None) -> "Crossings":
        """Return what so many crossings mean."""
        status = "several" if len(factors) > 1 else "reached" if factors else "never"
        return cls(power=power, status=status, factors=tuple(factors), error=error if factors else None)


def by_asimov(here: Comparison, significance: float) -> tuple[Crossings, float]:
    """Return the exposure at which q of an Asimov set is Z², and where a power is looked for."""
    if here.is_wall:
        beyond = here.counts[here.alternative.model.expected(here.alternative.theta) <= 0]
        return Crossings(power=None, status="already", factors=()), 1.0 / float(np.sum(beyond))
    first = here.delta_q
    if first <= 0:
        return Crossings.of(None, ()), 1.0
    guess = significance**2 / first
    if not here.has_constraints:
        # q is proportional to the exposure; where it is small, its fit is known better there
        there = here.refitted(min(max(guess, LEAST), MOST)).delta_q
        guess *= significance**2 / there if there > 0 else 1.0
        is_found = LEAST < guess < MOST
        return Crossings.of(None, (guess,) if is_found else ()), guess if is_found else 1.0

    @cache
    def excess(log_factor: float) -> float:
        return math.log(max(here.longer(math.exp(log_factor)).delta_q, TIE) / significance**2)

    low = high = math.log(min(max(guess, LEAST), MOST))
    # of a q that is proportional to the exposure the root is as far as its logarithm is off
    stride = 2 * abs(excess(low)) + FACTOR_TOLERANCE
    while excess(low) > 0 and low > math.log(LEAST):
        low, stride = max(low - stride, math.log(LEAST)), 2 * stride
    while excess(high) < 0 and high < math.log(MOST):
        high, stride = min(high + stride, math.log(MOST)), 2 * stride
    if excess(high) < 0:
        return Crossings.of(None, ()), math.exp(high)
    root = brentq(excess, low, high, xtol=FACTOR_TOLERANCE) if low < high else low
    factor = math.exp(float(root))
    return Crossings.of(None, (factor,)), factor


def asimov_curve(here: Comparison, centre: float) -> Curve:
    """Return q of Asimov sets around an exposure."""
    factors = centre * np.geomspace(0.1, 10, 11)
    return factors, np.array([here.longer(f).delta_q for f in factors.tolist()]), np.zeros(len(factors))


def reach_of(p_value: float, powers: Sequence[float]) -> tuple[float, float]:
    """Return between which Asimov exposures powers are looked for.

    A Gaussian test of Z has power p at ((Z + Φ⁻¹(p))/Z)², or at any exposure; of a wall one count has it at
    −ln(1 − p).
    """
    z = -float(ndtri(p_value))
    gaussian = np.maximum(1 + ndtri(np.asarray(powers)) / z, 0.0) ** 2
    either = np.concatenate([gaussian, -np.log1p(-np.asarray(powers))])
    return max(float(either.min()) / MARGIN, LEAST), float(either.max()) * MARGIN


def joined(one: Curve, other: Curve) -> Curve:
    """Return the points of both, by rising exposure."""
    factor, value, error = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    order = np.argsort(factor, kind="stable")
    return factor[order], value[order], error[order]


def probit_of(values: FloatArray) -> FloatArray:
    """Return Φ⁻¹ of powers, short of what no toys tell from 0 or 1."""
    return np.asarray(ndtri(np.clip(values, 1e-4, 1 - 1e-4)))
