"""Fits that look beyond the kinks of parameters about which something is known.

A frequency offset has kinks as a mass has, since steps cross thresholds as it moves, and with the mass held
−2 ln L may have a minimum in each of its smooth pieces. A search of the mass lets it follow from where it
rests; a profile must know the lowest of these minima at every point, or it has holes that are none.
"""

import itertools
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.search.evolution import swarm_fits
from renp_sim.analysis.search.pieces import Starts, fit_pieces
from renp_sim.analysis.search.problem import Problem, Solution
from renp_sim.analysis.search.restarts import has_rivals, places_around
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["beyond_known_kinks", "is_rough", "known_kinks", "known_points", "over_kinks"]


REACH = 5.0
"""Errors of a parameter within which its pieces are looked at."""

INSIDE = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Where a piece is looked at, in a variable in which nothing is singular at its ends."""

CLOSER_LOOKS = 8
"""Pieces of a parameter in which not only the middle is looked at."""

MARGIN = 4.0
"""A piece this much above what is there already is not fitted: a fit gains less than that."""

FITS = 3
"""Most pieces that are fitted."""

NEAREST = 32
"""Most pieces on either side that are looked at."""

LOOKS = 8
"""Places near a best fit at which one looks for valleys."""

DEPTH = 0.02
"""A valley is at least this deep in −2 ln L."""

MOST_KNOWN = 4
"""Most such parameters; where more float, such as an offset per step, the others follow."""

SCAN_POINTS = 21
"""Of a scan over such a parameter."""

SWARMS = (1.0, 3.0, 10.0)
"""How far apart the members of swarms around a best fit are at first, in errors."""

SWARM_ERRORS = 3.0
"""The same for the points of a profile."""

IMPOSSIBLE_Q = 1e30
"""In the place of an infinite −2 ln L."""

GAIN = 1e-3
"""A round over several parameters that gains less is the last."""

ROUNDS = 4
"""Most rounds."""


def known_kinks(setup: "Setup") -> tuple[str, ...]:
    """Return the floating parameters that have kinks but which `search` only lets follow."""
    known = (name for name in setup.names if name in setup.kinked and name not in setup.searched)
    return tuple(known)[:MOST_KNOWN]


def known_points(setup: "Setup", name: str, most: int) -> FloatArray:
    """Return equally spaced values of such a parameter for a scan, at most so many."""
    return np.linspace(*_range(setup, setup.names.index(name)), min(most, SCAN_POINTS))


def is_rough(setup: "Setup", counts: FloatArray, theta: FloatArray) -> bool:
    """Return whether what `known_kinks` names has kinks that matter near a best fit.

    They do where −2 ln L along one of these parameters has several valleys, or where fits with searched
    parameters held depend on their start; they do not if the line is wide.

    Parameters
    ----------
    setup
        What floats.
    counts
        One set, shape (1, n).
    theta
        All parameters at the best fit, shape (p,).
    """
    known = known_kinks(setup)
    if not known:
        return False
    near = np.tile(theta, (LOOKS, 1))
    held = [setup.index(name) for name in setup.searched]
    near[:, held] = places_around(setup, counts, theta)[:LOOKS, held]
    return any(_has_valleys(setup, name, counts, near) for name in known) or has_rivals(
        setup, counts, theta, setup.searched
    )


def _has_valleys(setup: "Setup", name: str, counts: FloatArray, theta: FloatArray) -> bool:
    """Return whether −2 ln L along a parameter has more than one minimum in some row of θ."""
    position = setup.names.index(name)
    share = np.sin(np.pi * np.array([0.0, *INSIDE]) / 2) ** 2
    for row in theta:
        low, high = _pieces(setup, position, row).T
        values = np.append((low[:, None] + (high - low)[:, None] * share).ravel(), high[-1])
        points = np.tile(row, (len(values), 1))
        points[:, setup.free[position]] = values
        problem = Problem.of(setup, np.repeat(counts, len(values), axis=0), points)
        q = np.minimum(problem.likelihood().value(problem.start()), IMPOSSIBLE_Q)
        lowest = int(np.argmin(q))
        # how far each point is below what must be climbed on the way to it
        left = np.maximum.accumulate(q[lowest::-1]) - q[lowest::-1]
        right = np.maximum.accumulate(q[lowest:]) - q[lowest:]
        depth = np.concatenate([left[::-1], right[1:]])
        if np.any((depth > DEPTH) & (q < q[lowest] + MARGIN)):
            return True
    return False


def beyond_known_kinks(setup: "Setup", counts: FloatArray, found: Solution) -> Solution:
    """Return a fit of one set of counts that knows what is beyond the kinks of what `known_kinks` names.

    Where a searched parameter floats too, kinks lie across both, and swarms walk over them first.
    """
    if not np.isfinite(found.q[0]) or not is_rough(setup, counts, found.theta[0]):
        return found
    if not setup.searched:
        return over_kinks(setup, known_kinks(setup), counts, found)
    every = np.repeat(counts, len(SWARMS), axis=0)
    walked = swarm_fits(Problem.of(setup, every), Solution.joined([found] * len(SWARMS)), np.array(SWARMS))
    walked = over_kinks(setup, (*setup.searched, *known_kinks(setup)), every, walked)
    best = [int(np.argmin(walked.q))]
    return Solution(
        theta=walked.theta[best], q=walked.q[best], status=walked.status[best], calls=walked.calls[best]
    )


def over_kinks(setup: "Setup", names: tuple[str, ...], counts: FloatArray, found: Solution) -> Solution:
    """Return fits that are the lowest over the pieces of each of some parameters, one after the other.

    Parameters
    ----------
    setup
        What floats.
    names
        Of floating parameters with kinks; the others follow.
    counts
        Shape (b, n).
    found
        Fits from which this starts; none gets worse.
    """
    rows = np.arange(len(counts))
    for _ in range(ROUNDS if len(names) > 1 else 1):
        before = found.q
        for name in names:
            found = _over_pieces(setup, name, counts, found, rows)
        rows = np.flatnonzero(found.q < before - GAIN)
        if not len(rows):
            break
    return found


def _over_pieces(
    setup: "Setup", name: str, counts: FloatArray, found: Solution, rows: IndexArray
) -> Solution:
    """Return the fits, those of some rows the lowest over the pieces of one parameter."""
    position = setup.names.index(name)
    whole = Problem.of(setup, counts, found.theta)
    start = _best_pieces(whole, position, found, rows)
    if not len(start.toys):
        return found
    part = whole.take(start.toys)
    fits = fit_pieces(part.counts, part.model_mean(), part.terms, setup, position, start)
    solution = part.solution(fits)
    theta, q, status = found.theta.copy(), found.q.copy(), found.status.copy()
    calls = found.calls + np.bincount(start.toys, fits.calls, minlength=len(counts)).astype(np.int32)
    # the lowest is written last
    order = np.argsort(-fits.q, kind="stable")
    order = order[fits.q[order] < q[start.toys[order]]]
    better = start.toys[order]
    theta[better], q[better], status[better] = solution.theta[order], fits.q[order], fits.status[order]
    return Solution(theta=theta, q=q, status=status, calls=calls)


def _best_pieces(whole: Problem, position: int, found: Solution, rows: IndexArray) -> Starts:
    """Return starts in the lowest pieces of one parameter, all others held where they were found."""
    likelihood, setup = whole.likelihood(), whole.setup
    pieces = [_pieces(setup, position, found.theta[row]) for row in rows.tolist()]
    toys = np.repeat(rows, [len(piece) for piece in pieces])
    low, high = np.concatenate(pieces).T

    def looked(which: IndexArray, u: float) -> tuple[FloatArray, FloatArray]:
        x = found.theta[toys[which]][:, setup.free].T
        x[position] = low[which] + (high[which] - low[which]) * np.sin(np.pi * u / 2) ** 2
        return x[position], likelihood.take(toys[which]).value(x)

    at, q = looked(np.arange(len(toys)), 0.5)
    near = _lowest(toys, q, CLOSER_LOOKS)
    for u in INSIDE:
        there, q_there = looked(near, u)
        better = q_there < q[near]
        at[near[better]], q[near[better]] = there[better], q_there[better]
    near = near[np.isfinite(q[near]) & (q[near] <= found.q[toys[near]] + MARGIN)]
    near = near[_lowest(toys[near], q[near], FITS)]
    x = found.theta[toys[near]][:, setup.free].T
    x[position] = at[near]
    return Starts(toys=toys[near], x=x, low=low[near], high=high[near])


def _pieces(setup: "Setup", position: int, theta: FloatArray) -> FloatArray:
    """Return the ends of the pieces of a parameter, shape (k, 2), all others standing at θ (p,)."""
    low, high = _range(setup, position)
    kinks = setup.model.kinks(setup.names[position], theta)
    kinks = kinks[(kinks > low) & (kinks < high)]
    # two kinks within rounding are one
    kinks = kinks[np.diff(kinks, prepend=-np.inf) > 1e-9 * setup.scale[position]]
    ends = np.array([low, *kinks.tolist(), high])
    here = int(np.searchsorted(ends, theta[setup.free[position]]))
    ends = ends[max(here - NEAREST, 0) : here + NEAREST]
    return np.array(list(itertools.pairwise(ends.tolist())))


def _range(setup: "Setup", position: int) -> tuple[float, float]:
    """Return within which values a parameter is looked at."""
    low, high = float(setup.lower[position]), float(setup.upper[position])
    constraint = setup.constraints[position]
    if constraint is None:
        return low, high
    reach = REACH * constraint.error
    return float(np.clip(constraint.value - reach, low, high)), float(
        np.clip(constraint.value + reach, low, high)
    )


def _lowest(toys: IndexArray, q: FloatArray, most: int) -> IndexArray:
    """Return the places of the lowest values of each toy, at most so many of each."""
    order = np.lexsort((q, toys))
    first = np.searchsorted(toys[order], toys[order])
    kept: IndexArray = np.sort(order[np.arange(len(order)) - first < most])
    return kept
