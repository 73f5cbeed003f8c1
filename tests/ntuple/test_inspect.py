from dataclasses import replace

import numpy as np
import pytest

from renp_sim.errors import SchemaError
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.reader import ITERATED_ROWS, read_many
from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, RUNS, STEPS, schema_json
from renp_sim.streams import BLOCK_EVENTS
from tests.ntuple.ntuple_sample import blind, sample, write


def test_sound_files_have_no_fault(tmp_path):
    many = 5 * BLOCK_EVENTS
    runs = [
        sample(1, n_events=many, lost=0.2),
        blind(sample(2)),
        sample(3, n_events=0),
        sample(4, n_steps=1),
        replace(sample(5), facts={**sample(5).facts, "is_poisson": False}).with_event_values(
            weight=np.full(1000, 0.01)
        ),
    ]
    paths = [write(tmp_path / f"{i}.root", run) for i, run in enumerate(runs[:3])]
    paths.append(write(tmp_path / "merged.root", *runs[3:]))
    report = inspect(paths)
    assert report.faults == ()
    assert report.is_sound
    assert [run.run for run in report.runs] == [1, 2, 3, 4, 5]
    assert [run.n_events for run in report.runs] == [many, 1000, 0, 1000, 1000]
    assert [run.is_blind for run in report.runs] == [False, True, False, False, False]
    assert report.runs[0].n_recorded == runs[0].facts["n_recorded"] < many
    assert report.runs[0].path == paths[0]


def faults_of(tmp_path, *runs):
    return inspect(write(tmp_path / "run.root", *runs)).faults


def with_event(name, row, value):
    def plant(run):
        values = run.events[name].copy()
        values[row] = value
        return run.with_event_values(**{name: values})

    return plant


def with_step(name, row, value):
    def plant(run):
        values = run.steps[name].copy()
        values[row] = value
        return replace(run, steps={**run.steps, name: values})

    return plant


def with_fact(name, value):
    return lambda run: replace(run, facts={**run.facts, name: value})


def without_last_event(run):
    return replace(run, events={name: values[:-1] for name, values in run.events.items()})


def without_first_event(run):
    return replace(run, events={name: values[1:] for name, values in run.events.items()})


def with_doubled_rows(part):
    def plant(run):
        columns = {name: np.concatenate([values, values[-1:]]) for name, values in getattr(run, part).items()}
        return replace(run, **{part: columns})

    return plant


def without_step_rows(run):
    return replace(run, steps={name: values[1:] for name, values in run.steps.items()})


@pytest.mark.parametrize(
    ("plant", "fault"),
    [
        (without_last_event, "999 rows in events, runs.n_events = 1000: rows lost"),
        (without_last_event, "999 recorded photons in events, runs.n_recorded = 1000"),
        (without_first_event, "events are not numbered 0, 1, 2, …: rows lost or doubled (first in row 0"),
        (with_doubled_rows("events"), "rows lost or doubled (first in row 1000"),
        (with_event("event", 500, 499), "rows lost or doubled (first in row 500"),
        (with_event("time_s", 600, 1e-9), "events are not in time order (first in row 600"),
        (with_event("time_s", 600, np.nan), "a recorded photon has no time (first in row 600"),
        (with_event("recorded", 3, False), "recorded photons in events, runs.n_recorded = 1000"),
        (with_event("recorded", 3, False), "photon_energy_eV is not NaN exactly where a photon is lost"),
        (with_event("photon_energy_eV", 3, np.nan), "photon_energy_eV is not NaN exactly"),
        (with_event("weight", 999, 2.0), "a weight is not 1 though the run is Poisson (first in row 999"),
        (with_event("step", 999, 77), "events of step 77, which has no row in steps"),
        (with_event("step", 0, 1), "recorded photons in events, steps.n_recorded ="),
        (with_step("n_recorded", 0, 5), "recorded photons in steps, runs.n_recorded = 1000"),
        (with_step("n_generated", 0, 10**6), "generated photons in steps, runs.n_generated ="),
        (with_step("live_time_s", 1, 1.0), "steps.live_time_s sums to"),
        (with_step("duration_s", 3, 1.0), "the last step ends at 3001.0 s, runs.wall_time_s = 4000.0"),
        (with_step("duration_s", 1, 1001.0), "step 2 starts before the one before it ends"),
        (with_step("step", 1, 0), "(run, step) is not unique in steps"),
        (with_step("run", 0, 9), "run 9: rows in steps, but no row in runs"),
        (without_step_rows, "run 1: backgrounds of step 0, which has no row in steps"),
        (with_doubled_rows("backgrounds"), "(run, step, component) is not unique in backgrounds"),
        (with_event("run", 999, 8), "run 8: 1 rows in events, but no row in runs"),
        (with_fact("n_recorded", 7), "1000 recorded photons in events, runs.n_recorded = 7"),
        (with_fact("run", 6), "run 6: 0 rows in events, runs.n_events = 1000"),
    ],
)
def test_a_planted_fault_is_found(tmp_path, plant, fault):
    faults = faults_of(tmp_path, plant(sample()))
    assert any(fault in found for found in faults), faults
    assert all(str(tmp_path / "run.root") in found and len(found.splitlines()) == 1 for found in faults)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (part, branch.name)
        for part, tree in (("steps", STEPS), ("backgrounds", BACKGROUNDS), ("events", EVENTS))
        for branch in tree.branches
        if branch.truth
    ],
)
def test_truth_in_one_row_of_a_blind_run_is_found(tmp_path, part, name):
    open_run = sample()
    hidden = blind(open_run)
    columns = getattr(hidden, part)
    values = columns[name].copy()
    row = int(np.argmax(getattr(open_run, part)[name] > 0))
    values[row] = getattr(open_run, part)[name][row] + 1
    faults = faults_of(tmp_path, replace(hidden, **{part: {**columns, name: values}}))
    assert len(faults) == 1
    assert f"run 1: is blind but {part}.{name} shows truth" in faults[0]


