"""QED emission of the coherent target."""

from dataclasses import dataclass
from math import exp, inf, log
from typing import Annotated, ClassVar

from detector.background.contract import REFERENCE_DENSITY_CM3, Origin, require_component
from detector.conditions import StepConditions
from detector.domain import Fraction, NotNegative, Positive, Range, require_ranges
from detector.spectrum import LINE_REACH, Line, Spectrum

__all__ = ["DensityPowers", "Qed", "ReferenceDensity"]

MOST_SCALE = 1e100
"""Where every factor of a rate is at its limit their product would be no number."""

Density = Annotated[float, Range(1, 1e30)]
Power = Annotated[float, Range(0, 10)]


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
    """QED emission that the laser stimulates below E_eg/2: in steps with laser and coherence, of its line.

    The rate of arriving photons is

        rate_hz · suppression · (n_a/n_a,ref)^p_a · (n_γ/n_γ,ref)^p_γ · η · exp(s (ω − ω_ref)),

    averaged over the laser line; near ω_ref it is the linear 1 + s (ω − ω_ref). Like neutrino pairs it needs
    q² ≥ 0: of a line only what lies below the end of coherent emission, E_eg/2, emits; beyond there is none.

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
        require_component(self)

    @property
    def density_power(self) -> float:
        """p_a: within a step the rate follows η n_a^p_a."""
        return self.powers.n_a

    def present(self, conditions: StepConditions) -> bool:
        """Return whether the laser is on, there is coherence, and the line reaches below the end."""
        lowest_eV = conditions.omega_eV - LINE_REACH * conditions.linewidth_eV
        can_emit = conditions.end_eV is None or lowest_eV <= conditions.end_eV
        return conditions.laser_on and conditions.coherence > 0 and can_emit

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
        if conditions.course is not None:
            scale *= conditions.course.mean_density(self.powers.n_a)
        if self.omega_slope_per_eV:
            reference = self.reference_omega_eV or conditions.end_eV
            if reference is None:
                raise ValueError("reference_omega_eV: omega_slope_per_eV needs it, or the end_eV of the step")
            slope, sigma = self.omega_slope_per_eV, conditions.linewidth_eV
            # the mean of exp(s ω) over a Gaussian
            power = slope * (conditions.omega_eV - reference) + (slope * sigma) ** 2 / 2
            scale *= exp(min(power, log(MOST_SCALE)))
        return self.rate_hz * self.suppression * min(scale, MOST_SCALE) * self._line(conditions).share

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the part of the laser line that emits."""
        return self._line(conditions)

    def _line(self, conditions: StepConditions) -> Line:
        # a Gaussian times exp(s ω) is a Gaussian that has moved
        moved_eV = self.omega_slope_per_eV * conditions.linewidth_eV**2
        return Line(
            energy_eV=conditions.omega_eV + moved_eV,
            sigma_eV=conditions.linewidth_eV,
            high_eV=inf if conditions.end_eV is None else conditions.end_eV,
        )
