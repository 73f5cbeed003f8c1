"""The power of a test: the share of experiments under the truth that exclude the alternative.

The test rejects where the p-value of ΔT under the alternative, at its best fit to what the truth expects (a
plug-in), is not above the asked one. Counts are discrete, so the power is no monotone function of exposure.
"""

import math
from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.outcomes import TIE
from renp_sim.analysis.infer.weights import error_of_sum, shares
from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["Power", "exact_power", "weighted_power"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """A power and its Monte Carlo error, 0 where every outcome was counted."""

    value: float
    error: float


def exact_power(both: Comparison, p_value: float) -> Power:
    """Return the power of the test by every outcome.

    Raises
    ------
    ConfigError
        If there are too many outcomes, or constraints are measured anew in each.
    """
    outcomes, statistic = both.every_statistic()
    mu_truth, mu_alternative = (s.model.expected(s.theta) for s in (both.truth, both.alternative))
    probability = outcomes.probabilities(mu_alternative)
    rejected = _rejected(statistic, probability, p_value, left_out=1 - float(np.sum(probability)))
    return Power(value=float(np.sum(outcomes.probabilities(mu_truth)[rejected])), error=0.0)


def weighted_power(statistic: FloatArray, ratio: FloatArray, p_value: float) -> Power:
    """Return the power of the test by toys of both hypotheses, and its Monte Carlo error.

    Parameters
    ----------
    statistic, ratio
        ΔT and `log_ratio` of toys of the alternative and of as many of the truth, shape (2, b).
    p_value
        At which the alternative is excluded.
    """
    of_alternative, of_truth = shares(ratio)

    def rejected(most: float) -> BoolArray:
        tail = _rejected(statistic.ravel(), of_alternative.ravel(), most, left_out=0.0)
        return tail.reshape(statistic.shape)

    def power_at(tail: BoolArray) -> float:
        return float(np.average(tail, weights=of_truth))

    tail = rejected(p_value)
    value = power_at(tail)
    # how well the critical value is known
    p_error = error_of_sum(of_alternative * tail)
    low, high = (power_at(rejected(max(p, 0.0))) for p in (p_value - p_error, p_value + p_error))
    error = math.hypot(error_of_sum(of_truth * (tail - value)), (high - low) / 2, 1 / statistic.size)
    return Power(value=value, error=error)


def _rejected(
    statistic: FloatArray, probability: FloatArray, p_value: float, *, left_out: float
) -> BoolArray:
    """Return which outcomes exclude the alternative: ties, known as far as a fit is, share their p-value.

    Outcomes that are left out are beyond all others.
    """
    order = np.argsort(-statistic, kind="stable")
    falling = statistic[order]
    is_new = np.append(True, falling[:-1] - falling[1:] > TIE * (1 + np.abs(falling[1:])))
    group = np.cumsum(is_new) - 1
    p_of_group = left_out + np.cumsum(np.bincount(group, probability[order]))
    out = np.zeros(len(statistic), dtype=bool)
    out[order] = p_of_group[group] <= p_value
    return out
