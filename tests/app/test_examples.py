"""The examples that switch everything on, or hide it, go through the whole chain."""

from pathlib import Path

import numpy as np
import pytest

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.app.data import read_data
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.app.question import Question
from renp_sim.app.rates import rate_of_schedule
from renp_sim.cli import main
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import EXAMPLES
from renp_sim.runfile.run import load, run_from_table

FALSE_ALARM_SIGMA = 5.0
"""6e-7."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_itself_back_and_has_rates(name: str) -> None:
    run = load(name)
    assert run_from_table(run.resolved()).number == run.number
    report = rate_of_schedule(run)
    assert report.expected_counts is not None
    assert np.all(np.isfinite(report.expected_counts))
    assert report.expected_counts.sum() > 10


def test_a_realistic_run_counts_what_is_expected(tmp_path: Path) -> None:
    """All steps together, within five standard deviations, and the 2 % of the drift that nobody states."""
    run = load("yb_realistic")
    made = generate(run, tmp_path / "yb.root")
    report = rate_of_schedule(run)
    assert report.expected_counts is not None
    assert report.background_counts is not None
    expected = float(report.expected_counts.sum() + report.background_counts.sum())
    recorded = int(read_tables(made.path).runs["n_recorded"][0])
    assert abs(recorded - expected) < FALSE_ALARM_SIGMA * np.sqrt(expected) + 0.02 * expected
    origins = np.unique(np.concatenate([block["origin"] for block in iterate_events([made.path])]))
    assert {0, 1, 2, 3, 4} <= set(origins.tolist())
    channels = np.concatenate([block["channel"] for block in iterate_events([made.path])])
    assert set(np.unique(channels).tolist()) == {0, 1}


def test_only_coherent_steps_above_the_last_threshold_measure_qed() -> None:
    """Error on the QED background of yb_realistic, with mass and normalisation free.

    The coherent control at 1.0717 eV lowers it from 0.28 to 0.23; the same time in an incoherent one, which
    sees no QED, adds nothing.
    """

    def error(steps: str) -> float:
        experiment = Experiment.of(load("yb_realistic", (f"laser.steps=[{steps}]",)))
        names = ("lightest_mass_eV", "normalisation", "background.qed")
        model = model_of(experiment, hypothesis_of_run(experiment)).offering(names)
        setup = experiment.at_truth(Setup.of(model, free=names), {})
        curve = ProfileCurve.of(setup, setup.model.expected(setup.theta))
        return curve.error("background.qed")

    step = "omega_eV=1.0717, duration_s=864000.0"
    nothing, coherent = error(""), error(f"{{{step}}}")
    assert error(f"{{{step}, kind='control'}}") == pytest.approx(nothing, rel=0.01)
    assert coherent < 0.85 * nothing


def test_a_blind_example_is_analysed_and_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blind, opened = tmp_path / "blind.root", tmp_path / "open.root"
    generate(load("pedagogical_blind"), blind)
    fitted = read_data([blind], model="pedagogical_blind")
    assert fitted.observation.counts.sum() > 100
    assert Question().hypotheses(fitted.assumptions.nature)
    key = str(blind) + ".key"
    with pytest.raises(SystemExit) as ended:
        main(["unblind", str(blind), "--key", key, "-o", str(opened)])
    assert not ended.value.code
    capsys.readouterr()
    hidden, shown = read_tables(blind), read_tables(opened)
    assert np.isnan(hidden.runs["m1_eV"][0])
    assert shown.runs["m1_eV"][0] == pytest.approx(0.01)
    assert "neutrino" not in hidden.config[0]
    assert shown.config[0]["neutrino"]["lightest_mass_eV"] == 0.01
