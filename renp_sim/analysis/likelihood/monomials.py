"""Sums of monomials whose coefficients are numbers, or functions of one more parameter, u."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from renp_sim.analysis.likelihood.functions import Angle, functions_of
from renp_sim.analysis.likelihood.mean import gram_of
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["Monomials"]


# no slots: what is derived is kept, since every iteration of a fit asks for it
@dataclass(frozen=True, kw_only=True, eq=False)
class Monomials:
    """Monomials of f parameters, of which some are multiplied by functions of one more, u.

    Parameters
    ----------
    exponents
        Shape (m, f) with 0 for u; of an angle which of its functions.
    angles
        What of the parameters is one, f.
    moving
        Which monomials u moves, shape (s,).
    position
        Of u among the parameters, None where there is none.
    """

    exponents: IndexArray
    angles: tuple[Angle | None, ...]
    moving: IndexArray
    position: int | None

    @cached_property
    def bent(self) -> tuple[int, ...]:
        """What is squared, angles, and u."""
        highest = np.max(self.exponents, axis=0, initial=0).tolist()
        bent = [p for p, most in enumerate(highest) if most > 1 or (most and self.angles[p] is not None)]
        return tuple(bent) if self.position is None else (*bent, self.position)

    @cached_property
    def orders(self) -> tuple[tuple[int, ...], ...]:
        """No, one and two derivatives by parameters, p ≥ q."""
        every = range(self.exponents.shape[1])
        return ((), *((p,) for p in every), *((p, q) for p in every for q in every if q <= p))

    @cached_property
    def left(self) -> dict[tuple[int, ...], IndexArray]:
        """Which monomials derivatives leave something of, of the moving ones where one is by u."""
        return {by: self._left(by) for by in self.orders}

    def _left(self, by: tuple[int, ...]) -> IndexArray:
        own = self.exponents[self.moving] if self.position in by else self.exponents
        stays = np.ones(len(own), dtype=bool)
        for p in set(by) - {self.position}:
            stays &= own[:, p] >= (by.count(p) if self.angles[p] is None else 1)
        return np.flatnonzero(stays)

    def factors(self, x: FloatArray, by: tuple[int, ...]) -> FloatArray:
        """Return what is left of these monomials at x (f, b), without what u does, shape (l, b)."""
        exponents = self.exponents[self.moving] if self.position in by else self.exponents
        own = exponents[self.left[by]]
        out = np.ones((len(own), x.shape[1]))
        for p, angle in enumerate(self.angles):
            most = int(np.max(own[:, p], initial=0))
            if most and p != self.position:
                out *= functions_of(x[p], most + 1, by.count(p), angle)[own[:, p]]
        return out

    def with_moved(self, coefficients: FloatArray, moved: FloatArray) -> list[FloatArray]:
        """Return what multiplies the monomials: numbers (m, ...), of some of them functions of u (s, ...)."""
        own = list(coefficients)
        for m, function in zip(self.moving.tolist(), moved, strict=True):
            own[m] = function
        return own

    def summed(
        self, x: FloatArray, by: tuple[int, ...], functions: Sequence[Sequence[FloatArray]]
    ) -> FloatArray:
        """Return μ or a derivative of it, shape (n, b).

        Parameters
        ----------
        x
            Shape (f, b).
        by
            Parameters of the derivative.
        functions
            What multiplies the monomials, (n, b) or (n, 1) each, and the first and second derivatives of
            those that u moves.
        """
        of = functions[0 if self.position is None else by.count(self.position)]
        out = np.zeros((functions[0][0].shape[0], x.shape[1]))
        for row, factor in zip(self.left[by].tolist(), self.factors(x, by), strict=True):
            out += factor * of[row]
        return out

    def jacobian(self, x: FloatArray, functions: Sequence[Sequence[FloatArray]]) -> FloatArray:
        """Return ∂μ/∂x, shape (f, n, b)."""
        return np.stack([self.summed(x, (p,), functions) for p in range(len(x))])

    def derivatives(
        self,
        x: FloatArray,
        functions: Sequence[Sequence[FloatArray]],
        slope: FloatArray,
        weight: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:
        """Return the sums of `renp_sim.analysis.likelihood.mean.Mean.derivatives`."""
        jacobian = self.jacobian(x, functions)
        hessian = gram_of(jacobian, weight)
        for by, left in self.left.items():
            if len(by) == 2 and len(left):
                total = np.einsum("kb,kb->b", self.summed(x, by, functions), slope)
                hessian[by] += total
                if by[0] != by[1]:
                    hessian[by[::-1]] += total
        return np.einsum("fkb,kb->fb", jacobian, slope), hessian
