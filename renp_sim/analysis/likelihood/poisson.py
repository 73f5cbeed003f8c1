"""−2 ln L of a scan: Poisson counts per step and external constraints.

Implements χ²_P of Baker & Cousins, NIM 221 (1984) 437, Eq. (19): the likelihood ratio to the saturated
model, so that its minimum is also the goodness of fit. Constraint terms are 0 at their best.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from renp_sim.analysis.likelihood.constraint import Terms
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.likelihood.mean import Mean

__all__ = ["IMPOSSIBLE_Q", "Likelihood", "poisson_deviance", "poisson_q", "saturated_q"]


IMPOSSIBLE_Q = 1e30
"""In the place of an infinite −2 ln L, of which there are no differences."""

TINY = 1e-290
"""An expectation below this is 0: its inverse squared must not overflow
(test_no_fit_is_worse_than_minuit_from_many_starts)."""


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


def poisson_pull(counts: ArrayLike, expected: ArrayLike) -> FloatArray:
    """Return the signed root of each step's term of −2 ln L: a pull that knows that counts are Poisson.

    Examples
    --------
    >>> poisson_pull([110.0, 0.0], [100.0, 2.0]).round(3).tolist()
    [0.984, -2.0]
    """
    return np.asarray(np.sign(np.subtract(counts, expected)) * np.sqrt(poisson_deviance(counts, expected)))


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
        return self.with_mean(x)[0]

    def with_mean(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return q, shape (b,), and μ, shape (n, b)."""
        mu = self.mean.value(x)
        q = poisson_q(self.counts, mu, self.saturated)
        if len(self.terms.index):
            q += self.terms.value(x)
        return q, mu

    def derivatives(self, x: FloatArray, mu: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Return gradient (f, b) and Hessian (f, f, b) of q.

        The Hessian lacks the second derivatives of μ that the mean does not know. A step with μ = 0 adds
        its slope only.

        Parameters
        ----------
        x
            Shape (f, b).
        mu
            μ there, shape (n, b), if it is known already.
        """
        inverse = _inverse(self.mean.value(x) if mu is None else mu)
        weight = self.counts * inverse
        slope = 2 - 2 * weight
        weight *= 2
        weight *= inverse
        gradient, hessian = self.mean.derivatives(x, slope, weight)
        if len(self.terms.index):
            self.terms.add_derivatives(x, gradient, hessian)
        return gradient, hessian

    def fisher(self, x: FloatArray) -> FloatArray:
        """Return ⟨∂²q⟩ for counts that follow μ, shape (f, f, b)."""
        out = self.mean.gram(x, 2 * _inverse(self.mean.value(x)))
        if len(self.terms.index):
            self.terms.add_derivatives(x, np.zeros(x.shape), out)
        return out

    def take(self, rows: IndexArray) -> "Likelihood":
        """Return the likelihood of these toys only."""
        out = Likelihood(counts=self.counts[:, rows], mean=self.mean.take(rows), terms=self.terms.take(rows))
        out.__dict__["saturated"] = self.saturated[rows]
        return out
