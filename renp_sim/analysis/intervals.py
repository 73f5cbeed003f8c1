"""Intervals from the profile of −2 ln L: every connected region below a level, so a list.

Two-sided intervals hold Δq ≤ χ²₁ quantile (Rolke et al., NIM A551 (2005) 493). Where the true value is a
physical bound, Δq follows ½χ²₀ + ½χ²₁ and the same Δq has the level of a one-sided limit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from scipy.special import gammaincinv

from renp_sim.arrays import FloatArray

__all__ = ["Interval", "Intervals", "Method", "Sided", "delta_q_of_level", "joined_round", "regions_below"]

Curve = Callable[[FloatArray], FloatArray]
"""Δq at values of a parameter, shape (g,) to (g,)."""

JUST_MISSED = 2.0
"""A local minimum of the points this much above a level may hide a region
(`test_a_region_between_two_points_is_found`)."""

ROOT_ROUNDS = 40
"""Most evaluations of an end, so that there is one: a wall takes 17
(`test_a_wall_of_infinity_is_found_by_bisection`)."""

ROOT_TOLERANCE = 1e-5
"""An end is found when √Δq is this close there, or its bracket is this fraction of the first
(`test_parabola_ends_at_one_error`)."""


class Sided(StrEnum):
    """Which tails of the parameter a level leaves out."""

    ONE = "one-sided"
    TWO = "two-sided"


class Method(StrEnum):
    """Where the ends of an interval come from."""

    PARABOLA = "parabola"
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


def _nothing() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
    values, profile
        Where the profile was computed, and Δ(−2 ln L) there; empty where it was not.
    """

    regions: tuple[Interval, ...]
    level: float
    delta_q: float
    sided: Sided = Sided.TWO
    level_at_bound: float | None = None
    method: Method
    valid: bool = True
    values: FloatArray = field(default_factory=_nothing, repr=False)
    profile: FloatArray = field(default_factory=_nothing, repr=False)

    @classmethod
    def two_sided(
        cls,
        regions: tuple[Interval, ...],
        level: float,
        method: Method,
        *,
        values: FloatArray | None = None,
        profile: FloatArray | None = None,
    ) -> "Intervals":
        """Return two-sided intervals; those that touch a bound say what they cover there."""
        touches = any(region.lower_open or region.upper_open for region in regions)
        ends = [end for region in regions for end in (region.lower, region.upper)]
        return cls(
            regions=regions,
            level=level,
            delta_q=delta_q_of_level(level),
            level_at_bound=(1 + level) / 2 if touches else None,
            method=method,
            valid=len(regions) > 0 and not np.any(np.isnan(ends)),
            values=_nothing() if values is None else values,
            profile=_nothing() if profile is None else profile,
        )


def delta_q_of_level(level: float, sided: Sided = Sided.TWO) -> float:
    """Return the Δ(−2 ln L) of a level for one parameter.

    Raises
    ------
    ValueError
        If the level is not in (0, 1), or in (0.5, 1) where one-sided.

    Examples
    --------
    >>> round(delta_q_of_level(0.6826894921), 6), round(delta_q_of_level(0.95, Sided.ONE), 3)
    (1.0, 2.706)
    """
    if not 0 < level < 1 or (sided is Sided.ONE and level <= 0.5):
        allowed = "(0.5, 1)" if sided is Sided.ONE else "(0, 1)"
        raise ValueError(f"level = {level:g}: a {sided} level must lie in {allowed}")
    return float(2 * gammaincinv(0.5, level if sided is Sided.TWO else 2 * level - 1))


def joined_round(regions: tuple[Interval, ...], best: float, turn: float) -> tuple[Interval, ...]:
    """Return regions of an angle, those at both ends of its turn as one, numbered so that it holds the best.

    Examples
    --------
    >>> first = Interval(lower=-180, upper=-150, lower_open=True)
    >>> last = Interval(lower=100, upper=180, upper_open=True)
    >>> joined_round((first, last), 170.0, 360.0)
    (Interval(lower=100, upper=210.0, lower_open=False, upper_open=False),)
    """
    if len(regions) < 2 or not (regions[0].lower_open and regions[-1].upper_open):
        return regions
    first, *others, last = regions
    if best <= first.upper:
        return Interval(lower=last.lower - turn, upper=first.upper), *others
    return *others, Interval(lower=last.lower, upper=first.upper + turn)


