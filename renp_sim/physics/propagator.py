"""The resonance of a mediator, and its propagator 1/(q² − M² + iMΓ) at sharp frequencies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.arrays import BoolArray, ComplexArray, FloatArray
from renp_sim.errors import NumericsError
from renp_sim.physics.couplings import per_pair
from renp_sim.physics.kinematics import Kinematics

__all__ = ["Pole", "distance_eV2", "excess_at_pole_eV2", "propagator", "refuse_unresolved"]

UNRESOLVED = 1e-9
"""A sharp line within this fraction of M² of a pole that is narrower still sees no finite number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pole:
    """A resonance q² = M² of width Γ.

    Parameters
    ----------
    mass_eV, width_eV
        M and Γ, eV, over parameter axes (...).
    couples
        Whether the mediator couples to the electron and to a pair, shape (..., 3, 3): to others it is none.
    """

    mass_eV: FloatArray
    width_eV: FloatArray
    couples: BoolArray


def distance_eV2(omega_eV: FloatArray, e_eg_eV: float | FloatArray, mass_eV: FloatArray) -> FloatArray:
    """Return q² − M², rounded once, so that a step can be as near to a pole as its digits allow."""
    y = e_eg_eV - 2 * omega_eV
    # what the subtraction lost (2ω is exact); nothing from ω = E_eg/4 on
    total = y + 2 * omega_eV
    left_over = (e_eg_eV - total) + ((total - y) - 2 * omega_eV)
    product, square = e_eg_eV * y, mass_eV**2
    errors = _product_error(e_eg_eV, y, product) - _product_error(mass_eV, mass_eV, square)
    return (product - square) + (errors + e_eg_eV * left_over)


def excess_at_pole_eV2(kinematics: Kinematics, mass_eV: FloatArray) -> FloatArray:
    """Return M² − s₊ of the pairs: where it is not positive nothing can be on shell."""
    sums = kinematics.mass_sum_eV
    return (mass_eV - sums) * (mass_eV + sums)


def propagator(kinematics: Kinematics, pole: Pole, name: str) -> ComplexArray:
    """Return D = 1/(q² − M² + iMΓ), eV⁻², shape broadcasting to that of the kinematics.

    Parameters
    ----------
    kinematics
        Sharp frequencies, or points inside lines, which know their distance to the pole.
    pole
        Mass and width.
    name
        Of the interaction, for the message.

    Raises
    ------
    NumericsError
        If a frequency is within 1e-9 M² of a pole with MΓ < 1e-9 M² that a pair reaches.
    """
    k = kinematics
    mass, width = (k.over_frequencies(per_pair(value)) for value in (pole.mass_eV, pole.width_eV))
    is_sharp = k.pole_offset_eV2 is None
    x = distance_eV2(k.omega_eV, k.e_eg_eV, mass) if k.pole_offset_eV2 is None else k.pole_offset_eV2
    denominator = x + 1j * mass * width
    lost = (np.abs(x) <= UNRESOLVED * mass**2) & (width < UNRESOLVED * mass) & is_sharp
    if np.any(lost):
        on_shell = (excess_at_pole_eV2(k, mass) > 0) | (denominator == 0)
        lost = lost & on_shell & k.is_open & k.over_frequencies(pole.couples)
        refuse_unresolved(lost, k.omega_eV, mass, width, name)
    # 0 is left to closed pairs, whose q² is made up, and to pairs without coupling: any number will do
    d: ComplexArray = np.reciprocal(np.where(denominator == 0, 1.0, denominator))
    return d


def refuse_unresolved(
    lost: BoolArray, omega_eV: FloatArray, mass_eV: FloatArray, width_eV: FloatArray, name: str
) -> None:
    """Raise NumericsError, naming the first frequency and its pole, if any is lost; arrays broadcast."""
    if not np.any(lost):
        return
    first = np.unravel_index(np.argmax(lost), lost.shape)
    omega, mass, width = (
        float(np.broadcast_to(value, lost.shape)[first]) for value in (omega_eV, mass_eV, width_eV)
    )
    raise NumericsError(
        f"{name}: ω = {omega} eV sits on the pole q² = M² with M = {mass} eV and Γ = {width} eV, which "
        "neither the width nor the laser line resolves: move the step, or give interaction.width_eV > 0 and "
        "laser.linewidth_eV > 0"
    )


def _product_error(a: ArrayLike, b: ArrayLike, product: FloatArray) -> FloatArray:
    """Return a·b − product exactly (Dekker), for a product rounded to float64."""
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(value: ArrayLike) -> tuple[FloatArray, FloatArray]:
    array = np.asarray(value, dtype=np.float64)
    shifted = 134217729.0 * array  # 2²⁷ + 1
    high = shifted - (shifted - array)
    return high, array - high
