"""Magnetic and electric dipole moments of the neutrinos: a photon between them and the electron's spin."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from renp_sim.arrays import ComplexArray
from renp_sim.constants import G_F_PER_EV2, MU_B_PER_EV
from renp_sim.physics.couplings import NO_COUPLINGS, CouplingMatrix, Symmetry, complete, contradictions
from renp_sim.physics.current import Bracket
from renp_sim.physics.interactions.contract import Pole
from renp_sim.physics.interactions.standard_model import StandardModel
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Neutrinos

__all__ = ["ElectromagneticMoments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectromagneticMoments:
    """Implements Eqs. (13)–(14) of GP23; upper signs are magnetic. With f_L = 1 they have no effect at all.

    Parameters
    ----------
    magnetic_muB, electric_muB
        μ_ij or ε_ij in Bohr magnetons. Dirac: a hermitian matrix. Majorana: imaginary antisymmetric, and
        a real entry 12 = x means μ_12 = i x μ_B; there are no diagonal elements; their vertex has
        a factor ½.
    """

    name: ClassVar[str] = "em_moments"

    magnetic_muB: CouplingMatrix = NO_COUPLINGS
    electric_muB: CouplingMatrix = NO_COUPLINGS

    def problems(self, nature: Nature) -> list[str]:
        """Return where a matrix is not hermitian (Dirac) or real antisymmetric (Majorana), a line each."""
        return contradictions(self._matrices(), _symmetry(nature))

    def bracket(self, kinematics: Kinematics, neutrinos: Neutrinos) -> Bracket:
        """Return A0, A1, A2: those of the Standard Model, the moments, and their interference (in A1).

        Raises
        ------
        ConfigError
            If the matrices cannot be those of such neutrinos.
        """
        k = kinematics
        x, z = (k.over_frequencies(moment) for moment in self._moments(neutrinos.nature))
        h = 1.5 * (1 - k.f_l)
        is_dirac = neutrinos.nature is Nature.DIRAC
        scale = (1.0 if is_dirac else 0.5) * h * (MU_B_PER_EV**2 / G_F_PER_EV2) ** 2 / 12 * k.omega_eV**2
        magnetic, electric = scale * np.abs(x) ** 2, scale * np.abs(z) ** 2
        transverse = 2 * k.delta**2 * (magnetic + electric)
        at_rest = magnetic * k.s_plus_eV2 * k.s_minus_excess_eV2 + electric * k.s_minus_eV2 * k.excess_eV2
        a0, a1, a2 = StandardModel().bracket(k, neutrinos)
        if is_dirac:
            a = np.conj(k.over_frequencies(neutrinos.weak_couplings()))
            odd = k.mass_sum_eV * (a * x).real + k.mass_difference_eV * (a * z).imag
            a1 = a1 + h * np.sqrt(2) / 3 * MU_B_PER_EV**2 / G_F_PER_EV2 * k.omega_eV * k.delta * odd
        return a0 + 4 * at_rest / k.q2_eV2**2 + transverse, a1, a2 - transverse

    def poles(self, neutrinos: Neutrinos) -> tuple[Pole, ...]:
        """Return none: the pole of the photon is where no pair is open."""
        return ()

    def _moments(self, nature: Nature) -> list[ComplexArray]:
        return complete(self._matrices(), _symmetry(nature))

    def _matrices(self) -> dict[str, CouplingMatrix]:
        return {
            "interaction.magnetic_muB": self.magnetic_muB,
            "interaction.electric_muB": self.electric_muB,
        }


def _symmetry(nature: Nature) -> Symmetry:
    return Symmetry.HERMITIAN if nature is Nature.DIRAC else Symmetry.ANTISYMMETRIC
