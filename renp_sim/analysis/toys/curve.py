"""What toys of two hypotheses say along the exposure: power, p-values and their bands.

The statistic is ΔT = q(alternative) − q(truth) of each toy; toys of both, by their weights, calibrate it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from renp_sim.analysis.infer.band import band_of
from renp_sim.analysis.infer.power import Power, weighted_power
from renp_sim.analysis.infer.weights import weighted_p_values
from renp_sim.analysis.likelihood.poisson import IMPOSSIBLE_Q
from renp_sim.arrays import FloatArray

__all__ = ["Point", "delta_q_of", "point_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What toys say of one exposure.

    Parameters
    ----------
    factor
        On all durations of the run file.
    median_delta_q
        Of toys under the truth.
    significance
        Quantiles −2σ … +2σ of the one-sided significance over toys under the truth: the third is the median.
    powers
        For each asked significance.
    """

    factor: float
    median_delta_q: float
    significance: tuple[float, ...]
    powers: tuple[Power, ...]


def delta_q_of(nll_alternative: FloatArray, nll_truth: FloatArray) -> FloatArray:
    """Return ΔT of toys from −ln L, shape (b,); as large as can be where only one hypothesis allows them."""
    q = [np.minimum(2 * nll, IMPOSSIBLE_Q) for nll in (nll_alternative, nll_truth)]
    return np.asarray(q[0] - q[1])


def point_of(
    factor: float, statistic: FloatArray, ratio: FloatArray, significances: Sequence[float]
) -> Point:
    """Return what toys say of an exposure.

    Parameters
    ----------
    factor
        On all durations of the run file.
    statistic, ratio
        ΔT and `log_ratio` of toys of the alternative and of as many of the truth, shape (2, b).
    significances
        Of the powers.
    """
    _, under_truth = statistic
    return Point(
        factor=factor,
        median_delta_q=float(np.median(under_truth)),
        significance=band_of(-ndtri(weighted_p_values(statistic, ratio, under_truth))),
        powers=tuple(weighted_power(statistic, ratio, float(ndtr(-s))) for s in significances),
    )
