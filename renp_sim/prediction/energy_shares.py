"""From the settings of the laser to the rows of an exposure, which may be energy bins of its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from detector.response import Detector
from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.errors import ConfigError
from renp_sim.prediction.derivatives import answer_to
from renp_sim.prediction.frequency_table import OFFSETS
from renp_sim.prediction.signal import Signal

__all__ = ["EnergyShares"]

STEP = 1e-4
"""Step of a difference, in widths of the resolution."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnergyShares:
    """Which share of the recorded signal of a step has its reconstructed energy in the bin of each row.

    Every photon of a step is taken at the centre of its laser line, wherever that truly is; bins that are not
    far wider than the line hold all of it (`renp_sim.prediction.energy_bins`). The shares of a step sum to 1.

    Parameters
    ----------
    signal
        Where the laser stands.
    low_eV, high_eV
        Ends of the bins, shape (n,).
    rows_of
        Rows by the detector that recorded them; none where rows are whole steps.
    """

    signal: Signal
    low_eV: FloatArray
    high_eV: FloatArray
    rows_of: tuple[tuple[Detector, IndexArray], ...]

    @classmethod
    def of(cls, signal: Signal, exposure: Exposure, detectors: Mapping[int, object]) -> Self:
        """Return the shares of an exposure, whose detectors are given by run number.

        Raises
        ------
        ConfigError
            If it is split, and the detector of a run is not known.
        """
        rows_of = []
        for run in np.unique(exposure.run).tolist() if exposure.is_split else []:
            detector = detectors.get(run)
            if not isinstance(detector, Detector):
                raise ConfigError(f"run {run}: its detector is unknown, and so is what energy a photon has")
            rows_of.append((detector, np.flatnonzero(exposure.run == run)))
        low_eV, high_eV = exposure.energy_low_eV, exposure.energy_high_eV
        return cls(signal=signal, low_eV=low_eV, high_eV=high_eV, rows_of=tuple(rows_of))

    def spectrum(self, rows: FloatArray, of_settings: FloatArray) -> FloatArray:
        """Return Ī times the share, shape (u, n), from Ī of the settings for u rows of physics."""
        spectrum = self.signal.settings.to_steps(of_settings, axis=1)
        return spectrum * self.at(rows) if self.rows_of else spectrum

    def slopes(
        self, rows: FloatArray, of_settings: FloatArray, slopes: FloatArray, columns: IndexArray
    ) -> FloatArray:
        """Return ∂/∂θ of `spectrum` for some columns, shape (u, n, c), from Ī and ∂Ī/∂θ of the settings."""
        to_rows = self.signal.settings.to_steps
        by_row = to_rows(slopes, axis=1)
        if not self.rows_of:
            return by_row
        by_row *= self.at(rows)[..., None]
        omega = self._frequencies_eV(rows)
        h = np.zeros(omega.shape[1])
        for detector, own in self.rows_of:
            h[own] = STEP * detector.resolution.width_eV
        rise = self._at_frequencies(omega + h) - self._at_frequencies(omega - h)
        slope = np.divide(rise, 2 * h, out=np.zeros_like(rise), where=h > 0)
        moving = to_rows(of_settings, axis=1) * slope
        for i, column in enumerate(columns.tolist()):
            if self.signal.layout.group_at(column) in OFFSETS:
                by_row[..., i] += moving * to_rows(answer_to(self.signal, column), axis=0)
        return by_row

    def at(self, rows: FloatArray) -> FloatArray:
        """Return the share of each row of the exposure, shape (u, n); 1 of whole steps."""
        if not self.rows_of:
            return np.ones((1, len(self.low_eV)))
        return self._at_frequencies(self._frequencies_eV(rows))

    def _frequencies_eV(self, rows: FloatArray) -> FloatArray:
        """Return the true frequency of each row of the exposure, (u, n), or (1, n) where nothing moves it."""
        omega = self.signal.settings.to_steps(self.signal.frequencies_eV(rows), axis=1)
        return omega[:1] if np.all(omega == omega[:1]) else omega

    def _at_frequencies(self, omega_eV: FloatArray) -> FloatArray:
        share = np.empty(omega_eV.shape)
        for detector, own in self.rows_of:
            window, resolution = detector.energy_window_eV, detector.resolution
            ends = resolution.breaks_eV(window)
            # what lies so far outside that nothing is recorded of it would be 0/0
            omega = np.clip(omega_eV[:, own], min(ends), max(ends))
            inside = resolution.accepted(omega, (self.low_eV[own], self.high_eV[own]))
            share[:, own] = inside / resolution.accepted(omega, window)
        return share
