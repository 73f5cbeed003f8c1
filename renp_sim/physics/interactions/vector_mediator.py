"""A light vector mediator Z between the axial current of the electron and the neutrinos."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from renp_sim.arrays import ComplexArray
from renp_sim.constants import G_F_PER_EV2
from renp_sim.physics.couplings import (
    NO_COUPLINGS,
    CouplingMatrix,
    Symmetry,
    complete,
    contradictions,
    per_pair,
)
from renp_sim.physics.current import Bracket, current, current_in_parts, pair_amplitudes
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.mediator import at_rest, decay_width_eV, require_mediator
from renp_sim.physics.neutrino import Nature, Neutrinos
from renp_sim.physics.propagator import Pole, propagator

__all__ = ["VectorMediator"]

Amplitudes = tuple[ComplexArray, ComplexArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorMediator:
    """Implements Eqs. (6)–(8) of GP23, with the sign of the whole m_i m_j bracket mended.

    L = g^e ē γ^μγ5 e Z_μ + ν̄_i γ^μ (g_L P_L + g_R P_R)_ij ν_j Z_μ, in the mass basis.

    Parameters
    ----------
    mass_eV
        M > 0, eV.
    g_electron
        g^e, the axial coupling of the electron.
    g_left, g_right
        Couplings of left- or right-handed neutrinos: a hermitian matrix. Of Majorana neutrinos only
        g_L − g_Rᵀ counts.
    width_eV
        Γ, eV; "auto" takes it from the couplings, 0 is exactly 0.
    longitudinal
        Whether the part q_μ q_ν/M² of the propagator counts. GP23 leaves it out; it dominates below
        M ≈ 0.03 eV.

    Raises
    ------
    DomainError
        If the mass, the width or g^e is out of range.

    Examples
    --------
    >>> g_left = CouplingMatrix.from_elements({"11": 1e-14, "12": [2e-14, 1e-14]})
    >>> VectorMediator(mass_eV=0.03, g_electron=1e-12, g_left=g_left).width_eV
    'auto'
    """

    name: ClassVar[str] = "vector_mediator"

    mass_eV: float
    g_electron: float
    g_left: CouplingMatrix = NO_COUPLINGS
    g_right: CouplingMatrix = NO_COUPLINGS
    width_eV: float | Literal["auto"] = "auto"
    longitudinal: bool = False

    def __post_init__(self) -> None:
        require_mediator(self.mass_eV, self.width_eV, g_electron=self.g_electron)

    def problems(self, nature: Nature) -> list[str]:
        """Return where a matrix is not hermitian, a line each; any nature will do."""
        return contradictions(self._matrices(), Symmetry.HERMITIAN)

    def bracket(self, kinematics: Kinematics, neutrinos: Neutrinos) -> Bracket:
        """Return A0, A1, A2 of L = a + X g_L and R = X g_R, X = g^e/[√2 G_F (q² − M² + iMΓ)].

        Raises
        ------
        ConfigError
            If a matrix is not hermitian.
        NumericsError
            If a frequency sits on a pole that nothing resolves.
        """
        k = kinematics
        weak = k.over_frequencies(neutrinos.weak_couplings())
        a_u, a_v = pair_amplitudes(weak, np.zeros_like(weak), neutrinos.nature)
        u, v = (k.over_frequencies(g) for g in self._amplitudes(neutrinos.nature))
        (pole,) = self.poles(neutrinos)
        strength = k.over_frequencies(per_pair(self.g_electron)) / (np.sqrt(2) * G_F_PER_EV2)
        d = propagator(k, pole, self.name)
        x = strength * d
        left, right = a_u + x * u, a_v + x * v
        if not self.longitudinal:
            return current(k, np.abs(left) ** 2 + np.abs(right) ** 2, np.abs(left + right) ** 2)
        # X (1 − q²/M²) in place of X, finite at the pole: (q² − M²) D = Re D/D*
        x_time = -strength / k.over_frequencies(per_pair(self.mass_eV)) ** 2 * d.real / np.conj(d)
        return current_in_parts(k, (left, right), (a_u + x_time * u, a_v + x_time * v))

    def poles(self, neutrinos: Neutrinos) -> tuple[Pole, ...]:
        """Return the one pole, its width resolved: the mediator's decay through the same current at rest."""
        u, v = self._amplitudes(neutrinos.nature)
        couples = (per_pair(self.g_electron) != 0) & ((u != 0) | (v != 0))
        mass, width = np.asarray(self.mass_eV), self.width_eV
        if not isinstance(width, str):
            return (Pole(mass_eV=mass, width_eV=np.asarray(width), couples=couples),)
        u, v = u[..., None, :, :], v[..., None, :, :]
        rest = at_rest(mass, neutrinos)
        a0, _, a2 = current(rest, np.abs(u) ** 2 + np.abs(v) ** 2, np.abs(u + v) ** 2)
        return (Pole(mass_eV=mass, width_eV=decay_width_eV(rest, mass, a0 + a2 / 3), couples=couples),)

    def _amplitudes(self, nature: Nature) -> Amplitudes:
        left, right = complete(self._matrices(), Symmetry.HERMITIAN)
        return pair_amplitudes(left, right, nature)

    def _matrices(self) -> dict[str, CouplingMatrix]:
        return {"interaction.g_left": self.g_left, "interaction.g_right": self.g_right}
