"""What goes into the detector and what comes out: structs of arrays in time order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    """Recorded photons of a slice of a step, in time order; every array has shape (m,).

    Parameters
    ----------
    time_s, energy_eV
        Recorded time, and reconstructed energy.
    photon
        Index into the photons given, −1 for background.
    component
        Index into the detector's backgrounds, −1 for signal.
    channel
        Channel of the detector.
    busy_until_s
        State for the next slice.
    """

    time_s: FloatArray
    energy_eV: FloatArray
    photon: IntArray
    component: NDArray[np.int16]
    channel: NDArray[np.int16]
    busy_until_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expectation:
    """What a step records on average.

    Parameters
    ----------
    efficiency
        Probability that a signal photon is seen with a reconstructed energy in the window.
    signal_rate_hz, background_rate_hz
        Recorded rates before dead time, s⁻¹: a number, and shape (c,), 0 where not present.
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
