"""Pseudo-data of a prediction: the Asimov set and Poisson toys."""

import numpy as np

from renp_sim.analysis.data import Observation
from renp_sim.arrays import FloatArray
from renp_sim.prediction.expected_counts import ExpectedCounts

__all__ = ["asimov", "toys"]


def asimov(model: ExpectedCounts, theta: FloatArray) -> Observation:
    """Return the observation whose counts are the expectation at θ, shape (..., n)."""
    return Observation(exposure=model.exposure, counts=model.expected(theta))


def toys(model: ExpectedCounts, theta: FloatArray, rng: np.random.Generator, n_toys: int) -> Observation:
    """Return Poisson counts of toys, shape (n_toys, n).

    Parameters
    ----------
    model
        Expected counts.
    theta
        Shape (p,), or (n_toys, p) where each toy has its own truth.
    rng
        Used in order: the first toys are the same however many are asked for.
    n_toys
        How many.
    """
    expected = model.expected(theta)
    counts = rng.poisson(np.broadcast_to(expected, (n_toys, model.exposure.n_steps)))
    return Observation(exposure=model.exposure, counts=counts.astype(np.float64))
