"""A light scalar mediator φ between the pseudoscalar density of the electron and the neutrinos."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

import numpy as np

from renp_sim.arrays import ComplexArray, FloatArray
from renp_sim.constants import ELECTRON_MASS_EV, G_F_PER_EV2
from renp_sim.physics.couplings import (
    NO_COUPLINGS,
    CouplingMatrix,
    Symmetry,
    complete,
    contradictions,
    per_pair,
)
from renp_sim.physics.current import Bracket, exchange, pair_amplitudes
from renp_sim.physics.interactions.standard_model import StandardModel
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.mediator import at_rest, decay_width_eV, require_mediator
from renp_sim.physics.neutrino import Nature, Neutrinos
from renp_sim.physics.propagator import Pole, propagator

__all__ = ["ScalarFormula", "ScalarMediator"]


class ScalarFormula(StrEnum):
    """Which formula: derived from the Lagrangian, or Eq. (12) of GP23 as printed but for one prefactor."""

    DERIVED = "derived"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarMediator:
    """Implements Eqs. (10)–(12) of GP23, mended; with f_L = 0 the scalar has no effect at all.

    L = i y^e ē γ5 e φ + ν̄_i (y_S + iγ5 y_P)_ij ν_j φ, in the mass basis; with Majorana neutrinos ½ of the
    neutrino vertex.

    Parameters
    ----------
    mass_eV
        M > 0, eV.
    y_electron
        y^e, the pseudoscalar coupling of the electron.
    y_scalar, y_pseudoscalar
        Couplings of the neutrinos: a hermitian matrix, a real symmetric one for Majorana neutrinos, whose
        vertex has a factor ½.
    width_eV
        Γ, eV; "auto" takes it from the couplings, 0 is exactly 0.
    formula
        "derived", or "published": Eq. (12) with its last prefactor mended. It knows the total of a pair
        only, so its events get no asymmetry from the scalar, and large couplings can make it negative.

    Raises
    ------
    DomainError
        If the mass, the width or y^e is out of range.
    """

    name: ClassVar[str] = "scalar_mediator"

    mass_eV: float
    y_electron: float
    y_scalar: CouplingMatrix = NO_COUPLINGS
    y_pseudoscalar: CouplingMatrix = NO_COUPLINGS
    width_eV: float | Literal["auto"] = "auto"
    formula: ScalarFormula = ScalarFormula.DERIVED

    def __post_init__(self) -> None:
        require_mediator(self.mass_eV, self.width_eV, y_electron=self.y_electron)

    def problems(self, nature: Nature) -> list[str]:
        """Return where a matrix is not hermitian (Dirac) or real symmetric (Majorana), a line each."""
        return contradictions(self._matrices(), _symmetry(nature))

    def bracket(self, kinematics: Kinematics, neutrinos: Neutrinos) -> Bracket:
        """Return A0, A1, A2: those of the Standard Model and what the exchange adds.

        Raises
        ------
        ConfigError
            If the matrices cannot be those of such neutrinos.
        NumericsError
            If a frequency sits on a pole that nothing resolves.
        """
        k = kinematics
        y_s, y_p = (k.over_frequencies(y) for y in self._couplings(neutrinos.nature))
        # y^e D/(m_e G_F): the amplitude of the exchange beside that of the weak current
        strength = k.over_frequencies(per_pair(self.y_electron)) / (ELECTRON_MASS_EV * G_F_PER_EV2)
        (pole,) = self.poles(neutrinos)
        x = strength * propagator(k, pole, self.name)
        formula = {ScalarFormula.DERIVED: _derived, ScalarFormula.PUBLISHED: _published}
        more0, more1 = formula[self.formula](k, neutrinos, x, y_s, y_p)
        a0, a1, a2 = StandardModel().bracket(k, neutrinos)
        return a0 + more0, a1 + more1, a2

    def poles(self, neutrinos: Neutrinos) -> tuple[Pole, ...]:
        """Return the one pole, its width resolved."""
        y_s, y_p = self._couplings(neutrinos.nature)
        couples = (per_pair(self.y_electron) != 0) & ((y_s != 0) | (y_p != 0))
        mass, width = np.asarray(self.mass_eV), self.width_eV
        if not isinstance(width, str):
            return (Pole(mass_eV=mass, width_eV=np.asarray(width), couples=couples),)
        y_s, y_p = y_s[..., None, :, :], y_p[..., None, :, :]
        rest = at_rest(mass, neutrinos)
        ordered = 1.0 if neutrinos.nature is Nature.DIRAC else 0.5
        decay = np.abs(y_s) ** 2 * rest.excess_eV2 + np.abs(y_p) ** 2 * rest.s_minus_excess_eV2
        return (Pole(mass_eV=mass, width_eV=decay_width_eV(rest, mass, ordered * decay), couples=couples),)

    def _couplings(self, nature: Nature) -> list[ComplexArray]:
        return complete(self._matrices(), _symmetry(nature))

    def _matrices(self) -> dict[str, CouplingMatrix]:
        return {"interaction.y_scalar": self.y_scalar, "interaction.y_pseudoscalar": self.y_pseudoscalar}


def _symmetry(nature: Nature) -> Symmetry:
    return Symmetry.HERMITIAN if nature is Nature.DIRAC else Symmetry.SYMMETRIC


def _derived(
    k: Kinematics, neutrinos: Neutrinos, x: ComplexArray, y_s: ComplexArray, y_p: ComplexArray
) -> tuple[FloatArray, FloatArray]:
    weak = neutrinos.weak_couplings()
    u, v = (k.over_frequencies(w) for w in pair_amplitudes(weak, np.zeros_like(weak), neutrinos.nature))
    if neutrinos.nature is Nature.MAJORANA:
        # the ordered sum counts every state twice
        y_s, y_p = y_s / np.sqrt(2), y_p / np.sqrt(2)
    square = np.abs(x) ** 2
    return exchange(
        k,
        scalar_square=square * np.abs(y_s) ** 2,
        pseudoscalar_square=square * np.abs(y_p) ** 2,
        scalar_interference=(1j * x * np.conj(u + v) * y_s).real,
        pseudoscalar_interference=(x * np.conj(u - v) * y_p).real,
    )


def _published(
    k: Kinematics, neutrinos: Neutrinos, x: ComplexArray, y_s: ComplexArray, y_p: ComplexArray
) -> tuple[FloatArray, FloatArray]:
    """Return Eq. (12) of GP23, whose a^s is a* here, in A0 alone; off resonance D is real."""
    a = np.conj(k.over_frequencies(neutrinos.weak_couplings()))
    p2 = k.omega_eV**2
    pseudoscalar = 1.0 if neutrinos.nature is Nature.DIRAC else 0.0
    quadratic = np.abs(y_s) ** 2 * k.excess_eV2 + pseudoscalar * np.abs(y_p) ** 2 * k.s_minus_excess_eV2
    linear = (a * y_s).real * k.mass_difference_eV * k.excess_eV2 / k.q2_eV2 - pseudoscalar * (
        (a * y_p).imag * k.mass_sum_eV * k.s_minus_excess_eV2 / k.q2_eV2
    )
    more = 3 * k.f_l * p2 * (np.abs(x) ** 2 * quadratic / 24 + x.real * linear / (6 * np.sqrt(2)))
    return more, np.zeros_like(more)
