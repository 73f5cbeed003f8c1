"""Afterpulses: a recorded pulse that causes another one, some time later and in the same channel.

What is lost in dead time causes none; an afterpulse that is recorded may have one itself.
"""

from dataclasses import dataclass, replace
from math import exp, inf
from typing import Annotated, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from detector.arrivals import Arrivals, in_order
from detector.dead_time import DeadTime
from detector.domain import Positive, Range, require_ranges

__all__ = [
    "AFTERPULSES",
    "Afterpulse",
    "Exponential",
    "chain_spread",
    "mean_chain",
    "require_mean",
    "with_afterpulses",
]

FloatArray = NDArray[np.float64]

MOST_OFF = 0.01
"""Relative error of a mean from which on it is refused (test_what_is_refused_would_be_off)."""


class Afterpulse(Protocol):
    """The delay after which a recorded pulse causes another one, if it does."""

    kind: ClassVar[str]
    """What the run file calls it."""

    @property
    def probability(self) -> float:
        """Probability that a recorded pulse causes another one."""
        ...

    @property
    def reach_s(self) -> float:
        """Mean delay of the last pulse that one causes in the end, s: a step must be far longer."""
        ...

    def delays_s(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return the delay of what each of n pulses causes, s; ∞ where it is nothing."""
        ...

    def beyond(self, tau_s: float) -> Self:
        """Return the same without what comes within τ, s, in counts: the dead time of its parent hides it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """Delays that are exponential.

    Parameters
    ----------
    probability
        As in `Afterpulse`.
    decay_s
        Mean delay, s.

    Examples
    --------
    >>> Exponential(probability=0.5, decay_s=1.0).delays_s(3, np.random.default_rng(1)).round(3)
    array([ inf,  inf, 0.34])
    """

    probability: Annotated[float, Range(0, 0.9)]
    decay_s: Positive

    kind: ClassVar[str] = "exponential"

    def __post_init__(self) -> None:
        require_ranges(self)

    @property
    def reach_s(self) -> float:
        """The chain of pulses is a decay of its own, slower by 1 − p."""
        return self.decay_s / (1 - self.probability)

    def delays_s(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return the delay of what each of n pulses causes, s; ∞ where it is nothing."""
        uniform, delay_s = rng.random(n), np.full(n, inf)
        causes = np.flatnonzero(uniform < self.probability)
        delay_s[causes] = -self.decay_s * np.log1p(-uniform[causes] / self.probability)
        return delay_s

    def beyond(self, tau_s: float) -> Self:
        """Return the same without what comes within τ, s, in counts: the dead time of its parent hides it."""
        return replace(self, probability=self.probability * exp(-tau_s / self.decay_s))


AFTERPULSES: tuple[type[Afterpulse], ...] = (Exponential,)
"""Every kind of afterpulse a run file can name."""


def mean_chain(afterpulse: Afterpulse, dead_time: DeadTime) -> float:
    """Return the mean number of pulses in a chain in which each causes the next, the first one included.

    It is 1/(1 − p'), p' the probability of an afterpulse that its parent's own dead time does not hide. What
    else dead time takes of afterpulses is what it takes of all pulses, and stands in the live time.
    """
    return 1 / (1 - afterpulse.beyond(dead_time.tau_s).probability)


def chain_spread(afterpulse: Afterpulse, dead_time: DeadTime) -> float:
    """Return the variance of a number of pulses in chains over its mean, where chains begin at random.

    Chains are geometric: ⟨k²⟩/⟨k⟩ = (1 + p')/(1 − p'), p' as in `mean_chain`. What else dead time takes makes
    it smaller, and is left out.

    Examples
    --------
    >>> from detector.dead_time import NonParalysable
    >>> afterpulse = Exponential(probability=0.5, decay_s=1e-6)
    >>> chain_spread(afterpulse, NonParalysable(tau_s=0.0)), mean_chain(afterpulse, NonParalysable(tau_s=0.0))
    (3.0, 2.0)
    """
    probability = afterpulse.beyond(dead_time.tau_s).probability
    return (1 + probability) / (1 - probability)


def require_mean(afterpulse: Afterpulse, dead_time: DeadTime, live_time_s: float, duration_s: float) -> None:
    """Check that the mean of what a step records is that of whole chains to 1 %.

    A chain that dead time breaks is 1/(1 − p' f) long, f the live share; one in a step that ends early lacks
    what comes after it.

    Raises
    ------
    ValueError
        If it is not.
    """
    probability = afterpulse.beyond(dead_time.tau_s).probability
    dead = 1 - live_time_s / duration_s if duration_s else 0.0
    if probability * dead > MOST_OFF * (1 - probability * (1 - dead)):
        raise ValueError(
            f"afterpulse.probability = {afterpulse.probability:g}: with {dead:.2g} of a step dead there is "
            "no mean that is right to 1 %: make it, dead_time.tau_s or the rates smaller"
        )
    if probability * afterpulse.reach_s > MOST_OFF * duration_s:
        raise ValueError(
            f"afterpulse: comes {afterpulse.reach_s:g} s after its parent, too much of it after a step of "
            f"{duration_s:g} s: make its delay shorter or the step longer"
        )


def with_afterpulses(
    arrivals: Arrivals,
    stop_s: float,
    busy_until_s: float,
    afterpulse: Afterpulse,
    dead_time: DeadTime,
    rng: np.random.Generator,
) -> tuple[Arrivals, Arrivals]:
    """Return what is recorded of the arrivals of a slice and of what they cause, and what is caused later.

    Each pulse draws once what it would cause; that is there where the pulse is recorded. Which ones are
    follows from what came before, so that to decide it for all pulses again and again, with what they cause,
    decides it for ever more of them from the first one on, until nothing changes.

    Parameters
    ----------
    arrivals
        In time order, with what earlier slices caused in this one or later ones.
    stop_s
        End of the slice, s.
    busy_until_s
        State that the slice before left.
    afterpulse, dead_time
        The rules.
    rng
        Draws what pulses cause.
    """
    n, first = len(arrivals.time_s), int(np.searchsorted(arrivals.time_s, stop_s))
    own_s = arrivals.time_s[:first]
    # of arrivals, and then of what is caused: when each causes another pulse, and at which arrival it began
    causes_s, root = arrivals.time_s + afterpulse.delays_s(n, rng), np.arange(n)
    waiting = np.flatnonzero(causes_s < inf)
    caused_s, parent, is_there = np.empty(0), np.empty(0, dtype=np.intp), np.empty(0, dtype=np.bool_)
    while True:
        here = np.flatnonzero(is_there & (caused_s < stop_s))
        here = here[np.argsort(caused_s[here], kind="stable")]
        places = np.searchsorted(own_s, caused_s[here], side="right")
        time_s = np.insert(own_s, places, caused_s[here])
        keep = dead_time.recorded(time_s, busy_until_s)
        recorded, at = np.zeros(len(root), dtype=np.bool_), places + np.arange(len(here))
        recorded[:first], recorded[n + here] = np.delete(keep, at), keep[at]
        causing = waiting[recorded[waiting]]
        was_there, is_there = is_there, recorded[parent]
        if not len(causing) and np.array_equal(is_there, was_there):
            break
        delay_s = afterpulse.delays_s(len(causing), rng)
        new = len(root) + np.flatnonzero(delay_s < inf)
        waiting = np.concatenate([waiting[~recorded[waiting]], new])
        caused_s, parent = np.append(caused_s, causes_s[causing]), np.append(parent, causing)
        is_there = np.append(is_there, np.ones(len(causing), dtype=np.bool_))
        causes_s = np.append(causes_s, causes_s[causing] + delay_s)
        root = np.append(root, root[causing])
    pulse = np.insert(np.arange(first), places, n + here)[keep]
    late = np.flatnonzero(is_there & (caused_s >= stop_s))
    pending = [arrivals.take(np.arange(first, n)), _caused(arrivals, root[n + late], caused_s[late])]
    now = arrivals.take(root[pulse])._replace(time_s=time_s[keep])
    now.photon[pulse >= n], now.is_afterpulse[pulse >= n] = -1, True
    return now, in_order(pending)


def _caused(arrivals: Arrivals, root: NDArray[np.intp], time_s: FloatArray) -> Arrivals:
    """Return, in time order, the pulses at these times, each at the end of a chain that an arrival began."""
    order = np.argsort(time_s)
    caused = arrivals.take(root[order])._replace(time_s=time_s[order])
    caused.photon[:], caused.is_afterpulse[:] = -1, True
    return caused
