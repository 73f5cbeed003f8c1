"""The neutrino sector: masses, mixing with the electron, nature.

Masses come from the lightest one and the splittings, or three are given. The differences m_i² − m_j² are
carried along as they were given, since computing them from the masses loses digits.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.arrays import ComplexArray, FloatArray
from renp_sim.errors import DomainError

__all__ = ["Measured", "Nature", "Neutrinos", "Ordering", "Oscillation", "known_oscillation"]


GP23_LIGHTEST_MASS_EV = 0.01
"""What GP23 draws: the default of a run file, and where a fit starts."""


class Ordering(StrEnum):
    """Which neutrino is the lightest: ν₁ (normal) or ν₃ (inverted)."""

    NORMAL = "normal"
    INVERTED = "inverted"


class Nature(StrEnum):
    """Whether neutrinos are their own antiparticles."""

    DIRAC = "dirac"
    MAJORANA = "majorana"


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured value and its standard error, in the unit of the value."""

    value: float
    error: float


@cache
def known_oscillation(ordering: Ordering) -> Mapping[str, Measured]:
    """Return the NuFIT 5.2 values (with SK-atm) of an ordering by the names of `Oscillation`."""
    table = tomllib.loads((files("renp_sim.data") / "oscillation.toml").read_text("utf-8"))
    return {name: Measured(*entry) for name, entry in table[ordering.value].items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Oscillation:
    """Mixing angles, phases and mass splittings (PDG convention).

    Every number may be an array: leading parameter axes broadcast.

    Parameters
    ----------
    ordering
        Normal or inverted.
    sin2_theta12, sin2_theta13
        In [0, 1].
    dm2_21_eV2, dm2_3l_eV2
        Δm²21 > 0; Δm²31 > 0 (normal) or Δm²32 < 0 (inverted), eV².
    delta_cp_deg, alpha21_deg, alpha31_deg
        Dirac phase and Majorana phases, degrees.

    Raises
    ------
    DomainError
        If a number is out of range, or the sign of dm2_3l_eV2 contradicts the ordering.
    """

    ordering: Ordering
    sin2_theta12: ArrayLike
    sin2_theta13: ArrayLike
    dm2_21_eV2: ArrayLike
    dm2_3l_eV2: ArrayLike
    delta_cp_deg: ArrayLike = 0.0
    alpha21_deg: ArrayLike = 0.0
    alpha31_deg: ArrayLike = 0.0

    def __post_init__(self) -> None:
        for key in ("sin2_theta12", "sin2_theta13"):
            value = np.asarray(getattr(self, key))
            if not np.all((value >= 0) & (value <= 1)):
                raise DomainError(f"neutrino.{key} = {value!r}: must lie in [0, 1]")
        if not np.all(np.asarray(self.dm2_21_eV2) > 0):
            raise DomainError(
                f"neutrino.dm2_21_eV2 = {self.dm2_21_eV2!r}: must be positive, m2 > m1 by convention"
            )
        sign = 1 if self.ordering is Ordering.NORMAL else -1
        if not np.all(sign * np.asarray(self.dm2_3l_eV2) > np.asarray(self.dm2_21_eV2)):
            what = "dm2_31 > dm2_21 > 0" if sign > 0 else "dm2_32 < 0 with |dm2_32| > dm2_21"
            raise DomainError(
                f"neutrino.dm2_3l_eV2 = {self.dm2_3l_eV2!r}: {self.ordering} ordering needs {what}"
            )

    @classmethod
    def nufit(cls, ordering: Ordering, **changes: ArrayLike) -> Self:
        """Return the NuFIT 5.2 values of an ordering, with changes by name.

        Examples
        --------
        >>> Oscillation.nufit(Ordering.NORMAL).dm2_21_eV2
        7.41e-05
        """
        values: dict[str, ArrayLike] = {
            name: entry.value for name, entry in known_oscillation(ordering).items()
        }
        return cls(ordering=ordering, **(values | changes))

    def electron_row(self) -> ComplexArray:
        """Return U_e = (c12 c13, s12 c13 e^{iα21/2}, s13 e^{i(α31/2−δ)}), shape (..., 3)."""
        s12, s13 = np.sqrt(self.sin2_theta12), np.sqrt(self.sin2_theta13)
        c12, c13 = np.sqrt(1 - np.asarray(self.sin2_theta12)), np.sqrt(1 - np.asarray(self.sin2_theta13))
        delta, alpha21, alpha31 = (
            np.deg2rad(x) for x in (self.delta_cp_deg, self.alpha21_deg, self.alpha31_deg)
        )
        row = np.broadcast_arrays(
            c12 * c13 + 0j, s12 * c13 * np.exp(0.5j * alpha21), s13 * np.exp(1j * (alpha31 / 2 - delta))
        )
        return np.stack(row, axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neutrinos:
    """Three neutrinos and their coupling to the electron; leading axes are parameter axes.

    Parameters
    ----------
    masses_eV
        Shape (..., 3).
    differences_eV2
        m_i² − m_j², shape (..., 3, 3), as exact as it was given.
    electron_row
        U_e, shape (..., 3).
    nature
        Dirac or Majorana.
    """

    masses_eV: FloatArray
    differences_eV2: FloatArray
    electron_row: ComplexArray
    nature: Nature

    @classmethod
    def from_lightest_mass(
        cls, lightest_mass_eV: ArrayLike, oscillation: Oscillation, nature: Nature = Nature.DIRAC
    ) -> Self:
        """Build from the lightest mass (shape (...), eV) and the splittings.

        NO: m1 = m_l, m2² = m_l² + Δm²21, m3² = m_l² + Δm²31. IO: m3 = m_l, m2² = m_l² + |Δm²32|,
        m1² = m2² − Δm²21.

        Raises
        ------
        DomainError
            If a mass is negative or not finite.

        Examples
        --------
        >>> nu = Neutrinos.from_lightest_mass(0.01, Oscillation.nufit(Ordering.NORMAL))
        >>> nu.masses_eV.round(6).tolist()
        [0.01, 0.013195, 0.051059]
        """
        lightest = np.asarray(lightest_mass_eV, dtype=np.float64)
        _require_masses(lightest, "neutrino.lightest_mass_eV")
        solar, atmospheric = (np.asarray(x) for x in (oscillation.dm2_21_eV2, oscillation.dm2_3l_eV2))
        zero = np.zeros(np.broadcast_shapes(lightest.shape, solar.shape, atmospheric.shape))
        # squares above the lightest one, which themselves give every difference without cancellation
        if oscillation.ordering is Ordering.NORMAL:
            above = np.stack([zero, zero + solar, zero + atmospheric], axis=-1)
        else:
            above = np.stack([zero - atmospheric - solar, zero - atmospheric, zero], axis=-1)
        differences = above[..., :, None] - above[..., None, :]
        if oscillation.ordering is Ordering.INVERTED:
            differences[..., 1, 0], differences[..., 0, 1] = solar, -solar
        masses = np.sqrt(lightest[..., None] ** 2 + above)
        which = 0 if oscillation.ordering is Ordering.NORMAL else 2
        masses[..., which] = lightest
        return cls(
            masses_eV=masses,
            differences_eV2=differences,
            electron_row=oscillation.electron_row(),
            nature=nature,
        )

    @classmethod
    def from_masses(
        cls, masses_eV: ArrayLike, oscillation: Oscillation, nature: Nature = Nature.DIRAC
    ) -> Self:
        """Build from three masses, shape (..., 3), eV; the splittings of `oscillation` are not used.

        Raises
        ------
        DomainError
            If a mass is negative or not finite.
        """
        masses = np.array(masses_eV, dtype=np.float64)
        if masses.shape[-1:] != (3,):
            raise DomainError(f"neutrino.masses_eV: shape {masses.shape}: the last axis must hold m1, m2, m3")
        _require_masses(masses, "neutrino.masses_eV")
        m_i, m_j = masses[..., :, None], masses[..., None, :]
        return cls(
            masses_eV=masses,
            differences_eV2=(m_i - m_j) * (m_i + m_j),
            electron_row=oscillation.electron_row(),
            nature=nature,
        )

    def weak_couplings(self) -> ComplexArray:
        """Return a_ij = U*_ei U_ej − δ_ij/2, the coefficient of ν̄_i γ^μ P_L ν_j; shape (..., 3, 3).

        Implements Eq. (2) of GP23, whose printed a_ij is the complex conjugate.

        Examples
        --------
        >>> nu = Neutrinos.from_lightest_mass(0.01, Oscillation.nufit(Ordering.NORMAL))
        >>> float(np.sum(np.abs(nu.weak_couplings()) ** 2).round(12))
        0.75
        """
        u = self.electron_row
        return np.conj(u)[..., :, None] * u[..., None, :] - np.eye(3) / 2

    def thresholds_eV(self, e_eg_eV: float) -> FloatArray:
        """Return ω_ij = E_eg/2 − (m_i+m_j)²/(2 E_eg), shape (..., 3, 3), eV.

        For reporting and scan points only: rates never go through ω_ij − ω, which loses digits.
        """
        sums = self.masses_eV[..., :, None] + self.masses_eV[..., None, :]
        return e_eg_eV / 2 - sums**2 / (2 * e_eg_eV)


def _require_masses(masses: FloatArray, key: str) -> None:
    if not np.all((masses >= 0) & np.isfinite(masses)):
        raise DomainError(f"{key} = {masses}: masses must be finite and not negative")
