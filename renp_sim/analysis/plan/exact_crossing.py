"""Where along the exposure a question is answered, by every outcome.

Counts are whole, so the power is a saw-tooth. The bounds of a power (`powers_between`) only grow with the
exposure, though: one tells where the first tooth is that can pass an asked power, the other where the last.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial, reduce

import numpy as np
from scipy.special import kl_div, ndtri

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.power import excluding, powers_between
from renp_sim.analysis.infer.toys import gathered
from renp_sim.analysis.plan.crossing import FACTOR_TOLERANCE, Crossings, Curve, joined
from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor, Serial, Shared

__all__ = ["by_outcomes", "window"]

STEP = 1.0125
"""Factor from one exposure that is looked at to the next."""

LEAST_TOOTH, TOOTH = 0.05, 1.5
"""Where the probit of the power is so near to that of an asked one its saw-tooth may pass it repeatedly: in
units of its largest fall between two exposures, which may miss the tip of a tooth."""

FINER = 20
"""Parts into which such a cell is divided: with half as many a tooth is lost
(`test_teeth_of_one_step_are_those_of_its_outcomes`)."""

SAME_POWER = 1e-5
"""By which the powers of the same outcomes differ, of which a billionth at either end was left out."""

ROOM = 1.02
"""Factor on either end of a window: a power may be just what it can be there, as that of a wall is."""

CLEAR = 1.25
"""Over this factor to its end a power must be clear of the asked one where what floats proves nothing."""

SAME = 1e-12
"""Information of a count that is none: of hypotheses that expect the same, as far as a fit knows."""

SURE = 1e-7
"""A power short of 1 by this is no different."""


def by_outcomes(
    here: Comparison, p_value: float, powers: Sequence[float], *, executor: Executor | None = None
) -> tuple[list[Crossings], Curve]:
    """Return where the power of every outcome is what is asked; on any executor the same.

    It is "never" only where both hypotheses expect the same, so that more counts tell no more. Each power
    has a curve of its own, so that no answer depends on which others are asked.

    Raises
    ------
    ConfigError
        If there are too many outcomes before it is answered.
    """
    mu_truth, mu_alternative = here.expected
    if np.sum(kl_div(mu_truth, mu_alternative)) <= SAME * np.sum(mu_truth):
        nowhere = np.empty(0)
        return [Crossings.of(power, ()) for power in powers], (nowhere, nowhere, nowhere)
    shared = Shared(here)

    def powers_at(factors: FloatArray, longer: float) -> tuple[FloatArray, FloatArray]:
        calls = [((shared, p_value, longer), factors.tolist())]
        (pairs,) = gathered(executor or Serial(), _powers, calls)
        values, kept = np.array(pairs).reshape(-1, 2).T
        return values, kept

    def power_at(factor: float) -> float:
        return _powers(shared, p_value, 1.0, factor)[0]

    curves = [_curve(here, powers_at, p_value, power) for power in powers]
    found = [_crossings(power_at, curve, power) for curve, power in zip(curves, powers, strict=True)]
    return found, reduce(joined, curves)


def _powers(here: Shared[Comparison], p_value: float, longer: float, factor: float) -> tuple[float, float]:
    """Return the power at an exposure, and that of the same outcomes at one so many times as long."""
    both = here.value.longer(factor)
    outcomes, (mu_truth, _) = excluding(both, p_value), both.expected
    now, then = (float(np.sum(outcomes.probabilities(times * mu_truth))) for times in (1.0, longer))
    return now, then


def window(here: Comparison, p_value: float, power: float) -> tuple[float, float]:
    """Return exposures below and above which a power is certainly not, and certainly, what is asked.

    The latter is certain of the ratio of the likelihoods where nothing floats.
    """
    total_truth, total_alternative = (max(float(np.sum(mu)), 1e-300) for mu in here.expected)
    # who counts nothing excludes nothing while that is more probable than the p-value
    least = min(-math.log1p(-power) / total_truth, -math.log(p_value) / total_alternative)

    def is_reached(side: int, factor: float) -> bool:
        try:
            return powers_between(here.longer(factor), p_value)[side] >= power
        except ConfigError:
            # too many outcomes, which is an error where the end of the window is there
            return True

    low, _ = _first(partial(is_reached, 1), least)
    _, high = _first(partial(is_reached, 0), low)
    return low / ROOM, high * ROOM


def _first(is_reached: Callable[[float], bool], start: float) -> tuple[float, float]:
    """Return exposures just below and above where what lasts is first reached."""
    low = high = start
    while not is_reached(high):
        low, high = high, 2 * high
    while high / low > math.sqrt(ROOM):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return low, high


def _curve(
    here: Comparison,
    powers_at: Callable[[FloatArray, float], tuple[FloatArray, FloatArray]],
    p_value: float,
    power: float,
) -> Curve:
    """Return the power from where it cannot be to where it stays what is asked, with all teeth near to it."""
    low, high = window(here, p_value, power)
    factors = low * _steps(high / low)
    # the longest first: if its outcomes are too many, nothing was done in vain
    values, kept = (each[::-1] for each in powers_at(factors[::-1], STEP))
    floats = len(here.truth.free) + len(here.alternative.free) > 0
    while floats and not _is_clear(factors, values, power):
        more = factors[-1] * _steps(CLEAR)[1:]
        factors = np.append(factors, more)
        values, kept = (np.append(a, b) for a, b in zip((values, kept), powers_at(more, STEP), strict=True))
    # outcomes that exclude all over a cell have no tooth there
    has_teeth = np.abs(kept[:-1] - values[1:]) > SAME_POWER
    cells = np.flatnonzero(has_teeth & _is_near(values, power)).tolist()
    inner = [np.geomspace(factors[i], factors[i + 1], FINER + 1)[1:-1] for i in cells]
    finer = np.concatenate([np.empty(0), *inner])
    every = np.concatenate([factors, finer])
    order = np.argsort(every)
    return every[order], np.concatenate([values, powers_at(finer, 1.0)[0]])[order], np.zeros(len(every))


def _steps(ratio: float) -> FloatArray:
    return np.asarray(STEP ** np.arange(math.ceil(math.log(ratio) / math.log(STEP)) + 1))


def _probit(values: FloatArray) -> FloatArray:
    return np.asarray(ndtri(np.clip(values, SURE, 1 - SURE)))


def _is_clear(factors: FloatArray, values: FloatArray, power: float) -> bool:
    """Return whether a power has lastly been above what is asked by more than its teeth are high."""
    probit = _probit(values[factors >= factors[-1] / CLEAR])
    tooth = float(np.max(probit[:-1] - probit[1:], initial=0.0))
    return float(np.min(probit)) - tooth > min(float(ndtri(power)), float(ndtri(1 - 2 * SURE)))


def _is_near(values: FloatArray, power: float) -> BoolArray:
    """Return in which cells the power may pass what is asked."""
    probit = _probit(values)
    away = np.abs(probit - ndtri(power))
    # teeth are as high as an outcome is probable, and far from the asked power they do not matter
    falls = np.where(away[1:] < 1, probit[:-1] - probit[1:], 0.0)
    near = away < max(LEAST_TOOTH, TOOTH * float(np.max(falls, initial=0.0)))
    passed = (values[1:] >= power) != (values[:-1] >= power)
    return np.asarray(near[1:] | near[:-1] | passed)


def _crossings(power_at: Callable[[float], float], curve: Curve, power: float) -> Crossings:
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
    return Crossings.of(power, crossings, 0.0)
