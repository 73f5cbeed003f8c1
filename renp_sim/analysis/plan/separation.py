"""How well candidate steps separate a truth from an alternative.

q of an Asimov set is a sum over steps, each in proportion to its time, so that for one point θ of the
alternative it is linear in the times; the least over θ is what counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.likelihood.constraint import ConstraintTerms
from renp_sim.analysis.likelihood.poisson import IMPOSSIBLE_Q, poisson_deviance
from renp_sim.analysis.minimise.newton import minimise
from renp_sim.analysis.model import Model
from renp_sim.analysis.search.problem import Problem
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["Separation", "Worst"]

FOLLOWED = 12
"""Steps of a fit that follows a point to new times."""

PRECISION = 1e-3
"""Of what is wanted, how well a search knows the least Δ(−2 ln L): fits that follow it know it better."""

SAME = 1e-7
"""Of what is wanted: points that differ by less are one."""

MOST_MINIMA = 8
"""Local minima of a profile that are told, the lowest."""


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
        """Return Δ(−2 ln L) per unit time of each candidate at points (c, p) of the alternative, (c, K).

        A count that the alternative forbids rejects it, so ln 2 of them have a power of ½: a wall is worth
        what is wanted in the time they take, instead of being infinite at once.
        """
        q = self._by_row(self.counts, self.setup.model.expected(theta))
        out = np.zeros((self.n_candidates, len(theta)))
        np.add.at(out, self.candidate, q.T)
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
        setup, counts = self._at(time)
        curve = ProfileCurve.of(setup, counts, precision=PRECISION * self.wanted)
        theta, q = curve.best.theta, np.array([curve.q_min])
        if curve.searched is not None:
            theta = np.concatenate([theta, curve.searched.fits.theta])
            q = np.concatenate([q, curve.searched.q])
        walls = q >= IMPOSSIBLE_Q
        mu = setup.model.expected(theta[walls])
        q[walls] = np.sum(self._by_row(counts, mu), axis=1) + self.terms(theta[walls])
        padded = np.concatenate([[np.inf], q[1:], [np.inf]])
        is_lowest = (q[1:] <= padded[:-2]) & (q[1:] <= padded[2:])
        lowest = np.flatnonzero(np.concatenate([[True], is_lowest]))
        lowest = lowest[np.argsort(q[lowest], kind="stable")[:MOST_MINIMA]]
        found = Worst(theta=theta[lowest], q=float(q[lowest[0]]))
        if not setup.searched:
            return found
        better = self.near(time, found.theta if known is None else np.concatenate([found.theta, known]))
        return better if better.q < found.q else found

    def near(self, time: FloatArray, theta: FloatArray) -> Worst:
        """Return where fits end that start at points (c, p) of the alternative, if each gets a time (K,).

        They are points of the alternative like any other, without a search for the lowest.
        """
        setup, counts = self._at(time)
        problem = Problem.of(setup, np.repeat(counts[None], len(theta), axis=0), theta)
        fits = minimise(
            problem.likelihood(fisher=True), problem.start(), *problem.bounds(), max_iterations=FOLLOWED
        )
        found = problem.solution(fits)
        order = np.argsort(found.q, kind="stable")
        # several may lead to one
        q = found.q[order]
        apart = np.append(True, ~np.isclose(q[1:], q[:-1], rtol=0, atol=SAME * self.wanted))
        return Worst(theta=found.theta[order[apart]], q=float(q[0]))

    def _at(self, time: FloatArray) -> tuple[Setup, FloatArray]:
        """Return the alternative in the rows that have time, and their counts."""
        rows = np.flatnonzero(time[self.candidate] > 0)
        factor = time[self.candidate[rows]]
        return self.setup.standing_for(self.part(rows, factor)), factor * self.counts[rows]

    def _by_row(self, counts: FloatArray, mu: FloatArray) -> FloatArray:
        """Return Δ(−2 ln L) of each row, a wall at what its counts are worth."""
        q = poisson_deviance(counts, mu)
        return np.where(np.isfinite(q), q, self.wanted * counts / log(2))
