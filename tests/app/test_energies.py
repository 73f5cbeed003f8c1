"""Fits that use photon energies: where photons lie is what the rows expect, and what is gained by it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2

from detector.resolution import Gaussian
from renp_sim.analysis.data import Observation
from renp_sim.analysis.energies import counted_by_energy
from renp_sim.app.data import Data, read_data
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import fit_data, model_of
from renp_sim.app.question import Normalisation, Question, Treatment
from renp_sim.app.report import analyse, write_report
from renp_sim.app.report_figures import fit_curves
from renp_sim.app.thresholds import fit_report
from renp_sim.arrays import FloatArray
from renp_sim.errors import SchemaError
from renp_sim.physics.neutrino import Ordering
from renp_sim.prediction import energy_bins
from renp_sim.prediction.energy_bins import split_by_energy
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import run_from_table
from tests.prediction.exposures import start

FIVE = (
    "{name='dark', kind='dark_counts', rate_hz=3e-3}",
    "{name='flat', kind='continuum', rate_hz=4e-3}",
    "{name='falling', kind='continuum', rate_hz=4e-3, spectrum={kind='exponential', low_eV=0.8, high_eV=1.3, "
    "scale_eV=0.1}}",
    "{name='leakage', kind='laser_leakage', rate_hz=2e-3}",
    "{name='qed', kind='qed', rate_hz=2e-3}",
)


def energies_of_runs(folder: Path, *settings: str) -> tuple[Data, ExpectedCounts, FloatArray]:
    """Return one of ten runs, its model, and the photons of all by step and energy."""
    counts, scan = [], "{omegas_eV=[1.0688, 1.0711, 1.07164], total_duration_s=1e6, control_fraction=0.2}"
    base = [
        f"laser.scan=[{scan}]",
        "laser.steps=[{omega_eV=1.0717, duration_s=3e5}]",
        "target.volume_cm3=1e5",
        "neutrino.lightest_mass_eV=0.01",
        "detector.energy_window_eV=[0.9, 1.2]",
        "detector.resolution={kind='gaussian', sigma_eV=0.002}",
        "detector.efficiency={kind='turn_on', energy_eV=1.0, width_eV=0.05}",
        "detector.dead_time={kind='non_paralysable', tau_s=1e-3}",
        "detector.afterpulse={kind='exponential', probability=0.02, decay_s=5e-3}",
    ]
    for seed in range(10):
        run = run_from_table(apply_settings(read_table("fine_scan"), [*base, *settings, f"run.seed={seed}"]))
        data = read_data(generate(run, folder / "run.root", force=True).path, energies=True)
        counts.append(data.fitted.counts)
        assert_allclose(np.bincount(data.fitted.exposure.step_number, counts[-1]), data.observation.counts)
    model = model_of(data.experiment, hypothesis_of_run(data.experiment))
    assert isinstance(model, ExpectedCounts)
    return data, model, np.sum(counts, axis=0)


def p_value(counts: FloatArray, expected: FloatArray) -> float:
    """Return that of Σ (n − μ)²/μ over the rows of 25 counts and more."""
    many = expected >= 25
    return float(chi2.sf(np.sum((counts - expected)[many] ** 2 / expected[many]), np.sum(many)))


@pytest.mark.parametrize(
    ("offset_eV", "backgrounds", "wrong_offset_eV"), [(0.0, FIVE, 5e-4), (5e-4, FIVE[:3], 0.0)]
)
def test_recorded_energies_are_those_expected(
    tmp_path: Path, offset_eV: float, backgrounds: tuple[str, ...], wrong_offset_eV: float
) -> None:
    """Ten runs of 10⁴ photons, false alarm 1e-3. Twins: the frequency off by a quarter of the resolution, a
    resolution off by a tenth, and an exponential that is taken for flat.

    Shares of the signal follow the true frequency; of leakage and QED they stay at the set one.
    """
    data, model, counts = energies_of_runs(
        tmp_path,
        f"background=[{', '.join(backgrounds)}]",
        f"laser.calibration={{common_offset_eV={offset_eV}, common_error_eV=1e-4}}",
    )
    expected = 10 * model.expected(start(model, frequency_offset_eV=offset_eV))
    assert p_value(counts, expected) > 1e-3
    assert p_value(counts, 10 * model.expected(start(model, frequency_offset_eV=wrong_offset_eV))) < 1e-9
    ((run, detector),) = data.detectors.items()
    blurred = replace(detector, resolution=Gaussian(sigma_eV=0.0022))
    wrong = replace(model, acceptances={run: blurred})
    assert p_value(counts, 10 * wrong.expected(start(model, frequency_offset_eV=offset_eV))) < 1e-9
    rates = model.exposure.background_rate_hz.copy()
    rates[:, 2] = rates[:, 1] * np.sum(rates[:, 2]) / np.sum(rates[:, 1])
    other = model.at(replace(model.exposure, background_rate_hz=rates))
    assert p_value(counts, 10 * other.expected(start(model, frequency_offset_eV=offset_eV))) < 1e-9


def error_of_normalisation(half_width_eV: float, *, energies: bool, control_fraction: float) -> float:
    """Return the Asimov error at three of GP23's frequencies, with a flat continuum of unknown size.

    Of what a window of ± 0.5 eV records 11 % are signal; the resolution is 20 meV.
    """
    low, high = 1.07 - half_width_eV, 1.07 + half_width_eV
    scan = f"{{omegas_eV=[1.0688, 1.0699, 1.0711], total_duration_s=8.64e6, {control_fraction=}}}"
    settings = [
        f"laser.scan=[{scan}]",
        f"detector.energy_window_eV=[{low}, {high}]",
        "detector.resolution={kind='gaussian', sigma_eV=0.02}",
        "background=[{name='flat', kind='continuum', rate_hz=1e-3, "
        "spectrum={kind='flat', low_eV=0.57, high_eV=1.57}}]",
    ]
    run = run_from_table(apply_settings(read_table("gp23_three_frequencies"), settings))
    experiment = Experiment.of(run)
    if energies:
        ends = dict.fromkeys(experiment.detectors, run.emission.target.atom.e_eg_eV / 2)
        rows = split_by_energy(experiment.exposure, experiment.detectors, ends)
        experiment = replace(experiment, exposure=rows)
    model = model_of(experiment, hypothesis_of_run(experiment))
    model = model.offering(("normalisation", "background.flat"))
    expected, slopes = model.expected(np.ones(2)), model.gradient(np.ones(2))
    seen = expected > 0
    information = slopes[seen].T @ (slopes[seen] / expected[seen, None])
    return float(np.sqrt(np.linalg.inv(information)[0, 0]))


@pytest.mark.parametrize(
    ("control_fraction", "gain"), [(0.0, 6.0), (0.3, 1.3)], ids=["no-control", "control"]
)
def test_energies_gain_over_every_window_cut(
    monkeypatch: pytest.MonkeyPatch, control_fraction: float, gain: float
) -> None:
    """The error of the normalisation, with the best of all windows or with the energies in a wide one.

    Without control steps only the falling spectrum tells a cut what is continuum, and energies win a factor
    of 7; with 30 % of the time for control steps they still win 1.4. Finer bins win no more than 2 %.
    """
    widths_eV = 0.02 * np.arange(0.5, 6.0, 0.25)
    cuts = [error_of_normalisation(w, energies=False, control_fraction=control_fraction) for w in widths_eV]
    best = min(cuts)
    assert cuts[0] > best < cuts[-1]
    found = error_of_normalisation(0.5, energies=True, control_fraction=control_fraction)
    assert best / found > gain
    monkeypatch.setattr(energy_bins, "FINE", tuple(0.25 * k for k in range(1, 25)))
    finer = error_of_normalisation(0.5, energies=True, control_fraction=control_fraction)
    assert found / 1.02 < finer <= found


WIDE = (
    "detector.energy_window_eV=[0.6, 1.5]",
    "detector.resolution={kind='gaussian', sigma_eV=0.02}",
    "target.volume_cm3=1e4",
    "laser.calibration={common_error_eV=1e-7, step_error_eV=1e-7}",
    "background=[{name='flat', kind='continuum', rate_hz=1e-3}]",
)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return files of one open run and a blind one, in another atom's density."""
    folder, paths = tmp_path_factory.mktemp("two"), []
    for name, more in (("open", "run.seed=3"), ("blind", "output.blind=true")):
        table = apply_settings(read_table("gp23_three_frequencies"), [*WIDE, more])
        paths.append(generate(run_from_table(table), folder / f"{name}.root").path)
    return paths


