"""How a detector records: identities, streams, distributions."""

from dataclasses import replace
from itertools import pairwise
from math import erf

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, kstest, norm

from detector.background import (
    BACKGROUNDS,
    Continuum,
    DarkCounts,
    DensityPowers,
    LaserLeakage,
    Origin,
    Qed,
    ReferenceDensity,
    poisson_times,
)
from detector.dead_time import NonParalysable
from detector.efficiency import Constant, Tabulated, TurnOn
from detector.resolution import Gaussian
from detector.response import Detector, Photons, StepConditions
from detector.spectrum import Exponential, Flat
from detector.spectrum import Tabulated as TabulatedSpectrum
from tests.detector.photon_steps import named_streams, photons_between

STEP = StepConditions(omega_eV=1.07, duration_s=10.0)
PHOTONS = photons_between(0.0, 1.0, 5000.0, 1.07, np.random.default_rng(1))
INTERVAL = (0.0, 1.0)
NONE = Photons(time_s=np.empty(0), energy_eV=np.empty(0))


class Requests:
    """A stream that remembers what was asked of it."""

    def __init__(self):
        self.names = []

    def __call__(self, name):
        self.names.append(name)
        return named_streams(7)(name)


def test_a_detector_without_faults_records_everything_and_draws_nothing():
    requests = Requests()
    record = Detector().record(PHOTONS, INTERVAL, STEP, requests)
    assert requests.names == []
    assert np.array_equal(record.time_s, PHOTONS.time_s)
    assert np.array_equal(record.energy_eV, PHOTONS.energy_eV)
    assert np.array_equal(record.photon, np.arange(len(PHOTONS.time_s)))
    assert np.all(record.component == -1)
    assert record.busy_until_s == -np.inf


DARK = DarkCounts(name="dark", rate_hz=300.0)
GLOW = Continuum(name="glow", rate_hz=400.0, spectrum=Flat(low_eV=0.5, high_eV=1.5))
QED = Qed(name="qed", rate_hz=100.0)


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ({"efficiency": Constant(value=0.3)}, ["efficiency"]),
        ({"resolution": Gaussian(sigma_eV=0.03)}, ["resolution"]),
        ({"dead_time": NonParalysable(tau_s=1e-4)}, []),
        ({"backgrounds": (DARK, GLOW)}, ["background.dark", "background.glow"]),
        ({"backgrounds": (replace(DARK, rate_hz=0.0),)}, []),
    ],
)
def test_each_part_asks_for_its_own_stream_only(part, names):
    requests = Requests()
    Detector(**part).record(PHOTONS, INTERVAL, STEP, requests)
    assert requests.names == names


def test_no_stream_is_asked_for_without_photons_or_presence():
    requests = Requests()
    detector = Detector(efficiency=Constant(value=0.3), resolution=Gaussian(sigma_eV=0.1), backgrounds=(QED,))
    record = detector.record(NONE, INTERVAL, replace(STEP, coherence=0.0), requests)
    assert requests.names == []
    assert len(record.time_s) == 0


def test_settled_without_dead_time_draws_nothing():
    requests = Requests()
    assert Detector(backgrounds=(DARK,)).settled(PHOTONS, INTERVAL, STEP, requests) == -np.inf
    assert requests.names == []


def test_settled_is_the_state_of_the_record():
    detector = Detector(backgrounds=(DARK,), dead_time=NonParalysable(tau_s=1e-3))
    settled = detector.settled(PHOTONS, INTERVAL, STEP, named_streams(7))
    states = {
        detector.record(PHOTONS, INTERVAL, STEP, named_streams(7), busy_until_s=busy).busy_until_s
        for busy in (-np.inf, 3e-4, 1e-3)
    }
    assert states == {settled}


def test_background_moves_no_signal_photon():
    alone = Detector(efficiency=Constant(value=0.3), resolution=Gaussian(sigma_eV=0.03))
    together = replace(alone, backgrounds=(DARK, GLOW, QED))
    a = alone.record(PHOTONS, INTERVAL, STEP, named_streams(7))
    b = together.record(PHOTONS, INTERVAL, STEP, named_streams(7))
    signal = b.component == -1
    assert np.array_equal(a.photon, b.photon[signal])
    assert np.array_equal(a.energy_eV, b.energy_eV[signal])
    assert set(b.component.tolist()) == {-1, 0, 1, 2}


def test_one_background_moves_no_other():
    times = {}
    for backgrounds in ((DARK, GLOW), (GLOW,), (QED, GLOW)):
        record = Detector(backgrounds=backgrounds).record(NONE, INTERVAL, STEP, named_streams(7))
        times[backgrounds] = tuple(record.time_s[record.component == backgrounds.index(GLOW)])
    assert len(set(times.values())) == 1


def test_zero_efficiency_and_a_window_elsewhere_are_no_errors():
    for blind in (Detector(efficiency=Constant(value=0.0)), Detector(energy_window_eV=(2.0, 3.0))):
        assert len(blind.record(PHOTONS, INTERVAL, STEP, named_streams(7)).time_s) == 0
        assert blind.expected(STEP, 100.0).signal_counts == 0


