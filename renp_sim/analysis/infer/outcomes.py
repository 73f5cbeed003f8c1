"""What an experiment may count under a hypothesis: every outcome with its probability, or toys.

Toys draw from uniform numbers of their own by the inverse of the distribution, so that those of two
hypotheses are as alike as can be, and a p-value moves smoothly with a parameter.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, pdtr, pdtrik

from renp_sim.analysis.floating import Setup
from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.errors import ConfigError
from renp_sim.streams import BLOCK_TOYS, Stage, name_key, stream

__all__ = [
    "Outcomes",
    "Uniforms",
    "every_outcome",
    "is_enumerable",
    "is_extreme",
    "is_least",
    "median_counts",
    "p_of_toys",
    "poisson_inverse",
    "require_toys",
    "tail_of",
]

TAIL, LEAST_TAIL = 1e-9, 1e-15
"""Probability of a step that is left out at either end where every outcome is counted
(`test_a_counted_band_is_that_of_background_alone`), and the least that rounding knows
(`test_six_sigma_are_counted`)."""

OF_P_VALUE = 1e-4
"""Most of a p-value that is left out: of 6 σ the last billionth is all (`test_six_sigma_are_counted`)."""

MOST_OUTCOMES = 400_000
"""In memory at a time; of more, toys tell as much for less."""


TIE = 1e-6
"""Statistics that differ by less, relative to 1 + theirs, are the same: a fit is known no better, and an
outcome fitted alone and among others must not differ from itself (`test_single_count_is_one_interval`)."""


MOST_TOYS = 1_000_000
"""In memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """Sets of counts and how probable each is.

    Parameters
    ----------
    counts
        Shape (b, n).
    constraint_values
        What other experiments measure in them, shape (b, f), or None where nothing is randomised.
    is_exact
        Whether these are all outcomes, and not toys.
    """

    counts: FloatArray
    constraint_values: FloatArray | None = None
    is_exact: bool

    def probabilities(self, mu: FloatArray) -> FloatArray:
        """Return the probability of each set, shape (b,), where μ (n,) is expected; of toys all are equal."""
        if not self.is_exact:
            return np.full(len(self.counts), 1 / len(self.counts))
        safe = np.where(mu > 0, mu, 1.0)
        log = np.where(mu > 0, self.counts * np.log(safe), np.where(self.counts > 0, -np.inf, 0.0)) - mu
        return np.asarray(np.exp(np.sum(log - gammaln(self.counts + 1), axis=1)))

    def p_value(self, statistic: FloatArray, observed: float, mu: FloatArray) -> tuple[float, float]:
        """Return the probability of a statistic (b,) that is not below an observed one, and its error.

        Ties count against the hypothesis, and of N toys it is (k + 1)/(N + 1).
        """
        if not self.is_exact:
            return p_of_toys(statistic, observed)
        # outcomes that are left out are beyond all others
        inside = float(np.sum(self.probabilities(mu)[~is_extreme(statistic, observed)]))
        return min(max(1.0 - inside, 0.0), 1.0), 0.0


def p_of_toys(statistic: FloatArray, observed: float) -> tuple[float, float]:
    """Return (k + 1)/(N + 1) of N toys, ties included, and its binomial error."""
    n = len(statistic)
    p = (int(np.sum(is_extreme(statistic, observed))) + 1) / (n + 1)
    return p, math.sqrt(p * (1 - p) / n)


def is_least(p_value: float, n_toys: int) -> bool:
    """Return whether a p-value is the least that N toys can give, 1/(N + 1): then it is a bound."""
    return p_value * (n_toys + 1) < 1.5


