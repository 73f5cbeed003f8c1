"""Averages over a line by force: thousands of points in graded intervals, and the rates written out again.

Nothing of the program's quadrature, kinematics or brackets is used, only the numbers of an `Emission`. With
the 40 rows of reference/line.jsonl, which were made elsewhere, it agrees to 4e-13.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from renp_sim.constants import ELECTRON_MASS_EV, G_F_PER_EV2, MU_B_PER_EV
from renp_sim.physics.acceptance import Acceptance
from renp_sim.physics.couplings import Symmetry
from renp_sim.physics.interactions import (
    ElectromagneticMoments,
    ScalarFormula,
    ScalarMediator,
    StandardModel,
    VectorMediator,
)
from renp_sim.physics.neutrino import Nature
from renp_sim.physics.rates import Emission

RATIO, POINTS, FAR = 1.7, 20, 13.5
"""Growth of the intervals, Gauss–Legendre points in each, line widths that count."""


def averages(
    emission: Emission, omega_eV: float, sigma_eV: float, acceptance: Acceptance | None = None
) -> np.ndarray:
    """Return I_ij, or I_ij times an efficiency, averaged over the line, shape (3, 3)."""
    pairs = [[Pair(emission, i, j, acceptance) for j in range(3)] for i in range(3)]
    return np.array([[pair.average(omega_eV, sigma_eV) for pair in row] for row in pairs])


def graded(low: float, high: float, smallest: float, others: list[float]) -> np.ndarray:
    """Return ends of intervals that grow away from 0 on both sides from a smallest one on."""
    sizes = smallest * RATIO ** np.arange(np.log(max(abs(low), abs(high)) / smallest) / np.log(RATIO) + 2)
    ends = np.concatenate([[low, high, 0.0], sizes, -sizes, others])
    return np.unique(ends[(ends >= low) & (ends <= high)])


def integral(ends: np.ndarray, integrand: Callable[[np.ndarray], np.ndarray]) -> float:
    if len(ends) < 2:
        return 0.0
    place, share = np.polynomial.legendre.leggauss(POINTS)
    half = np.diff(ends)[:, None] / 2
    return float(np.sum(integrand(ends[:-1, None] + half * (place + 1)) * share * half))


@dataclass
class Pair:
    """One ordered pair, i and j from 0."""

    emission: Emission
    i: int
    j: int
    acceptance: Acceptance | None = None

    def __post_init__(self) -> None:
        nu, interaction = self.emission.neutrinos, self.emission.interaction
        self.m_i, self.m_j = float(nu.masses_eV[self.i]), float(nu.masses_eV[self.j])
        self.total, self.split = self.m_i + self.m_j, float(nu.differences_eV2[self.i, self.j])
        self.is_majorana = nu.nature is Nature.MAJORANA
        self.mass, self.half_width = None, 0.0
        if isinstance(interaction, VectorMediator | ScalarMediator):
            (pole,) = interaction.poles(nu)
            self.mass = float(interaction.mass_eV)
            self.half_width = self.mass * float(np.ravel(pole.width_eV)[0])

    def average(self, omega_eV: float, sigma_eV: float) -> float:
        """Integrate in t = sqrt(q² − s₊) up to half way to the pole, and in q² − M² from there."""
        e_eg = self.emission.target.atom.e_eg_eV
        s, q2 = 2 * e_eg * sigma_eV, Fraction(e_eg) * (Fraction(e_eg) - 2 * Fraction(omega_eV))
        if self.mass is None:
            above, centre = -np.inf, float(q2 - Fraction(self.total) ** 2)
        else:
            above = (self.mass - self.total) * (self.mass + self.total)
            from_pole = float(q2 - Fraction(self.mass) ** 2)
            centre = above + from_pole
        high = centre + FAR * s + max(-centre, 0.0)
        if centre < -14 * s:
            return 0.0

        def density(excess: np.ndarray, offset: np.ndarray, xi: np.ndarray) -> np.ndarray:
            rate = self.rate(excess, offset)
            if self.acceptance is not None:
                rate = rate * self.acceptance.efficiency_at((e_eg - (self.total**2 + excess) / e_eg) / 2)
            return rate * np.exp(-(xi**2) / 2) / (np.sqrt(2 * np.pi) * s)

        breaks = np.array([] if self.acceptance is None else self.acceptance.breaks_eV)
        excess_at_breaks = e_eg * (e_eg - 2 * breaks) - self.total**2

        reaches_pole = above > 0 and self.half_width > 0
        end = min(high, above / 2) if reaches_pole else high
        low, steps = max(centre - FAR * s, 0.0), s * np.arange(-FAR, 28, 0.5)
        total = 0.0
        if low < end:
            scales = np.array([2 * np.sqrt(self.m_i * self.m_j), self.total, np.sqrt(self.half_width)])
            scales = np.append(scales, np.sqrt(abs(above)) if np.isfinite(above) else 0.0)
            smallest = 1e-3 * min(np.sqrt(end), *scales[scales > 0], np.inf)
            corners = np.concatenate([centre + steps, excess_at_breaks])
            roots = np.sqrt(np.maximum(corners, 0.0)).tolist()
            total = integral(
                graded(np.sqrt(low), np.sqrt(end), smallest, roots),
                lambda t: 2 * t * density(t**2, t**2 - above, (centre - t**2) / s),
            )
        first = max(from_pole - FAR * s, -above / 2) if reaches_pole else np.inf
        if first < high - above:
            others = [
                *(from_pole + steps),
                *(excess_at_breaks - above),
                *(above * 2.0 ** np.arange(-3, 40)),
                *(-above * np.arange(0.05, 0.5, 0.05)),
            ]
            smallest = 0.1 * min(self.half_width, high - above if high > above else abs(first))
            total += integral(
                graded(first, high - above, smallest, others),
                lambda y: density(above + y, y, (from_pole - y) / s),
            )
        return total

    def rate(self, excess: np.ndarray, offset: np.ndarray) -> np.ndarray:
        """Return I_ij where q² = s₊ + excess = M² + offset: the formulas of the sources, integrated."""
        atom, f_l = self.emission.target.atom, self.emission.target.f_l
        q2, product = self.total**2 + excess, self.m_i * self.m_j
        omega = (atom.e_eg_eV - q2 / atom.e_eg_eV) / 2
        delta2 = excess * (excess + 4 * product) / q2**2
        one_d2 = (excess * (excess + 2 * self.total**2) + 4 * product * self.total**2) / q2**2
        a, a_plus_b, more = self.amplitudes(excess, offset, q2, omega)
        a0 = a * (f_l * omega**2 * one_d2 / 2 + excess / 2 - (1 - f_l) * q2 * delta2 / 4) + a_plus_b * product
        a2 = a * delta2 * ((1 - 3 * f_l) * q2 / 4 - f_l * omega**2 / 2)
        return np.sqrt(delta2) / (atom.e_vg_eV - omega) ** 2 * (a0 + a2 / 3 + more)

    def amplitudes(self, excess: np.ndarray, offset: np.ndarray, q2: np.ndarray, omega: np.ndarray) -> tuple:
        """Return A, A + B and what comes on top of the current."""
        interaction, (i, j) = self.emission.interaction, (self.i, self.j)
        weak = self.emission.neutrinos.weak_couplings()
        standard = (abs(weak[i, j]) ** 2, abs(weak[i, j]) ** 2 - (weak[i, j] ** 2).real * self.is_majorana)
        if isinstance(interaction, StandardModel):
            return *standard, 0.0
        if isinstance(interaction, ElectromagneticMoments):
            return *standard, self.moments(interaction, excess, q2, omega)
        d = 1 / (offset + 1j * self.half_width)
        if isinstance(interaction, ScalarMediator):
            return *standard, self.scalar(interaction, weak[i, j], d, excess, q2, omega)
        assert isinstance(interaction, VectorMediator)
        g_l, g_r = (g.completed(Symmetry.HERMITIAN) for g in (interaction.g_left, interaction.g_right))
        x = interaction.g_electron / (np.sqrt(2) * G_F_PER_EV2) * d
        left, right, share = weak[i, j] + x * g_l[i, j], x * g_r[i, j], 1.0
        g_left, g_right = g_l[i, j], g_r[i, j]
        if self.is_majorana:
            left, right = left - x * g_r[j, i], right - (weak[j, i] + x * g_l[j, i])
            g_left, g_right, share = g_left - g_r[j, i], g_right - g_l[j, i], 0.5
        more = 0.0
        if interaction.longitudinal:
            y = ELECTRON_MASS_EV * interaction.g_electron / interaction.mass_eV**2
            y_s, y_p = 1j * y * self.difference * (g_left + g_right), y * self.total * (g_right - g_left)
            more = self.square(d, y_s, y_p, excess, omega)
            more += self.linear((1j * d * np.conj(left + right) * y_s).real, 1, excess, q2, omega)
            more += self.linear((d * np.conj(left - right) * y_p).real, -1, excess, q2, omega)
        return (
            share * (abs(left) ** 2 + abs(right) ** 2),
            share * abs(left + right) ** 2,
            share * more,
        )

    @property
    def difference(self) -> float:
        return self.split / self.total if self.total else 0.0

    def square(self, d, y_s, y_p, excess, omega):
        squares = abs(y_s) ** 2 * excess + abs(y_p) ** 2 * (excess + 4 * self.m_i * self.m_j)
        scale = 24 * ELECTRON_MASS_EV**2 * G_F_PER_EV2**2
        return 3 * self.emission.target.f_l * omega**2 * abs(d) ** 2 * squares / scale

    def linear(self, interference, sign, excess, q2, omega):
        """Return the interference with F_S (sign 1) or F_P (−1)."""
        if sign > 0:
            f = omega**2 / 2 * self.difference * excess / q2
        else:
            f = omega**2 / 2 * self.total * (excess + 4 * self.m_i * self.m_j) / q2
        scale = 3 * self.emission.target.f_l * np.sqrt(2) / (6 * ELECTRON_MASS_EV * G_F_PER_EV2)
        return scale * interference * f

    def scalar(self, interaction, a, d, excess, q2, omega):
        symmetry = Symmetry.SYMMETRIC if self.is_majorana else Symmetry.HERMITIAN
        y_s, y_p = (
            interaction.y_electron * y.completed(symmetry)[self.i, self.j]
            for y in (interaction.y_scalar, interaction.y_pseudoscalar)
        )
        at = (excess, q2, omega)
        if interaction.formula is ScalarFormula.PUBLISHED:
            y_p = 0.0 if self.is_majorana else y_p
            more = self.linear(d.real * (np.conj(a) * y_s).real, 1, *at)
            more -= self.linear(d.real * (np.conj(a) * y_p).imag, -1, *at)
            return self.square(d, y_s, y_p, excess, omega) + more
        if self.is_majorana:
            more = self.linear(d.real * y_s.real * a.imag, 1, *at)
            more += self.linear(d.real * y_p.real * a.real, -1, *at)
            return self.square(d, y_s, y_p, excess, omega) / 2 + more
        more = self.linear((1j * d * np.conj(a) * y_s).real, 1, *at)
        more += self.linear((d * np.conj(a) * y_p).real, -1, *at)
        return self.square(d, y_s, y_p, excess, omega) + more

    def moments(self, interaction, excess, q2, omega):
        symmetry = Symmetry.ANTISYMMETRIC if self.is_majorana else Symmetry.HERMITIAN
        x2, z2 = (
            abs(moment.completed(symmetry)[self.i, self.j]) ** 2
            for moment in (interaction.magnetic_muB, interaction.electric_muB)
        )
        s_minus_excess = excess + 4 * self.m_i * self.m_j
        f = 1.5 * (1 - self.emission.target.f_l) * MU_B_PER_EV**4 * omega**2 / (12 * G_F_PER_EV2**2 * q2**2)
        r = 2 * excess * s_minus_excess * 2 / 3
        both = x2 * (4 * self.total**2 * s_minus_excess + r) + z2 * (4 * self.difference**2 * excess + r)
        return f * both * (0.5 if self.is_majorana else 1.0)
