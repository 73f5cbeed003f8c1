"""The propagator 1/(q² − M² + iMΓ) of a mediator, sharp or averaged over a Gaussian laser line.

A resonance is far narrower than any laser line, so where its pole is near, the line average of D is taken
analytically, and that of the other factors by their own points; elsewhere D is one of these factors. A pole
within 5 line widths of the threshold of a pair it couples to is 1 % off by that, within 1 width 11 %.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import wofz

from renp_sim.arrays import BoolArray, ComplexArray, FloatArray
from renp_sim.errors import DomainError, NumericsError
from renp_sim.physics.couplings import per_pair
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Neutrinos

__all__ = [
    "POLE_REACH",
    "LineResonance",
    "Pole",
    "Propagator",
    "at_rest",
    "decay_width",
    "line_resonance",
    "propagator",
    "require_mediator",
]


POLE_REACH = 10.0
"""A pole within so many line widths of a step is averaged analytically."""

TAIL = 1e7
"""A resonance with s/g > 1e14 outshines the rest of the line from beyond that, through the line's Gaussian
tail. It is averaged within sqrt(2 ln(1e7 s/g)) line widths, where the tail is below 1e-4 of |D|²."""

LIGHTEST_EV = 1e-20
"""Of a mediator: 1/M⁴ beside couplings of any size is a number (`tests/runfile/test_fuzz.py`)."""

UNRESOLVED = 1e-9
"""A sharp line within this fraction of M² of a pole that is narrower still sees no finite number."""


@dataclass(frozen=True, slots=True)
class Pole:
    """A resonance q² = M² with width Γ, both in eV; either may be an array over parameter axes."""

    mass_eV: float
    width_eV: float


@dataclass(frozen=True, slots=True)
class Propagator:
    """D over the laser line: its mean ⟨D⟩ (eV⁻²) and its variance ⟨|D|²⟩ − |⟨D⟩|² (eV⁻⁴, 0 where sharp).

    With them |a + D g|² averages to |a + ⟨D⟩ g|² + variance · |g|², a sum of squares.
    """

    mean: ComplexArray
    variance: FloatArray

    @property
    def square(self) -> FloatArray:
        """⟨|D|²⟩, eV⁻⁴."""
        return np.abs(self.mean) ** 2 + self.variance


@dataclass(frozen=True, slots=True)
class LineResonance:
    """A resonance as a laser line sees it, all in q² (eV²); arrays broadcast to (..., 1, 1).

    Parameters
    ----------
    distance_eV2
        x = q² − M² at the centre of the line.
    sigma_eV2
        s = 2 E_eg σ, the Gaussian σ of the line; 0 where sharp.
    half_width_eV2
        g = MΓ.
    """

    distance_eV2: FloatArray
    sigma_eV2: FloatArray
    half_width_eV2: FloatArray

    @property
    def is_averaged(self) -> BoolArray:
        """Whether the propagator is averaged over the line."""
        x, s, g = np.abs(self.distance_eV2), self.sigma_eV2, self.half_width_eV2
        inside: BoolArray = (s > 0) & (g > 0) & ((x < POLE_REACH * s) | (x < s * _tail_reach(s, g)))
        return inside


def line_resonance(kinematics: Kinematics, pole: Pole) -> LineResonance:
    """Return how the lines of `kinematics` see a resonance."""
    k = kinematics
    mass, width = (k.over_frequencies(per_pair(value)) for value in (pole.mass_eV, pole.width_eV))
    return LineResonance(_distance(k, mass), 2 * k.e_eg_eV * k.line_sigma_eV, mass * width)


def require_mediator(mass_eV: ArrayLike, width_eV: object, **couplings: ArrayLike) -> None:
    """Check the mass and the width of a mediator, and its couplings to the electron by their keys.

    Raises
    ------
    DomainError
        If the mass is not positive or hardly so, the width neither "auto" nor a number ≥ 0, or a coupling
        not finite.
    """
    if not np.all((np.asarray(mass_eV) >= LIGHTEST_EV) & np.isfinite(mass_eV)):
        raise DomainError(
            f"interaction.mass_eV = {mass_eV!r}: must be positive and finite, at least {LIGHTEST_EV:g} eV"
        )
    if isinstance(width_eV, str):
        is_width = width_eV == "auto"
    else:
        width = np.asarray(width_eV, dtype=np.float64)
        is_width = bool(np.all((width >= 0) & np.isfinite(width)))
    if not is_width:
        raise DomainError(
            f'interaction.width_eV = {width_eV!r}: must be "auto" (from the couplings) or a number ≥ 0'
        )
    for key, coupling in couplings.items():
        if not np.all(np.isfinite(coupling)):
            raise DomainError(f"interaction.{key} = {coupling!r}: must be finite")


def at_rest(mass_eV: ArrayLike, neutrinos: Neutrinos) -> Kinematics:
    """Return the kinematics of the pairs that a mediator at rest decays into: q² = M², P = 0."""
    masses = neutrinos.masses_eV[..., None, :]
    sums = masses[..., :, None] + masses[..., None, :]
    mass = per_pair(mass_eV)[..., None, :, :]
    zero = np.zeros((1, 1, 1))
    return Kinematics.at_excess(
        (mass - sums) * (mass + sums),
        neutrinos,
        e_eg_eV=mass,  # type: ignore[arg-type]  # an atom's is a number, a mediator's may be many
        f_l=1 / 3,
        line_omega_eV=zero,
        line_sigma_eV=zero,
    )


def decay_width(kinematics: Kinematics, mass_eV: ArrayLike, strength_eV2: FloatArray) -> float:
    """Return Γ = Σ_ij Δ_ij/(8πM) · (bracket integrated over c/2), eV, over open ordered pairs at rest."""
    flux = kinematics.delta / (8 * np.pi * per_pair(mass_eV)[..., None, :, :])
    width: float = np.sum(np.where(kinematics.is_open, flux * strength_eV2, 0.0), axis=(-3, -2, -1))
    return width


def propagator(kinematics: Kinematics, pole: Pole, couples: BoolArray, name: str) -> Propagator:
    """Return the propagator of a mediator at the frequencies of `kinematics`.

    Where the pole is within 10 line widths of the centre of the line, with y = q² − M² = x + sξ,
    s = 2 E_eg σ, g = MΓ, z = (x + ig)/(√2 s):
    ⟨1/(y+ig)⟩ = −i sqrt(π/2) w(z)/s and ⟨1/(y²+g²)⟩ = sqrt(π/2) Re w(z)/(s g).

    Parameters
    ----------
    kinematics
        Sharp frequencies, or points inside lines.
    pole
        Mass and width.
    couples
        Whether the mediator couples to a pair, shape broadcasting to (..., 3, 3): a pole that nothing
        resolves matters only to open pairs that it couples to.
    name
        Of the interaction, for the message.

    Raises
    ------
    NumericsError
        If nothing resolves the pole: Γ = 0 within 10 line widths of it, or a sharp line within 1e-9 M²
        of a pole with MΓ < 1e-9 M².
    """
    k = kinematics
    resonance = line_resonance(k, pole)
    x, s, g = resonance.distance_eV2, resonance.sigma_eV2, resonance.half_width_eV2
    if k.pole_offset_eV2 is not None:
        inside: ComplexArray = np.reciprocal(k.pole_offset_eV2 + 1j * g)
        return Propagator(inside, np.zeros_like(inside.real))
    m2 = k.over_frequencies(per_pair(pole.mass_eV)) ** 2
    is_broad = s > 0
    is_near = np.abs(x) < POLE_REACH * s
    lost = np.where(is_broad, is_near & (g == 0), (np.abs(x) <= UNRESOLVED * m2) & (g < UNRESOLVED * m2))
    _require_resolved(k, lost & k.is_open & couples, pole, name)

    y = np.where(is_broad, k.q2_eV2 - m2, x) if np.any(is_broad) else x
    is_averaged = resonance.is_averaged
    # 0 is left to closed pairs, whose q² is made up, and to pairs without coupling: any number will do
    denominator = y + 1j * g
    mean: ComplexArray = np.reciprocal(np.where(is_averaged | (denominator == 0), 1.0, denominator))
    if not np.any(is_averaged):
        return Propagator(mean, np.zeros_like(x))
    s, g = np.where(is_averaged, s, 1.0), np.where(is_averaged, g, 1.0)
    w = wofz((np.where(is_averaged, x, 0.0) + 1j * g) / (np.sqrt(2) * s))
    mean = np.where(is_averaged, -1j * np.sqrt(np.pi / 2) * w / s, mean)
    excess = np.sqrt(np.pi / 2) / s * (w.real / g - np.sqrt(np.pi / 2) * np.abs(w) ** 2 / s)
    # a variance is positive; where the line is far narrower than the pole only rounding is left of it
    return Propagator(mean, np.where(is_averaged, np.maximum(excess, 0.0), 0.0))


def _tail_reach(s: FloatArray, g: FloatArray) -> FloatArray:
    ratio = np.divide(s, g, out=np.ones(np.broadcast_shapes(s.shape, g.shape)), where=g > 0)
    reach: FloatArray = np.sqrt(2 * np.log(np.maximum(TAIL * ratio, 1.0)))
    return reach


def _distance(kinematics: Kinematics, mass_eV: FloatArray) -> FloatArray:
    """Return q² − M² at the centre of the line, E_eg (E_eg − 2ω) − M², rounded once: poles are narrow."""
    e_eg_eV, two_omega = kinematics.e_eg_eV, 2 * kinematics.line_omega_eV
    y = e_eg_eV - two_omega
    left_over = (e_eg_eV - y) - two_omega
    product, square = e_eg_eV * y, mass_eV * mass_eV
    errors = _product_error(e_eg_eV, y, product) - _product_error(mass_eV, mass_eV, square)
    return (product - square) + (errors + e_eg_eV * left_over)


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


def _require_resolved(kinematics: Kinematics, lost: BoolArray, pole: Pole, name: str) -> None:
    if not np.any(lost):
        return
    first = np.unravel_index(np.argmax(lost), lost.shape)

    def at(value: ArrayLike) -> float:
        return float(np.broadcast_to(kinematics.over_frequencies(per_pair(value)), lost.shape)[first])

    omega = np.broadcast_to(kinematics.line_omega_eV, lost.shape)[first]
    raise NumericsError(
        f"{name}: ω = {omega} eV sits on the pole q² = M² with M = {at(pole.mass_eV)} eV and "
        f"Γ = {at(pole.width_eV)} eV, which neither the width nor the laser line resolves: "
        "move the step, or give interaction.width_eV > 0 and laser.linewidth_eV > 0"
    )
