"""The band of an expectation: quantiles of −2, −1, 0, 1 and 2 standard deviations."""

import numpy as np
from scipy.special import ndtr

from renp_sim.arrays import FloatArray

__all__ = ["BAND", "band_of"]

BAND = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Standard deviations of a Gaussian."""

ROUNDING = 1e-6
"""By which sums of probabilities may miss a quantile (`test_even_probabilities_are_toys`)."""


def band_of(values: FloatArray, probabilities: FloatArray | None = None) -> tuple[float, ...]:
    """Return the quantiles of values, shape (b,), which are some of them.

    Parameters
    ----------
    values
        Of toys, or of every outcome.
    probabilities
        Of the latter, shape (b,); of toys all are equal.

    Examples
    --------
    >>> band_of(np.arange(1000.0))
    (22.0, 158.0, 499.0, 841.0, 977.0)
    """
    n = len(values)
    if probabilities is None:
        places = np.clip(np.ceil(ndtr(np.array(BAND)) * n).astype(int) - 1, 0, n - 1)
        return tuple(np.sort(values)[places].tolist())
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(probabilities[order])
    places = np.searchsorted(cumulated, ndtr(np.array(BAND)) * cumulated[-1] * (1 - ROUNDING))
    return tuple(values[order][places].tolist())
