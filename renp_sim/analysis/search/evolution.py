"""Swarms that walk down −2 ln L over kinks and oblique valleys, since they know no slopes.

The lowest members of each generation tell the middle and the covariance of the next, as in the evolution
strategies of Hansen & Ostermeier (Evol. Comput. 9 (2001) 159), here without their evolution paths. All swarms
walk at once, and their members are a quasi-random sequence, so that an answer can be repeated.
"""

from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from renp_sim.analysis.likelihood.fisher import covariances
from renp_sim.analysis.search.problem import Problem, Solution
from renp_sim.arrays import FloatArray

__all__ = ["normal_points", "swarm_fits"]


MEMBERS = 32
"""Of a swarm."""

SHARE = 4
"""One in so many members has descendants."""

RENEWAL = 0.5
"""Part of a covariance that a generation tells."""

GENERATIONS = 60
"""Most generations."""

CONTRACTED = 1e-5
"""A swarm whose descendants differ by less −2 ln L has arrived."""


def normal_points(n_free: int, n_points: int, first: int = 0) -> FloatArray:
    """Return points of a quasi-random sequence with a normal density, shape (n_points, n_free)."""
    # only several masses need it, and every command would wait half a second for its import
    from scipy.stats import qmc

    sequence = qmc.Halton(d=n_free, scramble=False)
    # the first point of all is a corner
    sequence.fast_forward(1 + first)
    points: FloatArray = ndtri(sequence.random(n_points))
    return points


def swarm_fits(problem: Problem, found: Solution, widths: FloatArray) -> Solution:
    """Return the lowest points that swarms meet, one swarm for each set of counts.

    Parameters
    ----------
    problem
        b sets of counts, which may be the same.
    found
        Where each swarm starts; none ends higher.
    widths
        How far apart its members are at first, in errors, shape (b,).
    """
    setup = problem.setup
    problem = replace(problem, template=found.theta)
    x, q, calls = found.theta[:, setup.free], found.q.copy(), found.calls.copy()
    middle, covariance = x.copy(), covariances(problem) * widths[:, None, None] ** 2
    weight = np.log(MEMBERS / SHARE + 0.5) - np.log(np.arange(1, MEMBERS // SHARE + 1))
    weight /= np.sum(weight)
    points = normal_points(len(setup.free), MEMBERS * GENERATIONS)
    going = np.arange(problem.n_toys)
    for generation in range(GENERATIONS):
        z = points[generation * MEMBERS : (generation + 1) * MEMBERS]
        root = np.linalg.cholesky(covariance[going] + 1e-14 * np.diag(setup.scale**2))
        members = np.clip(middle[going, None] + z @ root.transpose(0, 2, 1), setup.lower, setup.upper)
        part = problem.take(np.repeat(going, MEMBERS))
        values = part.likelihood().value(members.reshape(-1, len(setup.free)).T).reshape(-1, MEMBERS)
        calls[going] += MEMBERS
        order = np.argsort(values, axis=1)[:, : len(weight)]
        values = np.take_along_axis(values, order, axis=1)
        elite = np.take_along_axis(members, order[..., None], axis=1)
        better = values[:, 0] < q[going]
        x[going[better]], q[going[better]] = elite[better, 0], values[better, 0]
        away = elite - middle[going, None]
        told = np.einsum("e,kei,kej->kij", weight, away, away)
        covariance[going] = (1 - RENEWAL) * covariance[going] + RENEWAL * told
        middle[going] = np.einsum("e,kei->ki", weight, elite)
        going = going[~(values[:, -1] - values[:, 0] < CONTRACTED)]
        if not len(going):
            break
    theta = found.theta.copy()
    theta[:, setup.free] = x
    return Solution(theta=theta, q=q, status=found.status, calls=calls)
