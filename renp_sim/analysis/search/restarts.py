"""Fits from a cloud of places around a minimum: where they all end at one place, it has no rival near."""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.fisher import covariances
from renp_sim.analysis.minimise.newton import minimise
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.search.evolution import normal_points
from renp_sim.analysis.search.problem import Problem, Solution
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = [
    "cloud_fits",
    "end_at_one_place",
    "first_fits",
    "fits_from",
    "local_fits",
    "places_around",
]


CLOUD = 24
"""Places around the lowest fit from which fits start too."""

CLOUD_ERRORS = 2.0
"""How far they lie from it, in errors."""

FIRST_ITERATIONS = 16
"""Steps of a fit that only tells where it leads."""

AGREEMENT = 1e-3
"""Where all fits from the cloud end within this much −2 ln L, there are no kinks to speak of."""


def end_at_one_place(fits: Solution) -> bool:
    """Return whether fits from a cloud say that there are no kinks to speak of."""
    return not np.any(fits.status == Status.NOT_CONVERGED) and bool(np.ptp(fits.q) <= AGREEMENT)


def cloud_fits(setup: "Setup", counts: FloatArray, theta: FloatArray) -> Solution:
    """Return where fits of one set of counts (1, n) lead from places a few errors around θ (p,)."""
    return fits_from(setup, counts, places_around(setup, counts, theta))


def places_around(setup: "Setup", counts: FloatArray, theta: FloatArray) -> FloatArray:
    """Return places around θ (p,), shape (CLOUD, f), the same in its errors."""
    root = np.linalg.cholesky(covariances(Problem.of(setup, counts, theta[None]))[0])
    away = CLOUD_ERRORS * normal_points(len(root), CLOUD) @ root.T
    places: FloatArray = np.clip(theta[setup.free] + away, setup.lower, setup.upper)
    return places


def fits_from(setup: "Setup", counts: FloatArray, x: FloatArray) -> Solution:
    """Return where fits of one set of counts lead from free parameters x (r, f)."""
    if not len(x):
        return Solution.none(len(setup.theta))
    theta = np.tile(setup.theta, (len(x), 1))
    theta[:, setup.free] = x
    return first_fits(setup, np.repeat(counts, len(x), axis=0), theta)


def first_fits(setup: "Setup", counts: FloatArray, theta: FloatArray) -> Solution:
    """Return where fits lead in few steps."""
    return local_fits(setup, counts, theta, max_iterations=FIRST_ITERATIONS, fisher=True)


def local_fits(
    setup: "Setup",
    counts: FloatArray,
    theta: FloatArray,
    *,
    max_iterations: int = 60,
    fisher: bool = False,
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
    fisher
        As in `Problem.likelihood`.
    """
    problem = Problem.of(setup, counts, theta)
    likelihood = problem.likelihood(fisher=fisher)
    found = minimise(likelihood, problem.start(), *problem.bounds(), max_iterations=max_iterations)
    return problem.solution(found)