def test_a_slice_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match=r"^interval = \(1\.0, 0\.0\)"):
        Detector().record(NONE, (1.0, 0.0), STEP, named_streams(7))


def chi_square(values, edges, probabilities):
    """Return the p-value of values that fall into bins with these probabilities."""
    mean = len(values) * np.asarray(probabilities)
    observed = np.histogram(values, edges)[0]
    assert mean.min() > 50
    return chi2.sf(np.sum((observed - mean) ** 2 / mean), len(mean) - 1)


FALSE_ALARM = 1e-5


def smeared(sigma_eV):
    photons = Photons(time_s=np.linspace(0, 1, 100_000), energy_eV=np.full(100_000, 1.07))
    detector = Detector(resolution=Gaussian(sigma_eV=sigma_eV))
    return detector.record(photons, INTERVAL, STEP, named_streams(7)).energy_eV


def test_smeared_energies_are_gaussian():
    """χ² over 20 bins, false alarm 1e-5; the twin's σ is 3 % larger."""
    edges = norm(1.07, 0.03).ppf(np.linspace(0, 1, 21))
    assert chi_square(smeared(0.03), edges, np.full(20, 0.05)) > FALSE_ALARM
    assert chi_square(smeared(0.0309), edges, np.full(20, 0.05)) < FALSE_ALARM


SPECTRA = (
    Flat(low_eV=0.5, high_eV=1.5),
    Exponential(low_eV=0.5, high_eV=1.5, scale_eV=0.3),
    TabulatedSpectrum(energies_eV=(0.5, 0.8, 0.9, 1.2, 1.5), values=(0.0, 2.0, 1.0, 0.0, 0.7)),
)


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_spectra_are_sampled_as_they_are_averaged(spectrum):
    """χ² over 16 bins, false alarm 1e-5 each; the twin's energies are 1 % off."""
    edges = np.linspace(0.5, 1.5, 17)

    def share(low, high):
        return spectrum.mean(lambda energy: ((energy > low) & (energy < high)).astype(float), (low, high))

    shares = [share(low, high) for low, high in pairwise(edges)]
    assert sum(shares) == pytest.approx(1, abs=1e-13)
    energy_eV = spectrum.sample(100_000, np.random.default_rng(4))
    assert energy_eV.min() >= 0.5
    assert energy_eV.max() <= 1.5
    assert chi_square(energy_eV, edges, shares) > FALSE_ALARM
    assert chi_square(energy_eV * 1.01, edges, shares) < FALSE_ALARM


def test_background_times_are_uniform():
    """Kolmogorov–Smirnov, false alarm 1e-5; the twin is a slice that starts 2 % late."""
    time_s = poisson_times(50_000.0, (3.0, 4.0), np.random.default_rng(5))
    assert np.all(np.diff(time_s) >= 0)
    assert time_s[0] >= 3.0
    assert time_s[-1] < 4.0
    assert kstest(time_s - 3.0, "uniform").pvalue > FALSE_ALARM
    assert kstest((time_s - 3.0) * 0.98 + 0.02, "uniform").pvalue < FALSE_ALARM


def test_background_times_stay_below_the_end_where_rounding_is_coarse():
    start = 1e7
    stop = float(np.nextafter(start, np.inf))
    time_s = poisson_times(1e12, (start, stop), np.random.default_rng(6))
    assert len(time_s) > 100
    assert np.all(time_s == start)


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("sigma_eV", [0.0, 1e-4, 0.04])
@pytest.mark.parametrize(
    "efficiency",
    [
        Constant(value=0.4),
        TurnOn(plateau=0.9, energy_eV=1.0, width_eV=0.01),
        Tabulated(energies_eV=(0.6, 0.95, 1.3), values=(0.2, 0.9, 0.4)),
    ],
)
def test_continuum_rate_against_adaptive_integration(spectrum, sigma_eV, efficiency):
    glow = Continuum(name="glow", rate_hz=2.0, spectrum=spectrum)
    detector = Detector(
        efficiency=efficiency,
        resolution=Gaussian(sigma_eV=sigma_eV),
        energy_window_eV=(0.9, 1.2),
        backgrounds=(glow,),
    )

    def density(energy_eV):
        match spectrum:
            case Flat():
                return 1.0
            case Exponential():
                return np.exp(-energy_eV / 0.3) / (0.3 * (np.exp(-0.5 / 0.3) - np.exp(-1.5 / 0.3)))
        area = np.trapezoid(spectrum.values, spectrum.energies_eV)
        return np.interp(energy_eV, spectrum.energies_eV, spectrum.values) / area

    around_edges = {edge + 4 * k * sigma_eV for edge in (0.9, 1.2) for k in (-2, -1, 0, 1, 2)}
    around_turn_on = {0.92, 0.98, 1.0, 1.02, 1.08}
    points = sorted({0.5, 0.6, 0.8, 0.95, 1.3, 1.5} | around_edges | around_turn_on)
    by_hand = sum(
        quad(lambda e: density(e) * float(detector.efficiency_at(e)), a, b, epsabs=1e-13, epsrel=1e-12)[0]
        for a, b in pairwise(p for p in points if 0.5 <= p <= 1.5)
    )
    assert detector.background_rates_hz(STEP)[0] == pytest.approx(2 * by_hand, rel=1e-10)


