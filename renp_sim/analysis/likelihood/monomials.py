"""Sums of monomials whose coefficients are numbers, or functions of one more parameter, u."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from renp_sim.analysis.likelihood.functions import Angle, functions_of
from renp_sim.analysis.likelihood.mean import gram_of
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["Monomials"]

_Term = tuple[int, list[tuple[int, int]]]
"""Which function, and times which functions of which parameters."""


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
    def left(self) -> dict[tuple[int, ...], list[_Term]]:
        """What derivatives leave of the monomials, of the moving ones where one is by u."""
        return {by: self._left(by) for by in self.orders}

    def _left(self, by: tuple[int, ...]) -> list[_Term]:
        out: list[_Term] = []
        own = self.exponents[self.moving] if self.position in by else self.exponents
        for row, exponents in enumerate(own.tolist()):
            order = [by.count(p) if p != self.position else 0 for p in range(len(exponents))]
            # the first derivative of a power of 1 is 1, and so is a power of 0
            is_one = [
                e == k < 2 if self.angles[p] is None else e == k == 0
                for p, (e, k) in enumerate(zip(exponents, order, strict=True))
            ]
            vanishes = [
                e < (k if self.angles[p] is None else min(k, 1))
                for p, (e, k) in enumerate(zip(exponents, order, strict=True))
            ]
            if not any(vanishes):
                out.append((row, [(p, e) for p, e in enumerate(exponents) if not is_one[p]]))
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
        needed = {p for _, factors in self.left[by] for p, _ in factors}
        highest = np.max(self.exponents, axis=0, initial=0) + 1
        own = {p: functions_of(x[p], int(highest[p]), by.count(p), self.angles[p]) for p in needed}
        for row, factors in self.left[by]:
            term = of[row]
            if factors:
                term = math.prod(own[p][e] for p, e in factors) * term
            out += term
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
            if len(by) == 2 and left:
                total = np.einsum("kb,kb->b", self.summed(x, by, functions), slope)
                hessian[by] += total
                if by[0] != by[1]:
                    hessian[by[::-1]] += total
        return np.einsum("fkb,kb->fb", jacobian, slope), hessian
