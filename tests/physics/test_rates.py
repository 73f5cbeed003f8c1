"""The Standard Model rate: limits, identities, and the numbers of the benchmark."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renp_sim.errors import DomainError, NumericsError
from renp_sim.physics.current import Bracket, current
from renp_sim.physics.interactions import Pole
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering
from renp_sim.physics.rates import Emission, checked_bracket, spectral_function
from tests.physics.gp23 import DAY_S, E_EG, YB, emission, kinematics

fractions = st.floats(0, 1)


def total(omega_eV: float, emitted: Emission) -> float:
    return float(spectral_function(omega_eV, emitted).sum())


def counts(omega_eV: float, emitted: Emission, days: float = 2.3) -> float:
    return emitted.target.gamma0_hz * days * DAY_S * total(omega_eV, emitted)


@pytest.mark.parametrize(
    ("omega", "spectrum", "normal", "inverted"),
    [
        (1.0688, 0.06297292953, 25.03, 21.50),
        (1.0699, 0.04899167150, 19.47, 9.96),
        (1.0711, 0.04484679238, 17.82, 8.58),
        (1.07164, 0.00150893190, 0.60, 4.16),
    ],
)
def test_benchmark(omega: float, spectrum: float, normal: float, inverted: float) -> None:
    assert total(omega, emission()) == pytest.approx(spectrum, abs=5e-12)
    assert counts(omega, emission()) == pytest.approx(normal, abs=0.005)
    assert counts(omega, emission(ordering=Ordering.INVERTED)) == pytest.approx(inverted, abs=0.005)


@pytest.mark.parametrize(("omega", "number"), [(1.0688, 0.70), (1.0699, 0.37), (1.0711, 0.11)])
def test_transverse_spin_tensor(omega: float, number: float) -> None:
    assert counts(omega, emission(f_l=0.0)) == pytest.approx(number, abs=0.005)


@given(fractions, fractions, st.floats(0.01, 1.07), st.sampled_from(list(Nature)))
def test_massless_limit_knows_no_mixing(
    sin2_theta12: float, sin2_theta13: float, omega: float, nature: Nature
) -> None:
    emitted = emission(nature=nature, sin2_theta12=sin2_theta12, sin2_theta13=sin2_theta13)
    neutrinos = Neutrinos(
        masses_eV=np.zeros(3),
        differences_eV2=np.zeros((3, 3)),
        electron_row=emitted.neutrinos.electron_row,
        nature=nature,
    )
    massless = Emission(target=emitted.target, neutrinos=neutrinos, interaction=emitted.interaction)
    exact = (3 * E_EG**2 - 6 * E_EG * omega + omega**2) / (12 * (YB.e_vg_eV - omega) ** 2)
    assert total(omega, massless) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("omega", [0.3, 1.0688, 1.0711])
def test_integral_over_the_neutrino_energy(omega: float) -> None:
    """GP23 integrates over E_i: ∫ dE/(2b) of A[(2/3)E_iE_j + p_i·p_j/3] + B m_i m_j."""
    emitted = emission(nature=Nature.MAJORANA, alpha21_deg=100.0)
    k, a = kinematics(omega, emitted), emitted.neutrinos.weak_couplings()
    m = emitted.neutrinos.masses_eV
    four_product = (k.q2_eV2 - (m[:, None] ** 2 + m**2)) / 2
    x, w = np.polynomial.legendre.leggauss(4)
    e_i = k.q0_eV * (1 + k.d) / 2 + (k.omega_eV * k.delta / 2) * x[:, None, None]
    integrand = (
        np.abs(a) ** 2 * (2 / 3 * e_i * (k.q0_eV - e_i) + four_product / 3)
        - np.real(a**2) * k.mass_product_eV2
    )
    by_energy = np.tensordot(w / 2, integrand, axes=1) * k.delta / (YB.e_vg_eV - omega) ** 2
    by_angle = spectral_function(omega, emitted)
    assert np.allclose(by_angle, np.where(k.is_open, by_energy, 0.0), rtol=1e-12, atol=0)


@pytest.mark.parametrize("f_l", [0.0, 1 / 3, 0.5, 1.0])
def test_bracket_is_the_printed_one(f_l: float) -> None:
    """The well-conditioned coefficients against f_L(2 p∥p∥ + p·p) + (1−f_L)(p·p − p_T²)."""
    emitted = emission(f_l=f_l)
    k, m = kinematics(1.06, emitted), emitted.neutrinos.masses_eV
    left_right, b = 0.7, -0.4
    a0, a1, a2 = current(k, np.array(left_right), np.array(left_right + b))
    e_i, e_j = k.q0_eV * (1 + k.d) / 2, k.q0_eV * (1 - k.d) / 2
    boost = k.omega_eV * k.delta / 2
    product = (k.q2_eV2 - m[:, None] ** 2 - m**2) / 2
    for c in (-1.0, -0.3, 0.0, 0.8, 1.0):
        across2 = k.q2_eV2 * k.delta**2 / 4 * (1 - c**2)
        along = (e_i + boost * c) * (e_j - boost * c) - product + across2
        printed = left_right * (f_l * (2 * along + product) + (1 - f_l) * (product - across2))
        printed = printed + b * k.mass_product_eV2
        assert np.allclose(a0 + a1 * c + a2 * c**2, printed, rtol=0, atol=1e-14)


@pytest.mark.parametrize("below_eV", [3e-12, 1e-10, 1e-7, 1e-4])
def test_threshold_of_a_massless_neutrino_with_another(below_eV: float) -> None:
    """There d → 1 and s₊ = s₋: B(c) falls to 5e-10 of its coefficients, and stays positive."""
    emitted = emission(f_l=1.0, lightest_mass_eV=0.0)
    omega = float(emitted.neutrinos.thresholds_eV(E_EG)[0, 1]) - below_eV
    k = kinematics(omega, emitted)
    a0, a1, a2 = (a[0, 1] for a in checked_bracket(k, emitted))
    q2, delta = k.q2_eV2[0, 0], k.excess_eV2[0, 1] / k.q2_eV2[0, 0]
    assert k.delta[0, 1] == pytest.approx(delta, rel=1e-15)
    # Δ = 1 − |d| here, so the coefficients have a closed form at f_L = 1
    weak = abs(emitted.neutrinos.weak_couplings()[0, 1]) ** 2
    assert a0 == pytest.approx(weak * delta * (omega**2 * (2 - delta) + q2) / 2, rel=1e-14)
    assert a1 == pytest.approx(weak * delta * (1 - delta) * omega * k.q0_eV[0, 0], rel=1e-14)
    assert a0 + a2 - abs(a1) > 0


def test_rate_is_zero_above_thresholds_and_beyond() -> None:
    emitted = emission()
    for i in range(3):
        for j in range(3):
            threshold = emitted.neutrinos.thresholds_eV(E_EG)[i, j]
            assert spectral_function(threshold + 1e-9, emitted)[i, j] == 0
            assert spectral_function(threshold - 1e-9, emitted)[i, j] > 0
    assert total(E_EG / 2, emitted) == 0  # q² = 0
    assert total(2.1, emitted) == 0  # q² < 0


def test_dirac_and_majorana_are_close() -> None:
    """Below 0.5 % at GP23's frequencies, which tens of events cannot tell apart."""
    omegas = np.array([1.0688, 1.0699, 1.0711])
    dirac, majorana = (spectral_function(omegas, emission(nature=n)).sum(axis=(1, 2)) for n in Nature)
    difference = np.abs(majorana / dirac - 1)
    assert np.all((difference > 0) & (difference < 5e-3))


