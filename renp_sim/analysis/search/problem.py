"""Sets of counts with what floats in their fits, and the fits."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.likelihood.constraint import ConstraintTerms
from renp_sim.analysis.likelihood.mean import ModelMean
from renp_sim.analysis.likelihood.poisson import Likelihood
from renp_sim.analysis.likelihood.polynomial_mean import polynomial_mean
from renp_sim.analysis.minimise.solution import Status
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup
    from renp_sim.analysis.likelihood.mean import Mean
    from renp_sim.analysis.minimise.solution import Minimum
    from renp_sim.analysis.search.scan import ScanTable

__all__ = ["Problem", "Solution"]


CURVATURE_STEP = 1e-4
"""Step, in typical steps of a parameter, over which gradients are differenced
(test_hessian_of_a_problem_is_that_of_its_slope)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Global minima of b sets of counts.

    Parameters
    ----------
    theta
        All parameters, shape (b, p).
    q
        −2 ln L, shape (b,).
    status
        Values of `renp_sim.analysis.minimise.solution.Status`, shape (b,).
    calls
        Evaluations of the expectation, shape (b,); those that all toys share count for each.
    """

    theta: FloatArray
    q: FloatArray
    status: NDArray[np.int8]
    calls: NDArray[np.int32]

    @classmethod
    def none(cls, n_parameters: int) -> "Solution":
        """Return the solutions of no toys."""
        return cls(
            theta=np.empty((0, n_parameters)),
            q=np.empty(0),
            status=np.empty(0, dtype=np.int8),
            calls=np.empty(0, dtype=np.int32),
        )

    @classmethod
    def nowhere(cls, theta: FloatArray) -> "Solution":
        """Return rows of θ (b, p) as fits that were not made: any other is lower."""
        return cls(
            theta=theta.copy(),
            q=np.full(len(theta), np.inf),
            status=np.full(len(theta), Status.IMPOSSIBLE, dtype=np.int8),
            calls=np.zeros(len(theta), dtype=np.int32),
        )

    @classmethod
    def joined(cls, parts: "list[Solution]") -> "Solution":
        """Return the solutions of several lots of toys as one."""
        return cls(
            theta=np.concatenate([part.theta for part in parts]),
            q=np.concatenate([part.q for part in parts]),
            status=np.concatenate([part.status for part in parts]),
            calls=np.concatenate([part.calls for part in parts]),
        )

    def take(self, rows: IndexArray) -> "Solution":
        """Return the solutions of some toys."""
        return Solution(
            theta=self.theta[rows], q=self.q[rows], status=self.status[rows], calls=self.calls[rows]
        )

    def keeping_lower(self, rows: IndexArray, others: "Solution") -> "Solution":
        """Return the solutions, some rows replaced by others where these are lower."""
        theta, q, status, calls = self.theta.copy(), self.q.copy(), self.status.copy(), self.calls.copy()
        calls[rows] += others.calls
        lower = others.q < q[rows]
        rows = rows[lower]
        theta[rows], q[rows], status[rows] = others.theta[lower], others.q[lower], others.status[lower]
        return Solution(theta=theta, q=q, status=status, calls=calls)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """b sets of counts and what is to be fitted to them.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (n, b).
    template
        Where all parameters start or rest, shape (p,), or (b, p) where that differs from toy to toy.
    terms
        Constraints of the free parameters.
    """

    setup: "Setup"
    counts: FloatArray
    template: FloatArray
    terms: ConstraintTerms

    @classmethod
    def of(
        cls,
        setup: "Setup",
        counts: FloatArray,
        theta: FloatArray | None = None,
        constraint_values: FloatArray | None = None,
    ) -> "Problem":
        """Return the problem of counts (b, n); the rest as for `renp_sim.analysis.search.search.search`."""
        return cls(
            setup=setup,
            counts=np.ascontiguousarray(np.asarray(counts, dtype=float).T),
            template=setup.theta if theta is None else theta,
            terms=ConstraintTerms.of(setup.constraints, constraint_values),
        )

    @property
    def n_toys(self) -> int:
        """Number of sets of counts."""
        return int(self.counts.shape[1])

    def rows_for(self, table: "ScanTable") -> FloatArray | None:
        """Return all parameters, shape (b, p), or None where all rest as in the table."""
        rest = np.setdiff1d(np.arange(len(table.theta)), self.setup.free)
        if np.all(self.template[..., rest] == table.theta[rest]):
            return None
        return np.broadcast_to(self.template, (self.n_toys, len(table.theta)))

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return the bounds of the free parameters, shape (f, 1) each."""
        return self.setup.lower[:, None], self.setup.upper[:, None]

    def start(self) -> FloatArray:
        """Return where the free parameters start, shape (f, 1) or (f, b)."""
        rows: FloatArray = np.atleast_2d(self.template)[:, self.setup.free].T
        return rows

    def model_mean(self, *, fisher: bool = False) -> ModelMean:
        """Return the expectation as the model gives it for every toy; `fisher` as for `likelihood`."""
        setup = self.setup
        curved = setup.squared | setup.angles if fisher else setup.kinked | setup.squared | setup.angles
        return ModelMean(
            model=setup.model,
            template=self.template,
            free=setup.free,
            bent=tuple(i for i, name in enumerate(setup.names) if name in curved),
            step=CURVATURE_STEP * setup.scale,
            linear=setup.linear >= set(setup.names),
        )

    def likelihood(self, *, fisher: bool = False) -> Likelihood:
        """Return the likelihood, of a polynomial where μ is one.

        Parameters
        ----------
        fisher
            Whether second derivatives of μ in parameters with kinks are left out: for a fit that only tells
            where it leads they cost more than they save.
        """
        mean: Mean | None = None
        if self.template.ndim == 1 and len(self.setup.free):
            mean = polynomial_mean(self.setup.model, self.setup.names, self.template)
        return Likelihood(counts=self.counts, mean=mean or self.model_mean(fisher=fisher), terms=self.terms)

    def take(self, rows: IndexArray) -> "Problem":
        """Return the problem of these toys only; a toy may be taken more than once."""
        if len(rows) == self.n_toys and np.array_equal(rows, np.arange(self.n_toys)):
            return self
        return replace(
            self,
            counts=self.counts[:, rows],
            template=self.template if self.template.ndim == 1 else self.template[rows],
            terms=self.terms.take(rows),
        )

    def solution(self, minimum: "Minimum") -> Solution:
        """Return minima with all parameters."""
        theta = np.array(np.broadcast_to(self.template, (self.n_toys, self.template.shape[-1])))
        theta[:, self.setup.free] = minimum.x.T
        theta = self.setup.folded(theta)
        return Solution(theta=theta, q=minimum.q, status=minimum.status, calls=minimum.calls)
