"""A light vector mediator Z between the axial current of the electron and the neutrinos."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import ComplexArray
from renp_sim.constants import G_F_PER_EV2
from renp_sim.physics.couplings import NO_COUPLINGS, CouplingMatrix, Symmetry, complete, per_pair
from renp_sim.physics.current import Bracket, current, exchange, pair_amplitudes
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Neutrinos
from renp_sim.physics.propagator import (
    Pole,
    Propagator,
    at_rest,
    decay_width,
    propagator,
    require_mediator,
)

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
        Couplings of left- or right-handed neutrinos: a hermitian matrix.
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

    def check(self, nature: Nature) -> None:
        """Raise ConfigError if a matrix is not hermitian; any nature will do."""
        self._amplitudes(nature)

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
        strength = k.over_frequencies(per_pair(self.g_electron)) / (np.sqrt(2) * G_F_PER_EV2)
        (pole,) = self.poles(neutrinos)
        d = propagator(k, pole, (strength != 0) & ((u != 0) | (v != 0)), self.name)
        x, x_variance = strength * d.mean, strength**2 * d.variance
        left, right = a_u + x * u, a_v + x * v
        left_right = np.abs(left) ** 2 + np.abs(right) ** 2 + x_variance * (np.abs(u) ** 2 + np.abs(v) ** 2)
        helicity_sum = np.abs(left + right) ** 2 + x_variance * np.abs(u + v) ** 2
        a0, a1, a2 = current(k, left_right, helicity_sum)
        if self.longitudinal:
            more0, more1 = self._longitudinal(k, Propagator(x, x_variance), (u, v), (a_u, a_v))
            a0, a1 = a0 + more0, a1 + more1
        return a0, a1, a2

    def poles(self, neutrinos: Neutrinos) -> tuple[Pole, ...]:
        """Return the one pole, its width resolved: the mediator's decay through the same current at rest."""
        if not isinstance(self.width_eV, str):
            return (Pole(self.mass_eV, self.width_eV),)
        u, v = (g[..., None, :, :] for g in self._amplitudes(neutrinos.nature))
        rest = at_rest(self.mass_eV, neutrinos)
        a0, _, a2 = current(rest, np.abs(u) ** 2 + np.abs(v) ** 2, np.abs(u + v) ** 2)
        width = decay_width(rest, self.mass_eV, a0 + a2 / 3)
        return (Pole(self.mass_eV, width),)

    def _amplitudes(self, nature: Nature) -> Amplitudes:
        matrices = {"interaction.g_left": self.g_left, "interaction.g_right": self.g_right}
        left, right = complete(matrices, Symmetry.HERMITIAN)
        return pair_amplitudes(left, right, nature)

    def _longitudinal(
        self, k: Kinematics, x: Propagator, g: Amplitudes, a: Amplitudes
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the exchange with y^e y_S = i m_e g^e (m_i − m_j)(g_L + g_R)/M², y_P likewise."""
        m2 = k.over_frequencies(per_pair(self.mass_eV)) ** 2
        even, odd = g[0] + g[1], g[1] - g[0]
        # y^e y D/(m_e G_F) = √2 X · (m_i ∓ m_j) · combination of g / M²
        y_s = 1j * np.sqrt(2) * k.mass_difference_eV / m2 * even
        y_p = np.sqrt(2) * k.mass_sum_eV / m2 * odd
        # the current beside it has the same propagator, and their product a variance
        mean_s = x.mean * np.conj(a[0] + a[1] + x.mean * even) + x.variance * np.conj(even)
        mean_p = x.mean * np.conj(a[0] - a[1] - x.mean * odd) - x.variance * np.conj(odd)
        return exchange(
            k,
            scalar_square=x.square * np.abs(y_s) ** 2,
            pseudoscalar_square=x.square * np.abs(y_p) ** 2,
            scalar_interference=(1j * mean_s * y_s).real,
            pseudoscalar_interference=(mean_p * y_p).real,
        )
