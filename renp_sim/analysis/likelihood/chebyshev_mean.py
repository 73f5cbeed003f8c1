"""The expectation in one smooth piece of a kinked parameter as a Chebyshev series: many toys share it.

In the variable u of `renp_sim.analysis.likelihood.piece` the expectation is smooth in a piece and at its
ends, so that a few dozen values of the model say all of it, and a fit needs no other.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.lattice import Lattice
from renp_sim.analysis.likelihood.mean import gram_of
from renp_sim.analysis.likelihood.monomials import Monomials
from renp_sim.analysis.likelihood.piece import Piece
from renp_sim.analysis.likelihood.row_mean import RowMean, differentiated
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renp_sim.analysis.floating import Setup

__all__ = ["LAST_TERMS", "NODES", "TAIL", "PieceMean"]


NODES = 48
"""Values of u at which the model is asked, those of the Chebyshev polynomial of this degree
(test_series_says_what_the_model_says_in_every_piece)."""

TAIL = 1e-6
"""How large the last terms of a series may be, in standard deviations of the counts
(test_series_says_what_the_model_says_in_every_piece)."""

LAST_TERMS = 3
"""Which say so (test_a_last_term_that_vanishes_does_not_end_a_series)."""

NEGLIGIBLE = 1e-4
"""Terms at the end of a series that are smaller than this share of `TAIL` are dropped
(test_no_fit_is_worse_than_minuit_from_many_starts)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PieceMean:
    """μ_k = Σ_m c_mk(u) Π_p x_p^exponent_mp; implements `renp_sim.analysis.likelihood.mean.Mean`.

    Parameters
    ----------
    monomials
        Which they are.
    coefficients
        Of those that u does not move, shape (m, n, 1).
    series
        Chebyshev coefficients in 2u − 1 of the others and of their first and second derivatives in u, shape
        (3, s n, d).
    """

    monomials: Monomials
    coefficients: FloatArray
    series: FloatArray

    @classmethod
    def of(
        cls, setup: "Setup", position: int, low: float, high: float, lattice: Lattice
    ) -> "PieceMean | None":
        """Return the mean in the piece from low to high, or None where the series does not end in time.

        Parameters
        ----------
        setup
            What floats.
        position
            Of the kinked parameter among it.
        low, high
            Ends of the piece.
        lattice
            Of all others.
        """
        piece = Piece(position=position, low=np.array([low]), high=np.array([high]))
        others, column = np.delete(setup.free, position), int(setup.free[position])
        mean, sizes = RowMean.in_pieces(setup.model, setup.theta[None], others, lattice, piece, column, NODES)
        if np.max(sizes[-LAST_TERMS:]) > TAIL:
            return None
        last = max(int(np.max(np.flatnonzero(sizes > NEGLIGIBLE * TAIL), initial=0)), 2)
        terms = mean.series[: last + 1].reshape(last + 1, -1)
        series = np.stack([differentiated(last + 1, order).T @ terms for order in range(3)])
        return cls(
            monomials=mean.monomials,
            coefficients=mean.coefficients,
            series=np.ascontiguousarray(series.transpose(0, 2, 1)),
        )

    def with_template(self, template: FloatArray) -> "PieceMean":
        """Return the mean with one more parameter, the last, times counts (n,) that u does not move."""
        own = self.monomials
        exponents = np.pad(own.exponents, ((0, 1), (0, 1)))
        exponents[-1, -1] = 1
        return replace(
            self,
            monomials=replace(own, exponents=exponents, angles=(*own.angles, None)),
            coefficients=np.concatenate([self.coefficients, template[None, :, None]]),
        )

    @property
    def position(self) -> int:
        """Of u among the parameters."""
        assert self.monomials.position is not None
        return self.monomials.position

    @property
    def bent(self) -> tuple[int, ...]:
        """What is squared, angles, and u."""
        return self.monomials.bent

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b)."""
        return np.maximum(self.monomials.summed(x, (), self._functions(x, 0)), 0.0)

    def derivatives(
        self, x: FloatArray, slope: FloatArray, weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the sums of `renp_sim.analysis.likelihood.mean.Mean.derivatives`."""
        return self.monomials.derivatives(x, self._functions(x, 2), slope, weight)

    def gram(self, x: FloatArray, weight: FloatArray) -> FloatArray:
        """Return Σ_k weight_k ∂μ_k ∂μ_kᵀ, shape (f, f, b)."""
        return gram_of(self.monomials.jacobian(x, self._functions(x, 1)), weight)

    def take(self, rows: IndexArray) -> "PieceMean":
        """Return itself: all toys share the series."""
        return self

    def _functions(self, x: FloatArray, highest: int) -> "list[Sequence[FloatArray]]":
        """Return what multiplies the monomials, (n, b) or (n, 1), and derivatives of what u moves."""
        v = 2 * x[self.position] - 1
        polynomials = np.empty((self.series.shape[2], len(v)))
        polynomials[0], polynomials[1] = 1.0, v
        twice = 2 * v
        for j in range(2, len(polynomials)):
            np.multiply(twice, polynomials[j - 1], out=polynomials[j])
            polynomials[j] -= polynomials[j - 2]
        n_steps = self.coefficients.shape[1]
        moved = [
            (self.series[order] @ polynomials).reshape(-1, n_steps, len(v)) for order in range(highest + 1)
        ]
        return [self.monomials.with_moved(self.coefficients, moved[0]), *moved[1:]]
