"""The profile of −2 ln L over one parameter, refined until its minima and its ends at a level are known.

One plain algorithm for every parameter: values on a grid that holds all kinks, then cells beside local minima
and cells that a level crosses are divided again and again. Nothing is assumed to be smooth.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.search.problem import Solution
from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["Curve", "refined"]

PARTS = 8
"""Into how many a cell is divided."""

ROUNDS = 14

KEEP = 12.0
"""A local minimum this much above the lowest, after its likely gain, is left."""

MINIMUM_TOLERANCE = 1e-8
"""A minimum is known when its neighbours are no more above it, relative to 1 + −2 ln L."""

END_TOLERANCE = 1e-6
"""An end is known when √Δq differs by no more across its cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Fits at rising values of a parameter.

    Parameters
    ----------
    values
        Shape (g,).
    fits
        g fits.
    """

    values: FloatArray
    fits: Solution

    @property
    def q(self) -> FloatArray:
        """−2 ln L, shape (g,)."""
        return self.fits.q

    def joined(self, values: FloatArray, fits: Solution) -> "Curve":
        """Return the curve with more points."""
        every = np.concatenate([self.values, values])
        order = np.argsort(every, kind="stable")
        return Curve(values=every[order], fits=Solution.joined([self.fits, fits]).take(order))


def refined(
    evaluate: Callable[[FloatArray], Solution],
    values: FloatArray,
    kinks: FloatArray,
    levels: tuple[float, ...] = (),
    scale: float = 1.0,
) -> Curve:
    """Return a curve with its lowest minima found, and its crossings of levels above the lowest.

    Parameters
    ----------
    evaluate
        Fits at values of the parameter.
    values
        Where to start, rising.
    kinks
        All kinks: a cell that holds some is divided at these.
    levels
        Δ(−2 ln L) above the lowest.
    scale
        Typical step of the parameter.
    """
    curve = Curve(values=values, fits=evaluate(values))
    for _ in range(ROUNDS):
        marked = _beside_minima(curve.q) | _crossed(curve.q, levels)
        width = np.diff(curve.values)
        marked &= width > 1e-13 * (scale + np.abs(curve.values[1:]))
        new = _divisions(curve.values, np.flatnonzero(marked), kinks)
        if not len(new):
            break
        curve = curve.joined(new, evaluate(new))
    return curve


def _beside_minima(q: FloatArray) -> BoolArray:
    """Return which cells lie beside a local minimum that may be the lowest and is not known yet."""
    padded = np.concatenate([[np.inf], q, [np.inf]])
    left, right = padded[:-2], padded[2:]
    lowest = np.min(q)
    if not np.isfinite(lowest):
        return np.zeros(len(q) - 1, dtype=bool)
    rise_left, rise_right = left - q, right - q
    is_minimum = (rise_left >= 0) & (rise_right >= 0) & (rise_left + rise_right > 0) & np.isfinite(q)
    # a parabola gains at most an eighth of the larger rise between equal cells; a valley may be sharper
    finite = np.where(np.isfinite(rise_left), rise_left, 0.0) + np.where(
        np.isfinite(rise_right), rise_right, 0.0
    )
    tolerance = MINIMUM_TOLERANCE * (1 + np.abs(q))
    is_minimum &= q - finite <= lowest + KEEP
    sharp = (
        np.where(np.isfinite(rise_left), rise_left > tolerance, True),
        np.where(np.isfinite(rise_right), rise_right > tolerance, True),
    )
    out = np.zeros(len(q) - 1, dtype=bool)
    at = np.flatnonzero(is_minimum & (sharp[0] | sharp[1]))
    out[at[at > 0] - 1] = True
    out[at[at < len(out)]] = True
    return out


def _crossed(q: FloatArray, levels: tuple[float, ...]) -> BoolArray:
    """Return which cells a level crosses."""
    out = np.zeros(len(q) - 1, dtype=bool)
    root = np.sqrt(np.maximum(q - np.min(q), 0.0))
    for level in levels:
        inside = q - np.min(q) <= level
        step = np.abs(np.diff(np.where(np.isfinite(root), root, 1e30)))
        out |= (inside[1:] != inside[:-1]) & (step > END_TOLERANCE)
    return out


def _divisions(values: FloatArray, cells: "FloatArray", kinks: FloatArray) -> FloatArray:
    """Return the points that divide cells: the kinks inside, or equal parts."""
    low, high = values[cells], values[cells + 1]
    first, stop = np.searchsorted(kinks, low, side="right"), np.searchsorted(kinks, high, side="left")
    even = low[:, None] + (high - low)[:, None] * np.arange(1, PARTS) / PARTS
    parts = [even[stop <= first].ravel()]
    for a, b in zip(first[stop > first].tolist(), stop[stop > first].tolist(), strict=True):
        inner = kinks[a:b]
        parts.append(inner[np.unique(np.linspace(0, len(inner) - 1, min(PARTS, len(inner))).astype(int))])
    new: FloatArray = np.setdiff1d(np.concatenate(parts), values)
    return new
