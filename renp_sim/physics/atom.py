"""Atoms: three levels e → v → g, read from data or given by the user; none is built into the rates."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from renp_sim.errors import DomainError

__all__ = ["Atom", "known_atoms", "rates_with_spin_factor_hz"]

LONGITUDINAL_SHARE = {0: 0.0, 1: 0.5, 2: 0.3}
"""f_L of an unpolarised J_e → 1 → 0 atom; J_e = 0 leaves only the transverse part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """An excited state e, a virtual state v and the ground state g.

    Parameters
    ----------
    name
        What the atom is called.
    e_eg_eV, e_vg_eV
        Level differences, eV; 0 < e_eg_eV < e_vg_eV.
    j_e
        Angular momentum of e; None where it is not known.
    gamma_ref_hz
        Γ_ref, the rate scale at 10²¹ cm⁻³ and 100 cm³, s⁻¹.

    Raises
    ------
    DomainError
        If an energy or the rate is not positive or the levels are out of order.
    """

    name: str
    e_eg_eV: float
    e_vg_eV: float
    gamma_ref_hz: float
    j_e: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.e_eg_eV < self.e_vg_eV < float("inf"):
            raise DomainError(
                f"target.atom: e_eg_eV = {self.e_eg_eV}, e_vg_eV = {self.e_vg_eV} of {self.name}: "
                "0 < e_eg_eV < e_vg_eV is needed, since v lies above e"
            )
        if not 0 < self.gamma_ref_hz < float("inf"):
            raise DomainError(f"target.atom.gamma_ref_hz = {self.gamma_ref_hz}: must be positive")

    def longitudinal_share(self) -> float:
        """Return f_L of the unpolarised atom from J_e (0, 1/2, 3/10 for J_e = 0, 1, 2).

        Raises
        ------
        DomainError
            If J_e is unknown or not one of these.
        """
        if self.j_e not in LONGITUDINAL_SHARE:
            raise DomainError(
                f"target.atom.j_e = {self.j_e} of {self.name}: the atomic spin tensor is known for "
                f"j_e in {sorted(LONGITUDINAL_SHARE)}; give spin_tensor as a number instead"
            )
        return LONGITUDINAL_SHARE[self.j_e]


@cache
def rates_with_spin_factor_hz(atom: Atom) -> tuple[float, ...]:
    """Return what Γ_ref of an atom would be with the spin factor that its own leaves out, s⁻¹, rising.

    There is one where the data have it and nobody has stated another Γ_ref, as there is for Xe.
    """
    entry = _data().get(atom.name, {})
    if atom.name not in known_atoms() or atom.gamma_ref_hz != known_atoms()[atom.name].gamma_ref_hz:
        return ()
    return tuple(entry.get("gamma_ref_with_spin_factor_hz", ()))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("renp_sim.data") / "atoms.toml").read_text("utf-8"))


@cache
def known_atoms() -> dict[str, Atom]:
    """Return the atoms of the package's data by name.

    Γ_ref is the atom's own where the data have one; elsewhere it scales as γ_vg E_eg/E_vg³ from Yb, without
    the spin factor of the transitions: for Xe (J 2 → 1) that is 4 to 12 times too large, and the data have
    the other number too. Levels are rounded as in GP23, which moves thresholds by 1.6e-6 eV (Yb) and 8e-6 eV
    (Xe).

    Examples
    --------
    >>> known_atoms()["Yb"].e_eg_eV
    2.14349
    >>> round(known_atoms()["Xe"].gamma_ref_hz, 3)
    0.034
    """
    table = _data()

    def scale(entry: dict[str, float]) -> float:
        return entry["gamma_vg_hz"] * entry["e_eg_eV"] / entry["e_vg_eV"] ** 3

    reference = table["Yb"]
    return {
        name: Atom(
            name=name,
            e_eg_eV=entry["e_eg_eV"],
            e_vg_eV=entry["e_vg_eV"],
            j_e=entry["j_e"],
            gamma_ref_hz=entry.get(
                "gamma_ref_hz", reference["gamma_ref_hz"] * scale(entry) / scale(reference)
            ),
        )
        for name, entry in table.items()
    }
