"""What a neutrino pair gives the atom: its current and its densities contracted with the spin tensor.

All interactions share these: a bracket is a current, or a current with the exchange of a spin-0 field.
"""

import numpy as np

from renp_sim.arrays import ComplexArray, FloatArray
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature

__all__ = ["Bracket", "current", "current_in_parts", "exchange", "pair_amplitudes"]

Bracket = tuple[FloatArray, FloatArray, FloatArray]
"""A0, A1, A2 of B(c) = A0 + A1 c + A2 c², eV², each of shape (..., 3, 3)."""


def pair_amplitudes(
    left: ComplexArray, right: ComplexArray, nature: Nature
) -> tuple[ComplexArray, ComplexArray]:
    """Return (u, v) of couplings ν̄_i γ^μ (L P_L + R P_R)_ij ν_j; A = |u|² + |v|² and S = |u + v|².

    Dirac: (L, R). Majorana: (L_ij − R_ji, R_ij − L_ji)/√2, since ν_i ν_j is reached by both elements;
    the root is for the ordered sum, which counts every state twice.

    Parameters
    ----------
    left, right
        Shape (..., 3, 3).
    nature
        Of the neutrinos.
    """
    if nature is Nature.DIRAC:
        return left, right
    return (left - right.mT) / np.sqrt(2), (right - left.mT) / np.sqrt(2)


def current(kinematics: Kinematics, left_right: FloatArray, helicity_sum: FloatArray) -> Bracket:
    """Return the bracket of a current with couplings L and R.

    Implements the bracket of Eqs. (4) and (8) of GP23, with the sign of m_i m_j mended, before the angle
    is integrated; at f_L = 1/3 it is A[(2/3) E_i E_j + p_i·p_j/3] + B m_i m_j.

    Parameters
    ----------
    kinematics
        Arrays over ω × ordered pairs.
    left_right
        A = |L|² + |R|² (Dirac), shape broadcasting to (..., 3, 3).
    helicity_sum
        S = A + B = |L + R|² (Dirac): given apart from A, since near a threshold the two cancel.
    """
    k, f_l = kinematics, kinematics.f_l
    p2 = k.omega_eV**2
    q2_delta2 = k.q2_delta2_eV2
    # 1 − d² as a sum of positive terms: d → ±1 at the threshold of a massless neutrino with another
    one_d2 = (k.excess_eV2 * (k.excess_eV2 + 2 * k.s_plus_eV2) + 4 * k.mass_product_eV2 * k.s_plus_eV2) / (
        k.q2_eV2**2
    )
    at_threshold = f_l * p2 * one_d2 / 2 + k.excess_eV2 / 2 - (1 - f_l) * q2_delta2 / 4
    a0 = left_right * at_threshold + helicity_sum * k.mass_product_eV2
    a1 = -left_right * f_l * k.omega_eV * k.q0_eV * k.delta * k.d
    a2 = left_right * ((1 - 3 * f_l) * q2_delta2 / 4 - f_l * p2 * k.delta**2 / 2)
    return a0, a1, a2


def current_in_parts(
    kinematics: Kinematics,
    couplings: tuple[ComplexArray, ComplexArray],
    time: tuple[ComplexArray, ComplexArray],
) -> Bracket:
    """Return the bracket of a current whose part along q has couplings of its own.

    Without (q_μ q_ν/M²) in the propagator they are the same, and this is `current`. With it that part, which
    is a spin-0 exchange with y^e y_S = i m_e g^e (m_i − m_j)(g_L + g_R)/M² and
    y^e y_P = m_e g^e (m_i + m_j)(g_R − g_L)/M², is finite where the rest is resonant: taken together from the
    start, nothing cancels.

    Parameters
    ----------
    kinematics
        Arrays over ω × ordered pairs.
    couplings
        L and R (Dirac), shapes broadcasting to (..., 3, 3).
    time
        L and R in the part along q.
    """
    k, f_l, (left, right), (left_t, right_t) = kinematics, kinematics.f_l, couplings, time
    p2, q2_delta2 = k.omega_eV**2, k.q2_delta2_eV2
    square = np.abs(left) ** 2 + np.abs(right) ** 2
    even, odd = np.abs(left + right) ** 2, np.abs(left - right) ** 2
    even_t, odd_t = np.abs(left_t + right_t) ** 2, np.abs(left_t - right_t) ** 2
    across = even * k.s_minus_excess_eV2 + odd * k.excess_eV2
    along = odd_t * k.s_plus_eV2 * k.s_minus_excess_eV2 + even_t * k.s_minus_eV2 * k.excess_eV2
    a0 = (
        f_l * p2 / (4 * k.q2_eV2) * (across + along / k.q2_eV2)
        + square * (k.excess_eV2 / 2 - (1 - f_l) * q2_delta2 / 4)
        + even * k.mass_product_eV2
    )
    both = (np.conj(left) * left_t + np.conj(right) * right_t).real
    a1 = -f_l * k.omega_eV * k.q0_eV * k.delta * k.d * both
    a2 = square * ((1 - 3 * f_l) * q2_delta2 / 4 - f_l * p2 * k.delta**2 / 2)
    return a0, a1, a2


def exchange(
    kinematics: Kinematics,
    *,
    scalar_square: FloatArray,
    pseudoscalar_square: FloatArray,
    scalar_interference: FloatArray,
    pseudoscalar_interference: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return what a spin-0 field between ē iγ5 e and ν̄_i (y_S + iγ5 y_P)_ij ν_j adds to A0 and A1.

    Implements Eqs. (11)–(12) of GP23 before the angle is integrated, mended: Re and Im as the hermitian
    Lagrangian has them. It sees the longitudinal part of the spin tensor only, so f_L = 0 gives 0.

    Parameters
    ----------
    kinematics
        Arrays over ω × ordered pairs.
    scalar_square, pseudoscalar_square
        |Y_S|² and |Y_P|² of the amplitudes Y = y^e y D/(m_e G_F), dimensionless.
    scalar_interference, pseudoscalar_interference
        Re[i a* Y_S] and Re[a* Y_P] with the coupling a of the current beside it (Dirac).
    """
    k = kinematics
    p2 = k.omega_eV**2
    quadratic = scalar_square * k.excess_eV2 + pseudoscalar_square * k.s_minus_excess_eV2
    even = (
        scalar_interference * k.mass_difference_eV * k.excess_eV2
        + pseudoscalar_interference * k.mass_sum_eV * k.s_minus_excess_eV2
    ) / k.q2_eV2
    odd = scalar_interference * k.mass_sum_eV + pseudoscalar_interference * k.mass_difference_eV
    a0 = 3 * k.f_l * p2 * (quadratic / 24 + np.sqrt(2) / 12 * even)
    a1 = -3 * k.f_l * np.sqrt(2) / 12 * k.omega_eV * k.q0_eV * k.delta * odd
    return a0, a1
