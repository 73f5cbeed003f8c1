"""Where along the exposure a question is answered, by every outcome.

Counts are whole, so the power is a saw-tooth. The bounds of a power (`powers_between`) only grow with the
exposure, though: one tells where the first tooth is that can pass an asked power, the other where the last.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import kl_div, ndtri

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.outcomes import tail_of
from renp_sim.analysis.infer.power import excluding, powers_between
from renp_sim.analysis.infer.toys import gathered
from renp_sim.analysis.plan.crossing import FACTOR_TOLERANCE, Crossings, Curve, joined
from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor, Serial, Shared

__all__ = ["by_outcomes", "window"]

STEP = 1.0125
"""Factor from one exposure that is looked at to the next, and to which the ends of a window are known
(`test_no_answer_is_outside_of_the_window`)."""

HALVINGS = math.ceil(math.log2(math.log(STEP) / FACTOR_TOLERANCE))
"""Of a step that may hold a tooth."""

SAME_POWER = 1e-5
"""By which the powers of the same outcomes differ, of which a billionth at either end was left out
(`test_teeth_are_lost_without_halving`)."""

CLEAR = 1.25
"""Over this factor to its end a power must be clear of the asked one where what floats proves nothing
(`test_a_power_is_clear_between_its_teeth`)."""

SAME = 1e-12
"""Information of a count that is none: of hypotheses that expect the same, as far as a fit knows
(`test_never_is_of_what_expects_the_same`)."""

SURE = 1e-7
"""A power short of 1 by this is no different (`test_a_power_is_clear_between_its_teeth`)."""


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
    windows = [window(here, p_value, power) for power in powers]
    # where the outcomes of one power are too many, no other is looked at in vain
    here.longer(max(high for _, high in windows)).every_outcome(tail_of(p_value))
    shared = Shared(here)

    def points_at(factors: FloatArray) -> _Points:
        (rows,) = gathered(executor or Serial(), _point, [((shared, p_value), factors.tolist())])
        return _Points(np.reshape(rows, (-1, 2 * HALVINGS + 2)))

    floats = len(here.truth.free) + len(here.alternative.free) > 0
    found, curves = [], []
    for power, (low, high) in zip(powers, windows, strict=True):
        points = points_at(low * _steps(high / low))
        while floats and not _is_clear(points, power):
            points = points.and_more(points_at(points.factors[-1] * _steps(CLEAR)[1:]))
        crossings, points = _crossings(points_at, points, power)
        found.append(Crossings.of(power, crossings, 0.0))
        order = np.argsort(points.factors)
        curves.append((points.factors[order], points.values[order], np.zeros(len(order))))
    return found, reduce(joined, curves)


@dataclass(frozen=True, slots=True)
class _Points:
    """Exposures that were looked at: a row has its factor, the power, and the latter after and before a cell.

    These are of the outcomes that exclude at the exposure, for cells of every size.
    """

    rows: FloatArray

    @property
    def factors(self) -> FloatArray:
        return self.rows[:, 0]

    @property
    def values(self) -> FloatArray:
        return self.rows[:, 1]

    def and_more(self, more: "_Points") -> "_Points":
        return _Points(np.concatenate([self.rows, more.rows]))


def _point(here: Shared[Comparison], p_value: float, factor: float) -> list[float]:
    both = here.value.longer(factor)
    outcomes, (mu_truth, _) = excluding(both, p_value), both.expected
    probability = outcomes.probabilities(mu_truth)
    counts, total = np.sum(outcomes.counts, axis=1), float(np.sum(mu_truth))

    def power_at(log_longer: float) -> float:
        return float(np.sum(probability * np.exp(counts * log_longer - total * math.expm1(log_longer))))

    cells = math.log(STEP) / 2.0 ** np.arange(HALVINGS)
    return [factor, power_at(0.0), *(power_at(sign * cell) for cell in cells.tolist() for sign in (1, -1))]


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
    # a power may be just what it can be at an end, as that of a wall is
    return low / STEP, high * STEP


def _first(is_reached: Callable[[float], bool], start: float) -> tuple[float, float]:
    """Return exposures just below and above where what lasts is first reached."""
    low = high = start
    while not is_reached(high):
        low, high = high, 2 * high
    while high / low > math.sqrt(STEP):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return low, high


def _steps(ratio: float) -> FloatArray:
    return np.asarray(STEP ** np.arange(math.ceil(math.log(ratio) / math.log(STEP)) + 1))


def _probit(values: FloatArray) -> FloatArray:
    return np.asarray(ndtri(np.clip(values, SURE, 1 - SURE)))


def _is_clear(points: _Points, power: float) -> bool:
    """Return whether a power has lastly been above what is asked by more than its teeth are high."""
    probit = _probit(points.values[points.factors >= points.factors[-1] / CLEAR])
    tooth = float(np.max(probit[:-1] - probit[1:], initial=0.0))
    return float(np.min(probit)) - tooth > min(float(ndtri(power)), float(ndtri(1 - 2 * SURE)))


def _crossings(
    points_at: Callable[[FloatArray], _Points], points: _Points, power: float
) -> tuple[list[float], _Points]:
    """Return where a saw-tooth passes a power, rising, and all points by halving cells in which it may."""
    cells = np.stack([np.arange(len(points.rows) - 1), np.arange(1, len(points.rows))])
    for halving in range(HALVINGS):
        low, high = cells[:, _may_pass(points, cells, power, halving)]
        middle = len(points.rows) + np.arange(len(low))
        points = points.and_more(points_at(np.sqrt(points.factors[low] * points.factors[high])))
        cells = np.concatenate([[low, middle], [middle, high]], axis=1)
    is_passed = np.diff(points.values[cells] >= power, axis=0)[0]
    return np.sort(np.sqrt(np.prod(points.factors[cells[:, is_passed]], axis=0))).tolist(), points


def _may_pass(points: _Points, cells: NDArray[np.intp], power: float, halving: int) -> BoolArray:
    """Return in which cells, a column of two ends each, the power is passed or may be by a tooth.

    Between two ends at which others exclude, the power is between those of the ones and of the others.
    """
    low, high = (points.rows[end] for end in cells)
    after, before = low[:, 2 + 2 * halving], high[:, 3 + 2 * halving]
    values = np.stack([low[:, 1], high[:, 1], after, before])
    # where the same outcomes exclude at both ends there is no tooth
    has_teeth = np.maximum(np.abs(after - high[:, 1]), np.abs(before - low[:, 1])) > SAME_POWER
    least, most = values.min(axis=0), values.max(axis=0)
    is_passed = (values[0] >= power) != (values[1] >= power)
    return np.asarray(is_passed | (has_teeth & (least < power) & (most >= power)))
