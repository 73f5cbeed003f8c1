"""Gauss points for a laser line across a threshold: ten of them see a square root under a Gaussian exactly.

Of a pair whose onset is at q² = s₊ the rate goes like sqrt(w) times a smooth function of w = (q² − s₊)/s,
s = 2 E_eg σ the width of the line in q². The average over the line is ∫ sqrt(w) exp(−(w − x)²/2) f(w) dw over
w > 0, x that of the centre: for every x there is a Gauss rule with this weight. Its points and the logarithms
of its weights are smooth in x and are interpolated by Chebyshev series in cells of it.
"""

from functools import cache

import numpy as np
from numpy.polynomial import chebyshev
from scipy.linalg import eigh_tridiagonal

from renp_sim.arrays import FloatArray

__all__ = ["HIGHEST", "LOWEST", "N_POINTS", "onset_rule"]

N_POINTS = 10
"""Enough for 1e-11 where f is smooth over a few line widths (test_onset_rule)."""

LOWEST, HIGHEST = -14.0, 15.0
"""Within which x a line sees the onset: below, less than 1e-43 of it is open; above, the root is smooth."""

CELL = 0.5
"""Width of the cells in x."""

TERMS = 9
"""Of the Chebyshev series in a cell: points and weights to 1e-12."""

FINE_POINTS = 400
"""Of the quadrature from which a rule is built."""


def onset_rule(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return points w > 0 and weights, shape (N_POINTS, ...), so that Σ weight f(w) is the average of f.

    Parameters
    ----------
    x
        Centre of the line in its widths, between `LOWEST` and `HIGHEST`; f goes like sqrt(w) at the onset.
    """
    table = _table()
    at = (x - LOWEST) / CELL
    cell = np.clip(at.astype(np.intp), 0, len(table) - 1)
    u = 2 * (at - cell) - 1
    polynomials = chebyshev.chebvander(u, TERMS - 1)
    values = np.exp(np.einsum("...d,...djk->jk...", polynomials, table[cell]))
    return values[0], values[1]


@cache
def _table() -> FloatArray:
    """Return the series of the logarithms of points and weights, shape (cells, TERMS, 2, N_POINTS)."""
    n_cells = round((HIGHEST - LOWEST) / CELL)
    nodes = chebyshev.chebpts1(TERMS)
    x = LOWEST + CELL * (np.arange(n_cells)[:, None] + (nodes + 1) / 2)
    values = np.log(np.array([[_gauss(float(point)) for point in row] for row in x]))
    fit = np.linalg.inv(chebyshev.chebvander(nodes, TERMS - 1))
    out: FloatArray = np.einsum("dn,cnjk->cdjk", fit, values)
    return out


@cache
def _fine_rule() -> tuple[FloatArray, FloatArray]:
    return np.polynomial.legendre.leggauss(FINE_POINTS)


def _gauss(x: float) -> FloatArray:
    """Return points and weights of one rule, shape (2, N_POINTS): Lanczos on a fine quadrature in sqrt(w)."""
    reach = 76.0
    low = max(0.0, x - np.sqrt(reach))
    high = x + np.sqrt(reach + (x**2 if x < 0 else 0.0))
    place, share = _fine_rule()
    half = (np.sqrt(high) - np.sqrt(low)) / 2
    t = np.sqrt(low) + half * (place + 1)
    w = t**2
    # dw = 2t dt, and the root is in the weight
    weight = share * half * 2 * t * t * np.exp(-((w - x) ** 2) / 2) / np.sqrt(2 * np.pi)
    total = np.sum(weight)
    vector = np.sqrt(weight / total)
    basis = [vector]
    diagonal, off = np.empty(N_POINTS), np.empty(N_POINTS - 1)
    for k in range(N_POINTS):
        image = w * basis[-1]
        diagonal[k] = basis[-1] @ image
        for known in (*basis, *basis):
            image = image - (known @ image) * known
        if k < N_POINTS - 1:
            off[k] = np.linalg.norm(image)
            basis.append(image / off[k])
    points, vectors = eigh_tridiagonal(diagonal, off)
    return np.stack([points, total * vectors[0] ** 2 / np.sqrt(points)])
