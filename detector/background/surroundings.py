"""Background that is there whatever the laser does."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from detector.background.contract import Background, Origin, require_component
from detector.conditions import StepConditions
from detector.domain import NotNegative
from detector.spectrum import Flat, Spectrum

__all__ = ["Continuum", "DarkCounts"]


def _always(component: Background, conditions: StepConditions) -> bool:
    """Return True: every kind of step has the component."""
    return True


def _as_stated(component: Background, conditions: StepConditions) -> float:
    """Return the stated rate, s⁻¹, whatever the step."""
    return component.rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class DarkCounts:
    """Counts of the sensor itself: in every step, of no photon, with an energy flat over the window.

    Parameters
    ----------
    name, error_rel
        As in `Background`.
    rate_hz
        Rate of recorded counts, s⁻¹ of open time: no efficiency and no window takes any.
    """

    name: str
    rate_hz: NotNegative
    error_rel: NotNegative = 0.0

    kind: ClassVar[str] = "dark_counts"
    origin: ClassVar[Origin] = Origin.DARK
    is_photon: ClassVar[bool] = False
    density_power: ClassVar[None] = None

    def __post_init__(self) -> None:
        require_component(self)

    present = _always
    arrival_rate_hz = _as_stated

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return a flat spectrum over the window."""
        return Flat(low_eV=window_eV[0], high_eV=window_eV[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuum:
    """Photons from the surroundings: in every step, with a spectrum of their own.

    Parameters
    ----------
    name, error_rel
        As in `Background`.
    rate_hz
        Rate of the photons that arrive, before efficiency, resolution and window, over the whole spectrum,
        s⁻¹ of open time.
    spectrum
        Their energies; "flat" is even over the window of the detector.
    """

    name: str
    rate_hz: NotNegative
    error_rel: NotNegative = 0.0
    spectrum: Spectrum | Literal["flat"] = "flat"

    kind: ClassVar[str] = "continuum"
    origin: ClassVar[Origin] = Origin.CONTINUUM
    is_photon: ClassVar[bool] = True
    density_power: ClassVar[None] = None

    def __post_init__(self) -> None:
        require_component(self)

    present = _always
    arrival_rate_hz = _as_stated

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the stated spectrum."""
        if isinstance(self.spectrum, str):
            return Flat(low_eV=window_eV[0], high_eV=window_eV[1])
        return self.spectrum
