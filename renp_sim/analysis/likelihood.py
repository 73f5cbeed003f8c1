"""−2 ln L of a scan: Poisson counts per step and external constraints.

Implements χ²_P of Baker & Cousins, NIM 221 (1984) 437, Eq. (19): the likelihood ratio to the saturated
model, so that its minimum is also the goodness of fit. Constraint terms are 0 at their best.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from renp_sim.analysis.model import Constraint, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renp_sim.analysis.mean import Mean

__all__ = ["ConstraintTerms", "Likelihood", "poisson_deviance", "prior_pull"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def poisson_deviance(counts: ArrayLike, expected: ArrayLike) -> FloatArray:
    """Return 2[μ − n + n ln(n/μ)] of each step, ≥ 0, without its sum.

    Implements the terms of Eq. (19) of Baker & Cousins. n = 0 gives 2μ exactly, μ = 0 with n > 0 gives
    +∞, and so does a negative μ, which is no expectation; never NaN.

    Parameters
    ----------
    counts, expected
        n ≥ 0 (not necessarily whole: an Asimov set) and μ; they broadcast.

    Examples
    --------
    >>> poisson_deviance([0, 3, 2, 0], [0.5, 3.0, 0.0, 0.0]).tolist()
    [1.0, 0.0, inf, 0.0]
    """
    n, mu = np.broadcast_arrays(np.asarray(counts, dtype=float), np.asarray(expected, dtype=float))
    usable = mu > 0
    safe = np.where(usable, mu, 1.0)
    with np.errstate(over="ignore"):  # n/μ beyond 1e308 is +∞ as it should be
        out: FloatArray = 2 * (safe - n + xlogy(n, n / safe))
    # rounding may leave −1e-16 where n = μ
    return np.where(usable, np.maximum(out, 0.0), np.where((n == 0) & (mu == 0), 0.0, np.inf))


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
    log = np.log(np.where(usable, theta, 1.0) / constraint.value)
    return np.where(usable, log / np.log1p(constraint.error), -np.inf)


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

    index: IntArray
    centre: FloatArray
    sigma: FloatArray
    is_log: NDArray[np.bool_]

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
        is_log = np.array([[c.shape is Shape.LOG_NORMAL] for c in kept], dtype=bool).reshape(-1, 1)
        error = np.array([[c.error] for c in kept], dtype=float).reshape(-1, 1)
        measured = (
            np.array([[c.value] for c in kept], dtype=float).reshape(-1, 1)
            if values is None
            else np.ascontiguousarray(values[:, index].T, dtype=float)
        )
        return cls(
            index=index,
            centre=np.where(is_log, np.log(np.where(is_log, measured, 1.0)), measured),
            sigma=np.where(is_log, np.log1p(error), error),
            is_log=is_log,
        )

    def value(self, x: FloatArray) -> FloatArray:
        """Return the sum of the terms, shape (b,), for x of shape (f, b); +∞ where ln θ does not exist."""
        if not len(self.index):
            return np.zeros(x.shape[1])
        residual, usable = self._residual(x[self.index])
        total: FloatArray = np.sum(residual**2, axis=0)
        return np.where(np.all(usable, axis=0), total, np.inf)

    def add_derivatives(self, x: FloatArray, gradient: FloatArray, hessian: FloatArray) -> None:
        """Add the first and second derivatives to a gradient (f, b) and a Hessian (f, f, b)."""
        if not len(self.index):
            return
        theta = x[self.index]
        residual, usable = self._residual(theta)
        slope = np.where(self.is_log, 1 / np.where(usable, theta, 1.0), 1.0) / self.sigma
        bend = np.where(self.is_log, -residual * slope * slope * self.sigma, 0.0)
        gradient[self.index] += 2 * residual * slope
        hessian[self.index, self.index] += 2 * (slope * slope + bend)

    def keep(self, positions: list[int]) -> "ConstraintTerms":
        """Return the terms of some of the free parameters, renumbered in this order."""
        inside = np.isin(self.index, positions)
        return ConstraintTerms(
            index=np.array([positions.index(i) for i in self.index[inside]], dtype=np.intp),
            centre=self.centre[inside],
            sigma=self.sigma[inside],
            is_log=self.is_log[inside],
        )

    def take(self, rows: IntArray) -> "ConstraintTerms":
        """Return the terms of these toys only."""
        if self.centre.shape[1] == 1:
            return self
        return ConstraintTerms(
            index=self.index, centre=self.centre[:, rows], sigma=self.sigma, is_log=self.is_log
        )

    def _residual(self, theta: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        usable = ~self.is_log | (theta > 0)
        seen = np.where(self.is_log, np.log(np.where(self.is_log & usable, theta, 1.0)), theta)
        return (seen - self.centre) / self.sigma, usable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likelihood:
    """q(x) = −2 ln L of b sets of counts as a function of f free parameters each.

    Parameters
    ----------
    counts
        Recorded photons, shape (n, b): toys last, since every operation runs along them.
    mean
        Expected counts.
    terms
        Constraints of the free parameters.
    """

    counts: FloatArray
    mean: "Mean"
    terms: ConstraintTerms

    def value(self, x: FloatArray) -> FloatArray:
        """Return q, shape (b,), for x of shape (f, b); +∞ where the counts are impossible, never NaN."""
        return self.of_mean(self.mean.value(x)) + self.terms.value(x)

    def of_mean(self, mu: FloatArray) -> FloatArray:
        """Return the Poisson part of q for expected counts of shape (n, b)."""
        total: FloatArray = np.sum(poisson_deviance(self.counts, mu), axis=0)
        return total

    def derivatives(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ∂q/∂x, shape (f, b), its Hessian and its Fisher expectation, shape (f, f, b).

        The Hessian holds the second derivatives of μ where the mean knows them; where it does not, they
        are left out. Steps with μ = 0 add their slope only.
        """
        mu = self.mean.value(x)
        jacobian = self.mean.jacobian(x)
        n_free = len(x)
        usable = mu > 0
        inverse = np.where(usable, 1 / np.where(usable, mu, 1.0), 0.0)
        ratio = self.counts * inverse
        gradient = np.stack([2 * np.sum((1 - ratio) * row, axis=0) for row in jacobian])
        hessian = np.empty((n_free, n_free, x.shape[1]))
        fisher = np.empty_like(hessian)
        for p in range(n_free):
            weighted = 2 * inverse * jacobian[p]
            for q in range(p + 1):
                product = weighted * jacobian[q]
                fisher[p, q] = fisher[q, p] = np.sum(product, axis=0)
                hessian[p, q] = hessian[q, p] = np.sum(product * ratio, axis=0)
        curvature = self.mean.curvature(x, 2 * (1 - ratio))
        if curvature is not None:
            hessian += curvature
        scratch = np.zeros_like(gradient)
        self.terms.add_derivatives(x, gradient, hessian)
        self.terms.add_derivatives(x, scratch, fisher)
        return gradient, hessian, fisher

    def take(self, rows: IntArray) -> "Likelihood":
        """Return the likelihood of these toys only."""
        return Likelihood(counts=self.counts[:, rows], mean=self.mean.take(rows), terms=self.terms.take(rows))
