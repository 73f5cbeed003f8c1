"""Intervals from the profile of −2 ln L: every connected region below a level, so a list.

Two-sided intervals hold Δq ≤ χ²₁ quantile (Rolke et al., NIM A551 (2005) 493). Where the best fit sits on a
physical bound, Δq follows ½χ²₀ + ½χ²₁ and the same Δq has the level of a one-sided limit.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from renp_sim.analysis.profile import profile_q
from renp_sim.analysis.scan import kinked_names, kinked_points

if TYPE_CHECKING:
    from collections.abc import Callable

    from renp_sim.analysis.setup import Setup

__all__ = ["Interval", "Intervals", "Method", "Sided", "delta_q_of_level", "profile_intervals"]

FloatArray = NDArray[np.float64]

WINDOW_POINTS = 41
"""Scan points of a smooth parameter."""

SUBDIVISIONS = 24
"""Points put into each bracket of an end, in each of three rounds."""


class Sided(StrEnum):
    """Which tails of the parameter a level leaves out."""

    ONE = "one-sided"
    TWO = "two-sided"


class Method(StrEnum):
    """Where the ends of an interval come from."""

    MINOS = "minos"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One connected region.

    Parameters
    ----------
    lower, upper
        Its ends.
    lower_open, upper_open
        Whether the end is where the parameter or its scan ends, and not a crossing of the level.
    """

    lower: float
    upper: float
    lower_open: bool = False
    upper_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """All values of a parameter that a level allows.

    Parameters
    ----------
    regions
        Connected regions in rising order.
    level
        Nominal coverage.
    delta_q
        Δ(−2 ln L) at their ends.
    sided
        What the level means.
    level_at_bound
        What the same Δq covers where the true value is the physical bound: (1 + level)/2 if two-sided;
        None where no region ends at a bound.
    method
        Where they come from.
    valid
        False where an end was not found.
    """

    regions: tuple[Interval, ...]
    level: float
    delta_q: float
    sided: Sided
    level_at_bound: float | None
    method: Method
    valid: bool


def delta_q_of_level(level: float, sided: Sided = Sided.TWO) -> float:
    """Return the Δ(−2 ln L) of a level for one parameter.

    Examples
    --------
    >>> round(delta_q_of_level(0.6826894921), 6), round(delta_q_of_level(0.95, Sided.ONE), 3)
    (1.0, 2.706)
    """
    if not 0 < level < 1 or (sided is Sided.ONE and level <= 0.5):
        allowed = "(0.5, 1)" if sided is Sided.ONE else "(0, 1)"
        raise ValueError(f"level = {level:g}: a {sided} level must lie in {allowed}")
    return float(chi2.ppf(level if sided is Sided.TWO else 2 * level - 1, 1))


def profile_intervals(
    setup: "Setup",
    counts: FloatArray,
    name: str,
    *,
    best: float,
    q_min: float,
    error: float,
    level: float,
) -> Intervals:
    """Return the two-sided intervals of a floating parameter.

    Parameters
    ----------
    setup
        What floats, at the best fit.
    counts
        Shape (n,).
    name
        Of the parameter.
    best, q_min
        Its best value and −2 ln L there.
    error
        A first idea of its error.
    level
        Nominal coverage.
    """
    delta = delta_q_of_level(level)
    parameter = setup.model.parameters[setup.index(name)]

    def excess(values: FloatArray) -> FloatArray:
        return profile_q(setup, counts, (name,), values[:, None])[0] - q_min - delta

    if name in kinked_names(setup):
        points = np.union1d(kinked_points(setup, name)[0], [best])
        above = excess(points)
    else:
        points, above = _window(excess, best, error, parameter.lower, parameter.upper, delta)
    above[points == best] = np.minimum(above[points == best], -delta)
    points, above = _look_closer(excess, points, above)
    inside = above <= 0
    starts = np.flatnonzero(inside & ~np.concatenate([[False], inside[:-1]]))
    stops = np.flatnonzero(inside & ~np.concatenate([inside[1:], [False]]))
    last = len(points) - 1
    crossings = [(i - 1, i) for i in starts if i > 0] + [(i, i + 1) for i in stops if i < last]
    ends = _ends(excess, points, above, crossings)
    regions = tuple(
        Interval(
            lower=float(points[0]) if i == 0 else ends[i - 1],
            upper=float(points[-1]) if j == last else ends[j],
            lower_open=bool(i == 0),
            upper_open=bool(j == last),
        )
        for i, j in zip(starts, stops, strict=True)
    )
    touches = any(r.lower_open or r.upper_open for r in regions)
    return Intervals(
        regions=regions,
        level=level,
        delta_q=delta,
        sided=Sided.TWO,
        level_at_bound=(1 + level) / 2 if touches else None,
        method=Method.PROFILE,
        valid=bool(np.all(np.isfinite([e for r in regions for e in (r.lower, r.upper)]))),
    )


