"""Laser light that reaches the detector."""

from dataclasses import dataclass
from typing import ClassVar

from detector.background.contract import REFERENCE_DENSITY_CM3, Origin, require_component
from detector.conditions import StepConditions
from detector.domain import NotNegative
from detector.spectrum import Line, Spectrum

__all__ = ["LaserLeakage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaserLeakage:
    """Scattered laser light, of the laser's own line: in steps with the laser on, proportional to n_γ.

    Parameters
    ----------
    name, error_rel
        As in `Background`.
    rate_hz
        Rate of the photons that arrive, before efficiency, resolution and window, at n_γ = 10²¹ cm⁻³, s⁻¹ of
        open time. Counts in wall time therefore scale with the duty cycle.
    """

    name: str
    rate_hz: NotNegative
    error_rel: NotNegative = 0.0

    kind: ClassVar[str] = "laser_leakage"
    origin: ClassVar[Origin] = Origin.LEAKAGE
    is_photon: ClassVar[bool] = True
    density_power: ClassVar[None] = None

    def __post_init__(self) -> None:
        require_component(self)

    def present(self, conditions: StepConditions) -> bool:
        """Return whether the laser is on."""
        return conditions.laser_on

    def arrival_rate_hz(self, conditions: StepConditions) -> float:
        """Return the rate of photons before the detector, s⁻¹; 0 where not present."""
        if not self.present(conditions):
            return 0.0
        return self.rate_hz * conditions.photon_density_cm3 / REFERENCE_DENSITY_CM3

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the laser line."""
        return Line(energy_eV=conditions.omega_eV, sigma_eV=conditions.linewidth_eV)
