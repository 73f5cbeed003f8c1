"""Points that fix the coefficients of a polynomial, so that a model tells them by its values there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.coefficients import Exponents, coefficients_of
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.model import Model

__all__ = ["Lattice", "size_of", "tabled"]


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


def size_of(lattice: Lattice, values: FloatArray) -> FloatArray:
    """Return how much of the expectation of any step coefficients (m, ..., b) make, shape (m, b)."""
    typical = np.where(lattice.exponents > 0, np.abs(lattice.points), 1.0)
    largest = np.max(np.abs(values), axis=tuple(range(1, values.ndim - 1)), initial=0.0)
    size: FloatArray = largest * np.prod(typical**lattice.exponents, axis=1)[:, None]
    return size


def tabled(model: "Model", theta: FloatArray, columns: IndexArray, lattice: Lattice) -> FloatArray:
    """Return the coefficients of the lattice's monomials at rows of θ (b, p), shape (m, n, b)."""
    rows = np.repeat(theta[None], len(lattice.points), axis=0)
    rows[..., columns] = lattice.points[:, None]
    # asked in one call the model computes the spectrum of a row only once
    values = model.expected(rows).transpose(0, 2, 1)
    out: FloatArray = np.einsum("ml,lkb->mkb", lattice.inverse, values)
    return out
