"""The band of an expected limit from toys: upper ends of two-sided profile intervals, toy by toy."""

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.band import band_of
from renp_sim.analysis.infer.outcomes import Uniforms
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.arrays import FloatArray

__all__ = ["toy_band", "upper_ends"]

POINTS = 161
"""Values at which every toy is asked; an end is read off between two of them."""

REACH = 4.0
"""How far the values go, in distances of the Asimov limit from the truth."""


def toy_band(
    setup: Setup, name: str, truth: FloatArray, upper: float, delta_q: float, uniforms: Uniforms
) -> tuple[float | None, ...]:
    """Return the quantiles of −2 … 2 standard deviations of the upper ends of toys; None beyond the values.

    Parameters
    ----------
    setup
        What floats, `name` among it.
    name
        The parameter.
    truth
        All parameters of the toys, shape (p,).
    upper
        The Asimov limit.
    delta_q
        Δ(−2 ln L) at an end.
    uniforms
        Random numbers of the toys.
    """
    made = uniforms.outcomes(setup, setup.model.expected(truth), truth)
    toys = Statistic.of(setup, name, Kind.TWO_SIDED, made.counts, made.constraint_values)
    start = float(truth[setup.index(name)])
    low, high = setup.limits(name)
    distance = abs(upper - start)
    values = np.linspace(max(low, start - distance), min(high, start + REACH * distance), POINTS)
    ends = band_of(upper_ends(toys, values, delta_q))
    return tuple(end if np.isfinite(end) else None for end in ends)


def upper_ends(toys: Statistic, values: FloatArray, delta_q: float) -> FloatArray:
    """Return where Δq of each toy first reaches a level above its best value, shape (b,); ∞ beyond all."""
    best, wanted = toys.best_values, float(np.sqrt(delta_q))
    found = np.full(len(best), np.inf)
    last_value, last_root = best.copy(), np.zeros(len(best))
    for value in values.tolist():
        root = np.sqrt(toys.at(value))
        ends_here = (value > best) & (root >= wanted) & ~np.isfinite(found)
        share = (wanted - last_root) / np.where(root > last_root, root - last_root, 1.0)
        found = np.where(ends_here, last_value + share * (value - last_value), found)
        above = value > best
        last_value = np.where(above, value, last_value)
        last_root = np.where(above, root, last_root)
    return found