def test_a_fit_with_energies_knows_more(two_runs: list[Path]) -> None:
    """Of normalisation and an unknown continuum; a blind run too has its detector in the file."""
    question = Question(
        orderings=(Ordering.NORMAL,),
        normalisation=Normalisation.FREE,
        treatment=Treatment(free=("background.flat",), fixed={"lightest_mass_eV": 0.01}),
    )
    errors, values = [], []
    for energies in (False, True):
        data = read_data(two_runs, "gp23_three_frequencies", energies=energies)
        report = fit_report(data, question)
        found = report.result.best.parameter("normalisation")
        assert found.error is not None
        values.append(found.value)
        errors.append(found.error)
        bins = report.as_dict()["energy_bins"]
        assert (bins is not None) == energies
        assert len(report.result.best.expected) == (len(bins["low_eV"]) if energies else 6)
    assert errors[0] / errors[1] > 4
    assert abs(values[1] - 1) < 3 * errors[1]
    few = Observation(exposure=data.fitted.exposure.scaled(0.01), counts=0.01 * data.fitted.counts)
    warned = fit_data(replace(data, fitted=few), question, intervals=()).warnings
    assert "energy bins expect fewer than 10 counts" in " ".join(warned)


def test_the_report_of_a_fit_with_energies_has_its_plots(two_runs: list[Path], tmp_path: Path) -> None:
    """The drawn curve is the spectrum of whole steps, with energies as without; offsets hardly move it."""
    curves = []
    for energies in (False, True):
        data = read_data(two_runs[:1], energies=energies)
        question = Question(
            orderings=(Ordering.NORMAL,), treatment=Treatment(fixed={"lightest_mass_eV": 0.01})
        )
        report = analyse(data, question)
        curves.append(fit_curves(report.fit)[0].value)
        assert write_report(report, tmp_path)
    assert_allclose(curves[1], curves[0], rtol=1e-4)


def test_a_photon_of_no_step_is_refused(two_runs: list[Path]) -> None:
    exposure = read_data(two_runs[:1], energies=True).fitted.exposure
    with pytest.raises(SchemaError, match="a photon is of a step that is not in `steps`"):
        counted_by_energy(two_runs[:1], exposure.take(np.flatnonzero(exposure.step != 1)))
