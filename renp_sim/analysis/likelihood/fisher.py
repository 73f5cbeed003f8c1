"""The errors of parameters: what expected counts say of them, and what second derivatives at a minimum do."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.poisson import Likelihood
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.search.problem import Problem

__all__ = ["covariances", "fisher_errors", "observed_covariance"]

SINGULAR = 1e-12
"""Of the least eigenvalue of a correlation of parameters: beyond, some combination of them is unseen
(test_what_no_count_tells_apart_has_no_errors)."""

STEP = 1e-4
"""Errors over which a slope is differenced: beside an onset it changes over hundredths of one
(test_an_error_beside_an_onset_is_that_of_its_piece)."""


def covariances(problem: "Problem") -> FloatArray:
    """Return the covariance matrices that expected counts say where all stand, shape (b, f, f).

    What they do not see has an error of one typical step.
    """
    x = np.broadcast_to(problem.start(), (len(problem.setup.free), problem.n_toys))
    fisher = problem.likelihood().fisher(x).transpose(2, 0, 1) / 2
    unit = np.outer(problem.setup.scale, problem.setup.scale)
    found: FloatArray = np.linalg.inv(fisher * unit + np.eye(len(unit))) * unit
    return found


def observed_covariance(problem: "Problem", held: IndexArray) -> FloatArray | None:
    """Return the covariance matrix by second derivatives where one set of counts stands, shape (f, f).

    NaN in rows and columns of what is held, by position; None where they are not positive definite.
    """
    x, n_free = problem.start(), len(problem.setup.free)
    kept = np.setdiff1d(np.arange(n_free), held)
    step = np.diag(STEP * np.sqrt(np.diag(covariances(problem)[0])))[:, kept]
    above, below = (np.clip(x + by, *problem.bounds()) for by in (step, -step))
    every = problem.take(np.zeros(2 * len(kept), dtype=np.intp))
    # slopes only: no second derivatives of μ
    mean = replace(every.model_mean(), bent=())
    likelihood = Likelihood(counts=every.counts, mean=mean, terms=every.terms)
    slopes, _ = likelihood.derivatives(np.concatenate([above, below], axis=1))
    rise = slopes[kept, : len(kept)] - slopes[kept, len(kept) :]
    second = rise / np.diag((above - below)[kept]) / 2
    second = (second + second.T) / 2
    if not np.all(np.diag(second) > 0):
        return None
    size = np.sqrt(np.diag(second))
    correlation = second / np.outer(size, size)
    if np.linalg.eigvalsh(correlation)[0] <= SINGULAR:
        return None
    out = np.full((n_free, n_free), np.nan)
    out[np.ix_(kept, kept)] = np.linalg.inv(correlation) / np.outer(size, size)
    return out


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
