"""How often an interval holds the truth: for each toy, whether it accepts the true value.

An interval need not be built for it: a value is inside if and only if its test accepts it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from renp_sim.analysis.infer.acceptance import Acceptance
from renp_sim.analysis.infer.cls_values import asymptotic_cls
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


def accepted_by_profile(statistic: FloatArray, level: float) -> BoolArray:
    """Return which toys have the truth in the two-sided interval of their profile.

    Parameters
    ----------
    statistic
        Two-sided, of each toy at the truth, shape (b,).
    level
        Confidence level.
    """
    accepted: BoolArray = statistic <= delta_q_of_level(level)
    return accepted


def accepted_by_construction(statistic: FloatArray, calibration: FloatArray, level: float) -> BoolArray:
    """Return which toys have the truth in the interval of Feldman and Cousins.

    Parameters
    ----------
    statistic
        Two-sided, of each toy at the truth, shape (b,).
    calibration
        The same of other toys, from which the critical one is taken.
    level
        Confidence level.
    """
    # outcomes of steps that are alike tie but for rounding
    return Acceptance(statistic=np.sort(calibration)).accepts(statistic, level)


def accepted_by_cls(statistic: FloatArray, asimov: float, level: float) -> BoolArray:
    """Return which toys have the truth below their asymptotic CLs limit.

    Parameters
    ----------
    statistic
        q̃ of each toy at the truth, shape (b,).
    asimov
        The same of what background alone expects.
    level
        Confidence level.
    """
    accepted: BoolArray = asymptotic_cls(statistic, asimov) > 1 - level
    return accepted
