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
    pairs
        What the masses give: m_i + m_j, s₊ and so on.
    signed_excess_eV2, excess_eV2
        q² − s₊, and the same with 0 where closed.
    d, delta
        (m_i² − m_j²)/q² and Δ_ij.
    has_frequency_axis
        Whether the axis before the pairs counts frequencies.
    pole_offset_eV2
        q² − M² of the mediator at points inside a line, which may lie so deep in a resonance that q² is too
        coarse a number; None for sharp frequencies.
    """

    f_l: float
    e_eg_eV: float | FloatArray
    omega_eV: FloatArray
    q0_eV: FloatArray
    q2_eV2: FloatArray
    is_open: BoolArray
    pairs: "PairMasses"
    signed_excess_eV2: FloatArray
    excess_eV2: FloatArray
    d: FloatArray
    delta: FloatArray
    has_frequency_axis: bool
    pole_offset_eV2: FloatArray | None = None

    @classmethod
    def at(
        cls,
        omega_eV: ArrayLike,
        neutrinos: Neutrinos,
        *,
        e_eg_eV: float,
        f_l: float = 1 / 3,
        rounding_eV2: float = 0.0,
    ) -> Self:
        """Return the kinematics at sharp frequencies.

        Parameters
        ----------
        omega_eV
            Shape (...) or (..., n): the last axis is the frequency axis, those before it broadcast
            against the parameter axes of `neutrinos`.
        neutrinos
            Masses of shape (..., 3).
        rounding_eV2
            A pair within so much of its threshold counts as open by so much: frequencies of photons that
            did come from below it.

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
        if rounding_eV2:
            excess = np.where(np.abs(excess) < rounding_eV2, rounding_eV2, excess)
        return cls._of(
            pairs,
            e_eg_eV=e_eg_eV,
            f_l=f_l,
            omega_eV=omega,
            q2_eV2=q2,
            signed_excess_eV2=excess,
            has_frequency_axis=has_axis,
        )

    @classmethod
    def at_excess(
        cls,
        excess_eV2: FloatArray,
        neutrinos: Neutrinos,
        *,
        e_eg_eV: float | FloatArray,
        f_l: float,
        pole_offset_eV2: FloatArray | None = None,
    ) -> Self:
        """Return the kinematics where each pair has its own q² − s₊, exact next to its threshold.

        Parameters
        ----------
        excess_eV2
            Shape (..., n, 3, 3).
        e_eg_eV
            E_eg, or the masses of mediators at rest, shape (..., 1, 1, 1).
        pole_offset_eV2
            q² − M² of a mediator, which is told as exactly, shape (..., n, 3, 3).
        """
        pairs = PairMasses.of(neutrinos, frequency_axis=True)
        q2 = pairs.s_plus_eV2 + excess_eV2
        return cls._of(
            pairs,
            e_eg_eV=e_eg_eV,
            f_l=f_l,
            omega_eV=(e_eg_eV - q2 / e_eg_eV) / 2,
            q2_eV2=q2,
            signed_excess_eV2=excess_eV2,
            has_frequency_axis=True,
            pole_offset_eV2=pole_offset_eV2,
        )

    @classmethod
    def _of(
        cls,
        pairs: "PairMasses",
        *,
        e_eg_eV: float | FloatArray,
        omega_eV: FloatArray,
        q2_eV2: FloatArray,
        signed_excess_eV2: FloatArray,
        **given: Any,
    ) -> Self:
        is_open = signed_excess_eV2 > 0
        q2_safe = np.where(is_open, q2_eV2, 1.0)
        excess = np.where(is_open, signed_excess_eV2, 0.0)
        s_minus_excess = excess + 4 * pairs.product_eV2
        return cls(
            e_eg_eV=e_eg_eV,
            omega_eV=omega_eV,
            q0_eV=e_eg_eV - omega_eV,
            q2_eV2=q2_safe,
            is_open=is_open,
            pairs=pairs,
            signed_excess_eV2=signed_excess_eV2,
            excess_eV2=excess,
            d=np.where(is_open, pairs.split_eV2 / q2_safe, 0.0),
            delta=np.sqrt(excess * s_minus_excess) / q2_safe,
            **given,
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
    def s_plus_eV2(self) -> FloatArray:
        """s₊ = (m_i + m_j)², eV²."""
        return self.pairs.s_plus_eV2

    @property
    def s_minus_eV2(self) -> FloatArray:
        """s₋ = (m_i − m_j)², eV²."""
        return self.pairs.s_minus_eV2

    @property
    def mass_product_eV2(self) -> FloatArray:
        """m_i m_j, eV²."""
        return self.pairs.product_eV2

    @property
    def mass_sum_eV(self) -> FloatArray:
        """m_i + m_j, eV."""
        return self.pairs.sum_eV

    @property
    def mass_difference_eV(self) -> FloatArray:
        """m_i − m_j, eV, as exact as the splittings."""
        return self.pairs.difference_eV


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairMasses:
    """Mass combinations of the ordered pairs, shape (..., 3, 3) or (..., 1, 3, 3).

    Parameters
    ----------
    sum_eV, difference_eV
        m_i + m_j and m_i − m_j.
    s_plus_eV2, s_minus_eV2
        Their squares.
    product_eV2
        m_i m_j.
    split_eV2
        m_i² − m_j², as it was given.
    """

    sum_eV: FloatArray
    difference_eV: FloatArray
    s_plus_eV2: FloatArray
    s_minus_eV2: FloatArray
    product_eV2: FloatArray
    split_eV2: FloatArray

    @classmethod
    def of(cls, neutrinos: Neutrinos, *, frequency_axis: bool) -> Self:
        """Combine the masses; `frequency_axis` makes room for one before the pairs."""
        masses, splits = neutrinos.masses_eV, neutrinos.differences_eV2
        if frequency_axis:
            masses, splits = masses[..., None, :], splits[..., None, :, :]
        m_i, m_j = masses[..., :, None], masses[..., None, :]
        sums = m_i + m_j
        # m_i − m_j from the splittings; a massless pair has none
        differences = np.divide(splits, sums, out=np.zeros_like(splits + sums), where=sums > 0)
        return cls(
            sum_eV=sums,
            difference_eV=differences,
            s_plus_eV2=sums**2,
            s_minus_eV2=differences**2,
            product_eV2=m_i * m_j,
            split_eV2=splits,
        )
