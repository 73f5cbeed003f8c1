"""The line average against adaptive integration, split at the thresholds."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import IntegrationWarning, quad

from renp_sim.arrays import FloatArray
from renp_sim.errors import DomainError
from renp_sim.physics import line, line_cuts
from renp_sim.physics.interactions import ElectromagneticMoments, VectorMediator
from renp_sim.physics.line import LINE_REACH, mean_spectral_function
from renp_sim.physics.line_cuts import FEATURE_REACH, line_panels
from renp_sim.physics.neutrino import Ordering
from renp_sim.physics.rates import Emission, spectral_function
from tests.physics.gp23 import E_EG, emission, matrix
from tests.physics.line_by_force import averages


def adaptive(omega: float, sigma: float, emitted: Emission) -> float:
    """Return the average over ±8σ by adaptive quadrature between thresholds, in t = sqrt(ω_end − ω)."""
    low, high = omega - LINE_REACH * sigma, omega + LINE_REACH * sigma
    thresholds = np.unique(emitted.neutrinos.thresholds_eV(E_EG))
    inside = thresholds[(thresholds > low) & (thresholds < high)]
    ends = np.unique(np.concatenate([[low, omega, high], inside]))

    def integrand(t: float, end: float) -> float:
        at = end - t**2
        density = np.exp(-(((at - omega) / sigma) ** 2) / 2) / (np.sqrt(2 * np.pi) * sigma)
        return float(2 * t * density * spectral_function(at, emitted).sum())

    total = 0.0
    for a, b in pairwise(ends):
        with warnings.catch_warnings():
            # next to a threshold rounding of ω itself is 1e-9 of the integrand
            warnings.simplefilter("ignore", IntegrationWarning)
            total += quad(integrand, 0, np.sqrt(b - a), args=(b,), epsrel=1e-9, limit=100)[0]
    return total


NORMAL = emission()
EDGES = NORMAL.neutrinos.thresholds_eV(E_EG)


@pytest.mark.parametrize("sigma", [1e-6, 1e-5, 3e-4])
@pytest.mark.parametrize(
    "omega",
    [
        pytest.param(EDGES[0, 0], id="on-11"),
        pytest.param(EDGES[0, 0] + 1e-6, id="above-11"),
        pytest.param(EDGES[0, 2] - 2e-6, id="below-13"),
        pytest.param((EDGES[0, 0] + EDGES[0, 1]) / 2, id="between-11-and-12"),
        pytest.param(1.0688, id="far"),
    ],
)
def test_average_is_the_adaptive_integral(omega: float, sigma: float) -> None:
    average = mean_spectral_function(omega, sigma, NORMAL).sum()
    assert average == pytest.approx(adaptive(omega, sigma, NORMAL), rel=1e-6)


@pytest.mark.parametrize(
    "emitted",
    [
        pytest.param(emission(ordering=Ordering.INVERTED, f_l=0.0), id="inverted-transverse"),
        pytest.param(emission(lightest_mass_eV=0.0), id="massless"),
        pytest.param(
            emission(ElectromagneticMoments(magnetic_muB=matrix(e11=1e-10, e12=[1e-10, 1e-10]))), id="moments"
        ),
        pytest.param(
            emission(VectorMediator(mass_eV=0.1, g_electron=1e-12, g_left=matrix(e11=1e-14), width_eV=1e-3)),
            id="vector",
        ),
    ],
)
def test_average_of_other_rates(emitted: Emission) -> None:
    omega = float(emitted.neutrinos.thresholds_eV(E_EG)[0, 0]) - 1e-5
    average = mean_spectral_function(omega, 1e-5, emitted).sum()
    assert average == pytest.approx(adaptive(omega, 1e-5, emitted), rel=1e-6)


def test_gauss_hermite_would_be_wrong_on_a_threshold() -> None:
    """The broken twin: the usual quadrature of a Gaussian, per cent off on ω_11."""
    omega, sigma = float(EDGES[0, 0]), 1e-6
    x, w = np.polynomial.hermite_e.hermegauss(20)
    plain = np.sum(w * spectral_function(omega + sigma * x, NORMAL).sum(axis=(1, 2))) / np.sqrt(2 * np.pi)
    exact = adaptive(omega, sigma, NORMAL)
    assert abs(plain / exact - 1) > 5e-3
    assert abs(mean_spectral_function(omega, sigma, NORMAL).sum() / exact - 1) < 1e-6


def test_sharp_line_is_the_limit() -> None:
    omega = np.array([1.0688, 1.0711])
    sharp = spectral_function(omega, NORMAL)
    assert np.array_equal(mean_spectral_function(omega, 0.0, NORMAL), sharp)
    assert np.allclose(mean_spectral_function(omega, 1e-9, NORMAL), sharp, rtol=1e-9, atol=0)


def test_pairs_out_of_reach_stay_closed() -> None:
    """Beyond 8σ the rate of a pair is that of the tail above its threshold, and 0 from 14σ on."""
    sigma = 1e-6
    tail = mean_spectral_function(EDGES[0, 1] + 8.5 * sigma, sigma, NORMAL)[0]
    assert 0 < tail[0, 1] == pytest.approx(averages(NORMAL, EDGES[0, 1] + 8.5 * sigma, sigma)[0, 1], rel=1e-6)
    beyond = mean_spectral_function(EDGES[0, 1] + (FEATURE_REACH + 0.1) * sigma, sigma, NORMAL)[0]
    assert beyond[0, 0] > 0
    assert np.count_nonzero(beyond) == 1


def test_steps_and_parameters_are_independent() -> None:
    """Mixed sharp and broad steps, over toys: the same numbers as one at a time."""
    omega = np.array([1.0688, EDGES[0, 0], 1.0711, EDGES[2, 2]])
    sigma = np.array([0.0, 1e-6, 0.0, 1e-5])
    masses = np.array([0.01, 0.03])
    batch = mean_spectral_function(omega, sigma, emission(lightest_mass_eV=masses))
    assert batch.shape == (2, 4, 3, 3)
    for n, mass in enumerate(masses):
        for s in range(4):
            alone = mean_spectral_function(omega[s], sigma[s], emission(lightest_mass_eV=mass))[0]
            assert np.allclose(batch[n, s], alone, rtol=1e-13, atol=0)


def test_many_lines_are_averaged_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their points would leave the cache, and fill the memory: 1e5 lines have 1e9 numbers an array."""
    sizes: list[int] = []

    def counted(omega_eV: FloatArray, *rest: FloatArray) -> object:
        sizes.append(len(omega_eV))
        return line_panels(omega_eV, *rest)

    omega, e = np.linspace(1.06, 1.0717, 600), emission()
    alone = np.concatenate([mean_spectral_function([x], 1e-6, e) for x in omega[::37]])
    monkeypatch.setattr(line, "line_panels", counted)
    assert mean_spectral_function(omega, 1e-6, e)[::37].tobytes() == alone.tobytes()
    assert sizes == [line.CHUNK, line.CHUNK, 600 - 2 * line.CHUNK]


