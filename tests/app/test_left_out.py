"""What stands in no likelihood is said, with how much it is."""

import re

import numpy as np
import pytest

from renp_sim.analysis.floating import Treatment
from renp_sim.app.compare import compare
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.exposure import exposure_needed
from renp_sim.app.fitting import model_of
from renp_sim.app.left_out import left_out
from renp_sim.app.limit import LimitMethod, limit_of
from renp_sim.app.optimise import Wish, optimised
from renp_sim.app.question import Question
from renp_sim.app.separations import Asking
from renp_sim.app.subject import Subject
from renp_sim.runfile.run import Run, load

NOTHING = Treatment()
STEP_ERRORS = (
    "laser.calibration={step_error_eV=2e-6}",
    "detector.efficiency={kind='constant', value=0.5, step_error_rel=0.05}",
)
AFTERPULSES = ("detector.afterpulse={kind='exponential', probability=0.3, decay_s=1e-6}",)


def run_of(*settings: str) -> Run:
    return load("gp23_six_frequencies", settings)


def experiment_of(*settings: str) -> Experiment:
    return Experiment.of(run_of(*settings))


def size_of(note: str) -> float:
    """Return how many statistical errors a note says."""
    return float(re.search(r"up to ([0-9.e+-]+) of its statistical errors", note)[1])  # type: ignore[index]


def test_nothing_is_said_where_nothing_is_left_out() -> None:
    assert left_out(experiment_of(), NOTHING) == ()
    # 1 % of afterpulses, and a thousandth of the line, are less than any error of a fit
    small = ("laser.calibration={step_error_eV=1e-9}", AFTERPULSES[0].replace("0.3", "0.009"))
    assert left_out(experiment_of(*small), NOTHING) == ()


def test_errors_of_single_steps_are_said_with_what_they_do_to_a_count() -> None:
    experiment = experiment_of(*STEP_ERRORS)
    frequency, efficiency = left_out(experiment, NOTHING)
    exposure = experiment.exposure
    model = model_of(experiment, hypothesis_of_run(experiment))
    counts = model.expected(experiment.theta_true(model))
    # the efficiency moves the signal, which is all there is here
    assert size_of(efficiency) == pytest.approx(0.05 * np.sqrt(np.max(counts)), rel=0.01)
    moved = []
    for k in range(exposure.n_steps):
        for error_eV in (-2e-6, 2e-6):
            theta = experiment.theta_true(model)
            theta[[p.name for p in model.parameters].index(f"frequency_offset_eV.{k}")] = error_eV
            moved.append(np.max(np.abs(model.expected(theta) - counts) / np.sqrt(counts)))
    assert size_of(frequency) == pytest.approx(max(moved), rel=0.01)


def test_what_floats_is_not_left_out() -> None:
    experiment = experiment_of(*STEP_ERRORS)
    own = Treatment(constrained={"frequency_offset_eV.*": None, "efficiency.*": None})
    assert left_out(experiment, own) == ()
    # all but one do not do
    most = {f"efficiency.{k}": None for k in range(1, experiment.exposure.n_steps)}
    assert len(left_out(experiment, Treatment(constrained={"frequency_offset_eV.*": None, **most}))) == 1


def test_counts_with_afterpulses_vary_as_is_said() -> None:
    (note,) = left_out(experiment_of(*AFTERPULSES), NOTHING)
    assert "vary 1.86 times" in note
    assert "1.36 times too small" in note


@pytest.mark.parametrize("settings", [STEP_ERRORS, AFTERPULSES])
def test_every_answer_says_it(settings: tuple[str, ...]) -> None:
    run = run_of(*settings)
    said = left_out(Experiment.of(run), NOTHING)
    assert said
    subject = Subject.of(run)
    answers = (
        compare(subject, Question(), "ordering"),
        exposure_needed(run, Question(), "ordering", with_curve=False),
        limit_of(subject, Question(), "lightest_mass_eV", level=0.9, method=LimitMethod.ASIMOV),
    )
    for answer in answers:
        assert set(said) <= set(answer.notes)


def test_a_plan_says_what_afterpulses_do() -> None:
    wish = Wish(grid_eV=np.linspace(1.069, 1.0716, 12))
    with_them, without = (
        optimised(run_of(*settings), Asking(question=Question(), asked="ordering", significance=3.0), wish)
        for settings in (AFTERPULSES, ())
    )
    assert any("vary 1.86 times" in note for note in with_them.notes)
    assert not any("afterpulses" in note for note in without.notes)
