"""Steps where a Hessian is not positive definite: off a saddle, and off the top of a barrier.

As in Dauphin et al., arXiv:1406.2572: along each eigenvector by its slope over the size of its curvature. The
expectation of the Hessian (Fisher) leads astray where some combination of phases is seen by second
derivatives only.
"""

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["step_off_saddle"]

FLATTEST = 1e-9
"""A curvature below this, relative to those of the parameters, is no information."""

PUSH = 1e-3
"""By how much −2 ln L is to fall where a fit stands on the top of a barrier (test_a_fit_leaves_a_barrier)."""


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
