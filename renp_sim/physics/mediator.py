"""A mediator on its own: what its numbers must be, and its decay into neutrino pairs at rest."""

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.arrays import FloatArray
from renp_sim.errors import DomainError
from renp_sim.physics.couplings import per_pair
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Neutrinos

__all__ = ["at_rest", "decay_width_eV", "require_mediator"]


def require_mediator(mass_eV: ArrayLike, width_eV: object, **couplings: ArrayLike) -> None:
    """Check the mass and the width of a mediator, and its couplings to the electron by their keys.

    Raises
    ------
    DomainError
        If the mass is not positive, the width neither "auto" nor a number ≥ 0, or a coupling not finite.
    """
    if not np.all((np.asarray(mass_eV) > 0) & np.isfinite(mass_eV)):
        raise DomainError(f"interaction.mass_eV = {mass_eV!r}: must be positive and finite")
    if isinstance(width_eV, str):
        is_width = width_eV == "auto"
    else:
        width = np.asarray(width_eV, dtype=np.float64)
        is_width = bool(np.all((width >= 0) & np.isfinite(width)))
    if not is_width:
        raise DomainError(
            f'interaction.width_eV = {width_eV!r}: must be "auto" (from the couplings) or a number ≥ 0'
        )
    for key, coupling in couplings.items():
        if not np.all(np.isfinite(coupling)):
            raise DomainError(f"interaction.{key} = {coupling!r}: must be finite")


def at_rest(mass_eV: ArrayLike, neutrinos: Neutrinos) -> Kinematics:
    """Return the kinematics of the pairs that a mediator at rest decays into: q² = M², P = 0.

    Arrays of shape (..., 1, 3, 3) for masses of shape (...).
    """
    masses = neutrinos.masses_eV[..., None, :]
    sums = masses[..., :, None] + masses[..., None, :]
    mass = per_pair(mass_eV)[..., None, :, :]
    return Kinematics.at_excess((mass - sums) * (mass + sums), neutrinos, e_eg_eV=mass, f_l=1 / 3)


def decay_width_eV(kinematics: Kinematics, mass_eV: ArrayLike, strength_eV2: FloatArray) -> FloatArray:
    """Return Γ = Σ_ij Δ_ij/(8πM) · (bracket integrated over c/2), eV, over open ordered pairs at rest.

    Parameters
    ----------
    kinematics
        Of the decay at rest, shape (..., 1, 3, 3).
    mass_eV
        M, shape (...).
    strength_eV2
        The integrated brackets, shape (..., 1, 3, 3).
    """
    flux = kinematics.delta / (8 * np.pi * per_pair(mass_eV)[..., None, :, :])
    width: FloatArray = np.sum(np.where(kinematics.is_open, flux * strength_eV2, 0.0), axis=(-3, -2, -1))
    return width