def open_share(omega: float, sigma: float) -> np.ndarray:
    lines = line_panels(np.array([omega]), np.array([sigma]), NORMAL)
    place, share = np.polynomial.legendre.leggauss(40)
    points = [lines.at(panel, place) for panel in lines.panels]
    return sum(np.tensordot(share, p.density * p.slope_eV, 1)[0] for p in points)


def test_densities_integrate_to_the_open_share_of_the_line() -> None:
    sigma = 1e-6
    share = open_share(float(EDGES[0, 0]), sigma)
    assert share[0, 0] == pytest.approx(0.5, rel=1e-6)
    assert share[2, 2] == 0
    assert np.allclose(open_share(1.06, sigma), 1.0, rtol=0, atol=1e-9)


@pytest.mark.parametrize("sigma", [1e-6, 1e-5, 1e-4, 1e-3])
@pytest.mark.parametrize("mass", [0.0, 1e-9, 1e-6, 1e-5, 1e-4])
def test_masses_far_below_the_line_width(mass: float, sigma: float) -> None:
    """Every pair to 1e-10, with ω_11 in the middle of the line and at its edge."""
    light = emission(lightest_mass_eV=mass)
    for offset in (-7.0, 0.0, 2.0):
        omega = float(light.neutrinos.thresholds_eV(E_EG)[0, 0]) + offset * sigma
        average, exact = mean_spectral_function(omega, sigma, light)[0], averages(light, omega, sigma)
        assert np.allclose(average, exact, rtol=1e-10, atol=1e-16 * exact.sum())


def test_light_masses_need_points_at_their_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: the body alone is 5e-6 off."""
    monkeypatch.setattr(line_cuts, "FINE", 0.0)
    light, sigma = emission(lightest_mass_eV=1e-5), 1e-5
    omega = float(light.neutrinos.thresholds_eV(E_EG)[0, 0]) + 3 * sigma
    average, exact = mean_spectral_function(omega, sigma, light)[0], averages(light, omega, sigma)
    assert abs(average[0, 0] / exact[0, 0] - 1) > 1e-6


@pytest.mark.parametrize(
    ("omega", "sigma", "says"),
    [
        (1e-6, 1e-6, "linewidth_eV up to 1e-06"),
        (2.1434, 1e-4, "linewidth_eV up to 0.0001"),
        (1.06, -1e-6, "must be finite and not negative"),
        (1.06, np.nan, "must be finite and not negative"),
        (3.0, 1e-6, "must lie in"),
    ],
)
def test_impossible_lines_are_refused(omega: float, sigma: float, says: str) -> None:
    with pytest.raises(DomainError, match=says):
        mean_spectral_function(omega, sigma, NORMAL)
