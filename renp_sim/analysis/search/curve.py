"""Profiles of −2 ln L over one parameter, refined until their minima and their ends at a level are known.

One plain algorithm for every parameter: values on a grid that holds all kinks, then cells beside local
minima and cells that a level crosses are divided again and again, also where a parabola or a straight line
has its minimum or its crossing. Nothing is assumed to be smooth: where it is that ends the division soon.
Several curves are refined in step, so that their fits are one batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from renp_sim.analysis.intervals import Interval
from renp_sim.analysis.likelihood.poisson import IMPOSSIBLE_Q
from renp_sim.analysis.search.problem import Solution
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

__all__ = ["MINIMUM_TOLERANCE", "ROUNDING", "Curve", "refined"]

PARTS = 4
"""Into how many a cell is divided (test_the_lowest_cusp_is_found)."""

ROUNDS = 22
"""Most divisions of a cell: 4²² is the range of a float (test_the_lowest_cusp_is_found)."""

NARROWER = 64
"""By how much a cell that a level crosses shrinks where the root of Δq is straight
(test_a_smooth_curve_takes_few_points)."""

KEEP = 12.0
"""What a cell may hide of a local minimum beyond what its neighbours say; it falls as the cell is divided
(test_a_minimum_of_which_its_neighbours_say_little_is_found)."""

MINIMUM_TOLERANCE = 1e-8
"""How well the best fit is known before it is polished (test_the_lowest_cusp_is_found)."""

MOST_MINIMA = 16
"""Local minima that are looked at in one round, the most hopeful: among ripples there are ever more
(test_a_search_among_ripples_ends)."""

END_TOLERANCE = 1e-6
"""An end is known when √Δq differs by no more across its cell (test_ends_are_where_the_curve_crosses)."""

ROUNDING = 1e-11
"""Values of −2 ln L that differ by less, relative to 1 + −2 ln L, are the same
(test_a_best_mass_on_a_kink_has_no_parabola)."""


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

    def lowest(self, preferred: FloatArray | None = None) -> Solution:
        """Return the lowest fit, at one of the preferred values where none is lower but for rounding."""
        best = int(np.argmin(self.q))
        if preferred is not None:
            tied = np.isin(self.values, preferred) & (self.q <= self.q[best] + ROUNDING * (1 + self.q[best]))
            best = int(np.argmin(np.where(tied, self.q, np.inf))) if np.any(tied) else best
        return self.fits.take(np.array([best]))

    def joined(self, values: FloatArray, fits: Solution) -> "Curve":
        """Return the curve with more points."""
        every = np.concatenate([self.values, values])
        order = np.argsort(every, kind="stable")
        return Curve(values=every[order], fits=Solution.joined([self.fits, fits]).take(order))

    def regions(self, level: float, q_min: float, narrowest: float = 0.0) -> tuple[Interval, ...]:
        """Return the connected regions no more than a level above q_min; a first or last value is open.

        Two that are no farther apart than `narrowest` are one: where a step is at a threshold −2 ln L
        differs between neighbouring numbers by what the last bit of a frequency is worth.
        """
        root = np.sqrt(np.clip(self.q - q_min, 0.0, IMPOSSIBLE_Q))
        inside = root <= np.sqrt(level)
        starts = np.flatnonzero(inside & ~np.concatenate([[False], inside[:-1]])).tolist()
        stops = np.flatnonzero(inside & ~np.concatenate([inside[1:], [False]])).tolist()
        last = len(root) - 1

        def end(i: int, j: int) -> float:
            """Return where the root of Δq, straight between two points, is that of the level."""
            share = (np.sqrt(level) - root[i]) / (root[j] - root[i])
            return float(self.values[i] + share * (self.values[j] - self.values[i]))

        found: list[Interval] = []
        for i, j in zip(starts, stops, strict=True):
            region = Interval(
                lower=end(i, i - 1) if i > 0 else float(self.values[0]),
                upper=end(j, j + 1) if j < last else float(self.values[-1]),
                lower_open=i == 0,
                upper_open=j == last,
            )
            if found and region.lower - found[-1].upper <= narrowest:
                before = found.pop()
                region = replace(region, lower=before.lower, lower_open=before.lower_open)
            found.append(region)
        return tuple(found)


def refined(
    evaluate: Callable[[IndexArray, FloatArray], Solution],
    values: Sequence[FloatArray],
    kinks: Sequence[FloatArray],
    levels: tuple[float, ...] = (),
    scale: float = 1.0,
    tolerance: float = MINIMUM_TOLERANCE,
    ripple: float = ROUNDING,
) -> list[Curve]:
    """Return curves with their lowest minima found, and their crossings of levels above the lowest.

    Parameters
    ----------
    evaluate
        Fits of some curves, by index, at values of the parameter.
    values
        Where each curve starts, rising.
    kinks
        All kinks of each: a cell that holds some is divided at these.
    levels
        Δ(−2 ln L) above the lowest of a curve.
    scale
        Typical step of the parameter.
    tolerance
        A minimum is known when its neighbours are no more above it but for ripples.
    ripple
        By what share of it −2 ln L may be off from point to point: a search among ripples has no end.
    """
    curves = [Curve(values=np.empty(0), fits=Solution.none(0)) for _ in values]
    new = list(values)
    for _ in range(ROUNDS):
        owner = np.repeat(np.arange(len(new)), [len(points) for points in new])
        if not len(owner):
            break
        fits = evaluate(owner, np.concatenate(new))
        for i in np.unique(owner).tolist():
            rows = np.flatnonzero(owner == i)
            part = fits.take(rows)
            curves[i] = (
                curves[i].joined(new[i], part) if len(curves[i].values) else Curve(values=new[i], fits=part)
            )
        new = [
            _divisions(curve, first, kink, levels, scale, tolerance, ripple)
            for curve, first, kink in zip(curves, values, kinks, strict=True)
        ]
    return curves


def _divisions(
    curve: Curve,
    start: FloatArray,
    kinks: FloatArray,
    levels: tuple[float, ...],
    scale: float,
    tolerance: float,
    ripple: float,
) -> FloatArray:
    """Return the points that divide what is not known yet: the kinks inside a cell, or equal parts."""
    values, q = curve.values, np.minimum(curve.q, IMPOSSIBLE_Q)
    if np.min(q) >= IMPOSSIBLE_Q:
        return np.empty(0)
    first, stop = np.searchsorted(kinks, values[:-1], "right"), np.searchsorted(kinks, values[1:], "left")
    begun = np.diff(start)[np.searchsorted(start, values[1:]) - 1]
    left = np.where(stop > first, 1.0, np.diff(values) / begun)
    minima, crossed = _minima(q, left, tolerance, ripple), _crossed(q, levels)
    marked = crossed.copy()
    marked[minima[minima > 0] - 1] = True
    marked[minima[minima < len(marked)]] = True
    wide = np.diff(values) > 1e-13 * (scale + np.abs(values[1:]))
    marked &= wide
    is_smooth = stop <= first
    guesses = [_vertices(values, q, minima, tolerance + ripple * q, is_smooth)]
    guesses += [_roots(values, q, level, np.flatnonzero(crossed & wide & is_smooth)) for level in levels]
    low, high, first, stop = values[:-1][marked], values[1:][marked], first[marked], stop[marked]
    even = low[:, None] + (high - low)[:, None] * np.arange(1, PARTS) / PARTS
    parts = [even[stop <= first].ravel(), *guesses]
    for a, b in zip(first[stop > first].tolist(), stop[stop > first].tolist(), strict=True):
        parts.append(kinks[a:b][np.unique(np.linspace(0, b - a - 1, min(PARTS, b - a)).astype(int))])
    return np.setdiff1d(np.concatenate(parts), values)


def _vertices(
    values: FloatArray, q: FloatArray, at: IndexArray, tolerance: FloatArray, is_smooth: BoolArray
) -> FloatArray:
    """Return where parabolas through minima and their neighbours are lowest, and points close beside.

    At these −2 ln L rises by half of what a minimum may be off, shape (g,): so it is known if it is there.
    """
    at = at[(at > 0) & (at < len(q) - 1)]
    at = at[is_smooth[at - 1] & is_smooth[at]]
    before, after = values[at - 1] - values[at], values[at + 1] - values[at]
    rise_left, rise_right = q[at - 1] - q[at], q[at + 1] - q[at]
    bend = (rise_right * before - rise_left * after) / (before * after * (after - before))
    slope = rise_left / before - bend * before
    usable = (bend > 0) & (np.maximum(rise_left, rise_right) < IMPOSSIBLE_Q / 2)
    at, bend, slope = at[usable], bend[usable], slope[usable]
    middle, aside = values[at] - slope / (2 * bend), np.sqrt(tolerance[at] / (2 * bend))
    points = np.stack([middle - aside, middle, middle + aside])
    inside: FloatArray = points[(points > values[at - 1]) & (points < values[at + 1])]
    return inside


def _roots(values: FloatArray, q: FloatArray, level: float, cells: IndexArray) -> FloatArray:
    """Return where the root of Δq, straight across cells, is that of the level, and points beside, (g,)."""
    root = np.sqrt(q - np.min(q)) - np.sqrt(level)
    low, high = root[cells], root[cells + 1]
    crossed = (low > 0) != (high > 0)
    cells, share = cells[crossed], (low / np.where(crossed, low - high, 1.0))[crossed]
    points = np.stack([share - 1 / NARROWER / 2, share, share + 1 / NARROWER / 2])
    inside = (points > 0) & (points < 1)
    found: FloatArray = (values[cells] + points * (values[cells + 1] - values[cells]))[inside]
    return found


def _minima(q: FloatArray, left: FloatArray, tolerance: float, ripple: float) -> IndexArray:
    """Return the local minima that may be the lowest and are not known yet, the most hopeful first.

    `left` is how much of a cell is left of what it began with, 1 as long as it holds kinks.
    """
    padded = np.concatenate([q[:1], q, q[-1:]])
    rise_left, rise_right = padded[:-2] - q, padded[2:] - q
    is_minimum = (rise_left >= 0) & (rise_right >= 0)
    widest = np.maximum(np.append(0.0, left), np.append(left, 0.0))
    # beside a wall, where −2 ln L is infinite, nothing can be said until the cell was divided
    rises = np.stack([rise_left, rise_right])
    is_wall = rises >= IMPOSSIBLE_Q / 2
    gain = np.sum(np.where(is_wall, 0.0, rises), axis=0) + KEEP * widest
    gain[np.any(is_wall, axis=0) & (widest >= 1)] = np.inf
    is_minimum &= q - gain <= np.min(q)
    is_minimum &= np.maximum(rise_left, rise_right) > tolerance + ripple * q
    hopeful = np.flatnonzero(is_minimum)
    return hopeful[np.argsort((q - gain)[hopeful], kind="stable")[:MOST_MINIMA]]


def _crossed(q: FloatArray, levels: tuple[float, ...]) -> BoolArray:
    """Return which cells a level crosses."""
    out = np.zeros(len(q) - 1, dtype=bool)
    root = np.sqrt(q - np.min(q))
    for level in levels:
        inside = q - np.min(q) <= level
        out |= (inside[1:] != inside[:-1]) & (np.abs(np.diff(root)) > END_TOLERANCE)
    return out
