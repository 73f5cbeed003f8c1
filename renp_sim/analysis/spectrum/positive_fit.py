"""Poisson fits of sums of positive shapes with coefficients ≥ 0, many at once.

−2 ln L is convex in the coefficients of μ = b + Σ_p A_p β_p, so there is one minimum, and damped Newton steps
that stop at 0 find it.
"""

from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

__all__ = ["PositiveFit", "fit_positive"]


ITERATIONS = 200
"""So that there is an end; 15 are too few where counts are many (`test_minimum_of_a_convex_function`)."""

TOLERANCE = 1e-6
"""A step that is predicted to lower −2 ln L by less ends the fit (`test_expectations_are_given_back`)."""

FIRST_DAMPING = 1e-2
"""Of a step; one that is damped more is no end (`test_minimum_of_a_convex_function`)."""

SEEN = 0.1
"""Standard deviations of a count: what adds less everywhere does nothing, though it may be left above 0
(test_onsets_between_steps_with_many_counts_are_found)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PositiveFit:
    """Minima of g fits.

    Parameters
    ----------
    coefficients
        β ≥ 0, shape (g, p).
    q
        −2 ln L against the saturated model, shape (g,).
    converged
        Whether the last step was small enough, shape (g,).
    in_use
        How many coefficients add something that can be seen, shape (g,).
    """

    coefficients: FloatArray
    q: FloatArray
    converged: BoolArray
    in_use: IndexArray


def fit_positive(design: FloatArray, counts: FloatArray, background: FloatArray) -> PositiveFit:
    """Return the best coefficients of each fit.

    Parameters
    ----------
    design
        A ≥ 0: counts per unit of each coefficient, shape (g, k, p).
    counts, background
        Shape (g, k); rows where all three are 0 do not count.
    """
    size = np.sum(design, axis=1)
    shapes = design / np.where(size > 0, size, 1.0)[:, None, :]
    signal = np.maximum(np.sum(counts - background, axis=1), 1.0)
    beta = np.repeat(signal[:, None] / design.shape[2], design.shape[2], axis=1)
    q = _deviance(shapes, counts, background, beta)
    damping = np.full(len(beta), FIRST_DAMPING)
    going = np.arange(len(beta))
    problem = (shapes, counts, background)
    for _ in range(ITERATIONS):
        step, promised = _step(*problem, beta[going], damping[going])
        trial = np.maximum(beta[going] + step, 0.0)
        q_trial = _deviance(*problem, trial)
        cut = np.flatnonzero(q_trial > q[going])
        if len(cut):
            trial[cut] = _inside(beta[going[cut]], step[cut])
            q_trial[cut] = _deviance(problem[0][cut], problem[1][cut], problem[2][cut], trial[cut])
        better = q_trial <= q[going]
        beta[going[better]], q[going[better]] = trial[better], q_trial[better]
        is_done = (promised < TOLERANCE) & (damping[going] <= FIRST_DAMPING)
        damping[going] = np.where(better, damping[going] / 10, 10 * damping[going])
        if np.any(is_done):
            going = going[~is_done]
            problem = (shapes[going], counts[going], background[going])
        if not len(going):
            break
    mu = np.einsum("gkp,gp->gk", shapes, beta) + background
    added = shapes * beta[:, None, :] / np.sqrt(np.maximum(mu, 1.0))[:, :, None]
    return PositiveFit(
        coefficients=beta / np.where(size > 0, size, 1.0),
        q=q,
        converged=~np.isin(np.arange(len(beta)), going),
        in_use=np.sum(np.max(added, axis=1) > SEEN, axis=1),
    )


def _deviance(shapes: FloatArray, counts: FloatArray, background: FloatArray, beta: FloatArray) -> FloatArray:
    mu = np.einsum("gkp,gp->gk", shapes, beta) + background
    total: FloatArray = np.sum(poisson_deviance(counts, mu), axis=1)
    return total


def _inside(beta: FloatArray, step: FloatArray) -> FloatArray:
    """Return β + step, cut short where the first coefficient reaches 0, so that it still descends."""
    room = np.divide(beta, -step, out=np.full(beta.shape, np.inf), where=step < 0)
    fraction = np.minimum(np.min(room, axis=1, keepdims=True), 1.0)
    return np.where(room <= fraction, 0.0, np.maximum(beta + fraction * step, 0.0))


def _step(
    shapes: FloatArray, counts: FloatArray, background: FloatArray, beta: FloatArray, damping: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return a Levenberg–Marquardt step of the coefficients that are not held at 0, and what it promises."""
    mu = np.einsum("gkp,gp->gk", shapes, beta) + background
    inverse = np.where(mu > 0, 1 / np.where(mu > 0, mu, 1.0), 0.0)
    gradient = 2 * np.einsum("gkp,gk->gp", shapes, 1 - counts * inverse)
    weighted = shapes * (2 * counts * inverse**2)[:, :, None]
    hessian = np.matmul(weighted.transpose(0, 2, 1), shapes)
    # the expectation of the Hessian has a diagonal also where nothing was counted
    fisher = 2 * np.einsum("gkp,gkp,gk->gp", shapes, shapes, inverse)
    diagonal = np.arange(beta.shape[1])
    hessian[:, diagonal, diagonal] += damping[:, None] * fisher + 1e-12
    held = (beta <= 0) & (gradient > 0)
    step = np.zeros_like(beta)
    rows = np.arange(len(beta))
    # of most fits nothing leaves, and they are solved once
    while len(rows):
        rests = held[rows]
        matrix = hessian[rows] * ~(rests[:, :, None] | rests[:, None, :])
        matrix[:, diagonal, diagonal] += rests
        step[rows] = -_solved(matrix, np.where(rests, 0.0, gradient[rows]))
        leaving = (beta[rows] <= 0) & (step[rows] < 0) & ~rests
        held[rows] |= leaving
        rows = rows[np.any(leaving, axis=1)]
    promised: FloatArray = -np.sum(np.where(held, 0.0, gradient) * step, axis=1)
    return step, promised


def _solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Return the solutions of equations (g, p, p) for right-hand sides (g, p), scaled to a diagonal of 1.

    Where a step that counted is expected to see next to nothing, one direction outweighs all others.
    """
    size = np.sqrt(np.diagonal(matrix, axis1=1, axis2=2))
    scaled = matrix / (size[:, :, None] * size[:, None, :])
    return np.asarray(np.linalg.solve(scaled, (right / size)[:, :, None])[:, :, 0] / size)