def is_extreme(statistic: FloatArray, observed: float) -> BoolArray:
    """Return which statistics are not below an observed one, ties included."""
    extreme: BoolArray = statistic >= observed - TIE * (1 + abs(observed))
    return extreme


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Uniforms:
    """The random numbers of toys, from which those of any hypothesis follow.

    Parameters
    ----------
    counts
        Uniform in (0, 1), shape (b, n).
    pulls
        Standard normal, of each constrained parameter, shape (b,) each.
    """

    counts: FloatArray
    pulls: dict[str, FloatArray]

    @classmethod
    def of(cls, setup: Setup, n_steps: int, *, seed: int, n_toys: int, start: int = 0) -> "Uniforms":
        """Return those of toys start … start + n_toys − 1; each toy has its own whatever the others are.

        Raises
        ------
        ConfigError
            If so many toys cannot be had.
        """
        require_toys(n_toys)
        names = [n for n, c in zip(setup.names, setup.constraints, strict=True) if c is not None]
        blocks = range(start // BLOCK_TOYS, -(-(start + n_toys) // BLOCK_TOYS))
        chosen = slice(start - blocks.start * BLOCK_TOYS, start - blocks.start * BLOCK_TOYS + n_toys)
        uniform = [stream(seed, Stage.UNIFORMS, b).random((BLOCK_TOYS, n_steps)) for b in blocks]
        pulls = {
            name: np.concatenate(
                [
                    stream(seed, Stage.MEASUREMENTS, b, name_key(name)).standard_normal(BLOCK_TOYS)
                    for b in blocks
                ]
            )[chosen]
            for name in names
        }
        return cls(counts=np.concatenate(uniform)[chosen], pulls=pulls)

    def outcomes(self, setup: Setup, mu: FloatArray, theta: FloatArray) -> Outcomes:
        """Return the toys of a hypothesis that expects μ (n,) at θ (p,)."""
        counts = np.empty_like(self.counts)
        for k, mean in enumerate(mu.tolist()):
            counts[:, k] = poisson_inverse(self.counts[:, k], mean)
        values = None
        if self.pulls:
            values = np.zeros((len(counts), len(setup.free)))
            for position, (name, constraint) in enumerate(zip(setup.names, setup.constraints, strict=True)):
                if constraint is not None:
                    truth = float(theta[setup.index(name)])
                    values[:, position] = constraint.randomised(truth, self.pulls[name])
        return Outcomes(counts=counts, constraint_values=values, is_exact=False)


def require_toys(n_toys: int) -> None:
    """Raise ConfigError if so many toys cannot be had."""
    if not 1 <= n_toys <= MOST_TOYS:
        raise ConfigError(f"--toys {n_toys}: must lie in 1 … {MOST_TOYS}")


def poisson_inverse(uniform: FloatArray, mean: float) -> FloatArray:
    """Return the counts whose cumulated probability a uniform number falls into, shape of the numbers."""
    if mean <= 0:
        return np.zeros_like(uniform)
    reach = 10 * math.sqrt(mean) + 40
    k = np.arange(max(0, math.floor(mean - reach)), math.ceil(mean + reach) + 1)
    return np.asarray(k[0] + np.searchsorted(pdtr(k, mean), uniform, side="left"), dtype=float)


def median_counts(mu: FloatArray) -> FloatArray:
    """Return the median of the counts of each step, whole numbers, shape (n,).

    Examples
    --------
    >>> median_counts(np.array([0.5, 0.8, 3.0])).tolist()
    [0.0, 1.0, 3.0]
    """
    half = np.array([0.5])
    return np.array([poisson_inverse(half, mean)[0] for mean in mu.tolist()])


def tail_of(p_value: float) -> float:
    """Return what may be left out at either end where a p-value is asked for."""
    return max(min(TAIL, OF_P_VALUE * p_value), LEAST_TAIL)


def is_enumerable(least: FloatArray, most: FloatArray, tail: float = TAIL) -> bool:
    """Return whether every outcome can be counted where between `least` and `most` (n,) are expected."""
    low, high = _ends(least, most, tail)
    return float(np.prod(high - low + 1)) <= MOST_OUTCOMES


def every_outcome(least: FloatArray, most: FloatArray, tail: float = TAIL) -> Outcomes:
    """Return all counts but those in the tails where between `least` and `most` (n,) are expected."""
    low, high = _ends(least, most, tail)
    axes = [np.arange(a, b + 1) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    mesh = np.meshgrid(*axes, indexing="ij")
    return Outcomes(counts=np.stack([m.ravel() for m in mesh], axis=1).astype(float), is_exact=True)


def _ends(least: FloatArray, most: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and the highest counts that matter."""
    low = np.where(least > 0, np.floor(pdtrik(tail, np.maximum(least, 1e-30))), 0.0)
    high = np.where(most > 0, np.ceil(pdtrik(1 - tail, np.maximum(most, 1e-30))), 0.0)
    return np.nan_to_num(np.maximum(low - 1, 0.0)), np.nan_to_num(np.maximum(high, 1.0)) + (most > 0)
