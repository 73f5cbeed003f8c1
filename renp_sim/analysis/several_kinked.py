"""The global minimum of −2 ln L where several parameters are kinked, whose kinks move with each other."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from renp_sim.analysis.known_kinks import known_kinks, over_kinks
from renp_sim.analysis.newton import Status, minimise
from renp_sim.analysis.problem import Problem, Solution

if TYPE_CHECKING:
    from renp_sim.analysis.scan import ScanTable
    from renp_sim.analysis.setup import Setup

__all__ = ["local_fits", "several_kinked", "without_bends"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

CORNERS = 3
"""Places of a scan in several kinked parameters from which a fit starts."""

HOPELESS = 20.0
"""Times the −2 ln L that is there already: from such a corner of a coarse scan no fit starts."""

CLOUD = 24
"""Places around the lowest fit from which fits start too."""

CLOUD_ERRORS = 2.0
"""How far they lie from it, in errors."""

FIRST_ITERATIONS = 16
"""Steps of a fit that only tells where it leads."""

AGREEMENT = 1e-3
"""Where all fits from the cloud end within this much −2 ln L, there are no kinks to speak of."""

SWARM_ERRORS = (3.0, 3.0, 10.0, 30.0)
"""How far apart the members of swarms are at first."""

SWARM = 48
"""Members of a swarm."""

SHARE = 4
"""One in so many members has descendants."""

GENERATIONS = 60
"""Most generations of a swarm."""

CONTRACTED = 1e-5
"""A swarm whose descendants differ by less −2 ln L has arrived."""


def several_kinked(problem: Problem, kinked: tuple[str, ...], table: "ScanTable") -> Solution:
    """Return the best fit of one set of counts where several parameters are kinked.

    All parameters are fitted together from where they stand, from the best corners of a coarse scan unless
    these are hopeless, and from a cloud around the lowest of these fits. Where those from the cloud do not
    end at one place, swarms that know no slopes walk on over the kinks, and the lowest are fitted in the
    pieces of one parameter after the other.

    Parameters
    ----------
    problem
        One set of counts.
    kinked
        The parameters whose kinks are searched.
    table
        A coarse scan in all of them.
    """
    setup, counts = without_bends(problem.setup), problem.counts.T
    scan = table.scan(setup, problem.counts, problem.terms)
    first = _fits_from(setup, counts, setup.theta[None, setup.free])
    corners = np.argsort(scan.q[:, 0], kind="stable")[:CORNERS]
    corners = corners[scan.q[corners, 0] <= HOPELESS * (1 + first.q[0])]
    found = Solution.joined([first, _fits_from(setup, counts, scan.x[corners, :, 0])])
    cloud = _fits_from(setup, counts, _cloud(setup, counts, _lowest(found, 1)))
    found = Solution.joined([found, cloud])
    if np.ptp(cloud.q) > AGREEMENT or np.any(cloud.status == Status.NOT_CONVERGED):
        found = _lowest(_swarms(problem, _lowest(found, len(SWARM_ERRORS))), 1)
        names = (*kinked, *known_kinks(problem.setup))
        found = over_kinks(problem.setup, names, counts, found)
    best = _lowest(found, 1)
    last = local_fits(problem.setup, counts, best.theta)
    return last if last.q[0] < best.q[0] else best


def without_bends(setup: "Setup") -> "Setup":
    """Return the set-up whose fits do without second derivatives of μ.

    With several kinked parameters these cost more than the few steps that they save.
    """
    return replace(setup, kinked=frozenset())


def _fits_from(setup: "Setup", counts: FloatArray, x: FloatArray) -> Solution:
    """Return the fits from free parameters x (r, f)."""
    if not len(x):
        return Solution.none(len(setup.theta))
    theta = np.tile(setup.theta, (len(x), 1))
    theta[:, setup.free] = x
    return local_fits(setup, np.repeat(counts, len(x), axis=0), theta, max_iterations=FIRST_ITERATIONS)


def _lowest(found: Solution, most: int) -> Solution:
    """Return the lowest fits."""
    return _taken(found, np.argsort(found.q, kind="stable")[:most])


def _taken(found: Solution, rows: IntArray) -> Solution:
    """Return some of the fits."""
    return Solution(
        theta=found.theta[rows], q=found.q[rows], status=found.status[rows], calls=found.calls[rows]
    )


def _covariance(setup: "Setup", counts: FloatArray, best: Solution) -> FloatArray:
    """Return the covariance matrix that the expected counts say, of what they see at all."""
    at = Problem.of(setup, counts, best.theta)
    fisher = at.likelihood().expansion(at.start()).fisher(np.array([0]))[..., 0] / 2
    # in typical steps, and none is larger than one of these
    scaled = fisher * np.outer(setup.scale, setup.scale) + np.eye(len(fisher))
    covariance: FloatArray = np.linalg.inv(scaled) * np.outer(setup.scale, setup.scale)
    return covariance


def _cloud(setup: "Setup", counts: FloatArray, best: Solution) -> FloatArray:
    """Return places around the best fit, shape (CLOUD, f), always the same in units of its errors."""
    root = np.linalg.cholesky(_covariance(setup, counts, best))
    # a quasi-random sequence fills the space, and is no random number
    sequence = qmc.Halton(d=len(root), scramble=False)
    sequence.fast_forward(1)
    z = norm.ppf(sequence.random(CLOUD))
    x: FloatArray = np.clip(best.theta[0, setup.free] + CLOUD_ERRORS * z @ root.T, setup.lower, setup.upper)
    return x


def _swarms(problem: Problem, found: Solution) -> Solution:
    """Return where swarms end that start around fits: they see over kinks, since they know no slopes.

    The lowest of each generation tell the middle and the covariance of the next, as in the evolution
    strategies of Hansen and Ostermeier.
    """
    setup, n_free = problem.setup, len(problem.setup.free)
    likelihood = problem.likelihood()
    # some around the lowest of all, others around the next
    start = np.minimum(np.array([0, 1, 0, 0]), len(found.q) - 1)
    found = _taken(found, start)
    best_x, best_q = found.theta[:, setup.free], found.q.copy()
    middle = best_x.copy()
    covariance = np.stack(
        [
            width**2 * _covariance(setup, problem.counts.T, _taken(found, np.array([i])))
            for i, width in enumerate(SWARM_ERRORS)
        ]
    )
    sequence = qmc.Halton(d=n_free, scramble=False)
    sequence.fast_forward(1)
    weight = np.log(SWARM / SHARE + 0.5) - np.log(np.arange(1, SWARM // SHARE + 1))
    weight /= np.sum(weight)
    for _ in range(GENERATIONS):
        z = norm.ppf(sequence.random(SWARM))
        root = np.linalg.cholesky(covariance + 1e-14 * np.diag(setup.scale**2))
        x = np.clip(middle[:, None] + z @ root.transpose(0, 2, 1), setup.lower, setup.upper)
        q = likelihood.value(x.reshape(-1, n_free).T).reshape(len(x), SWARM)
        order = np.argsort(q, axis=1)[:, : SWARM // SHARE]
        elite = np.take_along_axis(x, order[..., None], axis=1)
        lowest = np.take_along_axis(q, order[:, :1], axis=1)[:, 0]
        best_x = np.where((lowest < best_q)[:, None], elite[:, 0], best_x)
        best_q = np.minimum(lowest, best_q)
        if np.all(np.take_along_axis(q, order[:, -1:], axis=1)[:, 0] - lowest < CONTRACTED):
            break
        away = elite - middle[:, None]
        covariance = 0.5 * covariance + 0.5 * np.einsum("e,kei,kej->kij", weight, away, away)
        middle = np.einsum("e,kei->ki", weight, elite)
    theta = found.theta.copy()
    theta[:, setup.free] = best_x
    calls = found.calls + np.int32(SWARM * GENERATIONS)
    return Solution(theta=theta, q=best_q, status=found.status, calls=calls)


def local_fits(
    setup: "Setup", counts: FloatArray, theta: FloatArray, *, max_iterations: int = 60
) -> Solution:
    """Return the minima that all free parameters reach together from where each row stands.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (b, n).
    theta
        All parameters, shape (b, p).
    max_iterations
        After which a fit stays where it is.
    """
    problem = Problem.of(setup, counts, theta)
    found = minimise(problem.likelihood(), problem.start(), *problem.bounds(), max_iterations=max_iterations)
    return problem.solution(found)
