"""Leakage and QED photons have the line of the laser, in the record and in its mean alike."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from detector.background import LaserLeakage, Qed
from detector.efficiency import TurnOn
from detector.resolution import Gaussian
from detector.response import Detector, StepConditions
from detector.spectrum import Line
from tests.detector.photon_steps import counts, named_streams, photons_between, record_step

END_EV = 1.071745
SIGMA_EV = 1e-3
STEP = StepConditions(omega_eV=1.071, duration_s=50.0, linewidth_eV=SIGMA_EV, end_eV=END_EV)
SHARP = replace(STEP, linewidth_eV=0.0)
LEAK = LaserLeakage(name="leak", rate_hz=2000.0)
QED = Qed(name="qed", rate_hz=2000.0, omega_slope_per_eV=50.0, reference_omega_eV=1.07)
TURN_ON = TurnOn(plateau=0.8, energy_eV=1.0715, width_eV=5e-4)
WINDOW_EV = (1.0702, 1.0725)
DETECTORS = {
    "exact": Detector(efficiency=TURN_ON, energy_window_eV=WINDOW_EV, backgrounds=(LEAK, QED)),
    "smeared": Detector(
        efficiency=TURN_ON,
        resolution=Gaussian(sigma_eV=3e-4),
        energy_window_eV=WINDOW_EV,
        backgrounds=(LEAK, QED),
    ),
}


def line_density(omega_eV: float, step: StepConditions) -> float:
    return float(norm.pdf(omega_eV, step.omega_eV, step.linewidth_eV))


def qed_rate_hz(omega_eV: float) -> float:
    """Return what a sharp line at a frequency emits."""
    return 2000.0 * float(np.exp(50.0 * (omega_eV - 1.07))) if omega_eV <= END_EV else 0.0


def by_force(step: StepConditions, detector: Detector) -> list[float]:
    """Return the recorded rates of leakage and QED, s⁻¹, by adaptive integration."""
    corners = sorted({*np.linspace(1.063, 1.079, 33), *WINDOW_EV, END_EV})
    rates = []
    for rate in (lambda _: 2000.0, qed_rate_hz):

        def integrand(omega: float, rate=rate) -> float:
            return line_density(omega, step) * rate(omega) * float(detector.efficiency_at(omega))

        rates.append(sum(quad(integrand, a, b, epsabs=0, epsrel=1e-11)[0] for a, b in pairwise(corners)))
    return rates


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("omega_eV", [1.0695, 1.071, END_EV, 1.0735])
def test_rates_are_averages_over_the_line(name, omega_eV):
    step, detector = replace(STEP, omega_eV=omega_eV), DETECTORS[name]
    assert detector.background_rates_hz(step) == pytest.approx(by_force(step, detector), rel=1e-9)


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("omega_eV", [1.071, 1.0725])
def test_records_have_these_rates(name, omega_eV):
    """Four comparisons of two counts at 5 standard deviations: a false alarm in 5e-6 of streams."""
    step, detector = replace(STEP, omega_eV=omega_eV), DETECTORS[name]
    records = record_step(detector, step, 0.0, n_slices=4, seed=3)

    def deviations(mean):
        return np.abs(counts(records, 2)[1:] - mean) / np.sqrt(mean)

    assert np.all(deviations(detector.expected(step, 0.0).background_counts) < 5)
    # the broken twin has sharp lines
    at_centre = detector.expected(replace(step, linewidth_eV=0.0), 0.0).background_counts
    assert np.any(deviations(np.maximum(at_centre, 1.0)) > 5)


def test_emitted_energies_are_those_of_the_line():
    """Kolmogorov's distance of 1e5 photons each: beyond 2.57/√n in 4e-6 of streams."""
    step = replace(STEP, omega_eV=END_EV)
    stream = named_streams(8)
    leak, qed = (c.energies(step, WINDOW_EV).sample(100_000, stream(c.name)) for c in (LEAK, QED))
    moved = norm(END_EV + 50.0 * SIGMA_EV**2, SIGMA_EV)
    for energy, distribution in (
        (leak, norm(END_EV, SIGMA_EV).cdf),
        (qed, lambda e: moved.cdf(e) / moved.cdf(END_EV)),
    ):
        place = (np.arange(len(energy)) + 0.5) / len(energy)
        assert np.max(np.abs(distribution(np.sort(energy)) - place)) < 2.57 / np.sqrt(len(energy))
    assert np.max(qed) <= END_EV < np.max(leak)


def test_qed_ends_with_the_coherent_emission():
    assert QED.arrival_rate_hz(replace(SHARP, omega_eV=END_EV)) > 0
    beyond = replace(SHARP, omega_eV=1.0720)
    assert QED.arrival_rate_hz(beyond) == 0
    assert not QED.present(beyond)
    flat = replace(QED, omega_slope_per_eV=0.0)
    assert flat.arrival_rate_hz(replace(STEP, omega_eV=END_EV)) == pytest.approx(1000.0, rel=1e-12)
    # a target that nobody told of has no end
    assert flat.arrival_rate_hz(replace(beyond, end_eV=None)) == 2000.0


def test_a_sharp_line_draws_nothing():
    rng = named_streams(1)("x")
    before = rng.bit_generator.state
    assert np.all(Line(energy_eV=1.07).sample(5, rng) == 1.07)
    assert rng.bit_generator.state == before


def test_signal_photons_are_not_touched():
    """Signal energies are given: the line of the laser is in them already."""
    stream = named_streams(2)
    photons = photons_between(0.0, 1.0, 100.0, 1.071, stream("photons"))
    record = Detector().record(photons, (0.0, 1.0), STEP, stream)
    assert np.all(record.energy_eV == 1.071)
