"""The exposure of a run that nobody has generated is that of its file."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.from_ntuple import observation_from_tables
from renp_sim.app.rates import rate_of_schedule
from renp_sim.ntuple.reader import read_tables
from renp_sim.prediction.exposure import exposure_of
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

SCAN = (
    "laser.scan=[{omegas_eV=[1.0688, 1.0711, 1.07164], total_duration_s=2e5, passes=2, "
    "control_fraction=0.1, dark_fraction=0.05}]"
)
BACKGROUNDS = (
    "background=[{name='dark', kind='dark_counts', rate_hz=2e-3, error_rel=0.1}, "
    "{name='sky', kind='continuum', rate_hz=5e-3, error_rel=0.2, "
    "spectrum={kind='exponential', low_eV=0.5, high_eV=3.0, scale_eV=0.4}}, "
    "{name='flat', kind='continuum', rate_hz=5e-3}, "
    "{name='qed', kind='qed', rate_hz=5.0, suppression=1e-3, omega_slope_per_eV=0.5, error_rel=0.3}, "
    "{name='leak', kind='laser_leakage', rate_hz=4e-3}]"
)
CALIBRATION = "laser.calibration={common_offset_eV='draw', common_error_eV=5e-6, step_error_eV=1e-6}"
OFFSET = "laser.calibration={common_offset_eV=2e-5, common_error_eV=5e-6}"
ONE_STEP = "laser.steps=[{omega_eV=1.07, duration_s=5e3, linewidth_eV=3e-6, coherence=0.3}]"
TURN_ON = (
    "detector.efficiency={kind='turn_on', plateau=0.3, energy_eV=1.07, width_eV=0.02, "
    "common_error_rel=0.05, step_error_rel=0.02}"
)
TABULATED = (
    "detector.efficiency={kind='tabulated', energies_eV=[0.9, 1.0, 1.2], values=[0.1, 0.2, 0.2], "
    "common_error_rel=0.1}"
)
NEVER_DEAD = "detector.dead_time.tau_s=0"

ALIVE = {
    "bare": ("gp23_three_frequencies", ()),
    "everything": ("fine_scan", (SCAN, BACKGROUNDS, CALIBRATION, TURN_ON, NEVER_DEAD)),
    "sharp": ("fine_scan", (SCAN, BACKGROUNDS, OFFSET, TABULATED, NEVER_DEAD, "laser.linewidth_eV=0")),
    "window": (
        "fine_scan",
        (BACKGROUNDS, ONE_STEP, SCAN, NEVER_DEAD, "detector.energy_window_eV=[1.07, 1.08]"),
    ),
    "dilute": (
        "gp23_six_frequencies",
        ("target.coherence=0.7", "target.density_cm3=8e20", "laser.settling_s=7.0", BACKGROUNDS, ONE_STEP),
    ),
}


def run_of(example: str, settings: tuple[str, ...]) -> Run:
    return run_from_table(apply_settings(read_table(example), settings))


def exposures(run: Run, folder: Path) -> tuple[Exposure, Exposure]:
    """Return the exposure of a run without a file, and that of its file."""
    generate(run, folder / "run.root")
    predicted = exposure_of(
        run.schedule,
        run.emission.target,
        run.detector,
        run=run.number,
        signal_rate_hz=rate_of_schedule(run).rate_hz,
        emission=run.emission,
    )
    return predicted, observation_from_tables(read_tables(folder / "run.root")).exposure


def differing(first: Exposure, second: Exposure) -> set[str]:
    """Return the fields that are not the same to the bit."""

    def bits(exposure: Exposure, name: str) -> object:
        values = getattr(exposure, name)
        return values if name == "components" else (values.dtype, values.shape, values.tobytes())

    return {f.name for f in fields(Exposure) if bits(first, f.name) != bits(second, f.name)}


@pytest.mark.parametrize("name", ALIVE)
def test_every_column_is_that_of_the_file(name: str, tmp_path: Path) -> None:
    assert differing(*exposures(run_of(*ALIVE[name]), tmp_path)) == set()


def test_another_run_differs_where_it_should(tmp_path: Path) -> None:
    """Twin of the comparison above."""
    run = run_of("fine_scan", (SCAN, BACKGROUNDS, CALIBRATION, TURN_ON, NEVER_DEAD))
    other = run_of("fine_scan", (SCAN, BACKGROUNDS, CALIBRATION, TABULATED, NEVER_DEAD))
    _, of_file = exposures(run, tmp_path)
    predicted = exposure_of(other.schedule, other.emission.target, other.detector, run=other.number)
    assert {"run", "efficiency", "efficiency_step_error", "background_rate_hz"} <= differing(
        predicted, of_file
    )


def test_dead_time_leaves_the_mean_live_time(tmp_path: Path) -> None:
    """Of a step with n counts it takes nτ: within 5 of its standard deviations τ√n, 6e-7 a step."""
    tau_s = 1.0
    run = run_of("fine_scan", (SCAN, BACKGROUNDS, CALIBRATION, f"detector.dead_time.tau_s={tau_s}"))
    predicted, of_file = exposures(run, tmp_path)
    assert differing(predicted, of_file) == {"live_time_s"}
    counts = read_tables(tmp_path / "run.root").steps["n_recorded"]
    assert np.all(counts > 10)
    allowed_s = 5 * tau_s * np.sqrt(counts)
    assert np.all(np.abs(predicted.live_time_s - of_file.live_time_s) < allowed_s)
    without_signal = exposure_of(run.schedule, run.emission.target, run.detector)
    assert np.any(np.abs(without_signal.live_time_s - of_file.live_time_s) > allowed_s)
