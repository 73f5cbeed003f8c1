"""Brackets from explicit Dirac spinors, with nothing of the closed formulas.

The electron is non-relativistic: ē γ^kγ5 e → σ^k, ē iγ5 e → iσ·q/(2m_e), ē γ^k e → i(q×σ)^k/(2m_e).
So every amplitude is σ·M, and B = ½ Σ_spins T_kl M_k M_l* with the spin tensor
T = f_L n n + (1 − f_L)(1 − n n)/2 along q, in units in which the weak amplitude is M = a J.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from renp_sim.arrays import ComplexArray
from renp_sim.constants import ELECTRON_MASS_EV, G_F_PER_EV2, MU_B_PER_EV
from renp_sim.physics.couplings import Symmetry
from renp_sim.physics.interactions import (
    ElectromagneticMoments,
    Interaction,
    ScalarMediator,
    StandardModel,
    VectorMediator,
)
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature
from tests.physics.gp23 import emission, kinematics, matrix

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
ONE, ZERO = np.eye(2), np.zeros((2, 2))
GAMMA = np.array([np.block([[ONE, ZERO], [ZERO, -ONE]]), *(np.block([[ZERO, s], [-s, ZERO]]) for s in PAULI)])
GAMMA5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
P_LEFT, P_RIGHT = (np.eye(4) - GAMMA5) / 2, (np.eye(4) + GAMMA5) / 2
METRIC = np.diag([1.0, -1.0, -1.0, -1.0])


def slash(p: NDArray[np.float64]) -> ComplexArray:
    return np.einsum("m,mab->ab", METRIC @ p, GAMMA)


def particle(p: NDArray[np.float64], mass: float) -> ComplexArray:
    """Return u(p, s), shape (4, spin)."""
    return (slash(p) + mass * np.eye(4))[:, :2] / np.sqrt(p[0] + mass)


def antiparticle(p: NDArray[np.float64], mass: float) -> ComplexArray:
    """Return v = C ū^T = iγ²u*, so that Majorana amplitudes have their relative phase."""
    return 1j * GAMMA[2] @ np.conj(particle(p, mass))


@dataclass(frozen=True)
class Pair:
    """Momenta along q = z of one ordered pair at one angle."""

    i: int
    j: int
    masses: NDArray[np.float64]
    q: NDArray[np.float64]
    p_i: NDArray[np.float64]
    p_j: NDArray[np.float64]

    @classmethod
    def at(cls, k: Kinematics, masses: NDArray[np.float64], i: int, j: int, c: float) -> "Pair":
        omega, q0, q2 = float(k.omega_eV[0, 0]), float(k.q0_eV[0, 0]), float(k.q2_eV2[i, j])
        # a two-body decay at rest, boosted
        m_i, m_j = masses[i], masses[j]
        rest = np.sqrt((q2 - (m_i + m_j) ** 2) * (q2 - (m_i - m_j) ** 2) / (4 * q2))
        energy, along, across = np.hypot(rest, m_i), rest * c, rest * np.sqrt(1 - c**2)
        boost = np.array([q0, omega]) / np.sqrt(q2)
        p_i = np.array(
            [boost[0] * energy + boost[1] * along, across, 0.0, boost[0] * along + boost[1] * energy]
        )
        q = np.array([q0, 0.0, 0.0, omega])
        return cls(i, j, masses, q, p_i, q - p_i)

    @property
    def q2(self) -> float:
        return float(self.q @ METRIC @ self.q)

    def dirac(self, vertex: ComplexArray) -> ComplexArray:
        """Return ū_i Γ_ij v_j, shape (..., spin, spin), for vertices (3, 3, ..., 4, 4) of all pairs."""
        u = particle(self.p_i, self.masses[self.i])
        v = antiparticle(self.p_j, self.masses[self.j])
        return np.conj(u).T @ GAMMA[0] @ vertex[self.i, self.j] @ v

    def majorana(self, vertex: ComplexArray) -> ComplexArray:
        """Return both contractions, ū_i Γ_ij v_j − ū_j Γ_ji v_i, over √2 for the ordered sum."""
        swapped = Pair(self.j, self.i, self.masses, self.q, self.p_j, self.p_i)
        return (self.dirac(vertex) - np.swapaxes(swapped.dirac(vertex), -1, -2)) / np.sqrt(2)

    def contract(self, amplitude: ComplexArray, f_l: float) -> float:
        """Return ½ Σ T_kl M_k M_l* for M of shape (3, spin, spin)."""
        squares = np.sum(np.abs(amplitude) ** 2, axis=(1, 2))
        return float((f_l * squares[2] + (1 - f_l) * (squares[0] + squares[1]) / 2) / 2)


def outer(couplings: ComplexArray, structure: ComplexArray) -> ComplexArray:
    """Return vertices (3, 3, ..., 4, 4) from couplings (3, 3) and a structure (..., 4, 4)."""
    return np.multiply.outer(couplings, structure)


def along(q: NDArray[np.float64], vertex: ComplexArray) -> ComplexArray:
    """Return q^k times a vertex: the k axis before the last two."""
    return q[1:, None, None] * vertex[:, :, None]


def vertex_of(interaction: Interaction, pair: Pair, weak: ComplexArray, nature: Nature) -> ComplexArray:
    """Return what stands between the spinors, shape (3, 3, k, 4, 4)."""
    sm = outer(weak, GAMMA[1:] @ P_LEFT)
    fermi = np.sqrt(2) * G_F_PER_EV2
    dirac = nature is Nature.DIRAC
    match interaction:
        case VectorMediator():
            d = 1 / (pair.q2 - interaction.mass_eV**2 + 1j * interaction.mass_eV * interaction.width_eV)
            left, right = (
                interaction.g_electron * d / fermi * g.completed(Symmetry.HERMITIAN)
                for g in (interaction.g_left, interaction.g_right)
            )
            vertex = sm + outer(left, GAMMA[1:] @ P_LEFT) + outer(right, GAMMA[1:] @ P_RIGHT)
            if interaction.longitudinal:
                # A·q = −σ·q, so the part q q/M² comes with the opposite sign of A·J = −σ·J
                density = outer(left, slash(pair.q) @ P_LEFT) + outer(right, slash(pair.q) @ P_RIGHT)
                vertex = vertex - along(pair.q, density) / interaction.mass_eV**2
            return vertex
        case ScalarMediator():
            d = 1 / (pair.q2 - interaction.mass_eV**2 + 1j * interaction.mass_eV * interaction.width_eV)
            symmetry = Symmetry.HERMITIAN if dirac else Symmetry.SYMMETRIC
            y_s, y_p = (y.completed(symmetry) for y in (interaction.y_scalar, interaction.y_pseudoscalar))
            density = outer(y_s, np.eye(4)) + outer(y_p, 1j * GAMMA5)
            half = 1.0 if dirac else 0.5  # L = ½ ν̄(…)νφ
            strength = half * interaction.y_electron * d / (2 * ELECTRON_MASS_EV * fermi)
            return sm + 1j * strength * along(pair.q, density)
        case ElectromagneticMoments():
            symmetry = Symmetry.HERMITIAN if dirac else Symmetry.ANTISYMMETRIC
            # an antisymmetric i x, and ½ ν̄ σ (…) ν F twice over for both contractions
            factor = 1.0 if dirac else 0.5j
            x, z = (
                factor * m.completed(symmetry) for m in (interaction.magnetic_muB, interaction.electric_muB)
            )
            sigma_q = np.array([slash(pair.q) @ g - g @ slash(pair.q) for g in GAMMA]) * 0.5j  # q_α σ^{αβ}
            source = 1j * (outer(x, sigma_q) + outer(z, 1j * sigma_q @ GAMMA5))
            cross = np.cross(source[:, :, 1:], pair.q[1:], axisa=2, axisc=2)
            return sm + 1j * MU_B_PER_EV**2 / (fermi * pair.q2) * cross
        case _:
            return sm


COUPLED = {
    "standard_model": StandardModel(),
    "vector_mediator": VectorMediator(
        mass_eV=0.05,
        width_eV=0.003,
        g_electron=1e-12,
        g_left=matrix(e11=1e-14, e12=[2e-14, -3e-14], e13=[-1e-14, 1e-14], e22=-2e-14, e33=3e-14),
        g_right=matrix(e11=-2e-14, e12=[1e-14, 1e-14], e23=[1e-14, 3e-14], e33=1e-14),
    ),
    "longitudinal": VectorMediator(
        mass_eV=0.05,
        width_eV=0.003,
        g_electron=1e-12,
        g_left=matrix(e11=1e-14, e12=[2e-14, -3e-14], e13=[-1e-14, 1e-14], e22=-2e-14, e33=3e-14),
        g_right=matrix(e11=-2e-14, e12=[1e-14, 1e-14], e23=[1e-14, 3e-14], e33=1e-14),
        longitudinal=True,
    ),
    "scalar_mediator": ScalarMediator(
        mass_eV=0.05,
        width_eV=0.003,
        y_electron=1e-6,
        y_scalar=matrix(e11=1e-13, e12=3e-13, e13=-2e-13, e22=-1e-13, e33=2e-13),
        y_pseudoscalar=matrix(e11=2e-13, e12=-1e-13, e23=3e-13, e33=-2e-13),
    ),
    "em_moments": ElectromagneticMoments(
        magnetic_muB=matrix(e12=3e-11, e13=-2e-11, e23=4e-11),
        electric_muB=matrix(e12=-1e-11, e13=3e-11, e23=2e-11),
    ),
}
COMPLEX = {
    "scalar_mediator": ScalarMediator(
        mass_eV=0.05,
        width_eV=0.003,
        y_electron=1e-6,
        y_scalar=matrix(e11=1e-13, e12=[3e-13, 1e-13], e13=[-2e-13, 2e-13], e33=2e-13),
        y_pseudoscalar=matrix(e22=2e-13, e12=[-1e-13, 4e-13], e23=[3e-13, 1e-13]),
    ),
    "em_moments": ElectromagneticMoments(
        magnetic_muB=matrix(e11=2e-11, e12=[3e-11, 1e-11], e13=[-2e-11, 2e-11], e33=-4e-11),
        electric_muB=matrix(e22=-3e-11, e12=[-1e-11, 4e-11], e23=[2e-11, 3e-11]),
    ),
}
CASES = [
    *(pytest.param(x, nature, id=f"{n}-{nature}") for n, x in COUPLED.items() for nature in Nature),
    *(pytest.param(x, Nature.DIRAC, id=f"{n}-complex") for n, x in COMPLEX.items()),
]


@pytest.mark.parametrize("f_l", [0.0, 1 / 3, 0.8])
@pytest.mark.parametrize(("interaction", "nature"), CASES)
def test_bracket_is_the_sum_over_spins(interaction: Interaction, nature: Nature, f_l: float) -> None:
    phases = {"alpha21_deg": 70.0, "alpha31_deg": 200.0} if nature is Nature.MAJORANA else {}
    emitted = emission(interaction, nature=nature, f_l=f_l, **phases)
    masses, weak = emitted.neutrinos.masses_eV, emitted.neutrinos.weak_couplings()
    k = kinematics(1.0685, emitted)
    a0, a1, a2 = interaction.bracket(k, emitted.neutrinos)
    for i in range(3):
        for j in range(3):
            for c in (-0.9, 0.1, 0.7):
                pair = Pair.at(k, masses, i, j, c)
                vertex = vertex_of(interaction, pair, weak, nature)
                amplitude = (pair.dirac if nature is Nature.DIRAC else pair.majorana)(vertex)
                scale = max(abs(a[i, j]) for a in (a0, a1, a2))
                bracket = a0[i, j] + a1[i, j] * c + a2[i, j] * c**2
                assert pair.contract(amplitude, f_l) == pytest.approx(bracket, rel=0, abs=1e-11 * scale)
