"""What toys of two hypotheses say along the exposure: power, p-values and their bands.

The statistic is ΔT = q(alternative) − q(truth) of each toy; those under the alternative calibrate it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from renp_sim.analysis.infer.band import band_of
from renp_sim.analysis.infer.outcomes import TIE
from renp_sim.analysis.infer.power import Power, power_of
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
    n_toys
        Under each hypothesis.
    median_delta_q
        Of toys under the truth.
    significance
        Quantiles −2σ … +2σ of the one-sided significance over toys under the truth: the third is the median.
    most_significance
        What as many toys under the alternative can tell at most.
    powers
        For each asked significance.
    """

    factor: float
    n_toys: int
    median_delta_q: float
    significance: tuple[float, ...]
    most_significance: float
    powers: tuple[Power, ...]


def delta_q_of(nll_alternative: FloatArray, nll_truth: FloatArray) -> FloatArray:
    """Return ΔT of toys from −ln L, shape (b,); as large as can be where only one hypothesis allows them."""
    q = [np.minimum(2 * nll, IMPOSSIBLE_Q) for nll in (nll_alternative, nll_truth)]
    return np.asarray(q[0] - q[1])


def point_of(
    factor: float, under_alternative: FloatArray, under_truth: FloatArray, significances: Sequence[float]
) -> Point:
    """Return what ΔT of as many toys under both hypotheses, shape (b,) each, says of an exposure."""
    n = len(under_truth)
    return Point(
        factor=factor,
        n_toys=n,
        median_delta_q=float(np.median(under_truth)),
        significance=band_of(-ndtri(p_values(under_alternative, under_truth))),
        most_significance=float(-ndtri(1 / (n + 1))),
        powers=tuple(power_of(under_alternative, under_truth, float(ndtr(-s))) for s in significances),
    )


def p_values(under_alternative: FloatArray, observed: FloatArray) -> FloatArray:
    """Return (k + 1)/(N + 1) of each observed ΔT, ties included, below 1, shape of `observed`."""
    n = len(under_alternative)
    least = observed - TIE * (1 + np.abs(observed))
    above = n - np.searchsorted(np.sort(under_alternative), least, side="left")
    return np.asarray(np.minimum(above + 1, n + 0.5) / (n + 1))
