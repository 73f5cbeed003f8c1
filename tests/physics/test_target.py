"""Atoms and targets."""

import tomllib
from importlib.resources import files

import pytest

from renp_sim.errors import DomainError
from renp_sim.physics.atom import Atom, known_atoms
from renp_sim.physics.target import Target
from tests.physics.gp23 import YB


def test_levels_and_spins() -> None:
    levels = {name: (atom.e_eg_eV, atom.e_vg_eV, atom.j_e) for name, atom in known_atoms().items()}
    assert levels == {
        "Yb": (2.14349, 2.23072, 0),
        "Xe": (8.3153, 8.4365, 2),
        "Sr": (1.77514, 1.79831, 0),
        "Hg": (4.66740, 4.88650, 0),
    }


def test_reference_rate_scales_from_ytterbium() -> None:
    assert YB.gamma_ref_hz == 0.002
    xenon = 0.002 * (2.73e8 / 1.15e6) * (8.3153 / 2.14349) * (2.23072 / 8.4365) ** 3
    assert known_atoms()["Xe"].gamma_ref_hz == pytest.approx(xenon, rel=1e-12)
    assert xenon == pytest.approx(0.034, abs=5e-4)
    data = tomllib.loads((files("renp_sim.data") / "atoms.toml").read_text("utf-8"))["Xe"]
    # (2J_v + 1) C_ev is 1/6 in jj coupling, 1/2 in LS coupling, and 2 for Yb
    assert data["gamma_ref_with_spin_factor_hz"] == pytest.approx([xenon / 12, xenon / 4], abs=5e-5)


@pytest.mark.parametrize(("j_e", "share"), [(0, 0.0), (1, 0.5), (2, 0.3)])
def test_spin_tensor_of_the_atom(j_e: int, share: float) -> None:
    assert Atom(name="A", e_eg_eV=1.0, e_vg_eV=2.0, gamma_ref_hz=1.0, j_e=j_e).longitudinal_share() == share


@pytest.mark.parametrize("j_e", [None, 3])
def test_unknown_spin_has_no_tensor(j_e: int | None) -> None:
    with pytest.raises(DomainError, match=f"j_e = {j_e}.*give spin_tensor as a number"):
        Atom(name="A", e_eg_eV=1.0, e_vg_eV=2.0, gamma_ref_hz=1.0, j_e=j_e).longitudinal_share()


def test_rate_scale() -> None:
    assert Target(atom=YB).gamma0_hz == 0.002
    dense = Target(atom=YB, density_cm3=2e21, photon_density_cm3=3e21, volume_cm3=50.0)
    assert dense.gamma0_hz == pytest.approx(0.002 * 2**2 * 3 / 2)
    assert Target(atom=YB, volume_cm3=100.0, length_cm=100.0).radius_cm == pytest.approx(0.5641895835)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"density_cm3": 0.0}, "density_cm3 = 0.0: must be positive"),
        ({"volume_cm3": float("inf")}, "volume_cm3"),
        ({"coherence": 1.5}, r"coherence = 1.5: must lie in \[0, 1\]"),
        ({"f_l": float("nan")}, "f_l"),
    ],
)
def test_impossible_targets_are_refused(change: dict[str, float], says: str) -> None:
    with pytest.raises(DomainError, match=says):
        Target(atom=YB, **change)


@pytest.mark.parametrize(
    "change", [{"e_eg_eV": 3.0}, {"e_eg_eV": 0.0}, {"e_vg_eV": float("inf")}, {"gamma_ref_hz": 0.0}]
)
def test_impossible_atoms_are_refused(change: dict[str, float]) -> None:
    levels = {"e_eg_eV": 1.0, "e_vg_eV": 2.0, "gamma_ref_hz": 1.0}
    with pytest.raises(DomainError, match=r"^target\.atom"):
        Atom(name="A", **(levels | change))
