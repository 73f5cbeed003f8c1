"""Limits of one parameter from its profile: of data, or expected of an Asimov set, with bands.

The expected band follows from the root of Δq of the Asimov set (Cowan et al., EPJC 71 (2011) 1554): data that
are N standard deviations up have their end where the root is that much larger. Where the true value is the
end of what can be, as 0 is for what enters squared, a fluctuation downward leaves the best fit at that end.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.band import BAND
from renp_sim.analysis.infer.possible import require_possible
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.infer.profile_regions import regions_of
from renp_sim.analysis.intervals import Interval, delta_q_of_level
from renp_sim.analysis.minimise.solution import TIE
from renp_sim.arrays import FloatArray

__all__ = ["Limit", "LimitStatus", "is_even", "is_seen", "profile_limit"]


class LimitStatus(StrEnum):
    """What kind of result a limit is."""

    LIMITED = "limited"
    UNBOUNDED = "unbounded"
    """The data see the parameter, but exclude no value on that side at this level."""
    POWER_CONSTRAINED = "power constrained"
    """Data were so low that the limit is that of data one standard deviation down."""
    NOT_VISIBLE = "not visible"
    """No expectation depends on it."""


ROUNDING = 1e-12
"""Expectations that differ by less, relative, are the same
(`test_a_phase_of_dirac_neutrinos_is_seen_by_nobody`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limit:
    """A limit, and all that it depends on.

    Parameters
    ----------
    name
        The parameter.
    level
        Confidence level.
    delta_q
        Δ(−2 ln L) at its ends; None where a p-value decides.
    sided
        "two-sided" or "one-sided".
    best
        Best value, or the truth of an Asimov set.
    lower, upper
        Ends of the region of `best`; None where nothing is excluded on that side.
    regions
        All that is allowed, a list: with an interference another region may lie apart.
    expected
        Upper end for data −2, −1, 0, 1 and 2 standard deviations up, or None.
    status
        Whether there is a limit.
    lower_error, upper_error
        Monte Carlo errors of the ends; None where nothing is of toys.
    """

    name: str
    level: float
    delta_q: float | None
    sided: str
    best: float
    lower: float | None
    upper: float | None
    regions: tuple[Interval, ...]
    expected: tuple[float | None, ...] | None
    status: LimitStatus
    lower_error: float | None = None
    upper_error: float | None = None

    @classmethod
    def none(cls, name: str, level: float, best: float, *, delta_q: float | None = None) -> "Limit":
        """Return what is said of a parameter that nothing depends on."""
        return cls(
            name=name,
            level=level,
            delta_q=delta_q,
            sided="two-sided" if delta_q is not None else "one-sided",
            best=best,
            lower=None,
            upper=None,
            regions=(),
            expected=None,
            status=LimitStatus.NOT_VISIBLE,
        )


def profile_limit(setup: Setup, counts: FloatArray, name: str, level: float, *, band: bool = False) -> Limit:
    """Return the two-sided limit at which the profile of −2 ln L has risen by its χ² quantile.

    Parameters
    ----------
    setup
        What floats, `name` among it. Of an Asimov set it stands at the truth.
    counts
        Shape (n,).
    name
        The parameter.
    level
        Two-sided.
    band
        Whether the expected band is wanted, which makes sense for an Asimov set.

    Raises
    ------
    FitError
        If no value allows the counts.
    """
    z = math.sqrt(delta_q_of_level(level))
    curve_levels = [z * z]
    is_end = is_even(setup, name)
    if band:
        curve_levels = [_root(n, z, is_end) ** 2 for n in BAND]
    if not is_seen(setup, name):
        return Limit.none(name, level, float(setup.theta[setup.index(name)]), delta_q=z * z)
    curve = ProfileCurve.of(setup, counts, z * z, *curve_levels)
    require_possible(curve.setup, curve.q_min, counts)
    best, stood = float(curve.setup.theta[setup.index(name)]), float(setup.theta[setup.index(name)])
    # an interference may fit an Asimov set at a second value, and better by rounding: that is not its truth
    if stood != best and float(curve.delta_q(name, np.array([stood]))[0]) <= TIE * (1 + curve.q_min):
        best = stood
    error = curve.error(name)
    regions = regions_of(curve, name, error, z * z)[0]
    own = _region_of(regions, best)
    expected = None
    if band:
        ends = []
        for n, reach in zip(BAND, curve_levels, strict=True):
            if n == 0.0:
                ends.append(_end(own, "upper"))
                continue
            found = _region_of(regions_of(curve, name, error, reach)[0], best)
            # so far down that even the best value is above the limit: it lies on the other side
            ends.append(_end(found, "upper" if is_end or z + n > 0 else "lower"))
        expected = tuple(ends)
    lower, upper = _end(own, "lower"), _end(own, "upper")
    if is_end and upper is not None:
        # of the size, on whichever side it was found
        size = max(abs(end) for region in regions for end in (region.lower, region.upper))
        is_open = any(region.lower_open or region.upper_open for region in regions)
        lower, upper = (None, None) if is_open or not math.isfinite(size) else (-size, size)
    return Limit(
        name=name,
        level=level,
        delta_q=z * z,
        sided="two-sided",
        best=best,
        lower=lower,
        upper=upper,
        regions=regions,
        expected=expected,
        status=LimitStatus.UNBOUNDED if upper is None else LimitStatus.LIMITED,
    )


def is_seen(setup: Setup, name: str) -> bool:
    """Return whether any expectation depends on a parameter, near where it stands or far."""
    index, position = setup.index(name), setup.names.index(name)
    quadratic = setup.model.quadratic((name,), setup.theta)
    if quadratic is not None:
        return bool(np.any(quadratic.linear != 0) or np.any(quadratic.square != 0))
    low, high = np.clip([setup.lower[position], setup.upper[position]], -1e300, 1e300)
    here, step = setup.theta[index], setup.scale[position]
    kinks = setup.model.kinks(name, setup.theta)
    expected = setup.model.expected(setup.theta)
    # the kinks, of which there may be thousands, only where it is not seen beside where it stands
    for values in (np.array([here - step, here + step, 0.0]), kinks - step, kinks + step):
        moved = np.tile(setup.theta, (len(values), 1))
        moved[:, index] = np.clip(values, low, high)
        if np.any(np.abs(setup.model.expected(moved) - expected) > ROUNDING * expected):
            return True
    return False


def is_even(setup: Setup, name: str) -> bool:
    """Return whether only the size of a parameter matters."""
    quadratic = setup.model.quadratic((name,), setup.theta)
    if quadratic is not None:
        return name in setup.squared and not np.any(quadratic.linear != 0)
    # a coupling that a width depends on: μ is no quadratic form, but may be even all the same
    position, index = setup.names.index(name), setup.index(name)
    if setup.lower[position] != -setup.upper[position] or setup.model.parameters[index].period is not None:
        return False
    sizes = setup.scale[position] * np.array([0.1, 1.0, 10.0])
    moved = np.tile(setup.theta, (6, 1))
    moved[:, index] = np.concatenate([sizes, -sizes])
    up, down = np.split(setup.model.expected(moved), 2)
    return bool(np.all(np.abs(up - down) <= ROUNDING * up))


def _root(n: float, z: float, is_end: bool) -> float:
    """Return the root of Δq at which data n standard deviations up have their end."""
    if not is_end:
        return abs(z + n)
    return z + n if n >= 0 else n + math.sqrt(n * n + z * z)


def _region_of(regions: tuple[Interval, ...], value: float) -> Interval | None:
    """Return the region that holds a value, or the nearest to it."""
    if not regions:
        return None
    return min(regions, key=lambda r: max(r.lower - value, value - r.upper, 0.0))


def _end(region: Interval | None, side: str) -> float | None:
    """Return an end of a region; None where the level was not reached."""
    if region is None or getattr(region, f"{side}_open"):
        return None
    return float(getattr(region, side))
