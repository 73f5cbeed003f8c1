"""Background: counts that no signal photon caused. A component is a rate, a presence and a spectrum.

Rates are those of open time, so the counts of a pulsed laser scale with its duty cycle by themselves.
"""

from dataclasses import dataclass
from enum import IntEnum
from math import exp
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from detector.conditions import StepConditions
from detector.domain import require_finite_at_least, require_in, require_positive
from detector.spectrum import Flat, Line, Spectrum

__all__ = [
    "BACKGROUNDS",
    "Background",
    "Continuum",
    "DarkCounts",
    "LaserLeakage",
    "Origin",
    "Qed",
    "poisson_times",
]

FloatArray = NDArray[np.float64]

REFERENCE_DENSITY_CM3 = 1e21


class Origin(IntEnum):
    """Where a recorded photon comes from; the numbers are those of the ntuple."""

    SIGNAL = 0
    DARK = 1
    CONTINUUM = 2
    QED = 3
    LEAKAGE = 4


class Background(Protocol):
    """A frozen component of independent arrivals at a rate that is constant within a step."""

    kind: ClassVar[str]
    """What the run file calls it."""
    origin: ClassVar[Origin]
    is_photon: ClassVar[bool]
    """Whether its arrivals are subject to efficiency, resolution and window; else all are recorded."""

    @property
    def name(self) -> str:
        """Name of the component and of its random stream."""
        ...

    @property
    def rate_hz(self) -> float:
        """Stated rate under reference conditions, s⁻¹."""
        ...

    @property
    def error_rel(self) -> float:
        """Relative error of the rate, as an experimenter knows it; plays no part in sampling."""
        ...

    def present(self, conditions: StepConditions) -> bool:
        """Return whether this kind of step has the component."""
        ...

    def arrival_rate_hz(self, conditions: StepConditions) -> float:
        """Return the rate of arrivals before the detector, s⁻¹; 0 where not present."""
        ...

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the spectrum of the arrivals."""
        ...


def poisson_times(rate_hz: float, interval_s: tuple[float, float], rng: np.random.Generator) -> FloatArray:
    """Return the times of a Poisson process in [start, stop), s, sorted by construction."""
    start, stop = interval_s
    n = int(rng.poisson(rate_hz * (stop - start)))
    if n == 0:
        return np.empty(0)
    cumulated = np.cumsum(rng.standard_exponential(n + 1))
    time: FloatArray = start + (stop - start) * (cumulated[:-1] / cumulated[-1])
    # rounding may reach the end, which belongs to the next slice
    return np.minimum(time, np.nextafter(stop, start))


def _require_rate(component: Background) -> None:
    if not component.name:
        raise ValueError("background.name = '': every component needs a name")
    require_finite_at_least(f"background.{component.name}.rate_hz", component.rate_hz)
    require_finite_at_least(f"background.{component.name}.error_rel", component.error_rel)


@dataclass(frozen=True, slots=True, kw_only=True)
class DarkCounts:
    """Counts of the sensor itself: in every step, of no photon, with an energy flat over the window.

    Parameters
    ----------
    name, rate_hz, error_rel
        As in `Background`; the rate is that of recorded counts.
    """

    name: str
    rate_hz: float
    error_rel: float = 0.0

    kind: ClassVar[str] = "dark_counts"
    origin: ClassVar[Origin] = Origin.DARK
    is_photon: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _require_rate(self)

    def present(self, conditions: StepConditions) -> bool:
        """Return True."""
        return True

    def arrival_rate_hz(self, conditions: StepConditions) -> float:
        """Return the stated rate, s⁻¹."""
        return self.rate_hz

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return a flat spectrum over the window."""
        return Flat(low_eV=window_eV[0], high_eV=window_eV[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuum:
    """Photons from the surroundings: in every step, with a spectrum of their own.

    Parameters
    ----------
    name, rate_hz, error_rel
        As in `Background`; the rate is that of the photons that arrive, over the whole spectrum.
    spectrum
        Their energies.
    """

    name: str
    rate_hz: float
    spectrum: Spectrum
    error_rel: float = 0.0

    kind: ClassVar[str] = "continuum"
    origin: ClassVar[Origin] = Origin.CONTINUUM
    is_photon: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _require_rate(self)

    def present(self, conditions: StepConditions) -> bool:
        """Return True."""
        return True

    def arrival_rate_hz(self, conditions: StepConditions) -> float:
        """Return the stated rate, s⁻¹."""
        return self.rate_hz

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the stated spectrum."""
        return self.spectrum


@dataclass(frozen=True, slots=True, kw_only=True)
class Qed:
    """QED emission from the coherent target, at the laser frequency: in steps with laser and coherence.

    The rate of arriving photons is

        rate_hz · suppression · (n_a/n_a,ref)^p_a · (n_γ/n_γ,ref)^p_γ · η · exp(s (ω − ω_ref)),

    smooth and positive at every ω; near ω_ref it is the linear 1 + s (ω − ω_ref).

    Parameters
    ----------
    name, rate_hz, error_rel
        As in `Background`; the rate is that before suppression at the reference densities, η = 1, ω_ref.
    suppression
        What is left of it, in [0, 1].
    reference_density_cm3, reference_photon_density_cm3
        n_a,ref and n_γ,ref, cm⁻³.
    density_power, photon_density_power
        p_a and p_γ.
    omega_slope_per_eV
        s, eV⁻¹.
    reference_omega_eV
        ω_ref, eV; needed where s ≠ 0. E_eg/2, the end of the neutrino spectrum, is one that no choice of
        laser steps moves.
    """

    name: str
    rate_hz: float
    error_rel: float = 0.0
    suppression: float = 1.0
    reference_density_cm3: float = REFERENCE_DENSITY_CM3
    reference_photon_density_cm3: float = REFERENCE_DENSITY_CM3
    density_power: float = 2.0
    photon_density_power: float = 1.0
    omega_slope_per_eV: float = 0.0
    reference_omega_eV: float | None = None

    kind: ClassVar[str] = "qed"
    origin: ClassVar[Origin] = Origin.QED
    is_photon: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _require_rate(self)
        path = f"background.{self.name}"
        require_in(f"{path}.suppression", self.suppression, 0, 1)
        require_positive(f"{path}.reference_density_cm3.n_a", self.reference_density_cm3)
        require_positive(f"{path}.reference_density_cm3.n_gamma", self.reference_photon_density_cm3)
        require_in(f"{path}.powers.n_a", self.density_power, 0, 10)
        require_in(f"{path}.powers.n_gamma", self.photon_density_power, 0, 10)
        require_in(f"{path}.omega_slope_per_eV", self.omega_slope_per_eV, -100, 100)
        if self.reference_omega_eV is not None:
            require_positive(f"{path}.reference_omega_eV", self.reference_omega_eV)
        elif self.omega_slope_per_eV:
            raise ValueError(
                f"{path}.reference_omega_eV is not given: omega_slope_per_eV = {self.omega_slope_per_eV} "
                "needs the ω at which rate_hz holds, such as E_eg/2"
            )

    def present(self, conditions: StepConditions) -> bool:
        """Return whether the laser is on and there is coherence."""
        return conditions.laser_on and conditions.coherence > 0

    def arrival_rate_hz(self, conditions: StepConditions) -> float:
        """Return the rate of photons before the detector, s⁻¹; 0 where not present."""
        if not self.present(conditions):
            return 0.0
        density = conditions.density_cm3 / self.reference_density_cm3
        photons = conditions.photon_density_cm3 / self.reference_photon_density_cm3
        scale: float = density**self.density_power * photons**self.photon_density_power * conditions.coherence
        if self.reference_omega_eV is not None:
            scale *= exp(self.omega_slope_per_eV * (conditions.omega_eV - self.reference_omega_eV))
        return self.rate_hz * self.suppression * scale

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the laser line."""
        return Line(energy_eV=conditions.omega_eV)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaserLeakage:
    """Scattered laser light, at the laser frequency: in steps with the laser on, proportional to n_γ.

    Parameters
    ----------
    name, rate_hz, error_rel
        As in `Background`; the rate is that of the photons that arrive while the laser is open, at the
        reference density. Counts in wall time therefore scale with the duty cycle.
    reference_photon_density_cm3
        n_γ,ref, cm⁻³.
    """

    name: str
    rate_hz: float
    error_rel: float = 0.0
    reference_photon_density_cm3: float = REFERENCE_DENSITY_CM3

    kind: ClassVar[str] = "laser_leakage"
    origin: ClassVar[Origin] = Origin.LEAKAGE
    is_photon: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _require_rate(self)
        require_positive(
            f"background.{self.name}.reference_density_cm3.n_gamma", self.reference_photon_density_cm3
        )

    def present(self, conditions: StepConditions) -> bool:
        """Return whether the laser is on."""
        return conditions.laser_on

    def arrival_rate_hz(self, conditions: StepConditions) -> float:
        """Return the rate of photons before the detector, s⁻¹; 0 where not present."""
        if not self.present(conditions):
            return 0.0
        return self.rate_hz * conditions.photon_density_cm3 / self.reference_photon_density_cm3

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the laser line."""
        return Line(energy_eV=conditions.omega_eV)


BACKGROUNDS: tuple[type[Background], ...] = (DarkCounts, Continuum, Qed, LaserLeakage)
"""Every background a run file can name."""
