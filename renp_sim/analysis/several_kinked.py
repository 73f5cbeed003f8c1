"""The global minimum of −2 ln L where several parameters are kinked, whose kinks move with each other."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from renp_sim.analysis.newton import minimise
from renp_sim.analysis.problem import Problem, Solution

if TYPE_CHECKING:
    from renp_sim.analysis.scan import ScanTable
    from renp_sim.analysis.setup import Setup

__all__ = ["local_fits", "several_kinked"]

FloatArray = NDArray[np.float64]
Search = Callable[["Setup", FloatArray], Solution]
"""Best fits of counts (b, n) where at most one parameter is kinked."""

CORNERS = 3
"""Places of a scan in several kinked parameters from which a fit starts."""

HOPELESS = 20.0
"""Times the −2 ln L that is there already: from such a corner of a coarse scan no fit starts."""

ROUNDS = 10
"""Most rounds over several kinked parameters, one at a time and then together."""

SIMPLEX_SIZES = (1.0, 0.1)
"""First sizes of the simplices that walk down in turn, in typical steps of the parameters."""

SIMPLEX_CALLS = 120
"""Most evaluations of a simplex, per free parameter."""

IMPOSSIBLE_Q = 1e30
"""What a simplex is told where −2 ln L is infinite."""

ROUND_GAIN = 1e-3
"""A round that gains less is the last."""


def several_kinked(problem: Problem, kinked: tuple[str, ...], table: "ScanTable", search: Search) -> Solution:
    """Return the best fit of one set of counts where several parameters are kinked.

    From where they stand, and from the best corners of a coarse scan in all of them unless these are
    hopeless, one at a time is fitted in turn with the others held, since its kinks move with the others,
    and then all together, until a round gains nothing.

    Parameters
    ----------
    problem
        One set of counts.
    kinked
        The parameters whose kinks are searched.
    table
        A coarse scan in all of them.
    search
        Fits where one of them floats.
    """
    setup = problem.setup
    scan = table.scan(setup, problem.counts, problem.terms)
    solutions = [_in_turn(problem, kinked, setup.theta, search)]
    for corner in np.argsort(scan.q[:, 0], kind="stable")[:CORNERS]:
        if scan.q[corner, 0] > HOPELESS * (1 + solutions[0].q[0]):
            break
        template = setup.theta.copy()
        template[setup.free] = scan.x[corner, :, 0]
        solutions.append(_in_turn(problem, kinked, template, search))
    best = min(solutions, key=lambda solution: float(solution.q[0]))
    for size in SIMPLEX_SIZES:
        best = _downhill(problem, best, size)
    return best


def _downhill(problem: Problem, best: Solution, size: float) -> Solution:
    """Return a fit that has gone down by the simplex of Nelder and Mead, which walks along oblique kinks."""
    setup = problem.setup
    likelihood = problem.likelihood()
    x = best.theta[0, setup.free]

    def inside(z: FloatArray) -> FloatArray:
        moved: FloatArray = np.clip(x + z * setup.scale, setup.lower, setup.upper)
        return moved

    def q(z: FloatArray) -> float:
        return min(float(likelihood.value(inside(z)[:, None])[0]), IMPOSSIBLE_Q)

    walked = optimize.minimize(
        q,
        np.zeros(len(x)),
        method="Nelder-Mead",
        options={
            "initial_simplex": np.concatenate([np.zeros((1, len(x))), size * np.eye(len(x))]),
            "xatol": 1e-6,
            "fatol": 1e-6,
            "maxfev": SIMPLEX_CALLS * len(x),
        },
    )
    theta = best.theta.copy()
    theta[0, setup.free] = inside(np.asarray(walked.x))
    found = local_fits(setup, problem.counts.T, theta)
    return found if found.q[0] < best.q[0] else best


def _in_turn(problem: Problem, kinked: tuple[str, ...], template: FloatArray, search: Search) -> Solution:
    """Fit each kinked parameter in turn with the other kinked ones held, then all."""
    whole = problem.setup
    best = local_fits(whole, problem.counts.T, template[None])
    for _ in range(ROUNDS):
        before = float(best.q[0])
        for name in kinked:
            held = [other for other in kinked if other != name]
            start = best.theta[0]
            solution = search(whole.moved(start).without(*held), problem.counts.T)
            # terms of what is held are part of −2 ln L
            fixed = problem.terms.keep([whole.names.index(other) for other in held])
            q = solution.q + fixed.value(start[[whole.index(other) for other in held], None])
            if q[0] < best.q[0]:
                best = replace(solution, q=q)
        together = local_fits(whole, problem.counts.T, best.theta)
        best = together if together.q[0] <= best.q[0] else best
        if before - float(best.q[0]) < ROUND_GAIN:
            break
    return best


def local_fits(setup: "Setup", counts: FloatArray, theta: FloatArray) -> Solution:
    """Return the minima that all free parameters reach together from where each row stands.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (b, n).
    theta
        All parameters, shape (b, p).
    """
    problem = Problem.of(setup, counts, theta)
    return problem.solution(minimise(problem.likelihood(), problem.start(), *problem.bounds()))
