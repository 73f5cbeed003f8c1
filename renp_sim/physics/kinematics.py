"""Kinematics of |e⟩ → |g⟩ + γ(ω) + ν_i ν̄_j for nine ordered pairs.

Macro-coherence fixes the pair's momentum to P = ω, opposite to the photon, and its energy to
q0 = E_eg − ω; what is left is the angle θ* of ν_i in the pair's rest frame.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.errors import DomainError
from renp_sim.physics.neutrino import Neutrinos

__all__ = ["Kinematics", "require_frequency"]


def require_frequency(omega_eV: ArrayLike, e_eg_eV: float, where: str = "omega_eV") -> FloatArray:
    """Return ω as an array, checked to lie in 0 < ω < E_eg.

    Raises
    ------
    DomainError
        For a frequency outside; above a threshold the rate is 0 and no error.
    """
    omega = np.asarray(omega_eV, dtype=np.float64)
    inside = (omega > 0) & (omega < e_eg_eV)
    if not np.all(inside):
        worst = omega[~inside].flat[0] if omega.ndim else omega
        raise DomainError(f"{where} = {float(worst)}: must lie in 0 < ω < E_eg = {e_eg_eV} eV")
    return omega


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kinematics:
    """What every bracket is made of; all arrays broadcast to (..., 3, 3), ordered pairs (i, j) last.

    Closed pairs hold harmless numbers (Δ = d = 0): `is_open` decides, and nothing else does.

    Parameters
    ----------
    f_l
        Longitudinal share of the atom's spin tensor.
    omega_eV, q0_eV, q2_eV2
        Photon energy ω = P, pair energy E_eg − ω, and q² = E_eg (E_eg − 2ω).
    is_open
        q² − s₊ > 0.
    s_plus_eV2, s_minus_eV2, mass_product_eV2
        (m_i + m_j)², (m_i − m_j)², m_i m_j.
    signed_excess_eV2, excess_eV2
        q² − s₊, and the same with 0 where closed.
    d, delta
        (m_i² − m_j²)/q² and Δ_ij.
    line_omega_eV, line_sigma_eV
        Centre and Gaussian σ of the laser line that the frequency belongs to, for resonances narrower
        than it; σ = 0 is a sharp line.
    has_frequency_axis
        Whether the axis before the pairs counts frequencies.
    pole_offset_eV2
        q² − M² of the mediator's resonance, where a point lies so deep inside it that q² is too coarse a
        number; None elsewhere. Such a point is sharp, whatever its line.
    """

    f_l: float
    e_eg_eV: float
    omega_eV: FloatArray
    q0_eV: FloatArray
    q2_eV2: FloatArray
    is_open: BoolArray
    s_plus_eV2: FloatArray
    s_minus_eV2: FloatArray
    mass_product_eV2: FloatArray
    signed_excess_eV2: FloatArray
    excess_eV2: FloatArray
    d: FloatArray
    delta: FloatArray
    line_omega_eV: FloatArray
    line_sigma_eV: FloatArray
    has_frequency_axis: bool
    pole_offset_eV2: FloatArray | None = None

    @classmethod
    def at(cls, omega_eV: ArrayLike, neutrinos: Neutrinos, *, e_eg_eV: float, f_l: float = 1 / 3) -> Self:
        """Return the kinematics at sharp frequencies.

        Parameters
        ----------
        omega_eV
            Shape (...) or (..., n): the last axis is the frequency axis, those before it broadcast
            against the parameter axes of `neutrinos`.
        neutrinos
            Masses of shape (..., 3).

        Returns
        -------
        Kinematics
            Arrays of shape (..., n, 3, 3), or (..., 3, 3) for a scalar ω.

        Raises
        ------
        DomainError
            If ω is not in 0 < ω < E_eg.
        """
        omega = require_frequency(omega_eV, e_eg_eV)
        has_axis = omega.ndim > 0
        pairs = PairMasses.of(neutrinos, frequency_axis=has_axis)
        omega = omega[..., None, None]
        # E_eg − 2ω is exact in float64 near E_eg/2; E_eg/2 − ω after a rounded threshold is not
        q2 = e_eg_eV * (e_eg_eV - 2 * omega)
        excess = q2 - pairs.s_plus_eV2
        return cls._build(pairs, e_eg_eV, f_l, omega, q2, excess, omega, np.zeros_like(omega), has_axis)

    @classmethod
    def at_excess(
        cls,
        excess_eV2: FloatArray,
        neutrinos: Neutrinos,
        *,
        e_eg_eV: float,
        f_l: float,
        line_omega_eV: FloatArray,
        line_sigma_eV: FloatArray,
    ) -> Self:
        """Return the kinematics where each pair has its own q² − s₊, exact next to its threshold.

        Parameters
        ----------
        excess_eV2
            Shape (..., n, 3, 3).
        line_omega_eV, line_sigma_eV
            The line these points belong to, shapes broadcasting to (..., n, 1, 1).
        """
        pairs = PairMasses.of(neutrinos, frequency_axis=True)
        q2 = pairs.s_plus_eV2 + excess_eV2
        omega = (e_eg_eV - q2 / e_eg_eV) / 2
        return cls._build(pairs, e_eg_eV, f_l, omega, q2, excess_eV2, line_omega_eV, line_sigma_eV, True)

    @classmethod
    def _build(
        cls,
        pairs: "PairMasses",
        e_eg_eV: float,
        f_l: float,
        omega: FloatArray,
        q2: FloatArray,
        signed_excess: FloatArray,
        line_omega: FloatArray,
        line_sigma: FloatArray,
        has_axis: bool,
    ) -> Self:
        is_open = signed_excess > 0
        q2_safe = np.where(is_open, q2, 1.0)
        excess = np.where(is_open, signed_excess, 0.0)
        s_minus_excess = excess + 4 * pairs.mass_product_eV2
        return cls(
            f_l=f_l,
            e_eg_eV=e_eg_eV,
            omega_eV=omega,
            q0_eV=e_eg_eV - omega,
            q2_eV2=q2_safe,
            is_open=is_open,
            s_plus_eV2=pairs.s_plus_eV2,
            s_minus_eV2=pairs.s_minus_eV2,
            mass_product_eV2=pairs.mass_product_eV2,
            signed_excess_eV2=signed_excess,
            excess_eV2=excess,
            d=np.where(is_open, pairs.differences_eV2 / q2_safe, 0.0),
            delta=np.sqrt(excess * s_minus_excess) / q2_safe,
            line_omega_eV=line_omega,
            line_sigma_eV=line_sigma,
            has_frequency_axis=has_axis,
        )

    def over_frequencies(self, matrix: NDArray[Any]) -> NDArray[Any]:
        """Give a matrix of shape (..., 3, 3) without a frequency axis the room for one, if there is one."""
        return matrix[..., None, :, :] if self.has_frequency_axis else matrix

    @property
    def q2_delta2_eV2(self) -> FloatArray:
        """q²Δ² = (q² − s₊)(q² − s₋)/q², eV², without the square root."""
        return np.where(self.is_open, self.excess_eV2 * self.s_minus_excess_eV2 / self.q2_eV2, 0.0)

    @property
    def s_minus_excess_eV2(self) -> FloatArray:
        """q² − s₋ = q² − s₊ + 4 m_i m_j, eV²: a sum, since with a massless neutrino both fall to 0."""
        return self.excess_eV2 + 4 * self.mass_product_eV2

    @property
    def mass_sum_eV(self) -> FloatArray:
        """m_i + m_j, eV."""
        return np.sqrt(self.s_plus_eV2)

    @property
    def mass_difference_eV(self) -> FloatArray:
        """m_i − m_j, eV, as exact as the splittings; its sign is lost where closed."""
        return np.copysign(np.sqrt(self.s_minus_eV2), self.d)


@dataclass(frozen=True, slots=True)
class PairMasses:
    """Mass combinations of the ordered pairs, shape (..., 3, 3) or (..., 1, 3, 3)."""

    s_plus_eV2: FloatArray
    s_minus_eV2: FloatArray
    mass_product_eV2: FloatArray
    differences_eV2: FloatArray

    @classmethod
    def of(cls, neutrinos: Neutrinos, *, frequency_axis: bool) -> "PairMasses":
        """Combine the masses; `frequency_axis` makes room for one before the pairs."""
        masses, differences = neutrinos.masses_eV, neutrinos.differences_eV2
        if frequency_axis:
            masses, differences = masses[..., None, :], differences[..., None, :, :]
        m_i, m_j = masses[..., :, None], masses[..., None, :]
        sums = m_i + m_j
        # m_i − m_j from the splittings; a massless pair has none
        splits = np.divide(differences, sums, out=np.zeros_like(differences + sums), where=sums > 0)
        return cls(sums**2, splits**2, m_i * m_j, differences)
