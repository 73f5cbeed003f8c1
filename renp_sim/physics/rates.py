"""Rates of photon emission: I_ij(ω) from the three coefficients of an interaction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.arrays import FloatArray
from renp_sim.errors import NumericsError
from renp_sim.physics.current import Bracket
from renp_sim.physics.interactions.contract import Interaction
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Neutrinos
from renp_sim.physics.target import Target

__all__ = ["Emission", "checked_bracket", "pair_spectrum", "spectral_function"]


NEGATIVE_TOLERANCE = 1e-12
"""B(c) may be negative by rounding only, in units of max|A_k|."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """What emits what through what: the three objects that every rate needs."""

    target: Target
    neutrinos: Neutrinos
    interaction: Interaction


def checked_bracket(kinematics: Kinematics, emission: Emission) -> Bracket:
    """Return A0, A1, A2 (eV², shape (..., 3, 3)), exactly 0 for closed pairs.

    Raises
    ------
    NumericsError
        If B(c) < −1e-12 max|A_k| anywhere on [−1, 1]: the interaction is wrong, and clipping would hide it.
    """
    bracket = emission.interaction.bracket(kinematics, emission.neutrinos)
    a0, a1, a2 = (np.where(kinematics.is_open, a, 0.0) for a in bracket)
    scale = np.maximum(np.maximum(np.abs(a0), np.abs(a1)), np.abs(a2))
    lowest = a0 + a2 - np.abs(a1)
    dips = (a2 > 0) & (np.abs(a1) < 2 * a2)
    lowest = np.where(dips, a0 - a1**2 / (4 * np.where(dips, a2, 1.0)), lowest)
    if np.any(lowest < -NEGATIVE_TOLERANCE * scale):
        raise NumericsError(
            f"{emission.interaction.name}: a bracket is negative, so it is no probability", best=(a0, a1, a2)
        )
    return a0, a1, a2


def pair_spectrum(kinematics: Kinematics, bracket: Bracket, e_vg_eV: float) -> FloatArray:
    """Return I_ij = Δ_ij/(E_vg − ω)² · (A0 + A2/3), dimensionless, shape (..., 3, 3).

    Implements the sum of Eq. (4) of GP23, whose Θ is printed the wrong way round.
    """
    a0, _, a2 = bracket
    return kinematics.delta / (e_vg_eV - kinematics.omega_eV) ** 2 * (a0 + a2 / 3)


def spectral_function(omega_eV: ArrayLike, emission: Emission) -> FloatArray:
    """Return I_ij(ω) of the ordered pairs for a sharp line, shape (..., n, 3, 3); its sum is I(ω).

    Parameters
    ----------
    omega_eV
        Scalar or (..., n); the axes before the last broadcast against the parameter axes of the neutrinos.
    emission
        Target, neutrinos and interaction.

    Raises
    ------
    DomainError
        If ω is not in 0 < ω < E_eg.
    NumericsError
        If the interaction's bracket is negative.

    Examples
    --------
    >>> from renp_sim.physics.atom import known_atoms
    >>> from renp_sim.physics.interactions import StandardModel
    >>> from renp_sim.physics.neutrino import Ordering, Oscillation
    >>> emission = Emission(
    ...     target=Target(atom=known_atoms()["Yb"]),
    ...     neutrinos=Neutrinos.from_lightest_mass(0.01, Oscillation.nufit(Ordering.NORMAL)),
    ...     interaction=StandardModel(),
    ... )
    >>> float(spectral_function(1.0688, emission).sum().round(11))
    0.06297292953
    """
    atom = emission.target.atom
    kinematics = Kinematics.at(omega_eV, emission.neutrinos, e_eg_eV=atom.e_eg_eV, f_l=emission.target.f_l)
    return pair_spectrum(kinematics, checked_bracket(kinematics, emission), atom.e_vg_eV)
