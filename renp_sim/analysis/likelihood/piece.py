"""One smooth piece of a kinked parameter, in a variable in which nothing is singular.

At an onset μ goes like the square root of the distance to the end of the piece. With
m = low + (high − low) sin²(πu/2) that is like u or 1 − u: every derivative in u is finite up to the kinks.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.mean import contracted, gram_of
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.likelihood.constraint import ConstraintTerms
    from renp_sim.analysis.likelihood.mean import ModelMean

__all__ = ["MeanInPiece", "Piece", "TermsInPiece"]


STEP = 1e-5
"""Step of u over which the gradient is differenced (test_series_says_what_the_model_says_in_every_piece)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """The map u → m of b toys, each in its own piece.

    Parameters
    ----------
    position
        Of m among the free parameters.
    low, high
        Ends of the piece, shape (b,).
    """

    position: int
    low: FloatArray
    high: FloatArray

    def parameter(self, u: FloatArray) -> FloatArray:
        """Return m of u, shape (b,); the ends exactly, since they are kinks."""
        m = self.low + (self.high - self.low) * np.sin(np.pi * u / 2) ** 2
        return np.where(u <= 0, self.low, np.where(u >= 1, self.high, m))

    def inverse(self, m: FloatArray) -> FloatArray:
        """Return u of m, shape (b,)."""
        part = np.clip((m - self.low) / (self.high - self.low), 0.0, 1.0)
        return 2 / np.pi * np.arcsin(np.sqrt(part))

    def slope(self, u: FloatArray) -> FloatArray:
        """Return dm/du, shape (b,)."""
        return (self.high - self.low) * np.pi / 2 * np.sin(np.pi * u)

    def bend(self, u: FloatArray) -> FloatArray:
        """Return d²m/du², shape (b,)."""
        return (self.high - self.low) * np.pi**2 / 2 * np.cos(np.pi * u)

    def inside(self, x: FloatArray) -> FloatArray:
        """Return free parameters with m in the place of u, shape (f, b)."""
        out = x.copy()
        out[self.position] = self.parameter(x[self.position])
        return out

    def take(self, rows: IndexArray) -> "Piece":
        """Return the map of these toys only."""
        return replace(self, low=self.low[rows], high=self.high[rows])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeanInPiece:
    """A mean in u; implements `renp_sim.analysis.likelihood.mean.Mean`."""

    inner: "ModelMean"
    piece: Piece

    @property
    def bent(self) -> tuple[int, ...]:
        """What is bent in m, and u."""
        return tuple({*self.inner.bent, self.piece.position})

    def value(self, x: FloatArray) -> FloatArray:
        """Return μ, shape (n, b)."""
        return self.inner.value(self.piece.inside(x))

    def jacobian(self, x: FloatArray) -> FloatArray:
        """Return ∂μ/∂x with u in the place of m, shape (f, n, b)."""
        out = self.inner.jacobian(self.piece.inside(x))
        out[self.piece.position] *= self.piece.slope(x[self.piece.position])
        return out

    def derivatives(
        self, x: FloatArray, slope: FloatArray, weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the sums of `Mean.derivatives`, ∂²μ in rows of `bent` only."""
        at = self.piece.position
        inward = np.where(x[at] < 0.5, STEP, -STEP)
        steps = [(p, inward if p == at else float(self.inner.step[p])) for p in self.bent]
        return contracted(self, x, slope, weight, steps)

    def gram(self, x: FloatArray, weight: FloatArray) -> FloatArray:
        """Return Σ_k weight_k ∂μ_k ∂μ_kᵀ, shape (f, f, b)."""
        return gram_of(self.jacobian(x), weight)

    def take(self, rows: IndexArray) -> "MeanInPiece":
        """Return the mean of these toys only."""
        return MeanInPiece(inner=self.inner.take(rows), piece=self.piece.take(rows))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TermsInPiece:
    """Constraint terms with u in the place of m; implements `Terms`."""

    inner: "ConstraintTerms"
    piece: Piece

    @property
    def index(self) -> IndexArray:
        """Which free parameters are constrained."""
        return self.inner.index

    def value(self, x: FloatArray) -> FloatArray:
        """Return the sum of the terms, shape (b,)."""
        return self.inner.value(self.piece.inside(x))

    def add_derivatives(self, x: FloatArray, gradient: FloatArray, hessian: FloatArray) -> None:
        """Add the first and second derivatives to a gradient (f, b) and a Hessian (f, f, b)."""
        at = self.piece.position
        own, bend = np.zeros_like(gradient), np.zeros_like(hessian)
        self.inner.add_derivatives(self.piece.inside(x), own, bend)
        slope = self.piece.slope(x[at])
        bend[at, at] = bend[at, at] * slope**2 + own[at] * self.piece.bend(x[at])
        own[at] *= slope
        gradient += own
        hessian += bend

    def take(self, rows: IndexArray) -> "TermsInPiece":
        """Return the terms of these toys only."""
        return TermsInPiece(inner=self.inner.take(rows), piece=self.piece.take(rows))
