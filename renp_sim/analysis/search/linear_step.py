"""One step of weighted least squares for many toys, from a point of a scan that they share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.constraint import ConstraintTerms
from renp_sim.analysis.likelihood.poisson import TINY
from renp_sim.analysis.minimise.ldl import solve_positive
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["FLOOR", "Step"]


FLOOR = 1e-6
"""The straight line in the other parameters may lower μ to this fraction, which is as good as excluded: any
small number is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One step of weighted least squares of l parameters from `rest` (l, 1) inside bounds (l, 1).

    `pull` (l, c) and `stiffness` (l, l, c) are the derivatives of the constraint terms there, c being 1, or
    b where toys randomise them.
    """

    rest: FloatArray
    lower: FloatArray
    upper: FloatArray
    pull: FloatArray
    stiffness: FloatArray

    @classmethod
    def of(cls, setup: "Setup", others: list[int], rest: FloatArray, terms: ConstraintTerms) -> "Step":
        """Return the step of these free parameters; `terms` are their own constraints."""
        columns = terms.centre.shape[1] if len(terms.index) else 1
        pull = np.zeros((len(others), columns))
        stiffness = np.zeros((len(others), *pull.shape))
        if len(terms.index):
            terms.add_derivatives(np.broadcast_to(rest, pull.shape), pull, stiffness)
        lower, upper = setup.lower[others, None], setup.upper[others, None]
        return cls(rest=rest, lower=lower, upper=upper, pull=pull, stiffness=stiffness)

    def taken(
        self, counts: FloatArray, mu: FloatArray, gradient: FloatArray, moved: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        """Return parameters (l, b) and μ (n, b) for μ (n,), its derivatives (l, n) and a shift (n, b)."""
        here = mu[:, None] if moved is None else np.maximum(mu[:, None] + moved, FLOOR * mu[:, None])
        if not len(gradient):
            return np.empty((0, counts.shape[1])), np.broadcast_to(here, counts.shape)
        weighted = 2 * gradient * np.where(mu > TINY, 1 / np.maximum(mu, TINY), 0.0)
        matrix = (weighted @ gradient.T)[..., None] + self.stiffness
        if matrix.shape[2] == 1 and moved is None:
            # all toys share the matrix, so the step is one product with the counts
            right = np.concatenate([weighted, (weighted @ mu)[:, None] + self.pull], axis=1)
            table, _ = solve_positive(matrix, right)
            step = table[:, :-1] @ counts - table[:, -1:]
        else:
            step, _ = solve_positive(matrix, weighted @ (counts - here) - self.pull)
        step = self._inside(step, matrix)
        expected = gradient.T @ step
        expected += here
        # where μ is not linear in the others, a straight line may fall below 0
        return self.rest + step, np.maximum(expected, FLOOR * mu[:, None], out=expected)

    def _inside(self, step: FloatArray, matrix: FloatArray) -> FloatArray:
        """Return the best step of the same parabola that stays inside the bounds."""
        low, high = self.lower - self.rest, self.upper - self.rest
        inside = np.clip(step, low, high)
        beyond = inside != step
        if len(step) == 1 or not np.any(beyond):
            return inside
        # what is beyond a bound stays there, and the others follow
        rows = np.flatnonzero(np.any(beyond, axis=0))
        held = beyond[:, rows]
        own = np.broadcast_to(matrix, (*matrix.shape[:2], step.shape[1]))[..., rows]
        excess = np.where(held, (inside - step)[:, rows], 0.0)
        pull = np.where(held, 0.0, -np.einsum("pqb,qb->pb", own, excess))
        freed = own * ~(held[:, None] | held[None, :])
        for p in range(len(step)):
            freed[p, p] = np.where(held[p], 1.0, freed[p, p])
        follow, _ = solve_positive(freed, pull)
        inside[:, rows] = np.clip(step[:, rows] + excess + follow, low, high)
        return inside
