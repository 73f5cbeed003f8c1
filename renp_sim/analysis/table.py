"""Fits of one free parameter in which μ is a polynomial, read off a table that all toys share.

For given counts −2 ln L is linear in them at every x, and so is each coefficient of its Taylor series. So a
table of these at points closer than half a standard deviation turns the search of the lowest point into a
product of matrices and the way from there to the minimum into a cubic; what the exact slope does not
confirm is fitted step by step.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.likelihood import TINY, Likelihood
from renp_sim.analysis.newton import DECREASE_TOLERANCE, Minimum, Status, minimise

if TYPE_CHECKING:
    from renp_sim.analysis.constraint import ConstraintTerms
    from renp_sim.analysis.mean import PolynomialMean

__all__ = ["Table"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


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
        Coefficients of each count and of 1, shape (n + 1, g).
    series
        The same for powers 1, 2, 3 of x − point, shape (g, 3, n + 1).
    """

    mean: "PolynomialMean"
    terms: "ConstraintTerms"
    points: FloatArray
    value: FloatArray
    series: FloatArray

    @classmethod
    def of(cls, mean: "PolynomialMean", terms: "ConstraintTerms", points: FloatArray) -> "Table | None":
        """Return the table, or None where μ vanishes at a point and has no series."""
        m0, m1, m2, m3 = mean.derivatives(points)
        if m0.size == 0 or m0.min() <= TINY:
            return None
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
            value=np.ascontiguousarray(rows[0]),
            series=np.ascontiguousarray(rows[1:].transpose(2, 0, 1)),
        )

    def fit(self, counts: FloatArray, lower: float, upper: float) -> Minimum:
        """Return the minimum of each toy between bounds, for counts of shape (n, b)."""
        n_toys = counts.shape[1]
        ones = np.empty((n_toys, len(counts) + 1))
        ones[:, :-1] = counts.T
        ones[:, -1] = 1.0
        at = np.argmin(ones @ self.value, axis=1)
        c1, c2, c3 = np.einsum("bjk,bk->jb", np.take(self.series, at, axis=0), ones)
        x = np.clip(np.take(self.points, at) + _vertex(c1, c2, c3), lower, upper)[None]
        likelihood = Likelihood(counts=counts, mean=self.mean, terms=self.terms)
        q, slope = likelihood.value_and_slope(x)
        # the slope left, and the curvature of the series, tell how much a fit could still gain
        sure = (c2 > 0) & (slope[0] ** 2 <= 4 * c2 * DECREASE_TOLERANCE)
        status = np.zeros(n_toys, dtype=np.int8)
        out = Minimum(x=x, q=q, status=status, calls=np.full(n_toys, 2, dtype=np.int32))
        rest = np.flatnonzero(~sure)
        if len(rest):
            bounds = np.array([[lower]]), np.array([[upper]])
            fits = minimise(likelihood.take(rest), x[:, rest], *bounds)
            out.x[:, rest], out.q[rest] = fits.x, fits.q
            out.status[rest] = fits.status
            out.calls[rest] += fits.calls
        return out


def _vertex(c1: FloatArray, c2: FloatArray, c3: FloatArray) -> FloatArray:
    """Return the minimum of c1 d + c2 d² + c3 d³ that is next to d = 0, that of its parabola if none."""
    inside = c2 * c2 - 3 * c1 * c3
    root = np.abs(c2) + np.sqrt(np.maximum(inside, 0.0))
    return -c1 / np.where(root > 0, root, np.inf)
