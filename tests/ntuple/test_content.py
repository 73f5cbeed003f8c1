"""Content hashes: the same however a run is stored, and another one for every flipped bit."""

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import uproot

from renp_sim.app.data import read_data
from renp_sim.app.report import spectrum_of_files
from renp_sim.errors import SchemaError
from renp_sim.ntuple.content import ContentHash
from renp_sim.ntuple.export import Format, export
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.merge import merge
from renp_sim.ntuple.opening import open_ntuple
from renp_sim.ntuple.ranges import range_faults
from renp_sim.ntuple.reader import iterate_events, read_many, read_tables
from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, RUNS, SCHEMA_MINOR, STEPS, TREES
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.streams import BLOCK_EVENTS
from tests.ntuple.ntuple_sample import blind, sample, write

OLD = Path(__file__).with_name("schema_1_0.root.gz")


def hashes_of(path):
    return read_tables(path).hashes


def test_every_branch_has_a_hash(tmp_path):
    (hashes,) = hashes_of(write(tmp_path / "a.root", sample())).values()
    expected = {tree.name: {b.name for b in tree.branches if b.name != "hashes"} for tree in TREES}
    assert {tree: set(names) for tree, names in hashes.items()} == expected


def test_hashes_do_not_depend_on_how_a_run_is_stored(tmp_path):
    """Compression, baskets, the caller's blocks, the order of runs and a merge."""
    runs = [sample(1, n_events=BLOCK_EVENTS + 5, lost=0.1), sample(2), blind(sample(3, n_events=0))]
    expected = hashes_of(write(tmp_path / "a.root", *runs))
    assert set(expected) == {1, 2, 3}
    assert hashes_of(write(tmp_path / "b.root", *runs[::-1], compression="none")) == expected
    alone = [write(tmp_path / f"{k}.root", run, compression="zstd") for k, run in enumerate(runs)]
    assert read_many(alone).hashes == expected
    merge(tmp_path / "merged.root", alone)
    assert hashes_of(tmp_path / "merged.root") == expected
    with NtupleWriter(tmp_path / "c.root") as writer:
        for run in runs:
            for start in range(0, len(run.events["run"]), 777):
                writer.events({name: values[start : start + 777] for name, values in run.events.items()})
            for row in range(len(run.steps["run"])):
                writer.steps({name: values[row : row + 1] for name, values in run.steps.items()})
            writer.backgrounds(run.backgrounds)
            writer.run(run.facts)
    assert hashes_of(tmp_path / "c.root") == expected


def test_runs_that_are_mixed_up_have_the_hashes_of_their_own_rows():
    one, other = sample(1, n_events=10).events, sample(2, n_events=10).events
    mixed = {
        name: np.concatenate([one[name][:3], other[name][:6], one[name][3:], other[name][6:]]) for name in one
    }
    found = ContentHash(one)
    found.add(mixed)
    for run, columns in ((1, one), (2, other)):
        expected = ContentHash(columns, run)
        expected.add(columns)
        assert found.of(run) == expected.of(run)
    assert found.of(3) == ContentHash(one).of(3)


@pytest.mark.parametrize(
    ("tree", "name"),
    [(tree.name, branch.name) for tree in (STEPS, BACKGROUNDS, EVENTS) for branch in tree.flat],
)
def test_the_smallest_change_changes_the_hash(tree, name):
    columns = getattr(sample(1, n_events=100), tree)
    changed = {key: values.copy() for key, values in columns.items()}
    changed[name].view(np.uint8)[-1] ^= 1
    left, right = ContentHash(columns, 1), ContentHash(columns, 1)
    left.add(columns)
    right.add(changed)
    assert [key for key in columns if left.of(1)[key] != right.of(1)[key]] == [name]


TEXTS = [f"{n}{branch.name}" for branch in RUNS.blobs for n in ("", "n")]


def payloads(path):
    """Yield (tree, branch, start, stop) of the content of every basket of numbers, without its key."""
    with uproot.open(path) as file:
        for tree in TREES:
            for branch in file[tree.name].branches:
                for number in range(branch.num_baskets if branch.name not in TEXTS else 0):
                    start, length = (int(branch.member(m)[number]) for m in ("fBasketSeek", "fBasketBytes"))
                    key = branch.basket_key(number).fKeylen
                    yield tree.name, branch.name, start + key, start + length


def everything(path):
    tables, blocks = read_tables(path), list(iterate_events(path))
    trees = [tables.runs, tables.steps, tables.backgrounds]
    trees.append({name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]})
    columns = [{name: values.tobytes() for name, values in tree.items()} for tree in trees]
    return columns, tables.config, tables.provenance


