"""The schedule of laser steps, as it was set or as it was: one object that all layers share."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray
from renp_sim.laser.clock import Factor, StepClock, mean_factor
from renp_sim.laser.pulses import Pulses

__all__ = ["Schedule", "StepKind"]


class StepKind(IntEnum):
    """What a step is for; the numbers are those of the ntuple."""

    SIGNAL = 0
    CONTROL = 1
    """Laser on, no coherence."""
    DARK = 2
    """Laser off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """n steps in the order in which they are run; every array has shape (n,).

    Parameters
    ----------
    kind
        Values of `StepKind`.
    scan_pass
        Pass of an interleaved scan, from 0.
    omega_eV
        Frequency of the laser, eV: the set one, or the true one of a schedule `as_it_was`.
    linewidth_eV
        Gaussian σ of the line, eV; 0 is sharp.
    start_s, duration_s
        Wall time since run start, s; the settling time between steps is in the starts.
    live_fraction
        Share of the duration in which the laser's windows are open, in (0, 1]; 1 is continuous.
    coherence
        η of the step averaged over its live windows, without the target's; 0 in control and dark steps.
    omega_common_error_eV, omega_step_error_eV
        Stated calibration errors, eV.
    pulses
        The windows within a step; None: continuous.
    density
        Drift of n_a over the run; None: none. An experimenter sees it in the absorption of his laser.
    efficiency
        Drift of the detector's efficiency over the run, of a schedule `as_it_was`: nobody knows of it.
    """

    kind: NDArray[np.int8]
    scan_pass: NDArray[np.int32]
    omega_eV: FloatArray
    linewidth_eV: FloatArray
    start_s: FloatArray
    duration_s: FloatArray
    live_fraction: FloatArray
    coherence: FloatArray
    omega_common_error_eV: FloatArray
    omega_step_error_eV: FloatArray
    pulses: Pulses | None = None
    density: Factor | None = None
    efficiency: Factor | None = None

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return len(self.omega_eV)

    @property
    def open_time_s(self) -> FloatArray:
        """Time in which photons are counted, dead time included, shape (n,), s."""
        return self.duration_s * self.live_fraction

    @property
    def wall_time_s(self) -> float:
        """Time from the first step to the end of the last one, settling between them included, s."""
        return float(self.start_s[-1] + self.duration_s[-1])

    @property
    def gamma0_factor(self) -> FloatArray:
        """What the drift of the density makes of Γ₀ ∝ n_a², averaged over each step, shape (n,)."""
        return mean_factor(self.density, 2.0, self.start_s, self.duration_s, self.wall_time_s)

    def clock(self, step: int) -> StepClock:
        """Return the clock of a step."""
        return StepClock(
            start_s=float(self.start_s[step]),
            duration_s=float(self.duration_s[step]),
            run_duration_s=self.wall_time_s,
            pulses=self.pulses,
            density=self.density,
            efficiency=self.efficiency,
        )

    @property
    def is_steady(self) -> bool:
        """Whether nothing changes within a step, so that open time is run time and even time."""
        return self.pulses is None and self.density is None and self.efficiency is None

    def as_it_was(self, offsets_eV: FloatArray, efficiency: Factor | None = None) -> Self:
        """Return the schedule as it truly was.

        Parameters
        ----------
        offsets_eV
            True minus set frequency of each step, shape (n,).
        efficiency
            Drift of the detector's efficiency.
        """
        return replace(self, omega_eV=self.omega_eV + offsets_eV, efficiency=efficiency)
