"""Efficiency and window averaged over a laser line, with the rate as weight, against integration by force."""

import numpy as np
import pytest

from detector.efficiency import Constant, Tabulated, TurnOn
from detector.resolution import Gaussian
from detector.response import Detector
from renp_sim.physics.acceptance import varies_over
from renp_sim.physics.interactions import VectorMediator
from renp_sim.physics.line import (
    LINE_REACH,
    mean_efficiency,
    mean_recorded_spectrum,
    mean_spectral_function,
)
from renp_sim.physics.neutrino import Nature
from tests.physics.gp23 import emission, matrix
from tests.physics.line_by_force import averages

TURN_ON = TurnOn(energy_eV=1.07, width_eV=0.002)
ROUGH = np.linspace(1.05, 1.09, 81)
DETECTORS = {
    "turn-on": Detector(efficiency=TURN_ON),
    "fine turn-on": Detector(efficiency=TurnOn(plateau=0.7, energy_eV=1.0716, width_eV=2e-6)),
    "window": Detector(energy_window_eV=(1.0716, 1.0717)),
    "smeared window": Detector(
        efficiency=TURN_ON, resolution=Gaussian(sigma_eV=3e-5), energy_window_eV=(1.0693, 1.0716)
    ),
    "table": Detector(
        efficiency=Tabulated(
            energies_eV=tuple(ROUGH.tolist()), values=tuple(((1 + np.sin(1e5 * ROUGH)) / 2).tolist())
        )
    ),
}
NORMAL = emission()
LIGHT = emission(lightest_mass_eV=1e-7, nature=Nature.MAJORANA)
RESONANT = emission(VectorMediator(mass_eV=0.1021, g_electron=1e-25, g_left=matrix(e11=1e-3, e33=0.1)))
LINES = [(1.07, 1e-4), (1.0693, 1e-3), (1.07164, 1e-4), (1.07164, 1e-3), (1.0716, 1e-5), (1.07166, 3e-6)]


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("emitted", [NORMAL, LIGHT], ids=["normal", "light"])
@pytest.mark.parametrize(("omega", "sigma"), LINES)
def test_recorded_spectrum_by_force(name, emitted, omega, sigma) -> None:
    got = mean_recorded_spectrum(np.array([omega]), np.array([sigma]), emitted, DETECTORS[name])[0]
    exact = averages(emitted, omega, sigma, DETECTORS[name])
    scale = averages(emitted, omega, sigma).sum()
    np.testing.assert_allclose(got, exact, rtol=1e-6, atol=1e-12 * scale)


@pytest.mark.parametrize("edge_eV", [1.069311, 1.0693115, 1.06930898])
def test_a_resonance_beside_the_edge_of_a_window(edge_eV) -> None:
    """The pole of physics.md 6 at ω = 1.069311, σ = 1e-6; what the window cuts of it is 1e-3 to all."""
    detector = Detector(energy_window_eV=(edge_eV, 1.2))
    got = mean_recorded_spectrum(np.array([1.069311]), np.array([1e-6]), RESONANT, detector)[0]
    exact = averages(RESONANT, 1.069311, 1e-6, detector)
    np.testing.assert_allclose(got, exact, rtol=1e-6, atol=1e-9 * exact.sum())


@pytest.mark.parametrize(
    ("omega", "sigma", "off"), [(1.07164, 1e-4, 0.0199), (1.07164, 1e-3, 0.2303), (1.0717, 1e-4, 0.0273)]
)
def test_what_the_centre_was_off(omega, sigma, off) -> None:
    detector = DETECTORS["turn-on"]
    (mean,) = mean_efficiency(np.array([omega]), np.array([sigma]), detector, NORMAL)
    exact = averages(NORMAL, omega, sigma, detector).sum() / averages(NORMAL, omega, sigma).sum()
    assert mean == pytest.approx(exact, rel=1e-6)
    assert detector.efficiency_at(omega) / mean - 1 == pytest.approx(off, abs=2e-4)


def test_many_lines_are_many_single_ones() -> None:
    omega, sigma = np.array(LINES * 2).T
    for detector in DETECTORS.values():
        together = mean_efficiency(omega, sigma, detector, NORMAL)
        alone = [mean_efficiency(np.array([o]), np.array([s]), detector, NORMAL)[0] for o, s in LINES]
        np.testing.assert_allclose(together, alone * 2, rtol=1e-12)


