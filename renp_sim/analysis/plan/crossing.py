"""Where along the exposure a question is answered: by Asimov sets or every outcome.

All that is known of an experiment is what two hypotheses say of it at a given exposure.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial, reduce

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.power import exact_power
from renp_sim.analysis.infer.toys import gathered
from renp_sim.arrays import FloatArray
from renp_sim.parallel.executor import Executor, Serial, Shared

__all__ = [
    "MOST",
    "Crossings",
    "Curve",
    "asimov_curve",
    "by_asimov",
    "by_outcomes",
    "joined",
    "probit_of",
    "reach_of",
]

LEAST, MOST = 1e-6, 1e8
"""Factors on the durations of a run file between which an answer is looked for."""

FACTOR_TOLERANCE = 1e-6
"""In the logarithm of a factor."""

BEYOND = 1.2
"""A step over a root, in steps of a q that is proportional to the exposure."""

TINY = 1e-12
"""Δq that is none."""

CURVE_POINTS = 121
"""Of the power by every outcome."""

LEAST_TOOTH, TOOTH = 0.05, 1.5
"""Where the probit of the power is so near to that of an asked one its saw-tooth may pass it repeatedly: in
units of its largest fall between two exposures, which may miss the tip of a tooth."""

FINER = 20
"""Parts into which such a cell is divided: with half as many a tooth is lost
(`test_teeth_of_one_step_are_those_of_its_outcomes`)."""

SMALLEST = 0.03
"""Root of the least exposure that is looked at: below, a test that hardly has a power has it by chance."""

MARGIN = 2.0
"""Exposures are looked at from and to so many times where a Gaussian or a single count has an asked power."""

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
        return math.log(max(here.longer(math.exp(log_factor)).delta_q, TINY) / significance**2)

    low = high = math.log(min(max(guess, LEAST), MOST))
    # q is nearly proportional to the exposure, so the root is about as far as the logarithm of q is off
    stride = BEYOND * abs(excess(low)) + FACTOR_TOLERANCE
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


def by_outcomes(
    here: Comparison,
    centre: float,
    p_value: float,
    powers: Sequence[float],
    *,
    executor: Executor | None = None,
) -> tuple[list[Crossings], Curve]:
    """Return where the power of every outcome is what is asked, around an exposure; on any executor the same.

    Each power has a curve of its own, so that no answer depends on which others are asked.

    Raises
    ------
    ConfigError
        If there are too many outcomes.
    """
    shared = Shared(here)

    def powers_at(factors: FloatArray) -> FloatArray:
        (values,) = gathered(executor or Serial(), _power, [((shared, p_value), factors.tolist())])
        return np.array(values)

    power_at = partial(_power, shared, p_value)
    curves = [
        _finer(powers_at, centre * np.geomspace(*reach_of(p_value, [power]), CURVE_POINTS), power)
        for power in powers
    ]
    found = [_exact_crossings(power_at, curve, power) for curve, power in zip(curves, powers, strict=True)]
    return found, reduce(joined, curves)


def _power(here: Shared[Comparison], p_value: float, factor: float) -> float:
    return exact_power(here.value.longer(factor), p_value).value


def reach_of(p_value: float, powers: Sequence[float]) -> tuple[float, float]:
    """Return between which Asimov exposures powers are looked for.

    A Gaussian test of Z has power p at ((Z + Φ⁻¹(p))/Z)²; of a wall one count has it at −ln(1 − p).
    """
    z = -float(ndtri(p_value))
    gaussian = np.maximum(1 + ndtri(np.asarray(powers)) / z, SMALLEST) ** 2
    either = np.concatenate([gaussian, -np.log1p(-np.asarray(powers))])
    return float(either.min()) / MARGIN, float(either.max()) * MARGIN


def _finer(powers_at: Callable[[FloatArray], FloatArray], factors: FloatArray, power: float) -> Curve:
    """Return the power at exposures, and at more of them where it is near to the one that is asked."""
    # the longest first: if its outcomes are too many, nothing was done in vain
    values = powers_at(factors[::-1])[::-1]
    probit = probit_of(values)
    away = np.abs(probit - ndtri(power))
    # teeth are as high as an outcome is probable, and far from the asked power they do not matter
    falls = np.where(away[1:] < 1, probit[:-1] - probit[1:], 0.0)
    near = away < max(LEAST_TOOTH, TOOTH * float(np.max(falls, initial=0.0)))
    passed = (values[1:] >= power) != (values[:-1] >= power)
    cells = np.flatnonzero(near[1:] | near[:-1] | passed).tolist()
    inner = [np.geomspace(factors[i], factors[i + 1], FINER + 1)[1:-1] for i in cells]
    more = np.concatenate([np.empty(0), *inner])
    every = np.concatenate([factors, more])
    order = np.argsort(every)
    all_values = np.concatenate([values, powers_at(more)])
    return every[order], all_values[order], np.zeros(len(every))


def joined(one: Curve, other: Curve) -> Curve:
    """Return the points of both, by rising exposure."""
    factor, value, error = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    order = np.argsort(factor, kind="stable")
    return factor[order], value[order], error[order]


def probit_of(values: FloatArray) -> FloatArray:
    """Return Φ⁻¹ of powers, short of what no toys tell from 0 or 1."""
    return np.asarray(ndtri(np.clip(values, 1e-4, 1 - 1e-4)))


def _exact_crossings(power_at: Callable[[float], float], curve: Curve, power: float) -> Crossings:
    """Return where a saw-tooth passes a power, each place found by halving."""
    factors, values, _ = curve
    is_enough = values >= power
    crossings = []
    for i in np.flatnonzero(is_enough[1:] != is_enough[:-1]).tolist():
        low, high = math.log(factors[i]), math.log(factors[i + 1])
        while high - low > FACTOR_TOLERANCE:
            middle = (low + high) / 2
            if (power_at(math.exp(middle)) >= power) == is_enough[i]:
                low = middle
            else:
                high = middle
        crossings.append(math.exp((low + high) / 2))
    if np.all(is_enough):
        return Crossings(power=power, status="already", factors=())
    return Crossings.of(power, crossings, 0.0)