def flipped(raw, place, bit):
    data = bytearray(raw)
    data[place] ^= 1 << bit
    return bytes(data)


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
@pytest.mark.parametrize("number", [16, pytest.param(100, marks=pytest.mark.slow)])
def test_no_flipped_bit_changes_a_number_in_silence(tmp_path, compression, number):
    """Half of the bits in baskets of any tree, half anywhere: one line, or nothing has changed."""
    path = write(tmp_path / "a.root", sample(1, n_events=200, lost=0.1), compression=compression)
    raw, expected, baskets = path.read_bytes(), everything(path), list(payloads(path))
    rng, found = random.Random(1), 0
    for n in range(number):
        inside = n % 2 == 0
        if inside:
            tree = TREES[n // 2 % 4].name
            _, _, start, stop = rng.choice([basket for basket in baskets if basket[0] == tree])
        else:
            start, stop = 0, len(raw)
        path.write_bytes(flipped(raw, rng.randrange(start, stop), rng.randrange(8)))
        report = inspect(path)
        assert all(len(fault.splitlines()) == 1 for fault in report.faults)
        if report.is_sound:
            assert everything(path) == expected
        else:
            found += inside
        if inside and compression == "none":
            assert not report.is_sound
    assert found > number // 4


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_a_flipped_bit_is_named_by_whoever_reads_it(tmp_path, tree):
    path = write(tmp_path / "a.root", sample(1, n_events=200), compression="none")
    raw = path.read_bytes()
    # every fourth branch: that each has its own hash is another test
    for _, name, _, stop in [payload for payload in payloads(path) if payload[0] == tree.name][::4]:
        # the lowest bit of the last number: hardly any value is out of range or out of order for it
        path.write_bytes(flipped(raw, stop - 1, 0))
        if tree is EVENTS:
            read_tables(path)
            other = next(b.name for b in tree.branches if b.name not in (name, "run"))
            assert sum(len(block[other]) for block in iterate_events(path, [other])) == 200
            with pytest.raises(SchemaError, match=rf"run 1: events: {name}: not what was written"):
                list(iterate_events(path, [other, name]))
        else:
            with pytest.raises(SchemaError, match=r"not what was written|runs of schema") as caught:
                read_tables(path)
            if name not in ("run", "schema_major"):
                assert f"{tree.name}: {name}: not what" in str(caught.value)
        assert not inspect(path).is_sound


def test_damage_gets_into_no_other_file(tmp_path):
    path = write(tmp_path / "a.root", sample(1), compression="none")
    (place,) = (stop for of, name, _, stop in payloads(path) if (of, name) == ("events", "phi"))
    path.write_bytes(flipped(path.read_bytes(), place - 1, 0))
    for make in (
        lambda: merge(tmp_path / "out", path),
        lambda: export(path, tmp_path / "out", Format.CSV),
        lambda: export(path, tmp_path / "out", Format.PARQUET),
    ):
        with pytest.raises(SchemaError, match="events: phi: not what was written"):
            make()
        assert [found.name for found in tmp_path.iterdir()] == ["a.root"]


def test_of_several_runs_the_damaged_one_is_named(tmp_path):
    path = write(tmp_path / "a.root", sample(1), sample(2), sample(3), compression="none")
    (stop,) = (stop for of, name, _, stop in payloads(path) if (of, name) == ("events", "phi"))
    path.write_bytes(flipped(path.read_bytes(), stop - 8 * 1500, 0))
    with pytest.raises(SchemaError, match="run 2: events: phi: not what was written"):
        list(iterate_events(path, ["phi"]))
    (fault,) = inspect(path).faults
    assert "run 2: events: phi" in fault


def test_lost_hashes_are_missed(tmp_path, monkeypatch):
    """A file of this version without them is damaged, or was merged by a program that lost them."""
    monkeypatch.setattr("renp_sim.ntuple.writer.hashes_to_text", lambda hashes: b"")
    path = write(tmp_path / "a.root", sample(1))
    assert sample(1).facts["schema_minor"] == SCHEMA_MINOR > 0
    with pytest.raises(SchemaError, match="run 1: has lost its content hashes"):
        read_tables(path)
    assert any("has lost its content hashes" in fault for fault in inspect(path).faults)
    old = sample(1)
    write(path, replace(old, facts={**old.facts, "schema_minor": 0}), force=True)
    assert inspect(path).is_sound


def test_a_file_of_schema_1_0_is_read(tmp_path):
    path = tmp_path / "old.root"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    with open_ntuple(path) as file:
        assert json.loads(str(file["schema"]))["version"] == "1.0"
        assert "hashes" not in [branch.name for branch in file["runs"].branches]
    tables = read_tables(path)
    assert tables.hashes == {}
    (note,) = tables.notes
    assert note.endswith("no content hashes (schema 1.0): damage may go unseen")
    assert read_data(path).notes == (note,)
    assert spectrum_of_files([path])[0]["notes"] == [note]
    assert tables.config[0]["run"]["name"] == "gp23-three-frequencies"
    report = inspect(path)
    assert report.is_sound
    assert not report.runs[0].is_hashed
    new = write(tmp_path / "new.root", sample(1))
    assert read_tables(new).notes == ()
    merge(tmp_path / "both.root", [path, new])
    report = inspect(tmp_path / "both.root")
    assert report.is_sound
    assert all(run.is_hashed for run in report.runs)
    for name in (branch.name for branch in RUNS.flat):
        assert read_tables(tmp_path / "both.root").runs[name][0] == tables.runs[name][0]


def planted(part, name, value):
    run = sample(1)
    if part == "runs":
        return replace(run, facts={**run.facts, name: value})
    columns = getattr(run, part)
    values = columns[name].copy()
    values[1] = value
    return replace(run, **{part: {**columns, name: values}})


IMPOSSIBLE = [
    ("runs", "live_time_s", -1.0),
    ("runs", "wall_time_s", np.inf),
    ("runs", "e_eg_eV", np.nan),
    ("runs", "spin_f_l", 1.5),
    ("runs", "sin2_theta12", -0.1),
    ("runs", "m1_eV", -0.01),
    ("runs", "ordering", 7),
    ("runs", "n_events", -1),
    ("steps", "live_time_s", -900.0),
    ("steps", "duration_s", np.nan),
    ("steps", "omega_set_eV", np.nan),
    ("steps", "omega_set_eV", -1.07),
    ("steps", "kind", 9),
    ("steps", "efficiency", -0.01),
    ("steps", "gamma0_hz", np.inf),
    ("steps", "n_recorded", -5),
    ("steps", "mu_signal", -1.0),
    ("backgrounds", "expected_rate_hz", -0.1),
    ("backgrounds", "rate_error_hz", np.nan),
    ("backgrounds", "component", -1),
    ("events", "weight", -1.0),
    ("events", "weight", np.nan),
    ("events", "time_s", -5.0),
    ("events", "photon_energy_eV", np.inf),
    ("events", "origin", 99),
]


@pytest.mark.parametrize(("part", "name", "value"), IMPOSSIBLE)
def test_a_value_that_no_run_can_have_is_found(part, name, value):
    tree = next(tree for tree in TREES if tree.name == part)
    for run, n_faults in ((planted(part, name, value), 1), (sample(1, lost=0.2), 0), (blind(sample(1)), 0)):
        columns = getattr(run, part) if part != "runs" else {b.name: [run.facts[b.name]] for b in tree.flat}
        typed = {b.name: np.asarray(columns[b.name]).astype(b.dtype) for b in tree.flat}
        faults = list(range_faults(tree, typed))
        assert len(faults) == n_faults
        assert all(fault.startswith(f"{part}.{name}[") and ": must be " in fault for fault in faults)


@pytest.mark.parametrize(("part", "name", "value"), IMPOSSIBLE[::10])
def test_a_value_that_no_run_can_have_is_refused(tmp_path, part, name, value):
    path = write(tmp_path / "a.root", planted(part, name, value))
    assert any(f"{part}.{name}" in fault and "a number" in fault for fault in inspect(path).faults)
    if part != "events":
        with pytest.raises(SchemaError, match=rf"{part}\.{name}\[\d\] = .*: must be a number"):
            read_tables(path)


def test_the_histogram_and_the_legend_are_checked(tmp_path, monkeypatch):
    path = write(tmp_path / "a.root", sample(1))
    with uproot.update(path) as file:
        file["photon_energy"] = np.histogram([1.0], bins=1000, range=(0, 10))
    (fault,) = inspect(path).faults
    assert "photon_energy does not count" in fault
    monkeypatch.setattr(
        "renp_sim.ntuple.writer.schema_json", lambda: json.dumps({"name": "renp-sim", "version": "1.1"})
    )
    write(path, sample(1), force=True)
    (fault,) = inspect(path).faults
    assert "schema does not describe" in fault