def test_efficiencies_at_known_points():
    energy_eV = np.array([0.5, 1.0, 1.1, 1.25, 2.5])
    turn_on = TurnOn(plateau=0.8, energy_eV=1.0, width_eV=0.1).at(energy_eV)
    assert turn_on == pytest.approx(
        [0.4 * (1 + erf((e - 1.0) / (2**0.5 * 0.1))) for e in energy_eV], rel=1e-9
    )
    assert turn_on[1] == 0.4
    table = Tabulated(energies_eV=(1.0, 1.5, 2.0), values=(0.2, 0.6, 0.6)).at(energy_eV)
    assert table == pytest.approx([0.0, 0.2, 0.28, 0.4, 0.0], rel=1e-14)


def test_acceptance_far_below_the_window_keeps_its_digits():
    accepted = Gaussian(sigma_eV=0.1).accepted(np.array([0.5, 2.5]), (1.5, 2.0))
    assert accepted[0] == pytest.approx(norm.sf(10) - norm.sf(15), rel=1e-12, abs=0)
    assert accepted[1] == pytest.approx(norm.sf(5) - norm.sf(10), rel=1e-12, abs=0)


def test_qed_scales_with_densities_coherence_and_frequency():
    qed = Qed(name="qed", rate_hz=5.0, suppression=1e-4, omega_slope_per_eV=0.5, reference_omega_eV=1.07)
    assert qed.arrival_rate_hz(STEP) == pytest.approx(5e-4)
    dense = replace(STEP, density_cm3=2e21, photon_density_cm3=3e21, coherence=0.5)
    assert qed.arrival_rate_hz(dense) == pytest.approx(5e-4 * 2**2 * 3 * 0.5)
    blue, red = (qed.arrival_rate_hz(replace(STEP, omega_eV=1.07 + d)) / 5e-4 for d in (1e-4, -1e-4))
    assert (blue - red) / 2e-4 == pytest.approx(0.5, rel=1e-8)
    assert blue * red == pytest.approx(1)


def test_qed_counts_its_slope_from_the_end_of_the_step_unless_told():
    qed = Qed(name="qed", rate_hz=5.0, omega_slope_per_eV=0.5)
    at = replace(STEP, end_eV=1.07)
    assert qed.arrival_rate_hz(at) == replace(qed, reference_omega_eV=1.07).arrival_rate_hz(STEP)
    with pytest.raises(ValueError, match="reference_omega_eV: omega_slope_per_eV needs it"):
        qed.arrival_rate_hz(replace(STEP, end_eV=None))


def test_rates_stay_numbers_where_every_factor_is_at_its_limit():
    dense = replace(STEP, density_cm3=1e30, photon_density_cm3=1e30, omega_eV=1e9, end_eV=1.0)
    least = ReferenceDensity(n_a=1, n_gamma=1)
    qed = Qed(
        name="qed",
        rate_hz=1e30,
        reference_density_cm3=least,
        powers=DensityPowers(n_a=10, n_gamma=10),
        omega_slope_per_eV=100,
    )
    for component in (qed, replace(qed, rate_hz=0.0)):
        assert np.isfinite(component.arrival_rate_hz(dense))


def test_who_is_there_in_which_step():
    components = (DARK, GLOW, QED, LaserLeakage(name="leak", rate_hz=1.0))
    control = replace(STEP, coherence=0.0)
    dark = replace(control, laser_on=False)
    detector = Detector(backgrounds=components, energy_window_eV=(0.9, 1.2))
    for conditions, expected in (
        (STEP, [True, True, True, True]),
        (control, [True, True, False, True]),
        (dark, [True, True, False, False]),
    ):
        assert [c.present(conditions) for c in components] == expected
        assert (detector.background_rates_hz(conditions) > 0).tolist() == expected
    assert detector.arrival_rate_hz(dark) == 700.0
    assert [kind.origin for kind in BACKGROUNDS] == [
        Origin.DARK,
        Origin.CONTINUUM,
        Origin.QED,
        Origin.LEAKAGE,
    ]


def test_leakage_scales_with_the_photon_density_and_its_counts_with_the_duty_cycle():
    detector = Detector(backgrounds=(LaserLeakage(name="leak", rate_hz=3.0),))
    pulsed = replace(STEP, duration_s=10.0 * 0.01, live_fraction=0.01, photon_density_cm3=2e21)
    assert detector.expected(pulsed, 0.0).background_counts.tolist() == pytest.approx([3.0 * 2 * 10.0 * 0.01])
