"""The expectation as the fitter sees it: free parameters on the first axis, toys on the last.

`ModelMean` asks the model for every toy; `PolynomialMean` needs no model call inside a fit.
Both hold the same numbers, so the fitter does not know which it has.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from renp_sim.analysis.model import Model
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["Mean", "ModelMean", "contracted", "gram_of", "slopes"]


class Mean(Protocol):
    """Expected counts of n steps as a function of f free parameters, for b toys at once."""

    @property
    def bent(self) -> tuple[int, ...]:
        """Free parameters in which μ is known not to be linear, the others held."""
        ...

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b), for x of shape (f, b)."""
        ...

    def derivatives(
        self, x: FloatArray, slope: FloatArray, weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return Σ_k slope_k ∂μ_k (f, b) and Σ_k (slope_k ∂²μ_k + weight_k ∂μ_k ∂μ_kᵀ) (f, f, b).

        `slope` and `weight` have shape (n, b). ∂²μ is left out where it is not known.
        """
        ...

    def gram(self, x: FloatArray, weight: FloatArray) -> FloatArray:
        """Return Σ_k weight_k ∂μ_k ∂μ_kᵀ, shape (f, f, b)."""
        ...

    def take(self, rows: IndexArray) -> Self:
        """Return the mean of these toys only."""
        ...


class _HasJacobian(Protocol):
    def jacobian(self, x: FloatArray) -> FloatArray: ...


def contracted(
    mean: _HasJacobian,
    x: FloatArray,
    slope: FloatArray,
    weight: FloatArray,
    steps: Iterable[tuple[int, FloatArray | float]],
) -> tuple[FloatArray, FloatArray]:
    """Return what `Mean.derivatives` does from Jacobians, the second derivatives by differences.

    Parameters
    ----------
    mean
        Of which a Jacobian costs a call of the model.
    x, slope, weight
        As for `Mean.derivatives`.
    steps
        Parameters in which μ is bent, with the step over which the Jacobian is differenced.
    """
    jacobian = mean.jacobian(x)
    curvature = np.zeros((len(x), len(x), x.shape[1]))
    for p, step in steps:
        moved = x.copy()
        moved[p] += step
        row = np.einsum("fkb,kb->fb", mean.jacobian(moved) - jacobian, slope) / step
        curvature[p] = curvature[:, p] = row
    curvature += gram_of(jacobian, weight)
    return np.einsum("fkb,kb->fb", jacobian, slope), curvature


def gram_of(jacobian: FloatArray, weight: FloatArray) -> FloatArray:
    """Return Σ_k weight_k J_pk J_qk, shape (f, f, b)."""
    out = np.empty((len(jacobian), len(jacobian), weight.shape[1]))
    for p, row in enumerate(jacobian):
        weighted = weight * row
        for q in range(p + 1):
            out[p, q] = out[q, p] = np.einsum("kb,kb->b", weighted, jacobian[q])
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelMean:
    """A model with some of its parameters free.

    Parameters
    ----------
    model
        Whose expectation it is.
    template
        All parameters, shape (p,), or (b, p) where they differ from toy to toy.
    free
        Indices of the free ones, shape (f,).
    bent
        Positions of free ones in which μ is not linear enough to do without second derivatives.
    step
        Over which the gradient is differenced for these, shape (f,).
    linear
        Whether μ is linear in each of the free ones, so that differences of μ are its gradient.
    """

    model: Model
    template: FloatArray
    free: IndexArray
    bent: tuple[int, ...]
    step: FloatArray
    linear: bool

    def theta(self, x: FloatArray) -> FloatArray:
        """Return all parameters, shape (b, p)."""
        theta = np.array(np.broadcast_to(self.template, (x.shape[1], self.template.shape[-1])))
        theta[:, self.free] = x.T
        return theta

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b)."""
        return np.ascontiguousarray(self.model.expected(self.theta(x)).T)

    def jacobian(self, x: FloatArray) -> FloatArray:
        """Return ∂μ/∂x, shape (f, n, b)."""
        return np.ascontiguousarray(
            slopes(self.model, self.theta(x), self.free, linear=self.linear).transpose(2, 1, 0)
        )

    def derivatives(
        self, x: FloatArray, slope: FloatArray, weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the sums of `Mean.derivatives`, ∂²μ in rows of `bent` only."""
        return contracted(self, x, slope, weight, [(p, float(self.step[p])) for p in self.bent])

    def gram(self, x: FloatArray, weight: FloatArray) -> FloatArray:
        """Return Σ_k weight_k ∂μ_k ∂μ_kᵀ, shape (f, f, b)."""
        return gram_of(self.jacobian(x), weight)

    def take(self, rows: IndexArray) -> "ModelMean":
        """Return the mean of these toys only."""
        return self if self.template.ndim == 1 else replace(self, template=self.template[rows])


def slopes(model: Model, theta: FloatArray, columns: IndexArray, *, linear: bool) -> FloatArray:
    """Return ∂μ/∂θ of some parameters, shape (..., n, len(columns)), for θ of shape (..., p).

    Where μ is linear in each of them the difference over one typical step is exact, and cheaper than a
    gradient that holds all parameters.
    """
    if not linear or not len(columns):
        return model.gradient(theta)[..., columns]
    parameters = [model.parameters[i] for i in columns]
    step = np.array([p.scale if p.upper == np.inf else -p.scale for p in parameters])
    moved = np.repeat(theta[None], 1 + len(columns), axis=0)
    for row, (i, by) in enumerate(zip(columns, step, strict=True)):
        moved[1 + row, ..., i] += by
    mu = model.expected(moved)
    return np.moveaxis((mu[1:] - mu[:1]) / step.reshape(-1, *[1] * (mu.ndim - 1)), 0, -1)
