"""What expected counts say of the errors of the parameters."""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.search.problem import Problem

__all__ = ["covariances", "fisher_errors"]

SINGULAR = 1e-12
"""Of the least eigenvalue of a correlation of parameters: beyond, some combination of them is unseen."""


def covariances(problem: "Problem") -> FloatArray:
    """Return the covariance matrices that expected counts say where all stand, shape (b, f, f).

    What they do not see has an error of one typical step.
    """
    x = np.broadcast_to(problem.start(), (len(problem.setup.free), problem.n_toys))
    fisher = problem.likelihood().fisher(x).transpose(2, 0, 1) / 2
    unit = np.outer(problem.setup.scale, problem.setup.scale)
    found: FloatArray = np.linalg.inv(fisher * unit + np.eye(len(unit))) * unit
    return found


def fisher_errors(problem: "Problem", wanted: BoolArray) -> FloatArray:
    """Return the errors that expected counts say where all stand, shape (b, f).

    NaN in rows that are not wanted (b,), and where some combination of parameters is unseen.
    """
    x = problem.start()
    out = np.full(x.T.shape, np.nan)
    rows = np.flatnonzero(wanted)
    if not len(rows) or not len(x):
        return out
    part = problem.take(rows)
    # −2 ln L rises by 1 at one standard deviation
    information = part.likelihood().fisher(part.start()).transpose(2, 0, 1) / 2
    scale = np.sqrt(np.einsum("bpp->bp", information))
    is_seen = np.all(scale > 0, axis=1) & np.all(np.isfinite(information), axis=(1, 2))
    scale, information = scale[is_seen], information[is_seen]
    correlation = information / scale[:, :, None] / scale[:, None, :]
    is_regular = np.linalg.eigvalsh(correlation)[:, 0] > SINGULAR
    inverse = np.linalg.inv(correlation[is_regular])
    errors = np.sqrt(np.einsum("bpp->bp", inverse)) / scale[is_regular]
    out[rows[is_seen][is_regular]] = errors
    return out
