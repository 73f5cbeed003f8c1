"""What the detector is told of one laser step."""

from dataclasses import dataclass

from detector.domain import require_finite_at_least, require_in, require_positive

__all__ = ["StepConditions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepConditions:
    """One laser step, as far as a detector can tell steps apart.

    Parameters
    ----------
    omega_eV
        Laser frequency, and the energy of a signal photon in expectations, eV.
    duration_s
        Open time of the step: wall time × live_fraction, s. Rates and times of the detector are those of
        open time.
    laser_on
        False in dark steps.
    coherence
        η in [0, 1], averaged over the open time; 0 in control and dark steps.
    density_cm3, photon_density_cm3
        n_a and n_γ, cm⁻³.
    live_fraction
        Duty cycle of the laser's windows, in (0, 1]; duration_s has it already.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    omega_eV: float
    duration_s: float
    laser_on: bool = True
    coherence: float = 1.0
    density_cm3: float = 1e21
    photon_density_cm3: float = 1e21
    live_fraction: float = 1.0

    def __post_init__(self) -> None:
        require_positive("conditions.omega_eV", self.omega_eV)
        require_finite_at_least("conditions.duration_s", self.duration_s)
        require_in("conditions.coherence", self.coherence, 0, 1)
        require_positive("conditions.density_cm3", self.density_cm3)
        require_positive("conditions.photon_density_cm3", self.photon_density_cm3)
        require_positive("conditions.live_fraction", self.live_fraction)
        require_in("conditions.live_fraction", self.live_fraction, 0, 1)
