"""Background: counts that no signal photon caused. A component is a rate, a presence and a spectrum.

Rates are those of open time, so the counts of a pulsed laser scale with its duty cycle by themselves.
"""

from dataclasses import dataclass
from enum import IntEnum
from math import exp, log
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from detector.conditions import StepConditions
from detector.domain import Fraction, NotNegative, Positive, Range, require_ranges
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

LONGEST_NAME = 100

MOST_SCALE = 1e100
"""Where every factor of a rate is at its limit their product would be no number."""

Density = Annotated[float, Range(1, 1e30)]
Power = Annotated[float, Range(0, 10)]


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


def _require(component: Background) -> None:
    require_ranges(component)
    if not (0 < len(component.name) <= LONGEST_NAME and component.name.isprintable()):
        raise ValueError(f"name = {component.name!r}: must have 1 to {LONGEST_NAME} printable characters")


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

    def __post_init__(self) -> None:
        _require(self)

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

    def __post_init__(self) -> None:
        _require(self)

    present = _always
    arrival_rate_hz = _as_stated

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the stated spectrum."""
        if isinstance(self.spectrum, str):
            return Flat(low_eV=window_eV[0], high_eV=window_eV[1])
        return self.spectrum


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDensity:
    """Densities at which a rate is stated.

    Parameters
    ----------
    n_a
        Of the atoms, cm⁻³.
    n_gamma
        Of the photons, cm⁻³.
    """

    n_a: Density = REFERENCE_DENSITY_CM3
    n_gamma: Density = REFERENCE_DENSITY_CM3

    def __post_init__(self) -> None:
        require_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityPowers:
    """Powers with which a rate scales.

    Parameters
    ----------
    n_a
        Of the density of the atoms.
    n_gamma
        Of the density of the photons.
    """

    n_a: Power = 2.0
    n_gamma: Power = 1.0

    def __post_init__(self) -> None:
        require_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Qed:
    """QED emission from the coherent target, at the laser frequency: in steps with laser and coherence.

    The rate of arriving photons is

        rate_hz · suppression · (n_a/n_a,ref)^p_a · (n_γ/n_γ,ref)^p_γ · η · exp(s (ω − ω_ref)),

    smooth and positive at every ω; near ω_ref it is the linear 1 + s (ω − ω_ref).

    Parameters
    ----------
    name, error_rel
        As in `Background`.
    rate_hz
        Rate of the photons that arrive, before efficiency, resolution, window and suppression, at the
        reference densities, η = 1 and ω_ref, s⁻¹ of open time.
    reference_density_cm3
        n_a,ref and n_γ,ref, cm⁻³.
    powers
        p_a and p_γ.
    omega_slope_per_eV
        s, the relative change of the rate with ω, eV⁻¹.
    suppression
        What is left of the rate, in [0, 1].
    reference_omega_eV
        ω_ref, eV; by default E_eg/2, the end of the neutrino spectrum, which no choice of laser steps moves.
    """

    name: str
    rate_hz: NotNegative
    error_rel: NotNegative = 0.0
    reference_density_cm3: ReferenceDensity = ReferenceDensity()
    powers: DensityPowers = DensityPowers()
    omega_slope_per_eV: Annotated[float, Range(-100, 100)] = 0.0
    suppression: Fraction = 1.0
    reference_omega_eV: Positive | None = None

    kind: ClassVar[str] = "qed"
    origin: ClassVar[Origin] = Origin.QED
    is_photon: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _require(self)

    def present(self, conditions: StepConditions) -> bool:
        """Return whether the laser is on and there is coherence."""
        return conditions.laser_on and conditions.coherence > 0

    def arrival_rate_hz(self, conditions: StepConditions) -> float:
        """Return the rate of photons before the detector, s⁻¹; 0 where not present.

        Raises
        ------
        ValueError
            If there is a slope, and neither the component nor the step says from which ω.
        """
        if not self.present(conditions):
            return 0.0
        density = conditions.density_cm3 / self.reference_density_cm3.n_a
        photons = conditions.photon_density_cm3 / self.reference_density_cm3.n_gamma
        scale: float = density**self.powers.n_a * photons**self.powers.n_gamma * conditions.coherence
        if self.omega_slope_per_eV:
            reference = self.reference_omega_eV or conditions.end_eV
            if reference is None:
                raise ValueError("reference_omega_eV: omega_slope_per_eV needs it, or the end_eV of the step")
            scale *= exp(min(self.omega_slope_per_eV * (conditions.omega_eV - reference), log(MOST_SCALE)))
        return self.rate_hz * self.suppression * min(scale, MOST_SCALE)

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the laser line."""
        return Line(energy_eV=conditions.omega_eV)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaserLeakage:
    """Scattered laser light, at the laser frequency: in steps with the laser on, proportional to n_γ.

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

    def __post_init__(self) -> None:
        _require(self)

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
        return Line(energy_eV=conditions.omega_eV)


BACKGROUNDS: tuple[type[Background], ...] = (DarkCounts, Continuum, Qed, LaserLeakage)
"""Every background a run file can name."""
