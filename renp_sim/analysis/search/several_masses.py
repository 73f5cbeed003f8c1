"""The minimum of −2 ln L where several parameters are kinked, whose kinks move with each other."""

import itertools
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.search.descent import over_pieces
from renp_sim.analysis.search.evolution import swarm_fits
from renp_sim.analysis.search.problem import Problem, Solution
from renp_sim.analysis.search.restarts import cloud_fits, end_at_one_place, first_fits, fits_from, local_fits
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup
    from renp_sim.analysis.search.scan import ScanTable

__all__ = ["following_fits", "several_kinked"]


CORNERS = 3
"""Places of a scan in several kinked parameters from which a fit starts."""

HOPELESS = 20.0
"""Times the −2 ln L that is there already: from such a corner of a coarse scan no fit starts."""

SWARMS = ((0, 3.0), (1, 3.0), (0, 10.0), (0, 30.0))
"""Where swarms start, among the lowest fits, and how far apart their members are at first, in errors."""

EXCHANGE_ERRORS = 3.0
"""The same of a swarm that starts where parameters have changed places."""

EXCHANGE_MARGIN = 25.0
"""From fits this much above the lowest no swarm starts."""

FOLLOWING_ERRORS = 1.0
"""The same of a swarm that starts near its minimum."""

LED_GAIN = 1e-3
"""A neighbour leads elsewhere if −2 ln L is this much lower where it points to."""


def several_kinked(problem: Problem, kinked: tuple[str, ...], table: "ScanTable") -> Solution:
    """Return the best fit of one set of counts where several parameters are kinked.

    All parameters are fitted together from where they stand, from the best corners of a coarse scan unless
    these are hopeless, from a cloud around the lowest of these fits, and from where parameters have changed
    places, which leaves thresholds where they are. Where such fits do not converge or those from the cloud
    do not end at one place, swarms walk over the kinks, and the lowest is fitted in the pieces of one
    parameter after the other.

    Parameters
    ----------
    problem
        One set of counts.
    kinked
        The parameters whose kinks are searched.
    table
        A coarse scan in all of them.
    """
    setup, counts = problem.setup, problem.counts.T
    scan = table.scan(setup, problem.counts, problem.terms)
    first = fits_from(setup, counts, setup.theta[None, setup.free])
    corners = np.argsort(scan.q[:, 0], kind="stable")[:CORNERS]
    corners = corners[scan.q[corners, 0] <= HOPELESS * (1 + first.q[0])]
    found = Solution.joined([first, fits_from(setup, counts, scan.x[corners, :, 0])])
    cloud = cloud_fits(setup, counts, _lowest(found).theta[0])
    found = Solution.joined([found, cloud])
    exchanged = fits_from(setup, counts, _exchanged(setup, kinked, _lowest(found)))
    found = Solution.joined([found, exchanged])
    hopeful = (exchanged.status == Status.NOT_CONVERGED) & (exchanged.q < np.min(found.q) + EXCHANGE_MARGIN)
    starts = [(row, EXCHANGE_ERRORS) for row in len(found.q) - len(hopeful) + np.flatnonzero(hopeful)]
    if not end_at_one_place(cloud):
        order = np.argsort(found.q, kind="stable")
        starts += [(order[rank], width) for rank, width in SWARMS]
    if starts:
        near = found.take(np.array([row for row, _ in starts]))
        several = Problem.of(setup, np.repeat(counts, len(starts), axis=0))
        walked = swarm_fits(several, near, np.array([width for _, width in starts]))
        found = _lowest(Solution.joined([found, walked]))
        found = over_pieces(setup, kinked, counts[0], found)
    best = _lowest(found)
    last = local_fits(setup, counts, best.theta)
    return last if last.q[0] < best.q[0] else best


def following_fits(setup: "Setup", counts: FloatArray, theta: FloatArray) -> Solution:
    """Return fits of the same counts at rows of what does not float, which lie one beside the other.

    Each starts where it stands, and again where its neighbours lead it, unless these know nothing lower;
    swarms help those that do not converge.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (n,).
    theta
        All parameters, shape (b, p), in the order of what rests.
    """
    every = np.broadcast_to(counts, (len(theta), len(counts)))
    found = first_fits(setup, every, theta)
    stuck = np.flatnonzero(found.status == Status.NOT_CONVERGED)
    if len(stuck):
        part = found.take(stuck)
        walked = swarm_fits(Problem.of(setup, every[stuck]), part, np.full(len(stuck), FOLLOWING_ERRORS))
        found = found.keeping_lower(stuck, walked)
        found = found.keeping_lower(stuck, first_fits(setup, every[stuck], walked.theta))
    for _ in range(len(theta)):
        before = found.q
        for step in (1, -1):
            rows, led = _led(setup, every, theta, found, step)
            if len(rows):
                found = found.keeping_lower(rows, first_fits(setup, every[rows], led))
        if not np.any(found.q < before - LED_GAIN):
            break
    return found


def _led(
    setup: "Setup", counts: FloatArray, theta: FloatArray, found: Solution, step: int
) -> tuple[IndexArray, FloatArray]:
    """Return rows whose neighbour points to something lower, and where that is, (rows, p)."""
    rows = np.arange(len(theta) - 1) + (step < 0)
    led = theta[rows]
    moved = found.theta[rows + step] - theta[rows + step]
    led[:, setup.free] = np.clip((led + moved)[:, setup.free], setup.lower, setup.upper)
    problem = Problem.of(setup, counts[rows], led)
    lower = problem.likelihood().value(problem.start()) < found.q[rows] - LED_GAIN
    return rows[lower], led[lower]


def _exchanged(setup: "Setup", kinked: tuple[str, ...], best: Solution) -> FloatArray:
    """Return free parameters where alike ones among the kinked have changed places, shape (r, f)."""
    x = best.theta[0, setup.free]
    at = [setup.names.index(name) for name in kinked]
    alike = {(setup.lower[i], setup.upper[i], setup.scale[i]) for i in at}
    if len(alike) > 1:
        return np.empty((0, len(x)))
    orders = list(itertools.permutations(at))[1:]
    out = np.tile(x, (len(orders), 1))
    out[:, at] = x[np.array(orders)]
    return out


def _lowest(found: Solution) -> Solution:
    """Return the lowest fit."""
    return found.take(np.array([np.argmin(found.q)]))
