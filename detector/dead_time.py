"""Dead time: what a recorded photon costs the ones after it."""

from dataclasses import dataclass
from math import exp, expm1, floor, inf, sqrt
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from detector import special
from detector.domain import NotNegative, require_ranges

__all__ = ["DEAD_TIMES", "DeadTime", "NonParalysable", "Paralysable"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

START_FORGOTTEN = 2.0
"""Standard deviation σ of the number of recorded photons from where on the start of a step is forgotten: the
phase of the first one survives as exp(−2π²σ²)."""


class DeadTime(Protocol):
    """The rule by which arrivals, in time order, are recorded or lost.

    The state between two slices of time is busy_until_s: an arrival before it is lost.
    """

    kind: ClassVar[str]
    """What the run file calls it."""

    @property
    def tau_s(self) -> float:
        """Dead time of one recorded photon, s; with 0 every arrival is recorded."""
        ...

    def recorded(self, time_s: FloatArray, busy_until_s: float) -> BoolArray:
        """Return which of the sorted arrivals are recorded."""
        ...

    def causing(self, time_s: FloatArray, recorded: BoolArray) -> FloatArray:
        """Return the times of the arrivals that make it dead for τ, by which of them are recorded."""
        ...

    def busy_after(self, causing_s: FloatArray, busy_until_s: float) -> float:
        """Return the state after these sorted times of what makes it dead."""
        ...

    def settled(self, time_s: FloatArray, interval_s: tuple[float, float]) -> float | None:
        """Return the state after a slice if the state before it cannot matter, else None."""
        ...

    def live_time_s(self, rate_hz: float, duration_s: float) -> float:
        """Return the mean time of a step in which a photon would be recorded, s; it begins alive.

        Parameters
        ----------
        rate_hz
            Of arrivals before dead time, s⁻¹.
        duration_s
            Of the step, s of open time.
        """
        ...

    def lost_s(self, causing_s: FloatArray, stop_s: float, busy_until_s: float = -inf) -> float:
        """Return the dead time before stop_s that these sorted times add to a state, s."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NonParalysable:
    """Dead for τ after each recorded photon; a lost one prolongs nothing.

    Parameters
    ----------
    tau_s
        τ, s; 0 is none.

    Examples
    --------
    >>> NonParalysable(tau_s=1.0).recorded(np.array([0.0, 0.6, 1.0, 1.9, 2.5]), -inf)
    array([ True, False,  True, False,  True])
    """

    tau_s: NotNegative = 0.0

    kind: ClassVar[str] = "non_paralysable"

    def __post_init__(self) -> None:
        require_ranges(self)

    def recorded(self, time_s: FloatArray, busy_until_s: float) -> BoolArray:
        """Return which of the sorted arrivals are recorded, shape (n,).

        An arrival at least τ after the one before it is recorded whatever came earlier, and a closer one
        that follows such an arrival is lost. Only where several in a row are close is the rule applied one
        by one.
        """
        keep = np.ones(len(time_s), dtype=np.bool_)
        if self.tau_s == 0 or not len(keep):
            return keep
        start = int(np.searchsorted(time_s, busy_until_s))
        keep[:start] = False
        time = time_s[start:]
        close = time[1:] < time[:-1] + self.tau_s
        if not np.any(close):
            return keep
        keep[start + 1 :] = ~close
        # a lone close arrival is lost; two in a row need what happened to the first
        pair = close[:-1] & close[1:]
        if not np.any(pair):
            return keep
        crowd = np.zeros(len(time), dtype=np.bool_)
        for shift in range(3):  # the arrival before the pair, and the pair
            crowd[shift : shift + len(pair)] |= pair
        member = np.flatnonzero(crowd)
        crowded = time[member]
        # the first arrival that may follow each: later, and never past the head of the next crowd
        following = np.searchsorted(crowded, crowded + self.tau_s).tolist()
        chain, current = [], 0
        while current < len(following):
            chain.append(current)
            current = following[current]
        keep[start + member[chain]] = True
        return keep

    def causing(self, time_s: FloatArray, recorded: BoolArray) -> FloatArray:
        """Return the times of what is recorded."""
        return time_s if np.all(recorded) else time_s.take(np.flatnonzero(recorded))

    def busy_after(self, causing_s: FloatArray, busy_until_s: float) -> float:
        """Return the last time + τ, or the state before if there is none; −∞ without dead time."""
        return _busy_after(causing_s, busy_until_s, self.tau_s)

    def settled(self, time_s: FloatArray, interval_s: tuple[float, float]) -> float | None:
        """Return the state after a slice if the state before it cannot matter, else None.

        An arrival at least τ after the one before it, or after the start of the slice, is recorded for any
        state at the start, and all that follows is then known. If the end of the slice is that far from the
        last arrival the detector is free there, written −∞. (That the two extreme states at the start lead
        to one end would not do: of arrivals at 0, 0.6 and 1 with τ = 1 both extremes record the last, but
        a detector that is busy until 0.5 does not.)
        """
        if self.tau_s == 0:
            return -inf
        start, stop = interval_s
        free_from = np.concatenate([[start], time_s]) + self.tau_s
        if free_from[-1] <= stop:
            return -inf
        certain = np.flatnonzero(time_s >= free_from[:-1])
        if not len(certain):
            return None
        tail = time_s[certain[-1] :]
        return self.busy_after(tail[self.recorded(tail, -inf)], -inf)

    def live_time_s(self, rate_hz: float, duration_s: float) -> float:
        """Return E[n]/R of a step of length T, for a rate R before dead time, s.

        Recorded photons are a renewal process: the (k+1)-th comes in time if k + 1 exponential waits fit into
        T − kτ, so E[n] = Σ_k P(k + 1, R (T − kτ)) with P the regularised incomplete gamma function. Once the
        start is forgotten that is linear in T: E[n]/R = T/(1 + Rτ) + τ Rτ/(2 (1 + Rτ)²), the second term for
        the start (Cox, Renewal Theory, section 4.2).

        Examples
        --------
        >>> [round(2.5 * NonParalysable(tau_s=1.0).live_time_s(2.5, T), 3) for T in (2.0, 7e6)]
        [1.706, 5000000.255]
        """
        r = rate_hz * self.tau_s
        if r == 0:
            return duration_s
        periods = rate_hz * duration_s / (1 + r)
        spread = sqrt(periods) / (1 + r)
        if spread > START_FORGOTTEN:
            return duration_s / (1 + r) + self.tau_s * r / (2 * (1 + r) ** 2)
        # terms before the first are 1 and those after the last are 0
        width = 40 + 10 * spread
        first = max(0, floor(periods - width))
        last = floor(min(duration_s / self.tau_s, periods + width))
        k = np.arange(first, last + 1)
        waiting_s = np.maximum(duration_s - k * self.tau_s, 0.0)
        recorded = first + float(np.sum(special.gammainc(k + 1.0, rate_hz * waiting_s)))
        return min(recorded / rate_hz, duration_s)

    def lost_s(self, causing_s: FloatArray, stop_s: float, busy_until_s: float = -inf) -> float:
        """Return Σ min(τ, stop − t): the dead time before the end of the step, s."""
        return float(np.sum(np.minimum(self.tau_s, stop_s - causing_s))) if len(causing_s) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paralysable:
    """Dead for τ after each photon that arrives, recorded or lost: what comes too close prolongs it.

    Parameters
    ----------
    tau_s
        τ, s; 0 is none.

    Examples
    --------
    >>> Paralysable(tau_s=1.0).recorded(np.array([0.0, 0.6, 1.0, 1.9, 3.0]), -inf)
    array([ True, False, False, False,  True])
    """

    tau_s: NotNegative = 0.0

    kind: ClassVar[str] = "paralysable"

    def __post_init__(self) -> None:
        require_ranges(self)

    def recorded(self, time_s: FloatArray, busy_until_s: float) -> BoolArray:
        """Return which of the sorted arrivals come at least τ after the one before, shape (n,)."""
        if self.tau_s == 0:
            return np.ones(len(time_s), dtype=np.bool_)
        free_from_s = np.concatenate([[busy_until_s], time_s[:-1] + self.tau_s])
        keep: BoolArray = time_s >= free_from_s[: len(time_s)]
        return keep

    def causing(self, time_s: FloatArray, recorded: BoolArray) -> FloatArray:
        """Return the times of all arrivals."""
        return time_s

    def busy_after(self, causing_s: FloatArray, busy_until_s: float) -> float:
        """Return the last time + τ, or the state before if there is none; −∞ without dead time."""
        return _busy_after(causing_s, busy_until_s, self.tau_s)

    def settled(self, time_s: FloatArray, interval_s: tuple[float, float]) -> float | None:
        """Return the state after a slice, which its last arrival decides; None if a state may last that long.

        A detector that is free at the end of the slice is −∞.
        """
        start, stop = interval_s
        free_from = (float(time_s[-1]) if len(time_s) else start) + self.tau_s
        if free_from <= stop:
            return -inf
        return free_from if len(time_s) else None

    def live_time_s(self, rate_hz: float, duration_s: float) -> float:
        """Return E[n]/R of a step of length T, for a rate R before dead time, s.

        An arrival at t is recorded where nothing came in the τ before, or since the step began:
        E[n] = 1 − e^{−R min(T, τ)} + R e^{−Rτ} max(T − τ, 0).

        Examples
        --------
        >>> [round(0.5 * Paralysable(tau_s=1.0).live_time_s(0.5, T), 3) for T in (0.5, 100.0)]
        [0.221, 30.417]
        """
        if rate_hz * self.tau_s == 0:
            return duration_s
        first_s = min(duration_s, self.tau_s)
        later_s = exp(-rate_hz * self.tau_s) * (duration_s - first_s)
        return -expm1(-rate_hz * first_s) / rate_hz + later_s

    def lost_s(self, causing_s: FloatArray, stop_s: float, busy_until_s: float = -inf) -> float:
        """Return the length of all [t, t + τ) together, from the state on to the end of the step, s."""
        if self.tau_s == 0 or not len(causing_s):
            return 0.0
        free_from_s = np.concatenate([[busy_until_s], causing_s[:-1] + self.tau_s])
        dead_s = np.minimum(causing_s + self.tau_s, stop_s) - np.maximum(causing_s, free_from_s)
        return float(np.sum(np.maximum(dead_s, 0.0)))


def _busy_after(causing_s: FloatArray, busy_until_s: float, tau_s: float) -> float:
    if tau_s == 0:
        return -inf
    return float(causing_s[-1]) + tau_s if len(causing_s) else busy_until_s


DEAD_TIMES: tuple[type[DeadTime], ...] = (NonParalysable, Paralysable)
"""Every dead time a run file can name."""
