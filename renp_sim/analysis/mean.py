"""The expectation as the fitter sees it: free parameters on the first axis, toys on the last.

`PolynomialMean` needs no model call inside a fit; `ModelMean` asks the model for every toy. Both hold the
same numbers, so the fitter does not know which it has.
"""

from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.model import Model, Quadratic

__all__ = ["Mean", "ModelMean", "PolynomialMean", "polynomial_mean", "slopes"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

Coefficients = dict[tuple[int, ...], FloatArray]
"""Coefficients of a polynomial, shape (n,), by exponents."""

LINEARITY_TOLERANCE = 1e-9
"""How well a third value must lie on the line through two, relative, for a parameter to count as linear."""


class Mean(Protocol):
    """Expected counts of n steps as a function of f free parameters, for b toys at once."""

    @property
    def bent(self) -> tuple[int, ...]:
        """Free parameters in which μ is known not to be linear, the others held."""
        ...

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b), for x of shape (f, b)."""
        ...

    def expanded(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return μ and ∂μ/∂x, shapes (n, b) and (f, n, b)."""
        ...

    def curvature(self, x: FloatArray, jacobian: FloatArray, weight: FloatArray) -> FloatArray | None:
        """Return Σ_k weight_k ∂²μ_k, shape (f, f, b), for weights (n, b); None if not known.

        `jacobian` is what `expanded` says at x.
        """
        ...

    def take(self, rows: IntArray) -> Self:
        """Return the mean of these toys only."""
        ...


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
    free: IntArray
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

    def expanded(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return μ and ∂μ/∂x, shapes (n, b) and (f, n, b)."""
        return self.value(x), self.jacobian(x)

    def curvature(self, x: FloatArray, jacobian: FloatArray, weight: FloatArray) -> FloatArray | None:
        """Return Σ_k weight_k ∂²μ_k, shape (f, f, b): rows of `bent` by differences, 0 elsewhere."""
        if not self.bent:
            return None
        out = np.zeros((len(x), len(x), x.shape[1]))
        for p in self.bent:
            moved = x.copy()
            moved[p] += self.step[p]
            row = np.einsum("fkb,kb->fb", self.jacobian(moved) - jacobian, weight) / self.step[p]
            out[p] = out[:, p] = row
        return out

    def take(self, rows: IntArray) -> "ModelMean":
        """Return the mean of these toys only."""
        return self if self.template.ndim == 1 else replace(self, template=self.template[rows])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolynomialMean:
    """μ_k = Σ_m coefficient_km Π_p x_p^exponent_mp, with all its derivatives.

    Parameters
    ----------
    n_steps
        Number of steps n.
    exponents
        Monomials, shape (m, f); closed under differentiation.
    table
        Coefficients of μ and of each ∂μ/∂x_p on these monomials, shape ((1 + f) n, m): one product of
        matrices gives them all.
    second
        (p, q, monomials, coefficients (n, those)) of the ∂²μ/∂x_p∂x_q that do not vanish, q ≤ p.
    """

    n_steps: int
    exponents: NDArray[np.int64]
    table: FloatArray
    second: tuple[tuple[int, int, IntArray, FloatArray], ...]

    @classmethod
    def of(cls, terms: Coefficients) -> "PolynomialMean":
        """Return the mean with these coefficients, shape (n,), by exponents."""
        n_free = len(next(iter(terms)))
        n_steps = len(next(iter(terms.values())))
        first = [_derivative(terms, p) for p in range(n_free)]
        bent = {(p, q): _derivative(first[p], q) for p in range(n_free) for q in range(p + 1)}
        used = {e for polynomial in (terms, *first, *bent.values()) for e in polynomial}
        monomials = sorted(used, key=lambda e: (sum(e), e))

        def table(polynomial: Coefficients) -> FloatArray:
            zero = np.zeros(n_steps)
            return np.stack([polynomial.get(e, zero) for e in monomials], axis=1)

        second = []
        for (p, q), polynomial in bent.items():
            coefficients = table(polynomial)
            kept = np.flatnonzero(np.any(coefficients != 0, axis=0))
            if len(kept):
                second.append((p, q, kept, coefficients[:, kept]))
        return cls(
            n_steps=n_steps,
            exponents=np.array(monomials, dtype=np.int64).reshape(len(monomials), n_free),
            table=np.concatenate([table(terms), *map(table, first)]),
            second=tuple(second),
        )

    @property
    def bent(self) -> tuple[int, ...]:
        """Parameters in which μ is not linear, the others held."""
        return tuple(p for p, q, _, _ in self.second if p == q)

    def monomials(self, x: FloatArray) -> FloatArray:
        """Return Π_p x_p^exponent_mp, shape (m, b)."""
        out = np.empty((len(self.exponents), x.shape[1]))
        for row, exponents in zip(out, self.exponents, strict=True):
            factors = [x_p for x_p, exponent in zip(x, exponents, strict=True) for _ in range(exponent)]
            row[:] = factors[0] if factors else 1.0
            for factor in factors[1:]:
                row *= factor
        return out

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b)."""
        mu: FloatArray = self.table[: self.n_steps] @ self.monomials(x)
        return mu

    def expanded(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return μ and ∂μ/∂x, shapes (n, b) and (f, n, b)."""
        every = (self.table @ self.monomials(x)).reshape(1 + len(x), self.n_steps, -1)
        return every[0], every[1:]

    def curvature(self, x: FloatArray, jacobian: FloatArray, weight: FloatArray) -> FloatArray | None:
        """Return Σ_k weight_k ∂²μ_k, shape (f, f, b)."""
        monomials = self.monomials(x)
        out = np.zeros((len(x), len(x), x.shape[1]))
        for p, q, kept, coefficients in self.second:
            out[p, q] = np.einsum("mb,mb->b", coefficients.T @ weight, monomials[kept])
            out[q, p] = out[p, q]
        return out

    def derivatives(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return μ, μ′, μ″ and μ‴ of a polynomial in one parameter at x (g,), shape (n, g) each."""
        n_powers = int(self.exponents.max(initial=0)) + 1
        powers = np.zeros((n_powers, self.n_steps))
        powers[self.exponents[:, 0]] = self.table[: self.n_steps].T
        derived = [np.polynomial.polynomial.polyder(powers, m) for m in range(4)]
        out = [np.asarray(np.polynomial.polynomial.polyval(x, d), dtype=np.float64) for d in derived]
        return out[0], out[1], out[2], out[3]

    def take(self, rows: IntArray) -> "PolynomialMean":
        """Return itself: the coefficients are those of all toys."""
        return self


def slopes(model: Model, theta: FloatArray, columns: IntArray, *, linear: bool) -> FloatArray:
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


def _derivative(terms: Coefficients, p: int) -> Coefficients:
    """Return the coefficients of ∂/∂x_p."""
    return {(*e[:p], e[p] - 1, *e[p + 1 :]): e[p] * c for e, c in terms.items() if e[p] > 0}


def polynomial_mean(model: Model, free: tuple[str, ...], theta: FloatArray) -> PolynomialMean | None:
    """Return μ as a polynomial in the free parameters, the rest at θ (p,); None where it is none.

    A model tells where it is quadratic. A normalisation times a squared coupling is not, but it is linear
    in the normalisation with quadratics as coefficients, which two calls give and a third confirms.

    Parameters
    ----------
    model
        Whose expectation it is.
    free
        Names of the free parameters, at least one.
    theta
        All parameters, shape (p,).
    """
    terms = _terms(model, free, theta)
    return None if terms is None else PolynomialMean.of(terms)


def _terms(model: Model, free: tuple[str, ...], theta: FloatArray) -> Coefficients | None:
    """Return coefficients by exponents, shape (n,) each, or None."""
    quadratic = model.quadratic(free, theta)
    if quadratic is not None:
        return _quadratic_terms(quadratic)
    if len(free) == 1 or any(model.quadratic((name,), theta) is None for name in free):
        return None
    for position, name in enumerate(free):
        terms = _linear_in(model, position, name, free, theta)
        if terms is not None:
            return terms
    return None


def _linear_in(
    model: Model, position: int, name: str, free: tuple[str, ...], theta: FloatArray
) -> Coefficients | None:
    """Return the coefficients if μ is linear in one parameter and polynomial in the rest."""
    own = model.quadratic((name,), theta)
    if own is None or np.any(own.square != 0):
        return None
    index = [parameter.name for parameter in model.parameters].index(name)
    rest = free[:position] + free[position + 1 :]
    at: list[Coefficients] = []
    values = (0.0, 0.5, 1.0)
    for value in values:
        moved = theta.copy()
        moved[index] = value
        terms = _terms(model, rest, moved)
        if terms is None:
            return None
        at.append(terms)
    out: Coefficients = {}
    zero = np.zeros_like(own.constant)
    for exponents in {e for terms in at for e in terms}:
        c0, c1, c2 = (terms.get(exponents, zero) for terms in at)
        if np.any(np.abs(c2 - 2 * c1 + c0) > LINEARITY_TOLERANCE * (np.abs(c2) + np.abs(c0))):
            return None
        out[(*exponents[:position], 0, *exponents[position:])] = c0
        out[(*exponents[:position], 1, *exponents[position:])] = c2 - c0
    constant = (0,) * len(free)
    return {constant: out[constant]} | {e: c for e, c in out.items() if np.any(c != 0)}


def _quadratic_terms(quadratic: Quadratic) -> Coefficients:
    """Return the coefficients of a quadratic form by exponents; those that vanish are left out."""
    n_free = quadratic.linear.shape[1]
    unit = np.eye(n_free, dtype=int)
    out = {(0,) * n_free: quadratic.constant}
    for p in range(n_free):
        if np.any(quadratic.linear[:, p] != 0):
            out[tuple(unit[p].tolist())] = quadratic.linear[:, p]
        for q in range(p + 1):
            coefficient = quadratic.square[:, p, q] + (quadratic.square[:, q, p] if p != q else 0.0)
            if np.any(coefficient != 0):
                out[tuple((unit[p] + unit[q]).tolist())] = coefficient
    return out
