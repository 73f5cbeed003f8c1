"""A pulsed laser: windows that repeat, in which photons are counted and coherence decays."""

from dataclasses import dataclass

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.errors import DomainError

__all__ = ["Pulses"]

EPS = float(np.finfo(np.float64).eps)

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(32)
"""Of a window, for means of what η changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulses:
    """Windows at the start of every period; the first one opens as a step begins.

    Photons are counted in the windows only. η falls as exp(−2t/τ) from the opening of each: its mean is
    τ (1 − exp(−2W/τ))/(2W). Times of a step are of any shape and counted from its start; open time is that
    of its windows, one after the other.

    Parameters
    ----------
    repetition_hz
        Windows per second.
    window_s
        W, s.
    coherence_decay_s
        τ, s; None: η does not fall.

    Raises
    ------
    DomainError
        If windows overlap.

    Examples
    --------
    >>> pulses = Pulses(repetition_hz=10.0, window_s=1e-3, coherence_decay_s=5e-4)
    >>> pulses.open_s(np.array([100.0])).round(9).tolist()
    [1.0]
    >>> pulses.run_s(np.array([1.5e-3])).tolist()
    [0.1005]
    """

    repetition_hz: float
    window_s: float
    coherence_decay_s: float | None = None

    def __post_init__(self) -> None:
        if not self.repetition_hz * self.window_s <= 1:
            raise DomainError(
                f"window_s = {self.window_s:g}: windows overlap at repetition_hz = {self.repetition_hz:g}; "
                f"at most 1/repetition_hz = {1 / self.repetition_hz:g} s"
            )

    @property
    def period_s(self) -> float:
        """From one opening to the next, s; of windows that leave no gap, the window."""
        return max(1 / self.repetition_hz, self.window_s)

    def open_s(self, run_s: FloatArray) -> FloatArray:
        """Return the open time up to a time of the step."""
        n, rest = _whole(run_s, self.period_s)
        return n * self.window_s + np.minimum(rest, self.window_s)

    def run_s(self, open_s: FloatArray) -> FloatArray:
        """Return the time of the step at an open time, the inverse of `open_s`."""
        n, rest = _whole(open_s, self.window_s)
        return n * self.period_s + rest

    def coherent_s(self, open_s: FloatArray) -> FloatArray:
        """Return ∫ η dt/η(0) up to an open time, s."""
        tau = self.coherence_decay_s
        if tau is None:
            return open_s
        n, rest = _whole(open_s, self.window_s)
        return n * self._of_window(tau) + (tau / 2) * -np.expm1(-2 * rest / tau)

    def open_at_s(self, coherent_s: FloatArray) -> FloatArray:
        """Return the open time at which ∫ η dt/η(0) has a value, the inverse of `coherent_s`."""
        tau = self.coherence_decay_s
        if tau is None:
            return coherent_s
        n, rest = _whole(coherent_s, self._of_window(tau))
        # of a window that is far longer than τ rounding leaves nothing at its end
        gone = np.minimum(2 * rest / tau, 1 - EPS)
        return n * self.window_s + np.minimum(-(tau / 2) * np.log1p(-gone), self.window_s)

    def coherence(self, duration_s: FloatArray) -> FloatArray:
        """Return the mean of η/η(0) over the open time of steps of any length."""
        open_s = self.open_s(duration_s)
        return self.coherent_s(open_s) / open_s

    @property
    def samples(self) -> tuple[FloatArray, FloatArray]:
        """η/η(0) at times of a window, and the share of it that each stands for, shape (m,)."""
        tau = self.coherence_decay_s or np.inf
        # after ten τ there is no coherence left
        fall = min(10 * tau, self.window_s)
        eta = np.exp(-fall * (1 + POINTS) / tau)
        share = fall / self.window_s
        return np.append(eta, 0.0), np.append(WEIGHTS / 2 * share, 1 - share)

    def _of_window(self, tau: float) -> float:
        return float(-(tau / 2) * np.expm1(-2 * self.window_s / tau))


def _whole(time_s: FloatArray, length_s: float) -> tuple[FloatArray, FloatArray]:
    """Return how many whole lengths a time holds, and the rest of it, in [0, length]."""
    n = np.floor(time_s / length_s)
    return n, np.clip(time_s - n * length_s, 0.0, length_s)
