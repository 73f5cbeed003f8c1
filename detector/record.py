"""What goes into the detector and what comes out: structs of arrays in time order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.arrivals import Arrivals

__all__ = ["Expectation", "Photons", "Record"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photons:
    """True photons that reach the detector, in time order.

    Parameters
    ----------
    time_s
        Open time, sorted, shape (n,).
    energy_eV
        True energies, shape (n,).
    """

    time_s: FloatArray
    energy_eV: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """Recorded photons of a slice of a step, in time order; arrays have shape (m,).

    Parameters
    ----------
    time_s, energy_eV
        Recorded time, and reconstructed energy.
    photon
        Index into the photons given, −1 for background and afterpulses.
    component
        Index into the detector's backgrounds, −1 for signal; of an afterpulse that of what caused it.
    channel
        Channel of the detector.
    is_afterpulse
        Whether a pulse was caused by another one.
    causing_s
        Times of what makes the detector dead, shape (k,).
    busy_until_s, pending
        State for the next slice: until when the detector is dead, and afterpulses to come.
    """

    time_s: FloatArray
    energy_eV: FloatArray
    photon: IntArray
    component: NDArray[np.int16]
    channel: NDArray[np.int16]
    is_afterpulse: NDArray[np.bool_]
    causing_s: FloatArray
    busy_until_s: float
    pending: Arrivals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expectation:
    """What a step records on average.

    Parameters
    ----------
    efficiency
        Probability that a signal photon is seen with a reconstructed energy in the window, with the
        afterpulses that it causes.
    signal_rate_hz, background_rate_hz
        Recorded rates before dead time, s⁻¹, with afterpulses: a number, and shape (c,), 0 where not present.
    live_time_s
        Mean open time that dead time leaves, s.
    """

    efficiency: float
    signal_rate_hz: float
    background_rate_hz: FloatArray
    live_time_s: float

    @property
    def signal_counts(self) -> float:
        """Mean number of recorded signal photons."""
        return self.signal_rate_hz * self.live_time_s

    @property
    def background_counts(self) -> FloatArray:
        """Mean number of recorded counts per component, shape (c,)."""
        return self.background_rate_hz * self.live_time_s
