"""−2 ln L of a scan: Poisson counts per step and external constraints.

Implements χ²_P of Baker & Cousins, NIM 221 (1984) 437, Eq. (19): the likelihood ratio to the saturated
model, so that its minimum is also the goodness of fit. Constraint terms are 0 at their best.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from renp_sim.analysis.constraint import Terms

if TYPE_CHECKING:
    from renp_sim.analysis.mean import Mean

__all__ = ["Expansion", "Likelihood", "poisson_deviance", "poisson_q", "saturated_q"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

TINY = 1e-290
"""An expectation below this is 0: its inverse squared must not overflow."""


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
    usable = mu > TINY
    safe = np.where(usable, mu, 1.0)
    with np.errstate(over="ignore"):  # n/μ beyond 1e308 is +∞ as it should be
        out: FloatArray = 2 * (safe - n + xlogy(n, n / safe))
    # rounding may leave −1e-16 where n = μ
    return np.where(usable, np.maximum(out, 0.0), np.where((n == 0) & (mu >= 0), 0.0, np.inf))


def saturated_q(counts: FloatArray) -> FloatArray:
    """Return Σ 2(n ln n − n) over the steps, shape (b,) for counts (n, b)."""
    total: FloatArray = 2 * np.sum(counts * (np.log(np.where(counts > 0, counts, 1.0)) - 1), axis=0)
    return total


def poisson_q(counts: FloatArray, mu: FloatArray, saturated: FloatArray) -> FloatArray:
    """Return the sum of `poisson_deviance` over the steps, shape (b,) for counts and μ of shape (n, b).

    Parameters
    ----------
    counts, mu
        n and μ.
    saturated
        What `saturated_q` says of the counts.
    """
    vanishes = mu.size > 0 and mu.min() <= TINY
    usable = mu > TINY if vanishes else None
    q: FloatArray = np.sum(mu, axis=0)
    q -= np.einsum("kb,kb->b", counts, np.log(mu if usable is None else np.where(usable, mu, 1.0)))
    q *= 2
    q += saturated
    if usable is not None:
        # what vanishes forbids counts, and nothing is below 0
        q[np.any(~usable & ((counts > 0) | (mu < 0)), axis=0)] = np.inf
    return q


def _inverse(mu: FloatArray) -> FloatArray:
    """Return 1/μ, and 0 where μ vanishes."""
    if mu.size == 0 or mu.min() > TINY:
        return 1 / mu
    usable = mu > TINY
    return np.where(usable, 1 / np.where(usable, mu, 1.0), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expansion:
    """q around a point: gradient (f, b), Hessian (f, f, b), and what its Fisher expectation is made of.

    The Hessian holds the second derivatives of μ where the mean knows them, and lacks them where not.
    """

    gradient: FloatArray
    hessian: FloatArray
    constraint: FloatArray
    inverse: FloatArray
    jacobian: FloatArray

    def fisher(self, rows: IntArray) -> FloatArray:
        """Return ⟨∂²q⟩ for counts that follow μ, shape (f, f, len(rows))."""
        jacobian = self.jacobian[..., rows]
        weighted = 2 * self.inverse[:, rows] * jacobian
        out = self.constraint[..., rows].copy()
        for p in range(len(out)):
            for q in range(p + 1):
                out[p, q] += np.einsum("kb,kb->b", weighted[p], jacobian[q])
                out[q, p] = out[p, q]
        return out


# no slots: what depends on the counts only is kept
@dataclass(frozen=True, kw_only=True, eq=False)
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
    terms: Terms

    @cached_property
    def saturated(self) -> FloatArray:
        """−2 ln L of the saturated model, up to a constant, shape (b,)."""
        return saturated_q(self.counts)

    def value(self, x: FloatArray) -> FloatArray:
        """Return q, shape (b,), for x of shape (f, b); +∞ where the counts are impossible, never NaN."""
        q = poisson_q(self.counts, self.mean.value(x), self.saturated)
        if len(self.terms.index):
            q += self.terms.value(x)
        return q

    def value_and_slope(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return q, shape (b,), and ∂q/∂x, shape (f, b)."""
        mu, jacobian = self.mean.expanded(x)
        q = poisson_q(self.counts, mu, self.saturated)
        slope = np.einsum("fkb,kb->fb", jacobian, 2 - 2 * self.counts * _inverse(mu))
        if len(self.terms.index):
            q += self.terms.value(x)
            self.terms.add_derivatives(x, slope, np.zeros((len(x), *slope.shape)))
        return q, slope

    def expansion(self, x: FloatArray) -> Expansion:
        """Return gradient and Hessian at x, shape (f, b); steps with μ = 0 add their slope only."""
        mu, jacobian = self.mean.expanded(x)
        inverse = _inverse(mu)
        ratio = self.counts * inverse
        residual = 2 - 2 * ratio
        ratio *= 2 * inverse
        n_free = len(x)
        gradient = np.einsum("fkb,kb->fb", jacobian, residual)
        curvature = self.mean.curvature(x, jacobian, residual)
        hessian = np.zeros((n_free, n_free, x.shape[1])) if curvature is None else curvature
        for p in range(n_free):
            weighted = ratio * jacobian[p]
            for q in range(p + 1):
                hessian[p, q] += np.einsum("kb,kb->b", weighted, jacobian[q])
                hessian[q, p] = hessian[p, q]
        constraint = np.zeros((n_free, n_free, 1))
        if len(self.terms.index):
            constraint = np.zeros_like(hessian)
            self.terms.add_derivatives(x, gradient, constraint)
            hessian += constraint
        return Expansion(
            gradient=gradient,
            hessian=hessian,
            constraint=np.broadcast_to(constraint, hessian.shape),
            inverse=inverse,
            jacobian=jacobian,
        )

    def take(self, rows: IntArray) -> "Likelihood":
        """Return the likelihood of these toys only."""
        out = Likelihood(counts=self.counts[:, rows], mean=self.mean.take(rows), terms=self.terms.take(rows))
        out.__dict__["saturated"] = self.saturated[rows]
        return out
