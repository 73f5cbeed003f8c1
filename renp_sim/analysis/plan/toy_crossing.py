"""Where along the exposure a question is answered, by toys."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.outcomes import require_toys
from renp_sim.analysis.infer.power import weighted_power
from renp_sim.analysis.infer.toys import Part, gathered, parts_of
from renp_sim.analysis.plan.crossing import Crossings, Curve, probit_of, reach_of
from renp_sim.arrays import FloatArray
from renp_sim.parallel.executor import Executor, Serial, Shared

__all__ = ["by_toys", "toy_crossings"]

TOY_POINTS = 9
"""Exposures at which toys are drawn first."""

NEARBY, NEARBY_POINTS = 1.2, 3
"""Exposures around a crossing that is to be known better, as a factor, and their number."""

MORE = 4
"""Times as many toys at each."""

NO_HELP = 0.8
"""Of the error before: four times as many toys would halve it, but for the teeth of discrete counts."""

MOST_TOYS = 200_000
"""At one exposure: they are in memory."""


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

    Where an exposure is not known to the relative `precision`, more toys are drawn near to it, until it is or
    they are no help. Each point has toys of its own, so that their errors are independent. No result
    depends on the executor.
    """
    drawn, shared = 0, Shared(here)

    def points(factors: FloatArray, n: int) -> Curve:
        nonlocal drawn
        require_toys(n)
        firsts = range(drawn, drawn + n * len(factors), n)
        drawn += n * len(factors)
        calls = [
            ((shared, factor), parts_of(seed, first, first + n))
            for factor, first in zip(factors.tolist(), firsts, strict=True)
        ]
        made = (np.concatenate(parts, axis=2) for parts in gathered(executor or Serial(), _drawn, calls))
        found = [weighted_power(statistic, log_ratio, p_value) for statistic, log_ratio in made]
        return factors, np.array([p.value for p in found]), np.array([p.error for p in found])

    curve = points(centre * np.geomspace(*reach_of(p_value, powers), TOY_POINTS), n_toys)
    crossings = []
    for power in powers:
        found, n, before = toy_crossings(curve, power), n_toys, math.inf
        while found.factors and n < MOST_TOYS:
            error = (found.error or 0.0) / found.factors[-1]
            if error <= precision or error > NO_HELP * before:
                break
            n, before = min(MORE * n, MOST_TOYS), error
            near = found.factors[-1] * np.geomspace(1 / NEARBY, NEARBY, NEARBY_POINTS)
            curve = _joined(curve, points(near, n))
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


def _joined(one: Curve, other: Curve) -> Curve:
    """Return the points of both, by rising exposure."""
    factor, value, error = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    order = np.argsort(factor)
    return factor[order], value[order], error[order]


def toy_crossings(curve: Curve, power: float) -> Crossings:
    """Return where a straight line through nearby probits of the power is that of the asked one."""
    factors, values, errors = curve
    if np.all(values >= power):
        return Crossings(power=power, status="already", factors=())
    if not np.any(values >= power):
        return Crossings.of(power, ())
    probit = probit_of(values)
    # dΦ⁻¹(p) = dp/φ
    spread = np.maximum(errors, 1e-4) * math.sqrt(2 * math.pi) * np.exp(probit**2 / 2)
    away = np.abs(probit - ndtri(power))
    # nearly straight there; two points at least
    near = away <= max(1.5, float(np.sort(away)[1]))
    x = np.log(factors)[near]
    (slope, offset), covariance = np.polyfit(x, probit[near], 1, w=1 / spread[near], cov="unscaled")
    if len(x) > 2:
        # a saw-tooth lies off the line by more than its errors
        pull = (probit[near] - slope * x - offset) / spread[near]
        covariance = covariance * max(1.0, float(pull @ pull) / (len(x) - 2))
    root = (float(ndtri(power)) - offset) / slope if slope else math.inf
    i = int(np.flatnonzero((values[:-1] < power) & (values[1:] >= power))[-1]) if values[0] < power else -1
    if i >= 0 and not math.log(factors[0]) <= root <= math.log(factors[-1]):
        # a power that jumps, such as of a step that the truth closes: all that is known is between where
        return Crossings.of(
            power, (math.sqrt(factors[i] * factors[i + 1]),), float(factors[i + 1] - factors[i]) / 2
        )
    error = math.sqrt(covariance[1, 1] + 2 * root * covariance[0, 1] + root**2 * covariance[0, 0]) / abs(
        slope
    )
    factor = math.exp(root)
    return Crossings.of(power, (factor,), factor * error)
