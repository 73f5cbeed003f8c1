"""Weights of toys: how much more probable each is under one hypothesis than under the other.

In a sample of toys of two hypotheses, half and half, each has a weight of p/(p + p′) under either, which is
never large (the balance heuristic of Veach & Guibas 1995). Toys of the truth are the ones in the tail of the
alternative, so that a p-value of 1e-7 takes as few toys as one of 1e-2.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, ndtr, ndtri

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.outcomes import TIE, is_extreme
from renp_sim.analysis.likelihood.constraint import ConstraintTerms
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.arrays import FloatArray

__all__ = [
    "BEYOND",
    "MOST_SIGMA",
    "error_of_sum",
    "is_below",
    "is_beyond",
    "log_ratio",
    "shares",
    "weighted_p_value",
    "weighted_p_values",
]

MOST_SIGMA = 8.0
"""Significances end here, as those that may be asked for do
(`test_p_values_of_toys_are_even_where_nothing_is_told_apart`)."""

BEYOND = f"a significance of {MOST_SIGMA:g} σ is that or more"


def log_ratio(pair: Sequence[Setup], counts: FloatArray, values: Sequence[FloatArray | None]) -> FloatArray:
    """Return ln p(truth)/p(alternative) of toys, shape (b,), both hypotheses where they stand.

    What is constrained in one of them only is measured alike in both.

    Parameters
    ----------
    pair
        The alternative and the truth.
    counts
        Shape (b, n).
    values
        What others measured of the free parameters of each, shape (b, f); None where nothing is constrained.
    """
    constrained = [{n for n, c in zip(s.names, s.constraints, strict=True) if c is not None} for s in pair]
    shared, q = set.intersection(*constrained), []
    for setup, measured in zip(pair, values, strict=True):
        q.append(np.sum(poisson_deviance(counts, setup.model.expected(setup.theta)), axis=1))
        if measured is not None:
            constraints = zip(setup.names, setup.constraints, strict=True)
            terms = ConstraintTerms.of([c if n in shared else None for n, c in constraints], measured)
            q[-1] += terms.value(setup.theta[setup.free][:, None])
    return np.asarray(q[0] - q[1]) / 2


def shares(ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what part of the alternative, and of the truth, each toy stands for, shape (2, b) each.

    Parameters
    ----------
    ratio
        `log_ratio` of as many toys of both, shape (2, b).
    """
    of_alternative, of_truth = expit(-ratio), expit(ratio)
    return of_alternative / np.sum(of_alternative), of_truth / np.sum(of_truth)


def is_beyond(sigma: float) -> bool:
    """Return whether a significance is at the end of what is told, but for rounding."""
    return sigma >= MOST_SIGMA * (1 - 1e-9)


def is_below(sigma: float, n_toys: int) -> bool:
    """Return whether a significance is at the other end: at most one toy is missing from its p."""
    return sigma <= -float(ndtri(_most_p(n_toys))) * (1 - 1e-9)


def _most_p(n_toys: int) -> float:
    return max(1 - 1 / n_toys, 0.5)


def error_of_sum(values: FloatArray) -> float:
    """Return the Monte Carlo error of a sum over toys of both hypotheses, shape (2, b)."""
    return math.sqrt(float(np.sum(np.var(values, axis=1))) * values.shape[1])


def weighted_p_value(statistic: FloatArray, ratio: FloatArray, observed: float) -> tuple[float, float]:
    """Return the p-value under the alternative of one observed ΔT, as `weighted_p_values`, and its error."""
    beyond = shares(ratio)[0] * is_extreme(statistic, observed)
    return float(_told(np.sum(beyond), ratio.shape[1])), error_of_sum(beyond)


def weighted_p_values(statistic: FloatArray, ratio: FloatArray, observed: FloatArray) -> FloatArray:
    """Return the p-value under the alternative of each observed ΔT, ties included, shape of `observed`.

    Parameters
    ----------
    statistic, ratio
        ΔT and `log_ratio` of toys of the alternative and of as many of the truth, shape (2, b).
    observed
        ΔT of what is asked.
    """
    order = np.argsort(statistic, axis=None, kind="stable")
    rising = statistic.ravel()[order]
    from_here = np.append(np.cumsum(shares(ratio)[0].ravel()[order][::-1])[::-1], 0.0)
    least = observed - TIE * (1 + np.abs(observed))
    return _told(from_here[np.searchsorted(rising, least)], ratio.shape[1])


def _told(p_values: ArrayLike, n_toys: int) -> FloatArray:
    """Return p-values that end at `MOST_SIGMA`, and at the other end where one toy is missing from all."""
    return np.asarray(np.clip(p_values, float(ndtr(-MOST_SIGMA)), _most_p(n_toys)))
