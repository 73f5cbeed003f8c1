"""The regions of one parameter in which its profile is below a level: how far it is looked at, and where."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from renp_sim.analysis.infer.profile_curve import NESTED_TOLERANCE, ProfileCurve
from renp_sim.analysis.intervals import Interval, joined_round, regions_below
from renp_sim.analysis.search.amplitudes import amplitude_points
from renp_sim.analysis.search.axis import NARROWEST
from renp_sim.analysis.search.cells import followed
from renp_sim.analysis.search.curve import MINIMUM_TOLERANCE, Curve, refined
from renp_sim.analysis.search.grid import coupling_points
from renp_sim.analysis.search.problem import Solution
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["regions_of"]


WINDOW_POINTS = 33
"""Points of a curve over a smooth parameter or an angle, as it is drawn."""

WIDENINGS = 60
"""Times a window is doubled before its parameter is said to be without limit: a normalisation of a signal
that no one would see has one of 1e4 and more (`test_a_limit_far_from_one_is_found`)."""


def regions_of(
    profile: ProfileCurve, name: str, error: float, level: float
) -> tuple[tuple[Interval, ...], FloatArray, FloatArray]:
    """Return the regions of a parameter, and the points of the profile with Δq there.

    Parameters
    ----------
    profile
        Around the best fit.
    name
        Of a floating parameter.
    error
        A first idea of its error.
    level
        Δq at the ends of the regions.
    """
    setup = profile.setup
    if profile.searched is not None and setup.searched == (name,):
        curve = profile.searched
        narrowest = NARROWEST * float(setup.scale[setup.names.index(name)])
        return curve.regions(level, profile.q_min, narrowest), curve.values, curve.q - profile.q_min
    if name in setup.amplitudes:
        curve = _extended(profile, name, _at_best(profile, name), amplitude_points(setup, name))
    elif name in setup.angles:
        turn = np.linspace(*setup.limits(name), WINDOW_POINTS)
        curve = _extended(profile, name, _at_best(profile, name), turn)
    else:
        curve = _window(profile, name, error, level)
    if name in {*setup.amplitudes, *setup.angles, *setup.squared}:
        curve = _refined(profile, name, curve, level)
        found = curve.regions(level, profile.q_min)
    else:
        found = regions_below(
            lambda values: profile.delta_q(name, values),
            level,
            curve.values,
            curve.q - profile.q_min,
            fine=_is_dense(profile, name),
            bound=_going_on(profile, name, curve),
        )
    points, delta_q = curve.values, curve.q - profile.q_min
    low, high = setup.limits(name)
    if name in setup.angles:
        return joined_round(found, float(setup.theta[setup.index(name)]), high - low), points, delta_q
    # an end that no widening of the window found is no end
    regions = tuple(
        replace(
            region,
            lower=low if region.lower_open else region.lower,
            upper=high if region.upper_open else region.upper,
        )
        for region in found
    )
    return regions, points, delta_q


def _refined(profile: ProfileCurve, name: str, known: Curve, level: float) -> Curve:
    """Return the profile of a coupling: a minimum of many counts is narrower than any grid."""

    def evaluate(_: IndexArray, values: FloatArray) -> Solution:
        # it begins with what is known
        is_known = np.array_equal(values, known.values)
        return known.fits if is_known else profile.fits((name,), values[:, None])

    scale = float(profile.setup.scale[profile.setup.names.index(name)])
    # where every point has a search of its own more is not known of it
    tolerance = MINIMUM_TOLERANCE if _is_dense(profile, name) else NESTED_TOLERANCE
    (curve,) = refined(evaluate, [known.values], [np.empty(0)], (level,), scale, tolerance)
    return curve


def _is_dense(profile: ProfileCurve, name: str) -> bool:
    """Return whether a curve has points all over: only the ends where each needs a search of its own."""
    return not profile.setup.without(name).searched


def _going_on(profile: ProfileCurve, name: str, window: Curve) -> Callable[[FloatArray], FloatArray] | None:
    """Return Δq of fits that go on from those of a window, where a search at every value costs more."""
    rest = profile.setup.without(name)
    if len(rest.searched) < 2:
        return None
    profiler = Profiler.of(profile.setup, profile.counts, (name,))

    def delta_q(values: FloatArray) -> FloatArray:
        right = np.clip(np.searchsorted(window.values, values), 1, len(window.values) - 1)
        starts = [window.fits.take(side) for side in (right - 1, right)]
        for start in starts:
            start.theta[:, profile.setup.index(name)] = values
        found = followed(rest, profile.counts, starts)
        return found.q + profiler.terms(found.theta) - profile.q_min

    return delta_q


def _window(profile: ProfileCurve, name: str, error: float, level: float) -> Curve:
    """Return a profile out to well above a level, or to the bounds of the parameter.

    Where a fit has to search kinks anew only the ends and the best value are computed.
    """
    (least, most), curve = profile.setup.limits(name), _at_best(profile, name)
    if name in profile.setup.squared:
        # there may be a second region on the other side
        points = coupling_points(profile.setup, name, profile.counts[None])
        curve = _extended(profile, name, curve, points)
    reach, enough = 2.0 * error * np.sqrt(level), profile.q_min + level + 1
    for _ in range(WIDENINGS):
        (low, high), is_below = curve.values[[0, -1]], curve.q[[0, -1]] < enough
        wanted = []
        if is_below[0] and low > least:
            wanted.append(max(least, low - reach))
        if is_below[1] and high < most:
            wanted.append(min(most, high + reach))
        if not wanted:
            break
        curve = _extended(profile, name, curve, wanted)
        reach *= 2
    if _is_dense(profile, name):
        low, high = curve.values[[0, -1]].tolist()
        kinks = profile.setup.model.kinks(name, profile.setup.theta)
        inside = kinks[(kinks > low) & (kinks < high)]
        curve = _extended(profile, name, curve, [*np.linspace(low, high, WINDOW_POINTS), *inside])
    return curve


def _at_best(profile: ProfileCurve, name: str) -> Curve:
    """Return the one point of a profile that is known: the best fit."""
    setup = profile.setup
    fit = replace(profile.best, theta=setup.theta[None], q=np.array([profile.q_min]))
    return Curve(values=setup.theta[[setup.index(name)]], fits=fit)


def _extended(profile: ProfileCurve, name: str, curve: Curve, values: Iterable[float]) -> Curve:
    """Return a profile with more points."""
    new = np.setdiff1d([*values], curve.values)
    return curve.joined(new, profile.fits((name,), new[:, None])) if len(new) else curve