def test_dirac_and_majorana_are_not_close_with_the_transverse_tensor() -> None:
    """What the guide tells: the Majorana rate is lower by so much, and at ω_11 there is none of it."""
    omega_11 = emission().neutrinos.thresholds_eV(E_EG).max()
    omegas = np.array([1.0688, 1.0711, 1.07164, omega_11 - 1e-9])
    dirac, majorana = (
        spectral_function(omegas, emission(nature=n, f_l=0.0)).sum(axis=(1, 2)) for n in Nature
    )
    difference = np.abs(majorana / dirac - 1)
    assert difference == pytest.approx([0.13, 0.15, 0.86, 1.0], abs=0.005)


def test_shapes_broadcast() -> None:
    masses = np.array([0.0, 0.01, 0.05])
    omegas = np.array([1.0, 1.06, 1.0711, 1.0717])
    all_at_once = spectral_function(omegas, emission(lightest_mass_eV=masses))
    assert all_at_once.shape == (3, 4, 3, 3)
    for n, mass in enumerate(masses):
        for s, omega in enumerate(omegas):
            alone = spectral_function(omega, emission(lightest_mass_eV=mass))
            assert np.allclose(all_at_once[n, s], alone, rtol=1e-14, atol=0)


def test_frequency_outside_is_refused() -> None:
    with pytest.raises(DomainError, match="must lie in 0 < ω < E_eg"):
        spectral_function(2.2, emission())


@dataclass(frozen=True)
class Negative:
    """An interaction that is no probability in a corner: B(1) = −depth at the only dangerous angle."""

    depth: float
    name: ClassVar[str] = "negative"

    def problems(self, nature: Nature) -> list[str]:
        """Accept."""
        return []

    def bracket(self, kinematics: Kinematics, neutrinos: Neutrinos) -> Bracket:
        one = np.ones((3, 3))
        return one, -(1 + self.depth) * one, 0 * one

    def poles(self, neutrinos: Neutrinos) -> tuple[Pole, ...]:
        return ()


def test_negative_brackets_are_an_error_and_never_clipped() -> None:
    neutrinos = emission()
    k = kinematics(1.06, neutrinos)
    for depth in (1e-6, 1e-11):
        with pytest.raises(NumericsError, match="negative: a bracket is negative"):
            checked_bracket(k, emission(Negative(depth)))
    checked_bracket(k, emission(Negative(1e-13)))  # rounding
    checked_bracket(k, emission(Negative(0.0)))


def test_dip_inside_the_interval_is_seen() -> None:
    @dataclass(frozen=True)
    class Dip(Negative):
        def bracket(self, kinematics: Kinematics, neutrinos: Neutrinos) -> Bracket:
            one = np.ones((3, 3))
            return (0.09 - self.depth) * one, -0.6 * one, one  # (c − 0.3)² − depth

    k = kinematics(1.06, emission())
    checked_bracket(k, emission(Dip(0.0)))
    with pytest.raises(NumericsError, match="no probability"):
        checked_bracket(k, emission(Dip(1e-6)))
