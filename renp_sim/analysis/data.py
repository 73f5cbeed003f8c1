"""What an analysis is given: the exposure of each step and its counts.

Nothing here knows neutrinos. Both are filled from a file (`renp_sim.analysis.from_ntuple`) or from a run that
nobody has generated (`renp_sim.prediction.exposure`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["Exposure", "Observation"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exposure:
    """What is known of n steps before a photon is counted; several runs may be concatenated.

    Parameters
    ----------
    run, step
        Key of each row, shape (n,).
    kind
        0 signal, 1 control (laser on, no coherence), 2 dark (laser off), shape (n,).
    omega_eV, linewidth_eV
        Set laser frequency and Gaussian σ, eV.
    omega_common_error_eV, omega_step_error_eV
        Stated calibration errors, eV.
    live_time_s
        Open time less dead time, s.
    coherence
        η averaged over the live windows.
    gamma0_hz
        Γ₀ without η, s⁻¹.
    efficiency, efficiency_common_error, efficiency_step_error
        Probability to record a signal photon and its absolute errors.
    components
        Names of the c background components.
    background_rate_hz, background_error_hz
        Stated rates of recorded background and their errors, shape (n, c), s⁻¹.
    background_present
        Whether a component is there in this kind of step, shape (n, c).
    """

    run: NDArray[np.int64]
    step: NDArray[np.int64]
    kind: NDArray[np.int8]
    omega_eV: FloatArray
    linewidth_eV: FloatArray
    omega_common_error_eV: FloatArray
    omega_step_error_eV: FloatArray
    live_time_s: FloatArray
    coherence: FloatArray
    gamma0_hz: FloatArray
    efficiency: FloatArray
    efficiency_common_error: FloatArray
    efficiency_step_error: FloatArray
    components: tuple[str, ...]
    background_rate_hz: FloatArray
    background_error_hz: FloatArray
    background_present: BoolArray

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return len(self.omega_eV)

    @property
    def background_counts(self) -> FloatArray:
        """Expected background counts of the stated rates, shape (n,)."""
        rate: FloatArray = np.sum(np.where(self.background_present, self.background_rate_hz, 0.0), axis=1)
        return rate * self.live_time_s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """Recorded photons per step, shape (n,), or (toys, n), with the exposure they belong to.

    Counts are integers in data; an Asimov set has the expectation itself.
    """

    exposure: Exposure
    counts: FloatArray
