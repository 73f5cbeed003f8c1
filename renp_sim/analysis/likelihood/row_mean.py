"""The expectation at many points at once, each with coefficients of its own: no model call inside their fits.

A profile holds some parameters at g values and fits the rest at each. Where μ is a polynomial in the rest
(normalisation, efficiency, backgrounds, couplings) a few values of the model per point say all of it; and
one more parameter, which has kinks, goes into a Chebyshev series in the variable u of its smooth piece.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import chebyshev

from renp_sim.analysis.likelihood.coefficients import Exponents, coefficients_of
from renp_sim.analysis.likelihood.mean import gram_of
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.likelihood.piece import Piece
    from renp_sim.analysis.model import Model

__all__ = ["Lattice", "RowMean"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lattice:
    """Monomials of f parameters, and as many points as fix the coefficients of a polynomial in them.

    Parameters
    ----------
    exponents
        Of each monomial; with one of them all that divide it are there, shape (m, f).
    points
        Values of the parameters, shape (m, f).
    inverse
        From values at the points to coefficients, shape (m, m).
    """

    exponents: IndexArray
    points: FloatArray
    inverse: FloatArray

    @classmethod
    def of(
        cls, model: "Model", names: tuple[str, ...], theta: FloatArray, scale: FloatArray
    ) -> "Lattice | None":
        """Return the lattice of what μ is a polynomial in, or None where it is none.

        Parameters
        ----------
        model
            Whose expectation it is.
        names
            Of the f parameters.
        theta
            Rows at which the polynomial may have different terms, shape (b, p).
        scale
            Typical steps of the parameters, shape (f,).
        """
        wanted: set[Exponents] = {(0,) * len(names)}
        for row in theta:
            terms = coefficients_of(model, names, row) if names else {}
            if terms is None:
                return None
            wanted |= set(terms)
        exponents = np.array(sorted(_closed(wanted)), dtype=np.intp).reshape(len(_closed(wanted)), len(names))
        steps = np.array([0.0, 1.0, -1.0])[exponents]
        powers = np.prod(steps[:, None, :] ** exponents[None], axis=2)
        unit = np.prod(scale**exponents, axis=1)
        return cls(exponents=exponents, points=steps * scale, inverse=np.linalg.inv(powers) / unit[:, None])


def _closed(wanted: set[Exponents]) -> set[Exponents]:
    """Add all divisors of the monomials."""
    every = set(wanted)
    for exponents in wanted:
        every |= {tuple(int(i) for i in e) for e in np.ndindex(*(k + 1 for k in exponents))}
    return every


@dataclass(frozen=True, kw_only=True, eq=False)
class RowMean:
    """μ_k = Σ_jm c_jmk T_j(2u − 1) Π_p x_p^exponent_mp at each of b points; implements `Mean`.

    Parameters
    ----------
    exponents
        Of the monomials, shape (m, f) with 0 for u.
    coefficients
        Shape (j, m, n, b); j = 1 where no parameter goes into a series.
    position
        Of u among the f free parameters, None where there is none.
    """

    exponents: IndexArray
    coefficients: FloatArray
    position: int | None = None

    @classmethod
    def of(cls, model: "Model", theta: FloatArray, columns: IndexArray, lattice: Lattice) -> "RowMean":
        """Return the mean at each of b points, whose parameters in `columns` are those of the lattice."""
        return cls(exponents=lattice.exponents, coefficients=_tabled(model, theta, columns, lattice)[None])

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
        """Return the mean in the pieces of one more parameter, and how large the end of its series is, (b,).

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
        values = _tabled(model, rows.reshape(-1, theta.shape[1]), columns, lattice)
        values = values.reshape(*values.shape[:2], n_nodes, len(theta))
        transform = 2 / n_nodes * np.cos(np.arange(n_nodes)[:, None] * angle)
        transform[0] /= 2
        series = np.einsum("dj,mkjb->dmkb", transform, values)
        size = np.abs(series) / np.sqrt(1 + np.max(np.abs(series[:1]), axis=1, keepdims=True))
        exponents = np.insert(lattice.exponents, piece.position, 0, axis=1)
        mean = cls(exponents=exponents, coefficients=series, position=piece.position)
        return mean, np.max(size[-2:], axis=(0, 1, 2), initial=0.0)

    @cached_property
    def bent(self) -> tuple[int, ...]:
        """What is squared, and u."""
        squared = np.flatnonzero(np.max(self.exponents, axis=0, initial=0) > 1).tolist()
        return tuple(squared) if self.position is None else (*squared, self.position)

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b)."""
        return self._summed(self._powers(x), self._series(x, 0))

    def derivatives(
        self, x: FloatArray, slope: FloatArray, weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the sums of `Mean.derivatives`."""
        own = self._series(x, 0)
        first = own if self.position is None else self._series(x, 1)
        jacobian = self._jacobian(x, own, first)
        hessian = gram_of(jacobian, weight)
        for p in range(len(x)):
            for q in range(p + 1):
                bend = self._second(x, p, q, own, first)
                if bend is not None:
                    total = np.einsum("kb,kb->b", bend, slope)
                    hessian[p, q] += total
                    if p != q:
                        hessian[q, p] += total
        return np.einsum("fkb,kb->fb", jacobian, slope), hessian

    def gram(self, x: FloatArray, weight: FloatArray) -> FloatArray:
        """Return Σ_k weight_k ∂μ_k ∂μ_kᵀ, shape (f, f, b)."""
        own = self._series(x, 0)
        first = own if self.position is None else self._series(x, 1)
        return gram_of(self._jacobian(x, own, first), weight)

    def take(self, rows: IndexArray) -> "RowMean":
        """Return the mean of these points only."""
        return replace(self, coefficients=self.coefficients[..., rows])

    def _series(self, x: FloatArray, order: int) -> FloatArray:
        """Return Σ_j c_jm T_j or a derivative of it in u, shape (m, n, b)."""
        if self.position is None:
            only: FloatArray = self.coefficients[0]
            return only
        c = self.coefficients if order == 0 else chebyshev.chebder(self.coefficients, order, scl=2)
        v = 2 * x[self.position] - 1
        polynomials = np.empty((len(c), len(v)))
        polynomials[0] = 1.0
        polynomials[1:2] = v
        for j in range(2, len(c)):
            polynomials[j] = 2 * v * polynomials[j - 1] - polynomials[j - 2]
        out: FloatArray = np.einsum("jb,jmkb->mkb", polynomials, c)
        return out

    def _powers(self, x: FloatArray, *by: int) -> FloatArray:
        """Return the monomials, or their derivative by some parameters, shape (m, b)."""
        exponents, out = self.exponents.copy(), np.ones((len(self.exponents), x.shape[1]))
        for p in by:
            out *= exponents[:, p, None]
            exponents[:, p] = np.maximum(exponents[:, p] - 1, 0)
        for p in range(len(x)):
            for m in np.flatnonzero(exponents[:, p]):
                out[m] *= x[p] if exponents[m, p] == 1 else x[p] ** exponents[m, p]
        return out

    @staticmethod
    def _summed(powers: FloatArray, series: FloatArray) -> FloatArray:
        used = np.any(powers != 0, axis=1)
        out: FloatArray = np.einsum("mb,mkb->kb", powers[used], series[used])
        return out

    def _jacobian(self, x: FloatArray, own: FloatArray, first: FloatArray) -> FloatArray:
        """Return ∂μ/∂x, shape (f, n, b)."""
        return np.stack(
            [
                self._summed(self._powers(x), first)
                if p == self.position
                else self._summed(self._powers(x, p), own)
                for p in range(len(x))
            ]
        )

    def _second(self, x: FloatArray, p: int, q: int, own: FloatArray, first: FloatArray) -> FloatArray | None:
        """Return ∂²μ/∂x_p∂x_q, shape (n, b), None where it vanishes."""
        by = [i for i in (p, q) if i != self.position]
        order = 2 - len(by)
        series = (own, first)[order] if order < 2 else self._series(x, 2)
        powers = self._powers(x, *by)
        return self._summed(powers, series) if np.any(powers != 0) else None


def _tabled(model: "Model", theta: FloatArray, columns: IndexArray, lattice: Lattice) -> FloatArray:
    """Return the coefficients of the lattice's monomials at rows of θ (b, p), shape (m, n, b)."""
    values = []
    for point in lattice.points:
        rows = theta.copy()
        rows[:, columns] = point
        values.append(model.expected(rows).T)
    out: FloatArray = np.einsum("ml,lkb->mkb", lattice.inverse, np.stack(values))
    return out
