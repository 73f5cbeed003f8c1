"""Fits of many toys that begin near their minimum: one parameter with kinks in a series that all toys share.

Along the window in which an offset moves μ is a series, so that thousands of toys cost products of matrices
in the place of model calls. A fit that leaves the window, or has no series, asks the model.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.chebyshev_mean import PieceMean
from renp_sim.analysis.likelihood.piece import Piece, TermsInPiece
from renp_sim.analysis.likelihood.poisson import Likelihood
from renp_sim.analysis.likelihood.template_model import WithTemplate
from renp_sim.analysis.minimise.newton import minimise
from renp_sim.analysis.search.axis import error_of, lattice_without
from renp_sim.analysis.search.problem import Problem, Solution
from renp_sim.analysis.search.profiler import WINDOW
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["Near"]

EDGE = 1e-2
"""A minimum this near to the end of its window, in half widths, may lie beyond: there fits creep
(test_a_fit_that_leaves_the_window_goes_on)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Near:
    """The window around fits of toys.

    Parameters
    ----------
    setup
        What floats.
    theta
        The fits, shape (b, p), from which others begin.
    mean
        μ in the window; None where it has no series, or nothing has kinks.
    low, high
        Ends of the window.
    """

    setup: "Setup"
    theta: FloatArray
    mean: PieceMean | None
    low: float
    high: float

    @classmethod
    def of(cls, setup: "Setup", theta: FloatArray) -> "Near":
        """Return the window that holds all fits, and what a constrained parameter moves beyond."""
        kinked = [name for name in setup.names if name in setup.kinked]
        lattice = lattice_without(setup, *kinked) if len(kinked) == 1 else None
        if lattice is None:
            return cls(setup=setup, theta=theta, mean=None, low=0.0, high=0.0)
        here, reach = theta[:, setup.index(kinked[0])], WINDOW * error_of(setup, kinked[0])
        ends = np.array([np.min(here) - reach, np.max(here) + reach])
        low, high = np.clip(ends, *setup.limits(kinked[0])).tolist()
        mean = PieceMean.of(setup, setup.names.index(kinked[0]), low, high, lattice)
        return cls(setup=setup, theta=theta, mean=mean, low=low, high=high)

    def with_template(
        self, template: FloatArray, counts: FloatArray, constraint_values: FloatArray | None
    ) -> Solution:
        """Return the minima to which the fits lead when a template is added, at strength 0 to begin with.

        Parameters
        ----------
        template
            Counts of strength 1, shape (n,).
        counts
            Of each fit, shape (b, n).
        constraint_values
            Measured values of the constraints, and one of the strength that is not read, shape (b, f + 1).
        """
        wider = WithTemplate.floating(self.setup, template)
        if not len(counts):
            return Solution.none(len(wider.theta))
        problem = Problem.of(wider, counts, constraint_values=constraint_values)
        start = np.concatenate([self.theta[:, self.setup.free].T, np.zeros((1, len(counts)))])
        if self.mean is None:
            return problem.solution(minimise(problem.likelihood(), start, *problem.bounds()))
        return self._in_window(problem, self.mean.with_template(template), start)

    def take(self, rows: IndexArray) -> "Near":
        """Return the same for some of the fits."""
        return replace(self, theta=self.theta[rows])

    def _in_window(self, problem: Problem, mean: PieceMean, start: FloatArray) -> Solution:
        """Return the fits by the series; those that end beside an end of the window go on without."""
        at, ones = mean.position, np.ones(problem.n_toys)
        piece = Piece(position=at, low=self.low * ones, high=self.high * ones)
        terms = TermsInPiece(inner=problem.terms, piece=piece)
        likelihood = Likelihood(counts=problem.counts, mean=mean, terms=terms)
        start[at] = piece.inverse(start[at])
        lower, upper = (bound.copy() for bound in problem.bounds())
        lower[at], upper[at] = 0.0, 1.0
        found = minimise(likelihood, start, lower, upper)
        x = piece.inside(found.x)
        room = np.minimum(x[at] - self.low, self.high - x[at])
        beyond = np.flatnonzero(room <= EDGE * (self.high - self.low) / 2)
        solution = problem.solution(replace(found, x=x))
        if not len(beyond):
            return solution
        part = problem.take(beyond)
        fits = minimise(part.likelihood(), x[:, beyond], *part.bounds())
        return solution.keeping_lower(beyond, part.solution(fits))
