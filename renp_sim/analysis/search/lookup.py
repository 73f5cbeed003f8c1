"""Fits of one free parameter in which μ is a polynomial, read off a table that all toys share.

For given counts −2 ln L is linear in them at every x, and so is each coefficient of its Taylor series. So a
table of these at points closer than half a standard deviation turns the search of the lowest point into a
product of matrices and the way from there to the minimum into a cubic; what the exact slope does not
confirm is fitted step by step.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import polynomial

from renp_sim.analysis.likelihood.poisson import TINY, Likelihood
from renp_sim.analysis.minimise.newton import DECREASE_TOLERANCE, minimise
from renp_sim.analysis.minimise.solution import Minimum
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.likelihood.constraint import ConstraintTerms
    from renp_sim.analysis.likelihood.polynomial_mean import PolynomialMean

__all__ = ["Table"]


BLOCK_TOYS = 8192
"""Toys that are read off together."""

LEAST_POINTS = 4
"""A table of fewer points is not worth it (test_no_table_where_the_expectation_vanishes)."""

CLOSE = 0.2
"""The lowest points of two sides that are closer than this are compared exactly; a step gains less
(test_table_reads_off_what_newton_finds)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """−2 ln L and its first three Taylor coefficients at g points, linear in the counts.

    Parameters
    ----------
    mean, terms
        Of one free parameter; the constraint, if any, is the same for all toys.
    points
        Rising, shape (g,).
    value
        Coefficients of each count and of 1, shape (n + 1, g), less those of some point, in single precision:
        to find the lowest point takes no more.
    series
        The same for powers 0 to 3 of x − point, shape (g, 4, n + 1).
    room
        How far the points to the left and to the right are, shape (2, g).
    centre
        First point right of where the steps expect least: there may be a minimum on either side of it.
    """

    mean: "PolynomialMean"
    terms: "ConstraintTerms"
    points: FloatArray
    value: FloatArray
    series: FloatArray
    room: FloatArray
    centre: int

    @classmethod
    def of(
        cls, mean: "PolynomialMean", terms: "ConstraintTerms", points: FloatArray, centre: float
    ) -> "Table | None":
        """Return the table without the points at which some μ vanishes, or None where few are left."""
        powers = mean.powers()
        m0, m1, m2, m3 = (polynomial.polyval(points, polynomial.polyder(powers, m)) for m in range(4))
        kept = np.all(m0 > TINY, axis=0)
        if np.sum(kept) < LEAST_POINTS:
            return None
        points, m0, m1, m2, m3 = points[kept], m0[:, kept], m1[:, kept], m2[:, kept], m3[:, kept]
        # Taylor coefficients of ln μ from those of μ
        r1, r2, r3 = m1 / m0, m2 / (2 * m0), m3 / (6 * m0)
        logarithm = np.stack([np.log(m0), r1, r2 - r1**2 / 2, r3 - r1 * r2 + r1**3 / 3])
        constant = 2 * np.stack([m.sum(axis=0) for m in (m0, m1, m2 / 2, m3 / 6)])
        if len(terms.index):
            slope, bend = np.zeros((1, len(points))), np.zeros((1, 1, len(points)))
            terms.add_derivatives(points[None], slope, bend)
            constant[:3] += [terms.value(points[None]), slope[0], bend[0, 0] / 2]
        rows = np.concatenate([-2 * logarithm, constant[:, None]], axis=1)
        return cls(
            mean=mean,
            terms=terms,
            points=points,
            value=(rows[0] - rows[0, :, len(points) // 2, None]).astype(np.float32),
            series=np.ascontiguousarray(rows.transpose(2, 0, 1)),
            room=np.stack([-np.diff(points, prepend=points[0]), np.diff(points, append=points[-1])]),
            centre=int(np.searchsorted(points, centre)),
        )

    def fit(self, counts: FloatArray, lower: float, upper: float) -> Minimum:
        """Return the minimum of each toy between bounds, for counts of shape (n, b)."""
        n_toys = counts.shape[1]
        out = Minimum(
            x=np.empty((1, n_toys)),
            q=np.empty(n_toys),
            status=np.zeros(n_toys, dtype=np.int8),
            calls=np.full(n_toys, 2, dtype=np.int32),
        )
        unsure = []
        for first in range(0, n_toys, BLOCK_TOYS):
            rows = slice(first, min(first + BLOCK_TOYS, n_toys))
            out.x[:, rows], out.q[rows], sure = self._block(counts[:, rows], lower, upper)
            unsure.append(first + np.flatnonzero(~sure))
        rest = np.concatenate(unsure) if unsure else np.empty(0, dtype=np.intp)
        if len(rest):
            likelihood = Likelihood(counts=counts[:, rest], mean=self.mean, terms=self.terms)
            fits = minimise(likelihood, out.x[:, rest], np.array([[lower]]), np.array([[upper]]))
            out.x[:, rest], out.q[rest], out.status[rest] = fits.x, fits.q, fits.status
            out.calls[rest] += fits.calls
        return out

    def _block(
        self, counts: FloatArray, lower: float, upper: float
    ) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Return x (1, b), −2 ln L (b,) and which toys the exact slope confirms."""
        rows = np.empty((counts.shape[1], len(counts) + 1))
        rows[:, :-1] = counts.T
        rows[:, -1] = 1.0
        x = np.clip(self._lowest(rows), lower, upper)
        likelihood = Likelihood(counts=counts, mean=self.mean, terms=self.terms)
        value, mu = likelihood.with_mean(x[None])
        (slope,), ((bend,),) = likelihood.derivatives(x[None], mu)
        # one more Newton step; unless it gains next to nothing the toy is fitted step by step
        safe = np.where(bend > 0, bend, np.inf)
        gain = 0.5 * slope**2 / safe
        x = x - slope / safe
        sure = (bend > 0) & (gain <= DECREASE_TOLERANCE) & np.isfinite(value) & (x > lower) & (x < upper)
        return x[None], value - gain, sure

    def _lowest(self, rows: FloatArray) -> FloatArray:
        """Return where −2 ln L is lowest by the table, shape (b,)."""
        q = rows.astype(np.float32) @ self.value
        if not 0 < self.centre < len(self.points):
            return self._vertex(rows, np.argmin(q, axis=1))[0]
        toys = np.arange(len(q))
        left = np.argmin(q[:, : self.centre], axis=1)
        right = self.centre + np.argmin(q[:, self.centre :], axis=1)
        rise = q[toys, right] - q[toys, left]
        x, lowest = self._vertex(rows, np.where(rise < 0, right, left))
        close = np.flatnonzero(np.abs(rise) < CLOSE)
        other, value = self._vertex(rows[close], np.where(rise < 0, left, right)[close])
        x[close] = np.where(value < lowest[close], other, x[close])
        return x

    def _vertex(self, rows: FloatArray, at: IndexArray) -> tuple[FloatArray, FloatArray]:
        """Return the minimum of the cubic around a point of each toy and −2 ln L there, shape (b,) each."""
        c0, c1, c2, c3 = np.einsum("bjk,bk->jb", np.take(self.series, at, axis=0), rows)
        root = c2 + np.sqrt(np.maximum(c2 * c2 - 3 * c1 * c3, 0.0))
        step = np.clip(-c1 / np.where(root > 0, root, np.inf), self.room[0, at], self.room[1, at])
        return self.points[at] + step, c0 + step * (c1 + step * (c2 + step * c3))
