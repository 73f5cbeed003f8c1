"""What every kind of efficiency, resolution, background and dead time must hold to."""

import pickle
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest

from detector import afterpulse, background, dead_time, drift, efficiency, resolution, spectrum
from detector.response import Detector, StepConditions
from tests.detector.photon_steps import counts, named_streams, photons_between, record_step

OMEGA_EV = 1.12
WINDOW_EV = (0.9, 1.2)
DURATION_S = 100.0
SIGNAL_HZ = 2000.0
REACH = 5.0
"""Standard deviations that a comparison may be off: 5.7e-7 of them are."""

EFFICIENCIES = (
    efficiency.Constant(value=1.0),
    efficiency.Constant(value=0.2),
    efficiency.TurnOn(plateau=0.8, energy_eV=1.0, width_eV=0.08),
    efficiency.Tabulated(energies_eV=(0.95, 1.0, 1.1, 1.15), values=(0.1, 0.6, 0.7, 0.3)),
)
RESOLUTIONS = (resolution.Gaussian(sigma_eV=0.0), resolution.Gaussian(sigma_eV=0.05))
SPECTRA = (
    spectrum.Flat(low_eV=0.7, high_eV=1.5),
    spectrum.Exponential(low_eV=0.8, high_eV=2.0, scale_eV=0.2),
    spectrum.Tabulated(energies_eV=(0.8, 1.0, 1.1, 1.6), values=(0.0, 3.0, 0.5, 1.0)),
)
BACKGROUNDS = (
    background.DarkCounts(name="dark", rate_hz=200.0, error_rel=0.1),
    *(background.Continuum(name=f"continuum {s.kind}", rate_hz=500.0, spectrum=s) for s in SPECTRA),
    background.Qed(
        name="qed", rate_hz=3000.0, suppression=0.1, omega_slope_per_eV=0.5, reference_omega_eV=1.07
    ),
    background.LaserLeakage(name="leakage", rate_hz=300.0),
)
DEAD_TIMES = (
    dead_time.NonParalysable(tau_s=0.0),
    dead_time.NonParalysable(tau_s=3e-4),
    dead_time.Paralysable(tau_s=3e-4),
)
DRIFTS = (drift.Linear(total_rel=-0.3), drift.Exponential(total_rel=0.5))
AFTERPULSES = (afterpulse.Exponential(probability=0.05, decay_s=1e-4),)

STEP = StepConditions(omega_eV=OMEGA_EV, duration_s=DURATION_S, coherence=0.7, photon_density_cm3=2e21)
CONTROL = replace(STEP, coherence=0.0)
DARK = replace(CONTROL, laser_on=False)

DETECTORS = tuple(
    Detector(efficiency=e, resolution=r, energy_window_eV=WINDOW_EV, backgrounds=BACKGROUNDS, dead_time=d)
    for e, r, d in product(EFFICIENCIES, RESOLUTIONS, DEAD_TIMES)
)


@pytest.mark.parametrize(
    ("registered", "examples"),
    [
        (efficiency.EFFICIENCIES, EFFICIENCIES),
        (resolution.RESOLUTIONS, RESOLUTIONS),
        (spectrum.SPECTRA, SPECTRA),
        (background.BACKGROUNDS, BACKGROUNDS),
        (dead_time.DEAD_TIMES, DEAD_TIMES),
        (drift.DRIFTS, DRIFTS),
        (afterpulse.AFTERPULSES, AFTERPULSES),
    ],
)
def test_every_registered_kind_is_tested_and_has_a_name(registered, examples):
    assert {type(example) for example in examples} == set(registered)
    assert len({kind.kind for kind in registered}) == len(registered)


@pytest.mark.parametrize("made", DRIFTS)
def test_a_drift_goes_from_1_to_its_end(made: drift.Drift):
    share = np.linspace(0, 1, 101)
    factor = made.factor(share)
    assert factor.shape == share.shape
    assert factor[0] == 1.0
    assert factor[-1] == pytest.approx(1 + made.total_rel, rel=1e-14)
    assert np.all(factor > 0)
    assert np.all(np.diff(factor) * made.total_rel > 0)
    assert type(made)(total_rel=0.0).factor(share).tolist() == [1.0] * 101
    assert pickle.loads(pickle.dumps(made)) == made


