"""What stands in no likelihood is said, with how much it is."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from renp_sim.analysis.floating import Treatment
from renp_sim.app.against import exposure_against
from renp_sim.app.compare import compare
from renp_sim.app.coverage import coverage_of
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.exposure import exposure_needed
from renp_sim.app.fitting import model_of
from renp_sim.app.identify import identify
from renp_sim.app.left_out import left_out
from renp_sim.app.limit import LimitMethod, limit_of
from renp_sim.app.optimise import Wish, optimised
from renp_sim.app.pulls import pull_report
from renp_sim.app.question import Question
from renp_sim.app.report import spectrum_of_files
from renp_sim.app.scan import scan_of
from renp_sim.app.sensitivity import sensitivity_of
from renp_sim.app.separations import Asking
from renp_sim.app.subject import Subject, subject_of
from renp_sim.app.toy_plan import plan_toys
from renp_sim.app.toys import make_toys
from renp_sim.cli.program import run_program
from renp_sim.production.generate import generate
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
        limit_of(subject, Question(), "lightest_mass_eV", level=0.9, method=LimitMethod.ASIMOV),
        coverage_of(Experiment.of(run), Question(), "lightest_mass_eV", [0.01], seed=1, n_toys=1),
    )
    for answer in answers:
        assert set(said) <= set(answer.notes)


@pytest.mark.parametrize("settings", [STEP_ERRORS, AFTERPULSES])
def test_answers_of_other_exposures_say_what_it_is_there(settings: tuple[str, ...]) -> None:
    """The error of a step moves n counts by n, and √n is its statistical error."""
    run = run_of(*settings)
    experiment = Experiment.of(run)
    answer = exposure_needed(run, Question(), "ordering", with_curve=False)
    (found,) = answer.results
    assert found.factor is not None
    assert set(left_out(experiment.scaled(found.factor), NOTHING)) <= set(answer.notes)
    coupled = run_of(*settings, "interaction={model='em_moments', magnetic_muB={11=5e-11, 33=5e-11}}")
    identified = identify(Experiment.of(coupled), Question(), (4.0, 1.0))
    assert set(left_out(Experiment.of(coupled).scaled(4.0), NOTHING)) <= set(identified.notes)
    assert identified.as_dict()["notes"] == list(identified.notes)


def test_a_curve_says_each_once_and_the_most_of_it() -> None:
    factors = [0.5 * 2**k for k in range(6)]
    scan = scan_of(f"exposure={','.join(map(str, factors))}")
    every = (*STEP_ERRORS, *AFTERPULSES)
    limits = sensitivity_of(
        "gp23_six_frequencies", Question(), ["lightest_mass_eV"], scan, settings=every, band=False
    )
    longest = left_out(Experiment.of(run_of(*every)).scaled(factors[-1]), NOTHING)
    assert [note for note in limits.notes if "of each step" in note or "afterpulses" in note] == [*longest]
    efficiency, masses = STEP_ERRORS[1:], "neutrino.lightest_mass_eV=0.005,0.02,0.04"
    along = exposure_against("gp23_six_frequencies", Question(), "ordering", masses, settings=efficiency)
    each = [note for answer in along.answers for note in answer.notes if "of each step" in note]
    assert len(set(each)) > 1
    (note,) = (note for note in along.as_dict()["notes"] if "of each step" in note)
    assert size_of(note) == max(map(size_of, each))


@pytest.mark.parametrize("settings", [STEP_ERRORS, AFTERPULSES])
def test_toys_say_it_whenever_they_are_read(
    settings: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(*settings)
    path = tmp_path / "toys.root"
    make_toys(plan_toys(run, Question(), "ordering", factors=(1.0, 4.0)), path, 0, 3)
    said = left_out(Experiment.of(run).scaled(4.0), NOTHING, "toys ")
    assert said
    commands = (["pulls", str(path)], ["exposure", "--from", str(path)])
    for command in commands:
        assert run_program(command) == 0
        out = capsys.readouterr().out
        assert all(f"note: {line}" in out for line in said)
        assert run_program([*command, "--json"]) == 0
        assert set(said) <= set(json.loads(capsys.readouterr().out)["notes"])


def test_what_floats_in_toys_is_not_said_of_them(tmp_path: Path) -> None:
    path = tmp_path / "toys.root"
    own = Treatment(constrained={"efficiency.*": None})
    make_toys(plan_toys(run_of(*STEP_ERRORS), Question(treatment=own)), path, 0, 3)
    (note,) = (note for note in pull_report(path)["notes"] if "of each step" in note)
    assert note.startswith("the frequency of each step")


def test_a_spectrum_says_that_its_errors_are_too_small(tmp_path: Path) -> None:
    scan = "laser.scan=[{omegas_eV=[1.0699, 1.0711], total_duration_s=200000.0}]"
    paths = [generate(run_of(scan, *more), tmp_path / f"{len(more)}.root").path for more in ((), AFTERPULSES)]
    notes = [spectrum_of_files([path])[0]["notes"] for path in paths]
    assert notes[0] == []
    assert "vary 1.86 times" in notes[1][0]


def test_a_plan_says_what_it_leaves_out() -> None:
    wish = Wish(grid_eV=np.linspace(1.069, 1.0716, 12))
    with_them, without = (
        optimised(run_of(*settings), Asking(question=Question(), asked="ordering", significance=3.0), wish)
        for settings in ((*AFTERPULSES, *STEP_ERRORS), ())
    )
    assert any("vary 1.86 times" in note for note in with_them.notes)
    for what, name in (("calibration", "frequency_offset_eV"), ("efficiency", "efficiency")):
        (note,) = (note for note in with_them.notes if note.startswith(f"{what} errors of single steps"))
        assert f"--constrain '{name}.*'" in note
    assert not any("afterpulses" in note or "single steps" in note for note in without.notes)


def test_errors_that_runs_share_are_said(tmp_path: Path) -> None:
    """One parameter moves the efficiency of both; not where it is fixed, or one run only has an error."""
    constant = "detector.efficiency={kind='constant',value=0.5,common_error_rel=%s}"
    paths = []
    for seed, error in ((1, 0.1), (2, 0.02), (3, 0.0)):
        paths.append(tmp_path / f"{seed}.root")
        generate(load("gp23_three_frequencies", (constant % error,), seed=seed), paths[-1])
    both, one = (subject_of(which).experiment for which in (paths[:2], paths[1:]))
    (note,) = left_out(both, Treatment())
    assert note.startswith("efficiency: one parameter for all runs")
    assert left_out(both, Treatment(fixed={"efficiency": None})) == ()
    assert left_out(one, Treatment()) == ()
