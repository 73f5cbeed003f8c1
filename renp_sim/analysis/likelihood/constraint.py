"""Constraint terms: what other measurements say of the parameters, as terms of −2 ln L."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.analysis.model import Constraint, Shape
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ConstraintTerms", "Terms", "prior_pull"]


def prior_pull(constraint: Constraint, value: ArrayLike) -> FloatArray:
    """Return (θ − θ₀)/σ_prior, in ln θ where log-normal (−∞ at θ ≤ 0).

    Examples
    --------
    >>> float(prior_pull(Constraint(value=1.0, error=0.1, shape=Shape.LOG_NORMAL), 1.1).round(12))
    1.0
    """
    theta = np.asarray(value, dtype=float)
    if constraint.shape is Shape.GAUSSIAN:
        return (theta - constraint.value) / constraint.error
    usable = theta > 0
    log = np.log(np.where(usable, theta, constraint.value) / constraint.value)
    return np.where(usable, log / np.log1p(constraint.error), -np.inf)


class Terms(Protocol):
    """Terms of −2 ln L that depend on f free parameters alone, for b toys at once."""

    @property
    def index(self) -> IndexArray:
        """Which free parameters they depend on."""
        ...

    def value(self, x: FloatArray) -> FloatArray:
        """Return their sum, shape (b,), for x of shape (f, b)."""
        ...

    def add_derivatives(self, x: FloatArray, gradient: FloatArray, hessian: FloatArray) -> None:
        """Add the first and second derivatives to a gradient (f, b) and a Hessian (f, f, b)."""
        ...

    def take(self, rows: IndexArray) -> Self:
        """Return the terms of these toys only."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConstraintTerms:
    """The constraint terms of the free parameters: Σ ((g(θ) − centre)/σ)² with g = θ or ln θ.

    Parameters
    ----------
    index
        Which free parameters are constrained, shape (c,).
    centre
        Measured values, logarithms where log-normal, shape (c, 1), or (c, b) where toys randomise them.
    sigma
        Widths, of the logarithm where log-normal, shape (c, 1).
    is_log
        Which are log-normal, shape (c, 1).
    """

    index: IndexArray
    centre: FloatArray
    sigma: FloatArray
    is_log: BoolArray

    @classmethod
    def of(
        cls, constraints: "Sequence[Constraint | None]", values: FloatArray | None = None
    ) -> "ConstraintTerms":
        """Return the terms of these free parameters.

        Parameters
        ----------
        constraints
            One per free parameter, None where there is none.
        values
            Measured values per toy, shape (b, f), instead of the ones in `constraints`; columns without
            a constraint are not read.
        """
        index = np.array([i for i, c in enumerate(constraints) if c is not None], dtype=np.intp)
        kept = [c for c in constraints if c is not None]
        is_log = np.array([c.shape is Shape.LOG_NORMAL for c in kept], dtype=bool)[:, None]
        error = np.array([c.error for c in kept], dtype=float)[:, None]
        if values is None:
            measured = np.array([c.value for c in kept], dtype=float)[:, None]
        else:
            measured = np.ascontiguousarray(values[:, index].T, dtype=float)
        return cls(
            index=index,
            centre=np.where(is_log, np.log(np.where(is_log, measured, 1.0)), measured),
            sigma=np.where(is_log, np.log1p(error), error),
            is_log=is_log,
        )

    def value(self, x: FloatArray) -> FloatArray:
        """Return the sum of the terms, shape (b,), for x of shape (f, b); +∞ where ln θ does not exist."""
        residual, is_possible = self._residual(x[self.index])
        total: FloatArray = np.einsum("cb,cb->b", residual, residual)
        return total if is_possible is None else np.where(is_possible, total, np.inf)

    def add_derivatives(self, x: FloatArray, gradient: FloatArray, hessian: FloatArray) -> None:
        """Add the first and second derivatives to a gradient (f, b) and a Hessian (f, f, b)."""
        theta = x[self.index]
        residual, _ = self._residual(theta)
        for row, p in enumerate(self.index):
            sigma = self.sigma[row]
            if self.is_log[row, 0]:
                slope = 1 / (sigma * np.where(theta[row] > 0, theta[row], 1.0))
                hessian[p, p] += 2 * slope * slope * (1 - residual[row] * sigma)
            else:
                slope = 1 / sigma
                hessian[p, p] += 2 * slope * slope
            gradient[p] += 2 * residual[row] * slope

    def keep(self, positions: list[int]) -> "ConstraintTerms":
        """Return the terms of some of the free parameters, renumbered in this order."""
        inside = np.isin(self.index, positions)
        return ConstraintTerms(
            index=np.array([positions.index(i) for i in self.index[inside]], dtype=np.intp),
            centre=self.centre[inside],
            sigma=self.sigma[inside],
            is_log=self.is_log[inside],
        )

    def take(self, rows: IndexArray) -> "ConstraintTerms":
        """Return the terms of these toys only."""
        if self.centre.shape[1] == 1:
            return self
        return ConstraintTerms(
            index=self.index, centre=self.centre[:, rows], sigma=self.sigma, is_log=self.is_log
        )

    def _residual(self, theta: FloatArray) -> tuple[FloatArray, BoolArray | None]:
        """Return (g(θ) − centre)/σ (c, b), and which toys have all ln θ (b,), None if every one has."""
        seen, is_possible = theta, None
        if np.any(self.is_log):
            seen = theta.copy()
            for row in np.flatnonzero(self.is_log):
                if seen[row].min(initial=np.inf) <= 0:
                    exists = seen[row] > 0
                    is_possible = exists if is_possible is None else is_possible & exists
                    seen[row, ~exists] = 1.0
                np.log(seen[row], out=seen[row])
        return (seen - self.centre) / self.sigma, is_possible