def regions_below(
    curve: Curve,
    level: float,
    points: FloatArray,
    delta_q: FloatArray,
    *,
    fine: bool,
    bound: Curve | None = None,
) -> tuple[Interval, ...]:
    """Return the connected regions in which a profile is not above a level.

    Parameters
    ----------
    curve
        Δq at values of the parameter.
    level
        Δq at the ends of the regions, > 0.
    points
        Where it is known, rising, shape (g,), g ≥ 1.
    delta_q
        Its values there.
    fine
        Whether to look closer where a point misses the level by little: a region may hide beside it.
    bound
        What the profile is not above and costs less: an end that it has too needs no more.
    """
    if fine:
        points, delta_q = _look_closer(curve, level, points, delta_q)
    # the root of Δq is straight where −2 ln L is a parabola
    above = np.sqrt(np.maximum(delta_q, 0.0)) - np.sqrt(level)
    inside = above <= 0
    starts = np.flatnonzero(inside & ~np.concatenate([[False], inside[:-1]])).tolist()
    stops = np.flatnonzero(inside & ~np.concatenate([inside[1:], [False]])).tolist()
    last = len(points) - 1
    crossings = [(i, i - 1) for i in starts if i > 0] + [(i, i + 1) for i in stops if i < last]
    within, beyond = (np.array([pair[side] for pair in crossings], dtype=np.intp) for side in (0, 1))
    known = points[within], points[beyond], above[within], above[beyond]

    def excess(of: Curve) -> Curve:
        return lambda values: np.sqrt(np.maximum(of(values), 0.0)) - np.sqrt(level)

    guess = None if bound is None else _crossings(excess(bound), *known)
    found = _crossings(excess(curve), *known, guess)
    ends = dict(zip(crossings, found.tolist(), strict=True))
    return tuple(
        Interval(
            lower=ends.get((i, i - 1), float(points[0])),
            upper=ends.get((j, j + 1), float(points[-1])),
            lower_open=i == 0,
            upper_open=j == last,
        )
        for i, j in zip(starts, stops, strict=True)
    )


def _look_closer(
    curve: Curve, level: float, points: FloatArray, delta_q: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Add points around local minima that just miss the level."""
    padded = np.concatenate([[np.inf], delta_q, [np.inf]])
    near = (delta_q > level) & (delta_q < level + JUST_MISSED)
    near &= (delta_q <= padded[:-2]) & (delta_q <= padded[2:])
    extra = [
        np.linspace(points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)], 11)[1:-1]
        for i in np.flatnonzero(near).tolist()
    ]
    if not extra:
        return points, delta_q
    new = np.setdiff1d(np.concatenate(extra), points)
    every = np.concatenate([points, new])
    order = np.argsort(every)
    return every[order], np.concatenate([delta_q, curve(new)])[order]


def _crossings(
    excess: Curve,
    inner: FloatArray,
    outer: FloatArray,
    f_inner: FloatArray,
    f_outer: FloatArray,
    guess: FloatArray | None = None,
) -> FloatArray:
    """Return where the excess changes sign between inner (≤ 0) and outer (> 0) points, all together.

    The Illinois form of the false position, with a bisection where a value is infinite; what is guessed is
    tried first.
    """
    a, b, f_a, f_b = inner.copy(), outer.copy(), f_inner.copy(), f_outer.copy()
    first = np.abs(b - a)
    root, going = a.copy(), np.ones(len(a), dtype=bool)
    moved_last = np.zeros(len(a), dtype=np.int8)
    for _ in range(ROOT_ROUNDS):
        if not np.any(going):
            break
        finite = np.isfinite(f_b) & (f_b > f_a)
        share = np.where(finite, -f_a / np.where(finite, f_b - f_a, 1.0), 0.5)
        trial = a + np.clip(share, 0.001, 0.999) * (b - a) if guess is None else guess
        root, guess = np.where(going, trial, root), None
        f = np.zeros(len(a))
        f[going] = excess(root[going])
        to_a, to_b = going & (f <= 0), going & (f > 0)
        # an end that stays put twice loses half of its value, so that it must move
        f_b = np.where(to_a & (moved_last == -1), f_b / 2, f_b)
        f_a = np.where(to_b & (moved_last == 1), f_a / 2, f_a)
        a, f_a = np.where(to_a, root, a), np.where(to_a, f, f_a)
        b, f_b = np.where(to_b, root, b), np.where(to_b, f, f_b)
        moved_last = np.where(to_a, np.int8(-1), np.where(to_b, np.int8(1), moved_last))
        going &= (np.abs(f) > ROOT_TOLERANCE) & (np.abs(b - a) > ROOT_TOLERANCE * first)
    return root
