"""How well candidate steps separate a truth from an alternative.

q of an Asimov set is a sum over steps, each in proportion to its time, so that for one point θ of the
alternative it is linear in the times; the least over θ is what counts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.likelihood.constraint import ConstraintTerms
from renp_sim.analysis.minimise.newton import minimise
from renp_sim.analysis.model import Model
from renp_sim.analysis.plan.worth import Worth
from renp_sim.analysis.search.problem import Problem
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["GAP", "MOST_MINIMA", "Separation", "Worst"]

FOLLOWED = 12
"""Steps of a fit that follows a point to new times (`test_a_fit_follows_a_point_to_new_times`)."""

GAP = 2e-3
"""Relative difference of the two bounds on a cost at which the search for a schedule ends
(`test_cost_and_bound_are_those_of_all_points`)."""

SAME = 1e-7
"""Of what is wanted: points that differ by less are one (`test_fits_that_meet_are_one_point`)."""

MOST_MINIMA = 8
"""Points of an alternative that are told, or followed, the lowest: with any number a
search ends alike, so that this is the size of its programme only."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worst:
    """Where an alternative is most like the truth.

    Parameters
    ----------
    theta
        Points of the alternative, the nearest to the truth first, shape (c, p).
    q
        Δ(−2 ln L) of the first.
    """

    theta: FloatArray
    q: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Separation:
    """A truth and one alternative, in unit time at each of K candidates.

    Parameters
    ----------
    counts
        What the truth expects in each of n rows, shape (n,).
    setup
        The alternative in these rows, and what floats in it.
    candidate
        Of which candidate each row is, shape (n,).
    n_candidates
        K.
    part
        Model of some rows, each so many times as long, with the parameters of the set-up.
    wanted
        The Δ(−2 ln L) that is asked for.
    truth
        Number of the truth among those of a prior.
    label
        What the alternative is called.
    """

    counts: FloatArray
    setup: Setup
    candidate: IndexArray
    n_candidates: int
    part: Callable[[IndexArray, FloatArray], Model]
    wanted: float
    truth: int
    label: str

    def rates(self, theta: FloatArray) -> FloatArray:
        """Return what unit time at each candidate is worth at points (c, p) of the alternative, (c, K)."""
        out = np.zeros((self.n_candidates, len(theta)))
        np.add.at(out, self.candidate, self._worth(theta).q.T)
        return out.T

    def terms(self, theta: FloatArray) -> FloatArray:
        """Return the constraint terms at points of the alternative, shape (c,), which no time repeats."""
        constraints = ConstraintTerms.of(self.setup.constraints)
        if not len(constraints.index):
            return np.zeros(len(theta))
        return constraints.value(theta[:, self.setup.free].T)

    @property
    def has_constraints(self) -> bool:
        """Whether other measurements say anything."""
        return any(constraint is not None for constraint in self.setup.constraints)

    def worst(self, time: FloatArray, known: FloatArray | None = None) -> Worst:
        """Return where the alternative is most like the truth if each candidate gets a time, shape (K,).

        `known` points (c, p) are looked at too.
        """
        setup, counts = self._at(time[self.candidate], self.counts)
        # fits that follow know it better
        curve = ProfileCurve.of(setup, counts, precision=GAP / 2 * self.wanted)
        theta = curve.best.theta
        if curve.searched is not None:
            theta = np.concatenate([theta, curve.searched.fits.theta])
        # a fit knows nothing of what single outcomes are worth
        q = self.rates(theta) @ time + self.terms(theta)
        padded = np.concatenate([[np.inf], q[1:], [np.inf]])
        is_lowest = (q[1:] <= padded[:-2]) & (q[1:] <= padded[2:])
        lowest = np.flatnonzero(np.concatenate([[True], is_lowest]))
        lowest = lowest[np.argsort(q[lowest], kind="stable")[:MOST_MINIMA]]
        found = Worst(theta=theta[lowest], q=float(q[lowest[0]]))
        better = self.near(time, found.theta if known is None else np.concatenate([found.theta, known]))
        return better if better.q < found.q else found

    def near(self, time: FloatArray, theta: FloatArray) -> Worst:
        """Return where fits end that start at points (c, p) of the alternative, if each gets a time (K,).

        They are points of the alternative like any other, without a search for the lowest. In a fit each row
        is what it is at the start, Poisson or a single outcome: of these it is worth the least, so that the
        sum never rises (majorisation).
        """
        row_time, ends = time[self.candidate], theta.copy()
        share = np.where(row_time > 0, self._worth(theta).share, 1.0)
        for row_share in np.unique(share, axis=0):
            own = np.flatnonzero(np.all(share == row_share, axis=1))
            factor = row_time * row_share
            if np.any(factor > 0):
                ends[own] = self._fitted(factor, np.where(row_share < 1, 0.0, self.counts), theta[own])
        q = self.rates(ends) @ time + self.terms(ends)
        order = np.argsort(q, kind="stable")
        # several may lead to one
        q = q[order]
        apart = np.append(True, ~np.isclose(q[1:], q[:-1], rtol=0, atol=SAME * self.wanted))
        return Worst(theta=ends[order[apart]], q=float(q[0]))

    def _fitted(self, row_time: FloatArray, row_counts: FloatArray, theta: FloatArray) -> FloatArray:
        """Return where fits end that start at points (c, p), if each row gets a time and has counts (n,)."""
        setup, counts = self._at(row_time, row_counts)
        problem = Problem.of(setup, np.repeat(counts[None], len(theta), axis=0), theta)
        fits = minimise(
            problem.likelihood(fisher=True), problem.start(), *problem.bounds(), max_iterations=FOLLOWED
        )
        return problem.solution(fits).theta

    def _at(self, row_time: FloatArray, row_counts: FloatArray) -> tuple[Setup, FloatArray]:
        """Return the alternative in the rows that have time, and their counts; of each row, in unit time."""
        rows = np.flatnonzero(row_time > 0)
        factor = row_time[rows]
        return self.setup.standing_for(self.part(rows, factor)), factor * row_counts[rows]

    def _worth(self, theta: FloatArray) -> Worth:
        return Worth(counts=self.counts, mu=self.setup.model.expected(theta), wanted=self.wanted)
