"""How often an interval holds the truth: for each toy, whether it accepts the true value.

An interval need not be built for it: a value is inside if and only if its test accepts it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from renp_sim.analysis.infer.acceptance import Acceptance
from renp_sim.analysis.infer.cls import asymptotic_cls
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.intervals import delta_q_of_level
from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.constants import ONE_SIGMA

__all__ = ["Coverage", "accepted_by_cls", "accepted_by_construction", "accepted_by_profile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of n toys hold the truth.

    Examples
    --------
    >>> low, high = Coverage(covered=90, n=100).interval()
    >>> round(low, 3), round(high, 3)
    (0.86, 0.93)
    """

    covered: int
    n: int

    @classmethod
    def of(cls, accepted: BoolArray) -> "Coverage":
        """Count."""
        return cls(covered=int(np.sum(accepted)), n=len(accepted))

    @property
    def share(self) -> float:
        """The coverage."""
        return self.covered / self.n

    def interval(self, level: float = ONE_SIGMA) -> tuple[float, float]:
        """Return the interval of Clopper and Pearson."""
        tail, k, n = (1 - level) / 2, self.covered, self.n
        low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
        high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
        return low, high


def accepted_by_profile(toys: Statistic, value: float, level: float) -> BoolArray:
    """Return which toys, of shape (b,), have a value in the two-sided interval of their profile."""
    accepted: BoolArray = _two_sided(toys, value) <= delta_q_of_level(level)
    return accepted


def accepted_by_construction(
    toys: Statistic, calibration: Statistic, value: float, level: float
) -> BoolArray:
    """Return which toys have a value in the interval of Feldman and Cousins.

    Parameters
    ----------
    toys
        The experiments.
    calibration
        Other toys with this value, from which the critical Δq is taken.
    value
        Of the parameter.
    level
        Confidence level.
    """
    critical = Acceptance(statistic=np.sort(_two_sided(calibration, value))).critical(level)
    accepted: BoolArray = _two_sided(toys, value) <= critical
    return accepted


def accepted_by_cls(toys: Statistic, asimov: Statistic, value: float, level: float) -> BoolArray:
    """Return which toys have a value below their asymptotic CLs limit.

    Parameters
    ----------
    toys
        The experiments, `Kind.UPPER`.
    asimov
        What background alone expects, one set of counts.
    value
        Of the parameter.
    level
        Confidence level.
    """
    accepted: BoolArray = asymptotic_cls(toys.at(value), float(asimov.at(value)[0])) > 1 - level
    return accepted


def _two_sided(toys: Statistic, value: float) -> FloatArray:
    assert toys.kind is Kind.TWO_SIDED
    return toys.at(value)