def deviations(actual: Detector, stated: Detector, conditions: StepConditions, seed: int) -> np.ndarray:
    """Return (recorded − expected)/√expected of signal and components.

    Dead time makes the counts less spread than Poisson, so no deviation is overstated.
    """
    expected = stated.expected(conditions, SIGNAL_HZ)
    mean = np.array([expected.signal_counts, *expected.background_counts])
    records = record_step(actual, conditions, SIGNAL_HZ, n_slices=20, seed=seed)
    observed = counts(records, len(BACKGROUNDS))
    assert np.all(observed[mean == 0] == 0)
    return (observed - mean)[mean > 0] / np.sqrt(mean[mean > 0])


@pytest.mark.parametrize(("seed", "detector"), tuple(enumerate(DETECTORS)))
def test_counts_agree_with_their_expectation(seed, detector):
    """24 detectors, 18 counts in three kinds of step: a false alarm in 2.5e-4 of streams."""
    for conditions, present in ((STEP, 7), (CONTROL, 6), (DARK, 5)):
        off = deviations(detector, detector, conditions, seed)
        assert len(off) == present
        assert np.all(np.abs(off) < REACH)


@dataclass(frozen=True)
class Twice:
    """The fault to find: an efficiency that is applied twice."""

    inner: efficiency.Efficiency

    is_perfect = False

    def at(self, energy_eV):
        return self.inner.at(energy_eV) ** 2


FULL = Detector(
    efficiency=EFFICIENCIES[1],
    resolution=RESOLUTIONS[1],
    energy_window_eV=WINDOW_EV,
    backgrounds=BACKGROUNDS,
    dead_time=DEAD_TIMES[1],
)
FAULTS = {
    "efficiency twice": replace(FULL, efficiency=Twice(FULL.efficiency)),
    "no smearing": replace(FULL, resolution=resolution.Gaussian(sigma_eV=0.0)),
    "window forgotten": replace(FULL, energy_window_eV=(0.0, 10.0)),
    "prolonged": replace(FULL, dead_time=DEAD_TIMES[2]),
    "dead time twice": replace(FULL, dead_time=dead_time.NonParalysable(tau_s=6e-4)),
    "dark counts thinned": replace(
        FULL, backgrounds=(replace(BACKGROUNDS[0], rate_hz=40.0), *BACKGROUNDS[1:])
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault):
    assert np.any(np.abs(deviations(FAULTS[fault], FULL, STEP, 11)) > REACH)


@pytest.mark.parametrize("n_slices", [1, 7, 400])
def test_counts_do_not_depend_on_how_a_step_is_cut(n_slices):
    """21 counts at 5 standard deviations: a false alarm in 1.2e-5 of streams."""
    detector = DETECTORS[-1]
    expected = detector.expected(STEP, SIGNAL_HZ)
    mean = np.array([expected.signal_counts, *expected.background_counts])
    records = record_step(detector, STEP, SIGNAL_HZ, n_slices=n_slices, seed=5)
    assert np.all(np.abs(counts(records, len(BACKGROUNDS)) - mean) < REACH * np.sqrt(mean))


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_record_is_consistent(detector):
    stream = named_streams(3)
    photons = photons_between(2.0, 3.0, SIGNAL_HZ, OMEGA_EV, stream("photons"))
    record = detector.record(photons, (2.0, 3.0), STEP, stream)
    assert np.all(np.diff(record.time_s) >= detector.dead_time.tau_s * (1 - 1e-9))
    assert np.all((record.time_s >= 2.0) & (record.time_s < 3.0))
    assert np.all((record.energy_eV >= WINDOW_EV[0]) & (record.energy_eV <= WINDOW_EV[1]))
    signal = record.component == -1
    assert np.array_equal(signal, record.photon >= 0)
    assert np.array_equal(record.time_s[signal], photons.time_s[record.photon[signal]])
    assert np.all(np.diff(record.photon[signal]) > 0)
    arrays = (record.time_s, record.energy_eV, record.photon, record.component, record.channel)
    assert [a.dtype for a in arrays] == [np.float64, np.float64, np.int64, np.int16, np.int16]
    assert len({len(a) for a in arrays}) == 1


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_pickled_detector_is_the_same(detector):
    copy = pickle.loads(pickle.dumps(detector))
    assert copy == detector
    assert hash(copy) == hash(detector)
