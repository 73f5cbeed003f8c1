"""What a step is worth to a plan: Δ(−2 ln L) of an Asimov set, up to what single outcomes are worth.

An Asimov set stands for the median experiment. Where that sees one count, or none, Δ(−2 ln L) of fractions of
a count has no such meaning: beside a threshold it grows without bound, though no count is recorded.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from scipy.special import log_ndtr

from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.arrays import FloatArray

__all__ = ["Worth"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worth:
    """Rows of a truth and points of an alternative, each row as Poisson or as one of two single outcomes.

    No count is worth more than one that the alternative forbids (a wall): it rejects the alternative, and
    ln 2 of them have a power of ½. Nor is a missing count worth more than where the truth has none: silence
    rejects what expects −ln Φ(−Z), since its probability is exp(−μ). Both are in proportion to the time, as
    Δ(−2 ln L) is, and what Poisson counts are worth is less wherever the median experiment has several.

    Parameters
    ----------
    counts
        Of the truth, shape (n,).
    mu
        Of the alternative, shape (c, n).
    wanted
        The Δ(−2 ln L) that is asked for, Z².
    """

    counts: FloatArray
    mu: FloatArray
    wanted: float

    @property
    def q(self) -> FloatArray:
        """Return what each row is worth, shape (c, n): the least of the three."""
        return np.minimum(poisson_deviance(self.counts, self.mu), self._most)

    @property
    def share(self) -> FloatArray:
        """Return how much of its time a row has in a fit, shape (c, n); less than 1 is a single outcome.

        Such a row has no counts there: where they are missing each is worth so much of a Poisson one, and
        where they are forbidden what they are worth is a constant.
        """
        single = np.where(self.mu < self.counts, 0.0, self.silence / 2)
        return np.where(poisson_deviance(self.counts, self.mu) > self._most, single, 1.0)

    @property
    def silence(self) -> float:
        """Return what a missing count is worth where the truth has none; a Poisson one is worth 2."""
        return self.wanted / -float(log_ndtr(-sqrt(self.wanted)))

    @property
    def _most(self) -> FloatArray:
        return np.where(self.mu < self.counts, self.wanted / log(2) * self.counts, self.silence * self.mu)