def test_the_stretches_of_an_even_efficiency_are_the_whole() -> None:
    """Cuts alone change nothing: a table of one value in every point has 81 of them."""
    even = Detector(efficiency=Tabulated(energies_eV=tuple(ROUGH.tolist()), values=(0.5,) * 81))
    omega, sigma = np.array([[1.07, 1.0716, 1.069311], [1e-4, 3e-5, 1e-6]])
    for emitted in (NORMAL, LIGHT, RESONANT):
        whole = mean_spectral_function(omega, sigma, emitted)
        cut = mean_recorded_spectrum(omega, sigma, emitted, even)
        np.testing.assert_allclose(cut, 0.5 * whole, rtol=1e-9, atol=1e-15 * whole.max())


@pytest.mark.parametrize("ratio", [0.03, 0.2, 0.7, 0.99, 1.0, 1.5, 5.0])
@pytest.mark.parametrize("step_at", [-4.0, -1.0, 0.0, 2.0])
def test_cuts_and_points_are_enough(ratio, step_at) -> None:
    """Steps of any width beside that of the line, at any place in it, of a turn-on and of a window."""
    omega, sigma = np.array([1.0707, 1.07164, 1.0693125]), np.full(3, 1e-4)
    for k in range(3):
        step_eV, width_eV = omega[k] + step_at * 1e-4, ratio * 1e-4
        for detector in (
            Detector(efficiency=TurnOn(energy_eV=step_eV, width_eV=width_eV)),
            Detector(resolution=Gaussian(sigma_eV=width_eV), energy_window_eV=(step_eV, step_eV + 3e-4)),
        ):
            got = mean_recorded_spectrum(omega[k : k + 1], sigma[k : k + 1], NORMAL, detector).sum()
            exact = averages(NORMAL, omega[k], 1e-4, detector).sum()
            assert got == pytest.approx(exact, rel=1e-8)


class Uncut(Detector):
    """The twin that never cuts."""

    def cuts_eV(self, sigma_eV: float) -> tuple[float, ...]:
        return ()


def test_without_cuts_points_are_not_enough() -> None:
    for detector in (
        Uncut(efficiency=TurnOn(energy_eV=1.0707, width_eV=3e-6)),
        Uncut(energy_window_eV=(1.0707, 1.071)),
    ):
        got = mean_recorded_spectrum(np.array([1.0707]), np.array([1e-4]), NORMAL, detector).sum()
        assert abs(got / averages(NORMAL, 1.0707, 1e-4, detector).sum() - 1) > 1e-4


def test_an_even_efficiency_is_that_of_the_centre_to_the_bit() -> None:
    detector = Detector(
        efficiency=Constant(value=0.2), resolution=Gaussian(sigma_eV=0.03), energy_window_eV=(0.9, 1.2)
    )
    omega, sigma = np.array([1.07, 1.0716]), np.array([1e-6, 0.0])
    assert np.array_equal(mean_efficiency(omega, sigma, detector, NORMAL), detector.efficiency_at(omega))
    # a sharp line at the edge of a window is inside or outside
    edge = DETECTORS["window"]
    assert mean_efficiency(np.array([1.0716, 1.07159]), np.zeros(2), edge, NORMAL).tolist() == [1.0, 0.0]


def test_without_an_open_pair_the_mean_is_that_of_the_line() -> None:
    omega, sigma = np.array([1.09]), np.array([1e-3])
    edge = Detector(energy_window_eV=(1.09, 2.0))
    for emitted in (NORMAL, None):
        assert mean_efficiency(omega, sigma, edge, emitted) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("detector", "varies"),
    [
        (Detector(), False),
        (Detector(energy_window_eV=(1.0700001, 1.2)), True),
        (Detector(energy_window_eV=(1.06999999, 1.07000001)), True),
        (Detector(energy_window_eV=(1.0701, 1.2)), False),
        (DETECTORS["turn-on"], True),
        (Detector(efficiency=TurnOn(energy_eV=0.9, width_eV=0.01)), False),
        (Detector(efficiency=Tabulated(energies_eV=(1.0, 1.07, 1.1), values=(0.5, 0.5, 0.6))), True),
        (Detector(efficiency=Tabulated(energies_eV=(1.0, 1.07, 1.1), values=(0.5, 0.5, 0.5))), False),
    ],
)
def test_what_varies_over_a_line(detector, varies) -> None:
    reach = LINE_REACH * 1e-6
    assert varies_over(detector, np.array([1.07 - reach]), np.array([1.07 + reach])).tolist() == [varies]
