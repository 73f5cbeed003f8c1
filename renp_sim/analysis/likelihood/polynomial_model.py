"""A model whose expectation is a polynomial in the parameters that float, known by its coefficients.

Couplings, normalisation and backgrounds make one, so after a few calls of the physics a profile, a limit or a
belt needs none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.coefficients import coefficients_of
from renp_sim.analysis.model import Parameter, Quadratic
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["PolynomialModel", "as_polynomial"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolynomialModel:
    """μ_k = Σ_m coefficient_mk Π_p θ_p^exponent_mp; implements `renp_sim.analysis.model.Model`.

    Parameters
    ----------
    parameters
        Those of the model that it stands for; resting ones have exponent 0, wherever they are moved.
    exponents
        Shape (m, p).
    coefficients
        Shape (m, n).
    """

    parameters: tuple[Parameter, ...]
    exponents: IndexArray
    coefficients: FloatArray

    def expected(self, theta: FloatArray) -> FloatArray:
        """Return μ, shape (..., n), for θ of shape (..., p)."""
        return self._monomials(np.asarray(theta, dtype=float)) @ self.coefficients

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Return ∂μ/∂θ, shape (..., n, p)."""
        theta = np.asarray(theta, dtype=float)
        out = np.zeros((*theta.shape[:-1], self.coefficients.shape[1], len(self.parameters)))
        for p in np.flatnonzero(np.any(self.exponents > 0, axis=0)).tolist():
            lowered = self.exponents.copy()
            lowered[:, p] = np.maximum(lowered[:, p] - 1, 0)
            slopes = self.coefficients * self.exponents[:, p, None]
            out[..., p] = np.prod(theta[..., None, :] ** lowered, axis=-1) @ slopes
        return out

    def kinks(
        self, parameter: str, theta: FloatArray, low: float = -np.inf, high: float = np.inf
    ) -> FloatArray:
        """Return none: a polynomial is smooth."""
        return np.empty((*np.shape(theta)[:-1], 0))

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        """Return the coefficients where μ is quadratic in these parameters, the rest at θ (p,); else None."""
        names = [p.name for p in self.parameters]
        columns = np.array([names.index(name) for name in parameters], dtype=np.intp)
        own = self.exponents[:, columns]
        others = self.exponents.copy()
        others[:, columns] = 0
        rows = np.prod(np.asarray(theta, dtype=float) ** others, axis=-1)[:, None] * self.coefficients
        degree = own.sum(axis=1)
        if np.any(degree > 2):
            return None
        n, f = self.coefficients.shape[1], len(columns)
        linear, square = np.zeros((n, f)), np.zeros((n, f, f))
        for row, powers in zip(rows[degree == 1], own[degree == 1], strict=True):
            linear[:, int(np.argmax(powers))] += row
        for row, powers in zip(rows[degree == 2], own[degree == 2], strict=True):
            first, last = np.flatnonzero(powers)[[0, -1]].tolist()
            square[:, first, last] += row / 2
            square[:, last, first] += row / 2
        return Quadratic(constant=rows[degree == 0].sum(axis=0), linear=linear, square=square)

    def tabled(self, names: Sequence[str]) -> Self:
        """Return the same: nothing is slow here."""
        return self

    def at(self, exposure: Exposure) -> NoReturn:
        """Raise: another exposure has other coefficients."""
        raise NotImplementedError("a polynomial belongs to one exposure; ask the model that it stands for")

    def _monomials(self, theta: FloatArray) -> FloatArray:
        out: FloatArray = np.prod(theta[..., None, :] ** self.exponents, axis=-1)
        return out


def as_polynomial(setup: Setup) -> Setup:
    """Return the set-up with its model as a polynomial in what floats, where it is one; else as it is."""
    if setup.kinked or not setup.names:
        return setup
    terms = coefficients_of(setup.model, setup.names, setup.theta)
    if terms is None:
        return setup
    exponents = np.zeros((len(terms), len(setup.theta)), dtype=np.intp)
    exponents[:, setup.free] = list(terms)
    model = PolynomialModel(
        parameters=setup.model.parameters,
        exponents=exponents,
        coefficients=np.array(list(terms.values()), dtype=float),
    )
    return setup.standing_for(model)
