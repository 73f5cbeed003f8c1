"""The power of a test: the share of experiments under the truth that exclude the alternative.

The test rejects where the p-value of ΔT under the alternative, at its best fit to what the truth expects (a
plug-in), is not above the asked one. Counts are discrete, so the power is no monotone function of exposure.
"""

import math
from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.outcomes import TIE
from renp_sim.arrays import FloatArray

__all__ = ["Power", "exact_power", "power_of"]


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
    rejected = _rejected(statistic, outcomes.probabilities(mu_alternative), p_value)
    return Power(value=float(np.sum(outcomes.probabilities(mu_truth)[rejected])), error=0.0)


def power_of(under_alternative: FloatArray, under_truth: FloatArray, p_value: float) -> Power:
    """Return the power of the test where ΔT of as many toys under both hypotheses is known, shape (b,)."""
    n = len(under_truth)
    # (k + 1)/(N + 1) ≤ p
    most = math.floor(p_value * (n + 1)) - 1
    if most < 0:
        return Power(value=0.0, error=1.0)
    critical = np.sort(under_alternative)[::-1]
    above = critical[most] if most < n else -np.inf
    value = float(np.mean(under_truth > above + TIE * (1 + abs(above))))
    # the critical value is known from the few toys beyond it
    around = [critical[min(max(most + s * math.isqrt(most + 1), 0), n - 1)] for s in (-1, 1)]
    spread = abs(float(np.mean(under_truth > around[0]) - np.mean(under_truth > around[1]))) / 2
    return Power(value=value, error=math.hypot(math.sqrt(max(value * (1 - value), 1 / n) / n), spread))


def _rejected(statistic: FloatArray, probability: FloatArray, p_value: float) -> FloatArray:
    """Return which outcomes exclude the alternative: ties, known as far as a fit is, share their p-value."""
    order = np.argsort(-statistic, kind="stable")
    falling = statistic[order]
    is_new = np.append(True, falling[:-1] - falling[1:] > TIE * (1 + np.abs(falling[1:])))
    group = np.cumsum(is_new) - 1
    # outcomes that are left out are beyond all others
    p_of_group = 1 - float(np.sum(probability)) + np.cumsum(np.bincount(group, probability[order]))
    out = np.zeros(len(statistic), dtype=bool)
    out[order] = p_of_group[group] <= p_value
    return out
