"""Which values of a statistic a hypothesis finds likely enough: from every outcome, or from toys."""

import math
from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.infer.outcomes import TIE, Outcomes
from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["Acceptance"]

KEPT = (0.5, 1 - 1e-8)
"""Levels that may be asked of counted outcomes, so that a file of belts is no larger
(`test_published_belt`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Acceptance:
    """The distribution of a statistic that grows with disagreement, under one hypothesis.

    Parameters
    ----------
    statistic
        Sorted, shape (b,).
    cumulated
        Probability of a statistic that is not above each, shape (b,); None of toys, all of which are equal.
    """

    statistic: FloatArray
    cumulated: FloatArray | None = None

    @classmethod
    def of(cls, outcomes: Outcomes, statistic: FloatArray, mu: FloatArray) -> "Acceptance":
        """Return that of outcomes with a statistic (b,) where μ (n,) is expected."""
        order = np.argsort(statistic, kind="stable")
        if not outcomes.is_exact:
            return cls(statistic=statistic[order])
        cumulated = np.cumsum(outcomes.probabilities(mu)[order])
        low, high = np.searchsorted(cumulated, KEPT).tolist()
        kept = slice(low, min(high + 1, len(order)))
        return cls(statistic=statistic[order][kept], cumulated=cumulated[kept])

    def joined(self, more: "Acceptance") -> "Acceptance":
        """Return that of these toys and others."""
        return Acceptance(statistic=np.sort(np.concatenate([self.statistic, more.statistic])))

    def critical(self, level: float) -> float:
        """Return the largest statistic that is accepted: fewer than a share `level` agree better.

        Examples
        --------
        >>> Acceptance(statistic=np.arange(99.0)).critical(0.9)
        89.0
        """
        n = len(self.statistic)
        if self.cumulated is None:
            place = math.ceil(level * (n + 1)) - 1
        else:
            place = int(np.searchsorted(self.cumulated, level))
        # beyond all that were drawn or kept nothing is rejected
        return float(self.statistic[place]) if place < n else math.inf

    def accepts(self, observed: FloatArray, level: float) -> BoolArray:
        """Return whether observed statistics of any shape are accepted; what ties with the last is."""
        return np.asarray(observed - TIE * (1 + observed) <= self.critical(level))

    def level_error(self, level: float) -> float:
        """Return the Monte Carlo error of a level; 0 where every outcome was counted."""
        return 0.0 if self.cumulated is not None else math.sqrt(level * (1 - level) / len(self.statistic))
