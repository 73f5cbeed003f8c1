"""Momenta of the pairs, and how many digits are left next to a threshold."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renp_sim.errors import DomainError
from renp_sim.physics.kinematics import Kinematics, require_frequency
from renp_sim.physics.neutrino import Ordering
from tests.physics.gp23 import E_EG, emission, kinematics

METRIC = np.array([1.0, -1.0, -1.0, -1.0])


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sum(METRIC * a * b, axis=-1)


def momenta(k: Kinematics, c: float, phi: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return photon, ν_i and ν_j, shape (3, 3, 4), from the closed formulas (no acos, no sqrt(E² − m²))."""
    p, q0, b = k.omega_eV, k.q0_eV, k.omega_eV * k.delta / 2
    e_i = q0 * (1 + k.d) / 2 + b * c
    along_i = p / 2 * (1 + k.d) + q0 * k.delta / 2 * c
    across = np.sqrt(k.q2_eV2) * k.delta / 2 * np.sqrt(1 - c**2)
    x, y = across * np.cos(phi), across * np.sin(phi)
    one = np.ones((3, 3))
    photon = np.stack([one * p, 0 * one, 0 * one, one * p], axis=-1)
    p_i = np.stack([e_i, x, y, -along_i], axis=-1)
    p_j = np.stack([q0 - e_i, -x, -y, -(p - along_i)], axis=-1)
    return photon, p_i, p_j


@given(
    st.floats(0.01, 1.0715),
    st.floats(-1, 1),
    st.floats(0, 6.3),
    st.floats(0, 0.2),
    st.sampled_from(list(Ordering)),
)
def test_momenta_are_conserved_and_on_shell(
    omega: float, c: float, phi: float, lightest: float, ordering: Ordering
) -> None:
    emitted = emission(lightest_mass_eV=lightest, ordering=ordering)
    k = kinematics(omega, emitted)
    photon, p_i, p_j = momenta(k, c, phi)
    m = emitted.neutrinos.masses_eV
    m_i2, m_j2 = np.broadcast_to(m[:, None] ** 2, (3, 3)), np.broadcast_to(m**2, (3, 3))
    is_open, digits = k.is_open, 1e-14 * E_EG**2
    assert np.allclose(photon + p_i + p_j, [E_EG, 0, 0, 0], rtol=0, atol=1e-14)
    assert np.all(np.abs(dot(p_i, p_i) - m_i2)[is_open] < digits)
    assert np.all(np.abs(dot(p_j, p_j) - m_j2)[is_open] < digits)
    assert np.all(np.abs(2 * dot(p_i, p_j) - (k.q2_eV2 - m_i2 - m_j2))[is_open] < digits)
    # c is the angle between ν_i and q in the rest frame of the pair: linear in the energy
    q = p_i + p_j
    assert np.all(np.abs(dot(q, p_i) - k.q2_eV2 * (1 + k.d) / 2)[is_open] < digits)


@given(st.floats(0.01, 2.1), st.floats(0, 0.2))
def test_open_is_where_momenta_are_real(omega: float, lightest: float) -> None:
    emitted = emission(lightest_mass_eV=lightest)
    k = kinematics(omega, emitted)
    m = [Fraction(float(x)) for x in emitted.neutrinos.masses_eV]
    q2 = Fraction(E_EG) * (Fraction(E_EG) - 2 * Fraction(omega))
    for i in range(3):
        for j in range(3):
            excess = q2 - (m[i] + m[j]) ** 2
            assert k.is_open[i, j] == (excess > 0) or abs(excess) < 1e-15
    assert np.all(k.delta[~k.is_open] == 0)
    assert np.all(np.isfinite(k.delta))
    assert np.all(k.q2_delta2_eV2[~k.is_open] == 0)


@pytest.mark.parametrize("below_eV", [1e-3, 1e-5, 1e-6, 3e-8])
def test_digits_below_a_threshold(below_eV: float) -> None:
    """q² − s₊ has 1e-11 left at 3e-8 eV; through ω_ij − ω it would have 300 times less."""
    emitted = emission()
    masses = [Fraction(float(x)) for x in emitted.neutrinos.masses_eV]
    for i, j in ((0, 0), (0, 2), (2, 2)):
        omega = float(emitted.neutrinos.thresholds_eV(E_EG)[i, j] - below_eV)
        exact = Fraction(E_EG) * (Fraction(E_EG) - 2 * Fraction(omega)) - (masses[i] + masses[j]) ** 2
        got = kinematics(omega, emitted).excess_eV2[i, j]
        assert got == pytest.approx(float(exact), rel=1e-11)


def test_mass_combinations() -> None:
    emitted = emission()
    m, k = emitted.neutrinos.masses_eV, kinematics(1.06, emitted)
    assert np.allclose(k.mass_sum_eV, m[:, None] + m, rtol=1e-15)
    assert np.allclose(k.mass_difference_eV, m[:, None] - m, rtol=1e-12, atol=0)
    assert np.allclose(k.s_minus_excess_eV2, k.q2_eV2 - k.s_minus_eV2, rtol=1e-14, atol=0)


def test_massless_pair_is_no_division_by_zero() -> None:
    k = kinematics(np.array([0.5, 1.0717, E_EG / 2]), emission(lightest_mass_eV=0.0))
    assert np.array_equal(k.is_open[:, 0, 0], [True, True, False])
    assert np.array_equal(k.delta[:2, 0, 0], [1.0, 1.0])


def test_excess_and_frequency_give_the_same() -> None:
    emitted = emission()
    omega = np.array([0.7, 1.0688, 1.0711])
    k = kinematics(omega, emitted)
    other = Kinematics.at_excess(
        k.signed_excess_eV2,
        emitted.neutrinos,
        e_eg_eV=E_EG,
        f_l=1 / 3,
    )
    for name in ("delta", "d", "excess_eV2", "mass_sum_eV"):
        assert np.allclose(getattr(other, name), getattr(k, name), rtol=1e-13, atol=0)
    assert np.array_equal(other.is_open, k.is_open)


def test_axes() -> None:
    toys = emission(lightest_mass_eV=np.array([0.01, 0.02, 0.05, 0.1]))
    assert kinematics(np.array([1.0, 1.05]), toys).delta.shape == (4, 2, 3, 3)
    assert kinematics(1.0, toys).delta.shape == (4, 3, 3)
    assert kinematics(1.0, emission()).delta.shape == (3, 3)
    per_toy = np.linspace(1.0, 1.07, 8).reshape(4, 2)
    both = kinematics(per_toy, toys).delta
    alone = kinematics(per_toy[2], emission(lightest_mass_eV=0.05)).delta
    assert np.array_equal(both[2], alone)


@pytest.mark.parametrize("omega", [0.0, -1.0, E_EG, 3.0, np.nan, np.inf])
def test_frequencies_outside_are_refused(omega: float) -> None:
    with pytest.raises(DomainError, match=r"laser\.omega = .*: must lie in 0 < ω < E_eg = 2\.14349 eV"):
        require_frequency([1.0, omega], E_EG, "laser.omega")
