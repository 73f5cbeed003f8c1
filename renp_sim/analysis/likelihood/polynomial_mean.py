"""Expected counts that are a polynomial in the free parameters: no model call inside a fit.

Sums over the steps come first, as products of matrices that all toys share; what is left of a gradient or a
Hessian are a few products of numbers per toy.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.coefficients import Coefficients, Exponents, coefficients_of
from renp_sim.analysis.likelihood.mean import gram_of
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.model import Model

__all__ = ["PolynomialMean", "polynomial_mean"]


MOST_MONOMIALS = 8
"""A product ∂_p μ ∂_q μ of more monomials, on average, costs more than the products of its factors."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Monomials:
    """Π_p x_p^exponent_p for several sets of exponents, each made from one of the others.

    `made` holds (parent, parameter): each but the first, which is 1, is its parent times that parameter.
    """

    row: dict[Exponents, int]
    made: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, wanted: "set[Exponents]", n_free: int) -> "_Monomials":
        every = {(0,) * n_free}
        for exponents in wanted:
            while exponents not in every:
                every.add(exponents)
                exponents = _lowered(exponents, _last(exponents))
        ordered = sorted(every, key=lambda e: (sum(e), e))
        row = {exponents: i for i, exponents in enumerate(ordered)}
        made = tuple((row[_lowered(e, _last(e))], _last(e)) for e in ordered[1:])
        return cls(row=row, made=made)

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return their values, shape (m, b)."""
        out = np.empty((len(self.row), x.shape[1]))
        out[0] = 1.0
        for i, (parent, p) in enumerate(self.made, start=1):
            np.multiply(out[parent], x[p], out=out[i])
        return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sums:
    """Σ_k weight_k g_k(x) for several polynomials g, one product of matrices for all coefficients.

    `table` has a row per coefficient; `parts` say for each polynomial which rows are its own and which
    monomials they belong to.
    """

    table: FloatArray
    parts: tuple[tuple[slice, IndexArray], ...]

    @classmethod
    def of(cls, polynomials: "list[Coefficients]", row: dict[Exponents, int], n_steps: int) -> "_Sums":
        rows: list[FloatArray] = []
        parts = []
        for polynomial in polynomials:
            parts.append(
                (
                    slice(len(rows), len(rows) + len(polynomial)),
                    np.array([row[e] for e in polynomial], dtype=np.intp),
                )
            )
            rows += polynomial.values()
        return cls(table=np.array(rows).reshape(len(rows), n_steps), parts=tuple(parts))

    def __call__(self, weight: FloatArray, monomials: FloatArray) -> list[FloatArray]:
        """Return the sums, shape (b,) each, for weights (n, b)."""
        sums = self.table @ weight
        out = []
        for own, rows in self.parts:
            if len(rows) == 1:
                out.append(sums[own.start] * monomials[rows[0]])
            else:
                out.append(np.einsum("mb,mb->b", sums[own], monomials[rows]))
        return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolynomialMean:
    """μ_k = Σ_m coefficient_km Π_p x_p^exponent_mp; implements `renp_sim.analysis.likelihood.mean.Mean`.

    Parameters
    ----------
    terms
        Coefficients by exponents.
    bent
        Parameters in which μ is not linear, the others held.
    """

    terms: Coefficients
    bent: tuple[int, ...]
    _own: _Monomials
    _all: _Monomials
    _table: FloatArray
    _pairs: tuple[tuple[int, int], ...]
    _curved: tuple[tuple[int, int], ...]
    _slopes: _Sums
    _products: _Sums | None
    _jacobian: FloatArray

    @classmethod
    def of(cls, terms: Coefficients) -> "PolynomialMean":
        """Return the mean with these coefficients, shape (n,), by exponents."""
        n_free = len(next(iter(terms)))
        n_steps = len(next(iter(terms.values())))
        pairs = tuple((p, q) for p in range(n_free) for q in range(p + 1))
        first = [_derivative(terms, p) for p in range(n_free)]
        second = {(p, q): _derivative(first[p], q) for p, q in pairs}
        curved = tuple(pair for pair in pairs if second[pair])
        slopes = [*first, *(second[pair] for pair in curved)]
        products = None
        if sum(len(first[p]) * len(first[q]) for p, q in pairs) <= MOST_MONOMIALS * len(pairs):
            products = [_product(first[p], first[q]) for p, q in pairs]
        own = _Monomials.of(set(terms), n_free)
        every = _Monomials.of({e for g in (*slopes, *(products or ())) for e in g}, n_free)
        return cls(
            terms=terms,
            bent=tuple(p for p in range(n_free) if second[p, p]),
            _own=own,
            _all=every,
            _table=_columns([terms], own.row, n_steps),
            _pairs=pairs,
            _curved=curved,
            _slopes=_Sums.of(slopes, every.row, n_steps),
            _products=None if products is None else _Sums.of(products, every.row, n_steps),
            _jacobian=_columns(first, every.row, n_steps),
        )

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b)."""
        mu: FloatArray = self._table @ self._own(x)
        return mu

    def derivatives(
        self, x: FloatArray, slope: FloatArray, weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the sums of `Mean.derivatives`."""
        monomials = self._all(x)
        sums = self._slopes(slope, monomials)
        hessian = self._gram(monomials, weight)
        for (p, q), bend in zip(self._curved, sums[len(x) :], strict=True):
            hessian[p, q] += bend
            if p != q:
                hessian[q, p] += bend
        return np.stack(sums[: len(x)]), hessian

    def gram(self, x: FloatArray, weight: FloatArray) -> FloatArray:
        """Return Σ_k weight_k ∂μ_k ∂μ_kᵀ, shape (f, f, b)."""
        return self._gram(self._all(x), weight)

    def _gram(self, monomials: FloatArray, weight: FloatArray) -> FloatArray:
        n_free = self._pairs[-1][0] + 1
        if self._products is None:
            return gram_of((self._jacobian @ monomials).reshape(n_free, *weight.shape), weight)
        out = np.empty((n_free, n_free, weight.shape[1]))
        for (p, q), value in zip(self._pairs, self._products(weight, monomials), strict=True):
            out[p, q] = out[q, p] = value
        return out

    def powers(self) -> FloatArray:
        """Return the coefficients of a polynomial in one parameter by power, shape (powers, n)."""
        n_powers = 1 + max(power for (power,) in self.terms)
        out = np.zeros((n_powers, len(self._table)))
        for (power,), coefficients in self.terms.items():
            out[power] = coefficients
        return out

    def take(self, rows: IndexArray) -> "PolynomialMean":
        """Return itself: the coefficients are those of all toys."""
        return self


def _columns(polynomials: list[Coefficients], row: dict[Exponents, int], n_steps: int) -> FloatArray:
    """Return the coefficients of g polynomials on all monomials, shape (g n, m)."""
    out = np.zeros((len(polynomials), n_steps, len(row)))
    for block, polynomial in zip(out, polynomials, strict=True):
        for exponents, coefficients in polynomial.items():
            block[:, row[exponents]] = coefficients
    return out.reshape(len(polynomials) * n_steps, len(row))


def _last(exponents: Exponents) -> int:
    """Return the last parameter that a monomial has."""
    return max(p for p, exponent in enumerate(exponents) if exponent)


def _lowered(exponents: Exponents, p: int) -> Exponents:
    return (*exponents[:p], exponents[p] - 1, *exponents[p + 1 :])


def _derivative(terms: Coefficients, p: int) -> Coefficients:
    """Return the coefficients of ∂/∂x_p."""
    return {_lowered(e, p): e[p] * c for e, c in terms.items() if e[p] > 0}


def _product(left: Coefficients, right: Coefficients) -> Coefficients:
    """Return the coefficients of a product."""
    out: Coefficients = {}
    for e, c in left.items():
        for f, d in right.items():
            both = tuple(i + j for i, j in zip(e, f, strict=True))
            out[both] = out[both] + c * d if both in out else c * d
    return out


def polynomial_mean(model: "Model", free: tuple[str, ...], theta: FloatArray) -> PolynomialMean | None:
    """Return μ as a polynomial in the free parameters, the rest at θ (p,); None where it is none.

    Parameters
    ----------
    model
        Whose expectation it is.
    free
        Names of the free parameters, at least one.
    theta
        All parameters, shape (p,).
    """
    terms = coefficients_of(model, free, theta)
    return None if terms is None else PolynomialMean.of(terms)
