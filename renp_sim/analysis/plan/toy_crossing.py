"""Where along the exposure a question is answered, by toys."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.outcomes import require_toys
from renp_sim.analysis.infer.power import weighted_power
from renp_sim.analysis.infer.toys import Part, gathered, parts_of
from renp_sim.analysis.plan.crossing import Crossings, Curve, joined, probit_of, reach_of
from renp_sim.arrays import FloatArray
from renp_sim.parallel.executor import Executor, Serial, Shared

__all__ = ["by_toys", "toy_crossings"]

TOY_POINTS = 9
"""Exposures at which toys are drawn first."""

NEARBY, NEARBY_POINTS = 1.2, 3
"""How far around a crossing more points are looked at, as a factor, and how many of the first lie there."""

LONGER, LONGEST = 4.0, 2000.0
"""By which factor exposures are extended until all powers are reached, and to how many times the first ones
(`test_a_power_that_rises_slowly_is_reached`)."""

LEAST_MORE, MOST_MORE = 1.25, 4.0
"""Times as many points there: as many as the error asks for, but not at once."""

STRAIGHT, LEAST_CLOSE = 1.5, 5
"""How far from a crossing, as a factor, a line is straight (`test_only_what_is_near_is_a_straight_line`), and
how many points must lie there: three share the teeth of few counts
(`test_toys_of_one_step_agree_with_every_outcome`)."""

NEAR = 0.5
"""How far probits are from that of the asked power whose line tells first where that is
(`test_only_what_is_near_is_a_straight_line`)."""

MOST_TOYS = 600_000
"""Around one crossing."""


def by_toys(
    here: Comparison,
    centre: float,
    p_value: float,
    powers: Sequence[float],
    *,
    seed: int,
    n_toys: int,
    precision: float,
    executor: Executor | None = None,
) -> tuple[list[Crossings], Curve]:
    """Return where the power of toys is what is asked, around an exposure.

    Where an exposure is not known to the relative `precision`, more points near to it are looked at, which
    help against the teeth of discrete counts too, as more toys at a point would not. Each has toys of its
    own, so that their errors are independent. No result depends on the executor.
    """
    require_toys(n_toys)
    drawn, shared = 0, Shared(here)

    def points(factors: FloatArray) -> Curve:
        nonlocal drawn
        firsts = range(drawn, drawn + n_toys * len(factors), n_toys)
        drawn += n_toys * len(factors)
        calls = [
            ((shared, factor), parts_of(seed, first, first + n_toys))
            for factor, first in zip(factors.tolist(), firsts, strict=True)
        ]
        made = (np.concatenate(parts, axis=2) for parts in gathered(executor or Serial(), _drawn, calls))
        found = [weighted_power(statistic, log_ratio, p_value) for statistic, log_ratio in made]
        return factors, np.array([p.value for p in found]), np.array([p.error for p in found])

    curve = points(centre * np.geomspace(*reach_of(p_value, powers), TOY_POINTS))
    farthest = LONGEST * curve[0][-1]
    # where the error of a background limits, q rises more slowly than the exposure
    while np.max(curve[1]) < max(powers) and LONGER * curve[0][-1] <= farthest:
        curve = joined(curve, points(curve[0][-1] * LONGER ** np.array([0.5, 1.0])))
    crossings = []
    for power in powers:
        found, near = toy_crossings(curve, power), NEARBY_POINTS
        while found.factors and near * n_toys < MOST_TOYS:
            error = (found.error or 0.0) / found.factors[-1]
            if near >= LEAST_CLOSE and error <= precision:
                break
            grown = min(max((error / precision) ** 2, LEAST_MORE), MOST_MORE)
            more = max(LEAST_CLOSE - NEARBY_POINTS, math.ceil((grown - 1) * near))
            near += more
            around = found.factors[-1] * np.geomspace(1 / NEARBY, NEARBY, more)
            curve = joined(curve, points(around))
            found = toy_crossings(curve, power)
        crossings.append(found)
    return crossings, curve


def _drawn(here: Shared[Comparison], factor: float, part: Part) -> tuple[FloatArray, FloatArray]:
    """Return ΔT of toys and ln of their ratio, as `Comparison.weighted_toys`, of a longer experiment."""
    both = _longer(here, factor)
    return both.weighted_toys(part.uniforms(both.alternative, len(both.counts)))


@lru_cache(maxsize=1)
def _longer(here: Shared[Comparison], factor: float) -> Comparison:
    return here.value.longer(factor)


def toy_crossings(curve: Curve, power: float) -> Crossings:
    """Return where a straight line through nearby probits of the power is that of the asked one.

    The probit of a Gaussian test rises like the root of the exposure: (Z√t − z), so lines are straight in it.
    """
    factors, values, errors = curve
    if np.all(values >= power):
        return Crossings(power=power, status="already", factors=())
    if not np.any(values >= power):
        return Crossings.of(power, ())
    probit = probit_of(values)
    # dΦ⁻¹(p) = dp/φ
    spread = np.maximum(errors, 1e-4) * math.sqrt(2 * math.pi) * np.exp(probit**2 / 2)
    away = np.abs(probit - ndtri(power))
    near = away <= max(NEAR, float(np.sort(away)[min(LEAST_CLOSE, len(away)) - 1]))
    x = np.sqrt(factors)
    (slope, offset), covariance = _line(x[near], probit[near], spread[near])
    for reach in (STRAIGHT, NEARBY):
        middle = (ndtri(power) - offset) / slope if slope > 0 else math.inf
        close = (x <= middle * math.sqrt(reach)) & (x >= middle / math.sqrt(reach))
        if np.sum(close) >= LEAST_CLOSE:
            (slope, offset), covariance = _line(x[close], probit[close], spread[close])
    root = (float(ndtri(power)) - offset) / slope if slope else math.inf
    i = int(np.flatnonzero((values[:-1] < power) & (values[1:] >= power))[-1]) if values[0] < power else -1
    if i >= 0 and not x[0] <= root <= x[-1]:
        # a power that jumps, such as of a step that the truth closes: all that is known is between where
        return Crossings.of(
            power, (math.sqrt(factors[i] * factors[i + 1]),), float(factors[i + 1] - factors[i]) / 2
        )
    error = math.sqrt(covariance[1, 1] + 2 * root * covariance[0, 1] + root**2 * covariance[0, 0]) / abs(
        slope
    )
    return Crossings.of(power, (root**2,), 2 * abs(root) * error)


def _line(x: FloatArray, y: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slope and offset of a straight line, and their covariance.

    A saw-tooth lies off the line by more than the errors of its points. How high its teeth are is what these
    errors lack for χ² to be its expectation: the random effects of Paule and Mandel (J. Res. NBS 87 (1982)
    377). So no point outweighs the others only because many toys tell on which side of a tooth it lies.
    """

    def fitted(teeth: float) -> tuple[FloatArray, FloatArray, float]:
        weight = 1 / np.hypot(spread, teeth)
        line, covariance = np.polyfit(x, y, 1, w=weight, cov="unscaled")
        pull = weight * (y - np.polyval(line, x))
        return line, covariance, float(pull @ pull) - (len(x) - 2)

    line, covariance, excess = fitted(0.0)
    if len(x) > 2 and excess > 0:
        enough = math.sqrt(len(x)) * (float(np.ptp(y)) + 1.0)
        teeth = brentq(lambda size: fitted(float(size))[2], 0.0, enough)
        line, covariance, _ = fitted(float(teeth))
    return line, covariance
