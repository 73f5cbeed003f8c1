"""What a large sample records is what was expected, where efficiency or window change over the laser line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from renp_sim.app.data import Data, read_data
from renp_sim.app.fitting import model_of
from renp_sim.app.hypothesis import Hypothesis
from renp_sim.app.rates import rate_of_schedule
from renp_sim.ntuple.reader import read_tables
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.prediction.exposure import exposure_of
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

LARGE = "target.volume_cm3=4e6"
SCAN = "laser.scan=[{omegas_eV=[1.0712, 1.07164, 1.0717], total_duration_s=3e5}]"
TURN_ON = "detector.efficiency={kind='turn_on', energy_eV=1.07, width_eV=0.002}"
CASES = {
    "turn-on, 1e-4 eV": ("laser.linewidth_eV=1e-4", TURN_ON),
    "turn-on, 1e-3 eV": ("laser.linewidth_eV=1e-3", TURN_ON),
    "edge of the window": ("laser.linewidth_eV=1e-4", "detector.energy_window_eV=[1.0716, 1.2]"),
    "edge and resolution": (
        "laser.linewidth_eV=1e-4",
        "detector.energy_window_eV=[1.0716, 1.2]",
        "detector.resolution={kind='gaussian', sigma_eV=5e-5}",
    ),
}
REACH = 5.0


def run_of(*settings: str) -> Run:
    return run_from_table(apply_settings(read_table("gp23_three_frequencies"), [LARGE, SCAN, *settings]))


def pulls(counts: NDArray[Any], mean: NDArray[Any]) -> NDArray[np.float64]:
    return np.abs(counts - mean) / np.sqrt(np.maximum(mean, 1.0))


@pytest.mark.parametrize("case", CASES)
def test_records_are_those_expected(case: str, tmp_path: Path) -> None:
    """Four cases of three steps, twice at 5 standard deviations: a false alarm in 1.4e-5 of seeds."""
    run = run_of(*CASES[case])
    generate(run, tmp_path / "run.root")
    steps = read_tables(tmp_path / "run.root").steps
    counts = steps["n_recorded"]
    assert np.all(steps["n_generated"] > 1e4)
    assert np.all(pulls(counts, steps["mu_signal"]) < REACH)
    report = rate_of_schedule(run)
    assert report.expected_counts == pytest.approx(steps["mu_signal"], rel=1e-12)
    assert np.all(pulls(counts, steps["n_generated"] * steps["efficiency"]) < REACH)
    # the twin that takes the centre of the line
    at_centre = run.detector.efficiency_at(run.schedule.omega_eV)
    assert np.any(pulls(counts, report.rate_hz * at_centre * run.schedule.open_time_s) > REACH)


def test_what_dead_time_takes_follows_from_the_mean(tmp_path: Path) -> None:
    """Steps of n counts lose nτ: the mean live time is right within 5 of its deviations τ√n, 2e-6 in all."""
    tau_s = 0.01
    settings = (*CASES["edge of the window"], f"detector.dead_time.tau_s={tau_s}")
    run = run_of(*settings)
    generate(run, tmp_path / "run.root")
    steps = read_tables(tmp_path / "run.root").steps
    rate_hz = rate_of_schedule(run).rate_hz
    live_s, even_s = (
        exposure_of(
            run.schedule, run.emission.target, run.detector, signal_rate_hz=rate_hz, emission=emission
        ).live_time_s
        for emission in (run.emission, None)
    )
    allowed_s = REACH * tau_s * np.sqrt(np.maximum(steps["n_recorded"], 1))
    assert np.all(np.abs(live_s - steps["live_time_s"]) < allowed_s)
    assert np.any(np.abs(even_s - steps["live_time_s"]) > allowed_s)


def data_of(tmp_path: Path, *settings: str) -> Data:
    generate(run_of(*settings), tmp_path / "run.root")
    return read_data(tmp_path / "run.root")


@pytest.mark.parametrize("case", CASES)
def test_a_fit_expects_the_same(case: str, tmp_path: Path) -> None:
    """At the truth it is the file's μ, and at another mass that of a run of this mass."""
    data = data_of(tmp_path, *CASES[case])
    model = model_of(data.experiment, Hypothesis(ordering=Ordering.NORMAL, nature=Nature.DIRAC))
    model = model.offering(("lightest_mass_eV",))
    of_mass = [
        rate_of_schedule(run_of(*CASES[case], f"neutrino.lightest_mass_eV={mass}")).expected_counts
        for mass in (0.01, 0.03)
    ]
    np.testing.assert_allclose(model.expected(np.array([[0.01], [0.03]])), of_mass, rtol=1e-9)
    np.testing.assert_allclose(of_mass[0], data.tables.steps["mu_signal"], rtol=1e-12)


def test_equal_counts_are_equal_in_what_is_recorded() -> None:
    scan = SCAN.replace("}]", ", allocation='equal_counts'}]")
    settings = CASES["edge and resolution"]
    run = run_of(scan, *settings)
    counts = rate_of_schedule(run).expected_counts
    assert counts is not None
    np.testing.assert_allclose(counts, counts.mean(), rtol=1e-9)


@pytest.mark.parametrize("linewidth_eV", [0.0, 1e-6, 1e-4])
def test_a_fit_follows_the_efficiency_to_the_true_frequency(linewidth_eV: float, tmp_path: Path) -> None:
    """An offset of the scale moves the photons along the turn-on; before, 0.2 % were left out."""
    offset = "laser.calibration={common_offset_eV=2e-5, common_error_eV=1e-5}"
    scan = SCAN.replace("1.0712, 1.07164, 1.0717", "1.0693, 1.0699, 1.0712")
    data = data_of(tmp_path, offset, scan, TURN_ON, f"laser.linewidth_eV={linewidth_eV}")
    model = model_of(data.experiment, Hypothesis(ordering=Ordering.NORMAL, nature=Nature.DIRAC))
    model = model.offering(("lightest_mass_eV", "frequency_offset_eV"))
    mu = data.tables.steps["mu_signal"]
    np.testing.assert_allclose(model.expected(np.array([0.01, 2e-5])), mu, rtol=1e-9)
    assert abs(data.tables.steps["efficiency"] / run_efficiency(data, 2e-5) - 1).max() > 2e-3


def run_efficiency(data: Data, offset_eV: float) -> NDArray[np.float64]:
    """Return the efficiency at the centres of the true lines."""
    (detector,) = data.detectors.values()
    return detector.efficiency_at(data.tables.steps["omega_set_eV"] + offset_eV)
