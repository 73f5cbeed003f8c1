"""Masses, mixing and weak couplings."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renp_sim.errors import DomainError
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation, known_oscillation
from tests.physics.gp23 import E_EG, emission

fractions = st.floats(0, 1)
degrees = st.floats(-360, 360)


def weak(**oscillation: float) -> np.ndarray:
    return emission(**oscillation).neutrinos.weak_couplings()


@given(fractions, fractions, degrees, degrees, degrees)
def test_couplings_are_hermitian_and_sum_to_three_quarters(
    sin2_theta12: float, sin2_theta13: float, delta: float, alpha21: float, alpha31: float
) -> None:
    a = weak(
        sin2_theta12=sin2_theta12,
        sin2_theta13=sin2_theta13,
        delta_cp_deg=delta,
        alpha21_deg=alpha21,
        alpha31_deg=alpha31,
    )
    assert np.allclose(a, np.conj(a.T), rtol=0, atol=1e-15)
    assert np.sum(np.abs(a) ** 2) == pytest.approx(0.75, rel=1e-14)  # U_e has length 1, whatever it is


def test_couplings_without_mixing() -> None:
    assert np.allclose(weak(sin2_theta12=0.0, sin2_theta13=0.0), np.diag([0.5, -0.5, -0.5]))


def test_phases_follow_the_pdg_convention() -> None:
    a = weak(delta_cp_deg=30.0, alpha21_deg=40.0, alpha31_deg=100.0)
    assert np.angle(a[0, 1], deg=True) == pytest.approx(20.0)  # U*_e1 U_e2 ∝ exp(iα21/2)
    assert np.angle(a[0, 2], deg=True) == pytest.approx(20.0)  # exp(i(α31/2 − δ))


@pytest.mark.parametrize("ordering", Ordering)
def test_masses_reproduce_the_splittings(ordering: Ordering) -> None:
    lightest = np.array([0.0, 1e-4, 0.01, 0.1, 1.0])
    oscillation = Oscillation.nufit(ordering)
    nu = Neutrinos.from_lightest_mass(lightest, oscillation)
    m = nu.masses_eV
    assert np.array_equal(m.min(axis=-1), lightest)
    assert m.argmin(axis=-1).tolist() == [0 if ordering is Ordering.NORMAL else 2] * 5
    assert np.allclose(m[:, 1] ** 2 - m[:, 0] ** 2, oscillation.dm2_21_eV2, rtol=1e-10)
    base = 0 if ordering is Ordering.NORMAL else 1
    assert np.allclose(m[:, 2] ** 2 - m[:, base] ** 2, oscillation.dm2_3l_eV2, rtol=1e-11)
    assert np.allclose(nu.differences_eV2, -nu.differences_eV2.mT, rtol=0, atol=0)


@pytest.mark.parametrize("ordering", Ordering)
def test_splittings_are_kept_as_given(ordering: Ordering) -> None:
    """At 1 eV the masses know Δm²21 to 1e-12 only; the differences know it to the last bit."""
    oscillation = Oscillation.nufit(ordering)
    nu = Neutrinos.from_lightest_mass(1.0, oscillation)
    m1, m2 = (Fraction(float(m)) for m in nu.masses_eV[:2])
    assert nu.differences_eV2[1, 0] == oscillation.dm2_21_eV2
    assert abs(float(m2**2 - m1**2) / oscillation.dm2_21_eV2 - 1) > 1e-13


def test_three_masses() -> None:
    nu = Neutrinos.from_masses([0.03, 0.02, 0.05], Oscillation.nufit(Ordering.NORMAL))
    assert nu.differences_eV2[0, 1] == pytest.approx(0.03**2 - 0.02**2, rel=1e-14)
    assert np.array_equal(nu.differences_eV2, -nu.differences_eV2.T)
    assert nu.nature is Nature.DIRAC


def test_both_ways_to_give_masses_agree() -> None:
    oscillation = Oscillation.nufit(Ordering.INVERTED)
    one = Neutrinos.from_lightest_mass(0.02, oscillation)
    other = Neutrinos.from_masses(one.masses_eV, oscillation)
    assert np.allclose(one.differences_eV2, other.differences_eV2, rtol=1e-12)


@pytest.mark.parametrize(
    ("pair", "threshold_eV"),
    [
        ("11", 1.071651694),
        ("12", 1.071619505),
        ("22", 1.071582555),
        ("13", 1.070875349),
        ("23", 1.070781965),
        ("33", 1.069312518),
    ],
)
def test_thresholds_of_the_benchmark(pair: str, threshold_eV: float) -> None:
    i, j = int(pair[0]) - 1, int(pair[1]) - 1
    thresholds = emission().neutrinos.thresholds_eV(E_EG)
    assert thresholds[i, j] == thresholds[j, i]
    assert thresholds[i, j] == pytest.approx(threshold_eV, abs=5e-10)


def test_nufit_values() -> None:
    normal, inverted = (known_oscillation(ordering) for ordering in Ordering)
    assert (normal["dm2_3l_eV2"].value, normal["dm2_3l_eV2"].error) == (2.507e-3, 0.027e-3)
    assert inverted["dm2_3l_eV2"].value == -2.486e-3
    assert (normal["delta_cp_deg"].value, inverted["delta_cp_deg"].value) == (232, 276)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sin2_theta12": 1.1}, r"sin2_theta12 = .*must lie in \[0, 1\]"),
        ({"sin2_theta13": np.nan}, r"sin2_theta13 = .*must lie in"),
        ({"dm2_21_eV2": 0.0}, "dm2_21_eV2 = .*must be positive"),
        ({"dm2_3l_eV2": -2.5e-3}, "dm2_3l_eV2 = .*normal ordering needs"),
    ],
)
def test_impossible_oscillations_are_refused(changes: dict[str, float], says: str) -> None:
    with pytest.raises(DomainError, match=says):
        Oscillation.nufit(Ordering.NORMAL, **changes)


@pytest.mark.parametrize("mass", [-0.01, np.inf, np.nan])
def test_impossible_masses_are_refused(mass: float) -> None:
    oscillation = Oscillation.nufit(Ordering.NORMAL)
    with pytest.raises(DomainError, match="lightest_mass_eV"):
        Neutrinos.from_lightest_mass(mass, oscillation)
    with pytest.raises(DomainError, match="masses_eV"):
        Neutrinos.from_masses([0.0, 0.01, mass], oscillation)
    with pytest.raises(DomainError, match="last axis must hold m1, m2, m3"):
        Neutrinos.from_masses([0.0, 0.01], oscillation)
