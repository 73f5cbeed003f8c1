"""The target: an atom at a density, in a cylinder along the laser, with its coherence and spin tensor."""

from dataclasses import dataclass
from math import pi

from renp_sim.errors import DomainError
from renp_sim.physics.atom import Atom

__all__ = ["Target"]

REFERENCE_DENSITY_CM3 = 1e21
REFERENCE_VOLUME_CM3 = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the laser shines on.

    Parameters
    ----------
    atom
        The atom.
    density_cm3, photon_density_cm3
        n_a and n_γ, cm⁻³.
    volume_cm3, length_cm
        The cylinder along the laser.
    coherence
        η in [0, 1]; a step's own coherence multiplies it.
    f_l
        Longitudinal share of the spin tensor, in [0, 1]; 1/3 is the isotropic average of GP23.

    Raises
    ------
    DomainError
        If a number is out of range.
    """

    atom: Atom
    density_cm3: float = REFERENCE_DENSITY_CM3
    photon_density_cm3: float = REFERENCE_DENSITY_CM3
    volume_cm3: float = REFERENCE_VOLUME_CM3
    length_cm: float = 100.0
    coherence: float = 1.0
    f_l: float = 1 / 3

    def __post_init__(self) -> None:
        for key in ("density_cm3", "photon_density_cm3", "volume_cm3", "length_cm"):
            if not 0 < getattr(self, key) < float("inf"):
                raise DomainError(f"target.{key} = {getattr(self, key)}: must be positive")
        for key in ("coherence", "f_l"):
            if not 0 <= getattr(self, key) <= 1:
                raise DomainError(f"target.{key} = {getattr(self, key)}: must lie in [0, 1]")

    @property
    def gamma0_hz(self) -> float:
        """Γ₀ without η, s⁻¹: Γ_ref · n_a² n_γ/(10²¹ cm⁻³)³ · V/100 cm³. Implements Eq. (3) of GP23."""
        density = self.density_cm3 / REFERENCE_DENSITY_CM3
        photons = self.photon_density_cm3 / REFERENCE_DENSITY_CM3
        volume = self.volume_cm3 / REFERENCE_VOLUME_CM3
        return self.atom.gamma_ref_hz * density**2 * photons * volume

    @property
    def radius_cm(self) -> float:
        """Radius of the cylinder, cm."""
        return float((self.volume_cm3 / (pi * self.length_cm)) ** 0.5)
