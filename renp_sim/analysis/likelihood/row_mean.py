"""The expectation at many points at once, each with coefficients of its own: no model call inside their fits.

A profile holds some parameters at g values and fits the rest at each. Where μ is a polynomial in the rest
(normalisation, efficiency, backgrounds, couplings) or a sum of cosines and sines (phases) a few values of the
model per point say all of it; and one more parameter, which has kinks, goes into a Chebyshev series in the
variable u of its smooth piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import chebyshev

from renp_sim.analysis.likelihood.lattice import Lattice, size_of, tabled, units
from renp_sim.analysis.likelihood.mean import gram_of
from renp_sim.analysis.likelihood.monomials import Monomials
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.likelihood.piece import Piece
    from renp_sim.analysis.model import Model

__all__ = ["RowMean", "differentiated"]

ROUNDING = 1e-13
"""A monomial that makes less of the expectation, relative, is the rounding of those beside it
(test_a_point_is_the_same_in_any_company)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowMean:
    """μ_k = Σ_m (c_mk + Σ_j s_jmk T_j(2u − 1)) Π_p x_p^exponent_mp at each of b points; implements `Mean`.

    Of an angle a cosine or a sine stands in the place of the power.

    Parameters
    ----------
    monomials
        Which they are.
    coefficients
        Of those that u does not move, 0 for the others, shape (m, n, b).
    series
        Of the others, shape (j, s, n, b).
    """

    monomials: Monomials
    coefficients: FloatArray
    series: FloatArray

    @classmethod
    def of(cls, model: "Model", theta: FloatArray, columns: IndexArray, lattice: Lattice) -> "RowMean":
        """Return the mean at each of b points, whose parameters in `columns` are those of the lattice."""
        values, kept = _without_rounding(lattice, tabled(model, theta, columns, lattice))
        none = np.empty(0, dtype=np.intp)
        return cls(
            monomials=Monomials(
                exponents=lattice.exponents[kept], angles=lattice.angles, moving=none, position=None
            ),
            coefficients=values[kept],
            series=np.empty((1, 0, *values.shape[1:])),
        )

    @classmethod
    def in_pieces(
        cls,
        model: "Model",
        theta: FloatArray,
        columns: IndexArray,
        lattice: Lattice,
        piece: "Piece",
        column: int,
        n_nodes: int,
    ) -> tuple["RowMean", FloatArray]:
        """Return the mean in the pieces of one more parameter, and how large the terms of its series are.

        In standard deviations of the counts, shape (n_nodes, b).

        Parameters
        ----------
        model, theta, columns, lattice
            As for `of`.
        piece
            Of each point; its position is that of u among the free parameters.
        column
            Place of the parameter in θ.
        n_nodes
            Values of u at which the model is asked.
        """
        angle = np.pi * (np.arange(n_nodes) + 0.5) / n_nodes
        rows = np.repeat(theta[None], n_nodes, axis=0)
        for row, u in zip(rows, (1 + np.cos(angle)) / 2, strict=True):
            row[:, column] = piece.parameter(np.full(len(theta), u))
        values = tabled(model, rows.reshape(-1, theta.shape[1]), columns, lattice)
        values, kept = _without_rounding(lattice, values.reshape(*values.shape[:2], n_nodes, len(theta)))
        coefficients = np.ascontiguousarray(values[:, :, 0])
        moved = size_of(lattice, values - coefficients[:, :, None])
        moving = np.any(moved > ROUNDING * np.max(size_of(lattice, values), axis=0), axis=1)
        transform = 2 / n_nodes * np.cos(np.arange(n_nodes)[:, None] * angle)
        transform[0] /= 2
        series = np.einsum("dj,skjb->dskb", transform, values[moving])
        coefficients[moving] = series[0]
        unit = units(lattice, theta[:, columns])[:, None]
        most = np.max(np.abs(coefficients) * unit, axis=0)
        sizes = np.max(np.abs(series) * unit[moving] / np.sqrt(1 + most), axis=(1, 2), initial=0.0)
        coefficients[moving] = 0.0
        monomials = Monomials(
            exponents=np.insert(lattice.exponents[kept], piece.position, 0, axis=1),
            angles=(*lattice.angles[: piece.position], None, *lattice.angles[piece.position :]),
            moving=np.flatnonzero(moving[kept]),
            position=piece.position,
        )
        mean = cls(monomials=monomials, coefficients=coefficients[kept], series=series)
        return mean, sizes

    @property
    def bent(self) -> tuple[int, ...]:
        """What is squared, angles, and u."""
        return self.monomials.bent

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b)."""
        mu = self.monomials.summed(x, (), self._functions(x, 0))
        # where a step sees nothing the ripple of a series would be impossible half of the time
        return mu if self.monomials.position is None else np.maximum(mu, 0.0)

    def derivatives(
        self, x: FloatArray, slope: FloatArray, weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the sums of `Mean.derivatives`."""
        return self.monomials.derivatives(x, self._functions(x, 2), slope, weight)

    def gram(self, x: FloatArray, weight: FloatArray) -> FloatArray:
        """Return Σ_k weight_k ∂μ_k ∂μ_kᵀ, shape (f, f, b)."""
        return gram_of(self.monomials.jacobian(x, self._functions(x, 1)), weight)

    def take(self, rows: IndexArray) -> "RowMean":
        """Return the mean of these points only; one point stands for all toys."""
        if self.coefficients.shape[-1] == 1:
            return self
        return replace(self, coefficients=self.coefficients[..., rows], series=self.series[..., rows])

    def _functions(self, x: FloatArray, highest: int) -> list[Sequence[FloatArray]]:
        """Return what multiplies the monomials, (n, b) each, and derivatives of what u moves."""
        at = self.monomials.position
        if at is None:
            return [list(self.coefficients)]
        degree = len(self.series)
        polynomials = np.cos(np.arange(degree)[:, None] * np.arccos(2 * x[at] - 1))
        moved = [
            np.einsum("jb,jskb->skb", differentiated(degree, order) @ polynomials, self.series)
            for order in range(highest + 1)
        ]
        return [self.monomials.with_moved(self.coefficients, moved[0]), *moved[1:]]


def _without_rounding(lattice: Lattice, values: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return coefficients (m, ..., b) without those that are rounding, and which monomials are left, (m,).

    Each point by itself, so that no fit depends on which others are made with it.
    """
    size = size_of(lattice, values)
    is_seen = size > ROUNDING * np.max(size, axis=0)
    is_seen[0] = True
    shape = (len(values), *([1] * (values.ndim - 2)), values.shape[-1])
    return np.where(is_seen.reshape(shape), values, 0.0), np.any(is_seen, axis=1)


@cache
def differentiated(degree: int, order: int) -> FloatArray:
    """Return the derivative in u of each T_j(2u − 1) as a sum of T_i, shape (j, i)."""
    out = np.zeros((degree, degree))
    # 2u − 1 runs twice as fast as u
    out[:, : degree - order] = chebyshev.chebder(np.eye(degree), order, scl=2).T
    return out
