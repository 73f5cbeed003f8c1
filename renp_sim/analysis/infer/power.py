"""The power of a test: the share of experiments under the truth that exclude the alternative.

The test rejects where the p-value of ΔT under the alternative, at its best fit to what the truth expects (a
plug-in), is not above the asked one. Counts are discrete, so the power is no monotone function of exposure.
"""

import math
from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.outcomes import TIE, Outcomes, tail_of
from renp_sim.analysis.infer.weights import error_of_sum, shares
from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.errors import ConfigError

__all__ = ["Power", "exact_power", "excluding", "powers_between", "weighted_power"]


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
    mu_truth, _ = both.expected
    return Power(value=float(np.sum(excluding(both, p_value).probabilities(mu_truth))), error=0.0)


def excluding(both: Comparison, p_value: float) -> Outcomes:
    """Return the outcomes that exclude the alternative.

    Raises
    ------
    ConfigError
        If there are too many outcomes, the p-value is too small, or constraints are measured anew.
    """
    outcomes, statistic = both.every_statistic(tail_of(p_value))
    _, mu_alternative = both.expected
    probability = outcomes.probabilities(mu_alternative)
    left_out = 1 - float(np.sum(probability))
    if left_out > p_value / 2:
        raise ConfigError("--method exact: no sum of outcomes is known so far out; use toys")
    rejected = _rejected(statistic, probability, p_value, left_out=left_out)
    return Outcomes(counts=outcomes.counts[rejected], is_exact=True)


def powers_between(both: Comparison, p_value: float) -> tuple[float, float]:
    """Return the least power at any longer exposure, and the most at any shorter one.

    The least is for the ratio of two likelihoods in which nothing floats: under the alternative it exceeds
    1/p-value less often than the p-value, so 1 − Σ min(P_truth, P_alternative/p-value) is a bound. The most
    is that of Neyman and Pearson, who draw lots over one outcome. Both grow with the exposure, as a longer
    experiment that is thinned at random is a shorter one.

    Raises
    ------
    ConfigError
        If there are too many outcomes, or constraints are measured anew in each.
    """
    outcomes = both.every_outcome(tail_of(p_value))
    of_truth, of_alternative = (outcomes.probabilities(mu) for mu in both.expected)
    least = 1 - float(np.sum(np.minimum(of_truth, of_alternative / p_value)))
    ratio = np.divide(of_alternative, of_truth, out=np.full(len(of_truth), np.inf), where=of_truth > 0)
    order = np.argsort(ratio)
    size, power = (np.append(0.0, np.cumsum(p[order])) for p in (of_alternative, of_truth))
    return least, float(np.interp(p_value, size, power))


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
