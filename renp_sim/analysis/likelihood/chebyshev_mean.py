"""The expectation in one smooth piece of a kinked parameter as a Chebyshev series: many toys share it.

In the variable u of `renp_sim.analysis.likelihood.piece` the expectation is smooth in a piece and at its
ends, so that a few dozen values of the model say all of it, and a fit needs no other.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import chebyshev

from renp_sim.analysis.likelihood.mean import gram_of, slopes
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["NODES", "PieceMean", "goes_into_series"]


NODES = 48
"""Values of u at which the model is asked, those of the Chebyshev polynomial of this degree."""

TAIL = 1e-6
"""How large the last terms of a series may be, in standard deviations of the counts."""

NEGLIGIBLE = 1e-4
"""Terms at the end of a series that are smaller than this share of `TAIL` are dropped."""


def goes_into_series(setup: "Setup", position: int) -> bool:
    """Return whether μ is linear in all free parameters but one, jointly."""
    others = tuple(name for i, name in enumerate(setup.names) if i != position)
    if not others:
        return True
    quadratic = setup.model.quadratic(others, setup.theta)
    return quadratic is not None and not np.any(quadratic.square)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PieceMean:
    """μ_k = c_k0(u) + Σ_l (x_l − origin_l) c_kl(u); implements `renp_sim.analysis.likelihood.mean.Mean`.

    Parameters
    ----------
    position
        Of u among the f free parameters.
    origin
        Of the others, shape (f − 1, 1).
    series
        Chebyshev coefficients in 2u − 1 of all c and of their first and second derivatives in u, shape
        (3, f n, d).
    """

    position: int
    origin: FloatArray
    series: FloatArray

    @classmethod
    def of(cls, setup: "Setup", position: int, low: float, high: float) -> "PieceMean | None":
        """Return the mean in the piece from low to high, or None where the series does not end in time."""
        angle = np.pi * (np.arange(NODES) + 0.5) / NODES
        u = (1 + np.cos(angle)) / 2
        others = np.delete(setup.free, position)
        # from where a step that sees nothing has exactly nothing
        origin = np.clip(0.0, np.delete(setup.lower, position), np.delete(setup.upper, position))
        theta = np.tile(setup.theta, (NODES, 1))
        theta[:, setup.free[position]] = low + (high - low) * np.sin(np.pi * u / 2) ** 2
        theta[:, others] = origin
        nothing = setup.model.expected(theta)
        slope = np.moveaxis(slopes(setup.model, theta, others, linear=True), -1, 0)
        # a discrete cosine transform
        transform = 2 / NODES * np.cos(np.arange(NODES)[:, None] * angle)
        transform[0] /= 2
        terms = np.einsum("dj,fjn->dfn", transform, np.concatenate([nothing[None], slope]))
        reach = np.abs(setup.theta[others] - origin) + np.delete(setup.scale, position)
        most = np.max(nothing + np.einsum("l,ljn->jn", reach, np.abs(slope)), axis=0)
        size = np.abs(terms) * np.concatenate([[1.0], reach])[:, None] / np.sqrt(1 + most)
        largest = np.max(size, axis=(1, 2))
        if np.max(largest[-3:]) > TAIL:
            return None
        last = max(int(np.max(np.flatnonzero(largest > NEGLIGIBLE * TAIL), initial=0)), 2)
        terms = terms[: last + 1].reshape(last + 1, -1)
        series = np.zeros((3, terms.shape[1], last + 1))
        for order in range(3):
            # 2u − 1 runs twice as fast as u
            series[order, :, : last + 1 - order] = chebyshev.chebder(terms, order, scl=2).T
        return cls(position=position, origin=origin[:, None], series=series)

    def with_template(self, template: FloatArray) -> "PieceMean":
        """Return the mean with one more parameter, the last, times counts (n,) that u does not move."""
        own = np.zeros((3, len(template), self.series.shape[2]))
        own[0, :, 0] = template
        return PieceMean(
            position=self.position,
            origin=np.append(self.origin, 0.0)[:, None],
            series=np.concatenate([self.series, own], axis=1),
        )

    @property
    def bent(self) -> tuple[int, ...]:
        """The position of u: μ is linear in all others."""
        return (self.position,)

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b)."""
        return self._combined(x, self._functions(x, 0))

    def derivatives(
        self, x: FloatArray, slope: FloatArray, weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the sums of `renp_sim.analysis.likelihood.mean.Mean.derivatives`."""
        own, first, second = (self._functions(x, order) for order in range(3))
        jacobian = self._jacobian(x, own, first)
        hessian = gram_of(jacobian, weight)
        at = self.position
        hessian[at, at] += np.einsum("kb,kb->b", self._combined(x, second), slope)
        for other, mixed in zip(self._others(len(x)), first[1:], strict=True):
            bend = np.einsum("kb,kb->b", mixed, slope)
            hessian[at, other] += bend
            hessian[other, at] += bend
        return np.einsum("fkb,kb->fb", jacobian, slope), hessian

    def gram(self, x: FloatArray, weight: FloatArray) -> FloatArray:
        """Return Σ_k weight_k ∂μ_k ∂μ_kᵀ, shape (f, f, b)."""
        return gram_of(self._jacobian(x, self._functions(x, 0), self._functions(x, 1)), weight)

    def take(self, rows: IndexArray) -> "PieceMean":
        """Return itself: all toys share the series."""
        return self

    def _functions(self, x: FloatArray, order: int) -> FloatArray:
        """Return all c or a derivative of them, shape (f, n, b)."""
        v = 2 * x[self.position] - 1
        polynomials = np.empty((self.series.shape[2], len(v)))
        polynomials[0], polynomials[1] = 1.0, v
        twice = 2 * v
        for j in range(2, len(polynomials)):
            np.multiply(twice, polynomials[j - 1], out=polynomials[j])
            polynomials[j] -= polynomials[j - 2]
        out: FloatArray = self.series[order] @ polynomials
        return out.reshape(len(x), -1, len(v))

    def _others(self, n_free: int) -> list[int]:
        return [p for p in range(n_free) if p != self.position]

    def _combined(self, x: FloatArray, functions: FloatArray) -> FloatArray:
        """Return c_0 + Σ (x_l − origin_l) c_l, shape (n, b)."""
        out: FloatArray = functions[0].copy()
        for shift, function in zip(x[self._others(len(x))] - self.origin, functions[1:], strict=True):
            out += shift * function
        return out

    def _jacobian(self, x: FloatArray, own: FloatArray, first: FloatArray) -> FloatArray:
        """Return ∂μ/∂x, shape (f, n, b)."""
        out = np.empty_like(own)
        out[self.position] = self._combined(x, first)
        out[self._others(len(x))] = own[1:]
        return out
