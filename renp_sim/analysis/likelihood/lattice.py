"""Points that fix the coefficients of a sum of products, so that a model tells them by its values there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.coefficients import Exponents, coefficients_of
from renp_sim.analysis.likelihood.functions import Angle, functions_of
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.model import Model

__all__ = ["Lattice", "size_of", "tabled", "units"]

MOST_MONOMIALS = 400
"""Of more, as of many couplings times angles, a fit that asks the model is cheaper."""

ASIDE = 0.137
"""Turns of an angle after which the polynomial in the others is asked for: where it stands, such as at 0, a
coefficient may vanish (test_a_term_that_vanishes_where_an_angle_stands_is_seen)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lattice:
    """Monomials of f parameters, and as many points as fix the coefficients of a sum of them.

    Parameters
    ----------
    exponents
        Of each monomial, of an angle which of its functions; with one of them all that divide it are there,
        shape (m, f).
    points
        Values of the parameters, shape (m, f).
    inverse
        From values at the points to coefficients, shape (m, m).
    angles
        What of the parameters is one, f.
    """

    exponents: IndexArray
    points: FloatArray
    inverse: FloatArray
    angles: tuple[Angle | None, ...]

    @classmethod
    def of(
        cls, model: "Model", names: tuple[str, ...], theta: FloatArray, scale: FloatArray
    ) -> "Lattice | None":
        """Return the lattice of what μ is a polynomial in, angles beside, or None where it is none.

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
        angles = tuple(_angle_of(model, name) for name in names)
        straight = tuple(name for name, angle in zip(names, angles, strict=True) if angle is None)
        wanted: set[Exponents] = {(0,) * len(straight)}
        for row in _turned(model, names, angles, theta):
            terms = coefficients_of(model, straight, row) if straight else {}
            if terms is None:
                return None
            wanted |= set(terms)
        exponents = _with_angles(np.array(sorted(_closed(wanted)), dtype=np.intp), angles)
        if len(exponents) > MOST_MONOMIALS:
            return None
        points = np.empty(exponents.shape)
        for p, angle in enumerate(angles):
            places = np.array([0.0, 1.0, -1.0]) * scale[p] if angle is None else angle.points()
            points[:, p] = places[exponents[:, p]]
        return cls(
            exponents=exponents,
            points=points,
            inverse=_inverse(exponents, points, scale, angles),
            angles=angles,
        )


def _angle_of(model: "Model", name: str) -> Angle | None:
    (parameter,) = (p for p in model.parameters if p.name == name)
    if parameter.period is None or not parameter.harmonics:
        return None
    return Angle(period=parameter.period, harmonics=parameter.harmonics)


def _turned(
    model: "Model", names: tuple[str, ...], angles: tuple[Angle | None, ...], theta: FloatArray
) -> FloatArray:
    """Return rows of θ with all angles turned away from where they stand, shape (b, p)."""
    periods = {name: angle.period for name, angle in zip(names, angles, strict=True) if angle is not None}
    return theta + ASIDE * np.array([periods.get(parameter.name, 0.0) for parameter in model.parameters])


def _closed(wanted: set[Exponents]) -> set[Exponents]:
    """Add all divisors of the monomials."""
    every = set(wanted)
    for exponents in wanted:
        every |= {tuple(int(i) for i in e) for e in np.ndindex(*(k + 1 for k in exponents))}
    return every


def _with_angles(exponents: IndexArray, angles: tuple[Angle | None, ...]) -> IndexArray:
    """Return the products of monomials (m, f′) with all functions of angles, shape (m′, f)."""
    sizes = [1 if angle is None else angle.n_functions for angle in angles]
    waves = np.array(list(np.ndindex(*sizes)), dtype=np.intp).reshape(int(np.prod(sizes)), len(angles))
    out = np.repeat(waves, len(exponents), axis=0)
    straight = [p for p, angle in enumerate(angles) if angle is None]
    out[:, straight] = np.tile(exponents, (len(waves), 1))
    return out


def _inverse(
    exponents: IndexArray, points: FloatArray, scale: FloatArray, angles: tuple[Angle | None, ...]
) -> FloatArray:
    """Return what makes coefficients of values at the points, shape (m, m)."""
    values, unit = np.ones((len(points), len(points))), np.ones(len(points))
    for p, angle in enumerate(angles):
        own = exponents[:, p]
        # powers of typical steps: those of the parameter itself may be far from 1
        step = scale[p] if angle is None else 1.0
        values *= functions_of(points[:, p] / step, int(np.max(own)) + 1, 0, angle)[own].T
        unit *= step**own
    inverse: FloatArray = np.linalg.inv(values) / unit[:, None]
    return inverse


def size_of(lattice: Lattice, values: FloatArray) -> FloatArray:
    """Return how much of the expectation of any step coefficients (m, ..., b) make, shape (m, b)."""
    largest = np.max(np.abs(values), axis=tuple(range(1, values.ndim - 1)), initial=0.0)
    size: FloatArray = largest * units(lattice)[:, None]
    return size


def units(lattice: Lattice, x: FloatArray | None = None) -> FloatArray:
    """Return what the monomials are where all parameters are typical steps, or at most that beyond x (b, f).

    Shape (m,), or (m, b).
    """
    is_angle = np.array([angle is not None for angle in lattice.angles], dtype=bool)
    typical = np.max(np.abs(lattice.points), axis=0)
    reach = np.where(is_angle, 1.0, typical if x is None else typical + np.abs(x))
    unit: FloatArray = np.prod(reach[..., None, :] ** (lattice.exponents * ~is_angle), axis=-1).T
    return unit


def tabled(model: "Model", theta: FloatArray, columns: IndexArray, lattice: Lattice) -> FloatArray:
    """Return the coefficients of the lattice's monomials at rows of θ (b, p), shape (m, n, b)."""
    rows = np.repeat(theta[None], len(lattice.points), axis=0)
    rows[..., columns] = lattice.points[:, None]
    # asked in one call the model computes the spectrum of a row only once
    values = model.expected(rows).transpose(0, 2, 1)
    out: FloatArray = np.einsum("ml,lkb->mkb", lattice.inverse, values)
    return out
