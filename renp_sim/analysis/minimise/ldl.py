"""Small symmetric systems, one for each of many toys, solved by LDLᵀ along the toy axis."""

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["solve_positive"]


SINGULAR = 1e-11
"""A pivot below this fraction of its diagonal element is no information
(test_two_parameters_that_nothing_tells_apart_are_unconstrained)."""


def solve_positive(matrix: FloatArray, right: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Solve A x = y for b symmetric matrices, and tell which are positive definite.

    A pivot without information stops its parameter, so that the answer is finite everywhere.

    Parameters
    ----------
    matrix
        A, shape (f, f, b), or (f, f, 1) where all share it; its lower triangle is read.
    right
        y, shape (f, b).
    """
    n = len(matrix)
    factor = [[matrix[i, j] for j in range(i)] for i in range(n)]
    inverse: list[FloatArray] = []
    positive = np.ones(right.shape[1], dtype=bool)
    y = [row.copy() for row in right]
    for j in range(n):
        # what the eliminated parameters explain of this row
        scaled = [factor[j][k] for k in range(j)]
        factor[j] = [scaled[k] * inverse[k] for k in range(j)]
        pivot = matrix[j, j]
        for k in range(j):
            pivot = pivot - scaled[k] * factor[j][k]
            y[j] -= factor[j][k] * y[k]
        usable = pivot > SINGULAR * np.abs(matrix[j, j])
        positive &= usable
        if np.all(usable):
            inverse.append(1 / pivot)
        else:
            inverse.append(np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0))
        for i in range(j + 1, n):
            for k in range(j):
                factor[i][j] = factor[i][j] - factor[j][k] * factor[i][k]
    out = np.empty_like(right)
    for j in reversed(range(n)):
        np.multiply(y[j], inverse[j], out=out[j])
        for i in range(j + 1, n):
            out[j] -= factor[i][j] * out[i]
    return out, positive
