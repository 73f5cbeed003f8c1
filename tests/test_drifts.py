"""Drifts and pulses from the run file to the fit: what is known costs nothing, what is not biases."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.drift import MASS_EV, PASSES, bias_of, run_of
from renp_sim.app.data import read_data
from renp_sim.app.fitting import fit_data
from renp_sim.app.question import Normalisation, Question
from renp_sim.ntuple.inspect import inspect
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table
from tests.runfile.run_tables import with_settings

N_TOYS = 300
FOUR_SIGMA = 0.99993666


def test_a_drift_biases_a_sequential_scan_and_not_an_interleaved_one() -> None:
    """A drift of 10 % moves the mass by many deviations; over a pass of many, only its share of that.

    Bounds are four errors of the mean, a false alarm in 6e-5 of seeds; without a drift there is no bias.
    """
    sequential, interleaved = (bias_of(run_of(passes, -0.1), N_TOYS, seed=1) for passes in (1, PASSES))
    assert sequential.mean_eV > 5 * sequential.width_eV
    assert abs(interleaved.mean_eV) < 0.7 * interleaved.width_eV
    left = sequential.mean_eV / PASSES
    assert abs(interleaved.mean_eV - left) < 4 * interleaved.error_eV + 0.3 * left
    steady = bias_of(run_of(1, 0.0), N_TOYS, seed=1)
    assert abs(steady.mean_eV) < 4 * steady.error_eV


KNOWN = (
    "laser.scan=[{start_eV=1.0709, stop_eV=1.0716, points=8, total_duration_s=3e6}]",
    "laser.steps=[]",
    "laser.pulses={repetition_hz=0.1, window_s=5.0, coherence_decay_s=6.0}",
    "drift.density={kind='exponential', total_rel=-0.3}",
    "background=[{name='qed', kind='qed', rate_hz=1e-3, error_rel=0.1}, "
    "{name='dark', kind='dark_counts', rate_hz=1e-3, error_rel=0.1}]",
    "target.volume_cm3=1e6",
    "detector.efficiency=0.4",
)


@pytest.fixture(scope="module")
def pulsed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pulsed") / "run.root"
    generate(run_from_table(with_settings(*KNOWN)), path)
    return path


def test_a_pulsed_file_is_sound(pulsed_file: Path) -> None:
    assert list(inspect(pulsed_file).faults) == []


def test_a_pulsed_file_with_a_known_drift_gives_the_mass(pulsed_file: Path) -> None:
    """The truth is within four deviations; with the density of the start, as if it had stayed, it is not."""
    data = read_data(pulsed_file)
    exposure = data.observation.exposure
    undrifted = replace(
        data,
        fitted=replace(
            data.fitted, exposure=replace(exposure, gamma0_hz=np.full(8, exposure.gamma0_hz.max()))
        ),
    )
    question = Question(level=FOUR_SIGMA, normalisation=Normalisation.FREE)
    found = []
    for given in (data, undrifted):
        mass = fit_data(given, question).best.parameter("lightest_mass_eV")
        assert mass.intervals is not None
        found.append(any(r.lower <= MASS_EV <= r.upper for r in mass.intervals.regions))
    assert found == [True, False]