@pytest.mark.parametrize("name", [branch.name for branch in RUNS.branches if branch.truth])
def test_truth_in_the_row_of_a_blind_run_is_found(tmp_path, name):
    run = blind(sample())
    faults = faults_of(tmp_path, replace(run, facts={**run.facts, name: 1}))
    assert any(f"is blind but runs.{name} shows truth" in fault for fault in faults)


def test_a_blind_run_with_weights_or_a_telling_configuration_is_found(tmp_path):
    run = blind(sample())
    config = {"run": {"seed": 1}, "neutrino": {}, "interaction": {}}
    run = replace(run, facts={**run.facts, "config": config, "is_poisson": False})
    faults = "\n".join(faults_of(tmp_path, run.with_event_values(weight=np.full(1000, 2.0))))
    for fault in (
        "a weight is not 1 though the run is blind",
        "its configuration has [neutrino]",
        "its configuration has [interaction]",
        "its configuration has run.seed",
    ):
        assert fault in faults


def test_order_is_checked_from_block_to_block(tmp_path):
    run = sample(n_events=ITERATED_ROWS + 10)
    times = run.events["time_s"].copy()
    times[ITERATED_ROWS:] -= 1e3
    (fault,) = faults_of(tmp_path, run.with_event_values(time_s=times))
    assert f"events are not in time order (first in row {ITERATED_ROWS} of" in fault


def test_a_run_that_is_there_twice_is_found(tmp_path):
    faults = faults_of(tmp_path, sample(1), sample(2), sample(1))
    assert len(faults) == 1
    assert "run 1: is there 2 times: the same run was merged twice: merge again" in faults[0]
    other = write(tmp_path / "other.root", sample(2))
    faults = inspect([other, tmp_path / "run.root"]).faults
    assert any("run.root: run 2: is also in" in fault for fault in faults)


def test_the_same_run_twice_is_not_two_runs_of_one_number(tmp_path):
    """Whoever reads the file says which of them it is; provenance alone makes no other run."""
    again = replace(sample(1), facts={**sample(1).facts, "provenance": {"started": "later"}})
    same = "run 1: is there 3 times: the same run was merged twice"
    different = "run 1: 2 different runs have this number: generate one with another seed or run.number"
    for runs, words in (
        ((sample(1), again, sample(1)), same),
        ((sample(1), sample(1, n_events=10)), different),
    ):
        path = write(tmp_path / "run.root", *runs, force=True)
        report = inspect(path)
        (fault,) = report.faults
        assert words in fault
        assert (report.runs[0].is_doubled, report.runs[0].is_hashed) == (True, False)
        with pytest.raises(SchemaError, match=words):
            read_many(path)


def test_a_legend_in_other_words_is_no_fault(tmp_path, monkeypatch):
    """Files stay sound when a branch is explained better; not when one has another unit."""
    told = schema_json()
    for old, new, n_faults in (("afterpulses included", "pulses", 0), ('"unit": "eV"', '"unit": "J"', 1)):
        assert old in told
        monkeypatch.setattr(
            "renp_sim.ntuple.writer.schema_json", lambda old=old, new=new: told.replace(old, new)
        )
        assert len(inspect(write(tmp_path / "run.root", sample(1), force=True)).faults) == n_faults


def test_a_file_that_cannot_be_read_is_a_fault_and_the_others_are_checked(tmp_path):
    good = write(tmp_path / "good.root", sample(1))
    bad = tmp_path / "bad.root"
    bad.write_bytes(good.read_bytes()[:-100])
    report = inspect([bad, good])
    assert [run.run for run in report.runs] == [1]
    assert len(report.faults) == 1
    assert "bad.root: is truncated" in report.faults[0]
    assert not report.is_sound
    with pytest.raises(SchemaError, match="no such file"):
        inspect(tmp_path / "none.root")
