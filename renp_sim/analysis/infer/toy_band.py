"""The band of an expected limit from toys: upper ends of two-sided profile intervals, toy by toy."""

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.band import band_of
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.infer.toys import Part, Toys, gathered
from renp_sim.analysis.likelihood.poisson import IMPOSSIBLE_Q
from renp_sim.arrays import FloatArray
from renp_sim.parallel.executor import Shared

__all__ = ["toy_band"]

POINTS = 161
"""Values at which every toy is asked; an end is read off between two of them
(`test_a_band_of_toys_is_that_of_their_ends`)."""

REACH = 4.0
"""How far the values go, in distances of the Asimov limit from the truth
(`test_band_of_toys_is_that_of_the_asimov_set_where_counts_are_many`)."""


def toy_band(
    setup: Setup, name: str, truth: FloatArray, upper: float, delta_q: float, toys: Toys
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
    toys
        Whose ends.
    """
    start = float(truth[setup.index(name)])
    low, high = setup.limits(name)
    distance = abs(upper - start)
    values = np.linspace(max(low, start - distance), min(high, start + REACH * distance), POINTS)
    shared, shares = Shared(setup), np.array_split(values, min(toys.executor.window, POINTS))
    ends = []
    for part in toys.parts:
        # values are shared out and not toys, which are fitted together
        call = ((shared, name, truth, part), shares)
        (found,) = gathered(toys.executor, _roots, [call])
        roots = np.concatenate([roots for _, roots in found])
        ends.append(_upper_ends(found[0][0], values, roots, float(np.sqrt(delta_q))))
    band = band_of(np.concatenate(ends))
    return tuple(end if np.isfinite(end) else None for end in band)


def _roots(
    setup: Shared[Setup], name: str, truth: FloatArray, part: Part, values: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the best values of toys, shape (b,), and √Δq of each at values (v,), shape (v, b)."""
    made = part.outcomes(setup.value, truth)
    toys = Statistic.of(setup.value, name, Kind.TWO_SIDED, made.counts, made.constraint_values)
    # beyond a wall it is infinite, and a difference of two of these is no number
    delta_q = np.minimum([toys.at(value) for value in values.tolist()], IMPOSSIBLE_Q)
    return toys.best_values, np.sqrt(delta_q)


def _upper_ends(best: FloatArray, values: FloatArray, roots: FloatArray, wanted: float) -> FloatArray:
    """Return where √Δq of each toy first reaches a level above its best value, shape (b,); ∞ beyond all."""
    found = np.full(len(best), np.inf)
    last_value, last_root = best.copy(), np.zeros(len(best))
    for value, root in zip(values.tolist(), roots, strict=True):
        ends_here = (value > best) & (root >= wanted) & ~np.isfinite(found)
        share = (wanted - last_root) / np.where(root > last_root, root - last_root, 1.0)
        found = np.where(ends_here, last_value + share * (value - last_value), found)
        above = value > best
        last_value = np.where(above, value, last_value)
        last_root = np.where(above, root, last_root)
    return found
