"""The neutrino current contracted with the spin tensor of the atom: the bracket that vectors share."""

import numpy as np
from numpy.typing import NDArray

from renp_sim.physics.kinematics import Kinematics

__all__ = ["Bracket", "current"]

FloatArray = NDArray[np.float64]
Bracket = tuple[FloatArray, FloatArray, FloatArray]
"""A0, A1, A2 of B(c) = A0 + A1 c + A2 c², eV², each of shape (..., 3, 3)."""


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
    at_rest = f_l * p2 * (1 - k.d**2) / 2 + k.excess_eV2 / 2 - (1 - f_l) * q2_delta2 / 4
    a0 = left_right * at_rest + helicity_sum * k.mass_product_eV2
    a1 = -left_right * f_l * k.omega_eV * k.q0_eV * k.delta * k.d
    a2 = left_right * ((1 - 3 * f_l) * q2_delta2 / 4 - f_l * p2 * k.delta**2 / 2)
    return a0, a1, a2