def _window(
    excess: "Callable[[FloatArray], FloatArray]",
    best: float,
    error: float,
    lower: float,
    upper: float,
    delta: float,
) -> tuple[FloatArray, FloatArray]:
    """Return points around the best value out to where Δq is well above the level, or to the bounds."""
    reach = 3 * error
    for _ in range(12):
        low, high = max(lower, best - reach), min(upper, best + reach)
        ends = excess(np.array([low, high]))
        far = ends > 2 * delta + 4
        if all(far | np.array([low == lower, high == upper])):
            break
        reach *= 2
    points = np.union1d(np.linspace(low, high, WINDOW_POINTS), [best])
    return points, excess(points)


def _look_closer(
    excess: "Callable[[FloatArray], FloatArray]", points: FloatArray, above: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Add points around local minima that just miss the level: a region may hide between two points."""
    padded = np.concatenate([[np.inf], above, [np.inf]])
    near = (above > 0) & (above < 2) & (above <= padded[:-2]) & (above <= padded[2:])
    extra = [
        np.linspace(points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)], 19)[1:-1]
        for i in np.flatnonzero(near)
    ]
    if not extra:
        return points, above
    new = np.setdiff1d(np.concatenate(extra), points)
    every = np.concatenate([points, new])
    values = np.concatenate([above, excess(new)])
    order = np.argsort(every)
    return every[order], values[order]


def _ends(
    excess: "Callable[[FloatArray], FloatArray]",
    points: FloatArray,
    above: FloatArray,
    crossings: list[tuple[int, int]],
) -> dict[int, float]:
    """Return where Δq crosses the level in each bracket, by the index of its left point.

    All brackets are subdivided together: three rounds of batched evaluations and a line through the last.
    """
    if not crossings:
        return {}
    left = np.array([points[i] for i, _ in crossings])
    right = np.array([points[j] for _, j in crossings])
    f_left = np.array([above[i] for i, _ in crossings])
    f_right = np.array([above[j] for _, j in crossings])
    part = np.arange(1, SUBDIVISIONS) / SUBDIVISIONS
    for _ in range(3):
        inner = left[:, None] + (right - left)[:, None] * part
        grid = np.concatenate([left[:, None], inner, right[:, None]], axis=1)
        values = np.concatenate(
            [f_left[:, None], excess(inner.ravel()).reshape(inner.shape), f_right[:, None]], axis=1
        )
        # the crossing nearest to the inside, should there be several
        sign = values <= 0
        flips = sign[:, 1:] != sign[:, :-1]
        first = np.argmax(flips, axis=1)
        final = flips.shape[1] - 1 - np.argmax(flips[:, ::-1], axis=1)
        at = np.where(f_left <= 0, first, final)
        rows = np.arange(len(left))
        left, right = grid[rows, at], grid[rows, at + 1]
        f_left, f_right = values[rows, at], values[rows, at + 1]
    finite = np.isfinite(f_left) & np.isfinite(f_right) & (f_right != f_left)
    slope = np.where(finite, f_right - f_left, 1.0)
    share = np.where(finite, -np.where(finite, f_left, 0.0) / slope, np.where(f_left <= 0, 0.0, 1.0))
    ends = left + np.clip(share, 0.0, 1.0) * (right - left)
    return {i: float(end) for (i, _), end in zip(crossings, ends, strict=True)}
