"""Newton steps of many toys, also where a Hessian is not positive definite.

There they go as in Dauphin et al., arXiv:1406.2572: along each eigenvector by its slope over the size of its
curvature. The expectation of the Hessian (Fisher) leads astray where some combination of phases is seen by
second derivatives only.
"""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.minimise.ldl import solve_positive
from renp_sim.arrays import BoolArray, FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.likelihood.poisson import Likelihood

__all__ = ["FIRST_DAMPING", "newton_step", "step_off_saddle"]

FIRST_DAMPING = 1e-4
"""Of what a fit begins with after a failure: with 1e-2 it creeps along valleys that are 1e4 times as flat as
steep (test_toys_of_couplings_beside_a_norm_have_the_minima_of_the_profile)."""

FLATTEST = 1e-9
"""A curvature below this, relative to those of the parameters, is no information
(test_steps_go_down_on_both_sides_of_a_saddle)."""

PUSH = 1e-3
"""By how much −2 ln L is to fall where a fit stands on the top of a barrier (test_a_fit_leaves_a_barrier)."""


def newton_step(
    likelihood: "Likelihood",
    x: FloatArray,
    slope: FloatArray,
    hessian: FloatArray,
    held: BoolArray,
    damping: FloatArray,
) -> tuple[FloatArray, BoolArray]:
    """Return the step, shape (f, b), and whether the data see all parameters that are not held."""
    step, good = solve_positive(_bounded(hessian, held, damping), -slope)
    bad = np.flatnonzero(~good)
    if len(bad):
        plain = _bounded(hessian[..., bad], held[:, bad], np.zeros(len(bad)))
        off, is_saddle = step_off_saddle(plain, slope[:, bad], damping[bad] / FIRST_DAMPING)
        step[:, bad[is_saddle]], good[bad[is_saddle]] = off[:, is_saddle], True
        bad = bad[~is_saddle]
    if len(bad):
        # counts of nothing have no second derivatives
        expected = _bounded(likelihood.take(bad).fisher(x[:, bad]), held[:, bad], damping[bad])
        step[:, bad], good[bad] = solve_positive(expected, -slope[:, bad])
    return step, good


def _bounded(matrix: FloatArray, held: BoolArray, damping: FloatArray) -> FloatArray:
    """Return the damped matrix without rows and columns of parameters that are held."""
    if not (np.any(held) or np.any(damping > 0)):
        return matrix
    out = matrix * ~(held[:, None] | held[None, :])
    for p in range(len(out)):
        out[p, p] = np.where(held[p], 1.0, out[p, p] + damping * np.abs(out[p, p]))
    return out


def step_off_saddle(
    hessian: FloatArray, slope: FloatArray, damping: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return steps, shape (f, b), and where there is a saddle or a top, shape (b,).

    Parameters
    ----------
    hessian
        Shape (f, f, b).
    slope
        Of −2 ln L, shape (f, b).
    damping
        In curvatures of the parameters, shape (b,).
    """
    # far out, where numbers overflow, nothing is known, and LAPACK would end the fits of all
    is_known = np.all(np.isfinite(hessian), axis=(0, 1))
    hessian = np.where(is_known, hessian, np.eye(len(hessian))[..., None])
    size = np.sqrt(np.abs(np.einsum("ppb->bp", hessian)))
    size = np.where(size > 0, size, 1.0)
    scaled = hessian.transpose(2, 0, 1) / (size[:, :, None] * size[:, None, :])
    curvature, vectors = np.linalg.eigh(scaled)
    along = np.einsum("bpe,pb->be", vectors, slope / size.T)
    is_seen = np.abs(curvature) > FLATTEST
    steps = np.where(is_seen, -along / (np.maximum(np.abs(curvature), FLATTEST) + damping[:, None]), 0.0)
    push = np.sqrt(2 * PUSH / np.maximum(-curvature, FLATTEST)) / (1 + damping[:, None])
    is_top = is_seen & (curvature < 0) & (np.abs(steps) < push)
    steps = np.where(is_top, np.copysign(push, -along), steps)
    out: FloatArray = np.einsum("bpe,be->pb", vectors, steps) / size.T
    return out, np.any(curvature < -FLATTEST, axis=1)
