import json
import os
import subprocess
import sys
from pathlib import Path

import awkward
import numpy as np
import pytest
import uproot

from renp_sim.errors import SchemaError
from renp_sim.ntuple.opening import find_files
from renp_sim.ntuple.reader import iterate_events, read_many, read_tables
from renp_sim.ntuple.schema import EVENTS, TREES, schema_json
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.streams import BLOCK_EVENTS
from tests.ntuple.ntuple_sample import sample, write


def forge(path, *, legend=None, run_rows=1, change=None, major=1, rntuple=None):
    """Write a file with uproot alone; `change` gives branches another type, or none at all."""
    types = {
        tree.name: {b.name: b.dtype for b in tree.branches} | (change or {}).get(tree.name, {})
        for tree in TREES
    }
    with uproot.recreate(path) as file:
        if legend is not None:
            file["schema"] = legend
        for name, branches in types.items():
            kept = {branch: dtype for branch, dtype in branches.items() if dtype is not None}
            make = file.mkrntuple if name == rntuple else file.mktree
            tree = make(name, kept)
            if name == "runs" and run_rows:
                row = {
                    b: awkward.Array([[123, 125]]) if "var" in d else np.ones(1, d) for b, d in kept.items()
                }
                # a run of schema 1.0, which has no hashes
                row |= {"schema_major": np.array([major], np.int32), "schema_minor": np.zeros(1, np.int32)}
                tree.extend(row | {"hashes": awkward.unflatten(np.empty(0, np.uint8), [0])})
    return path


def test_a_forged_file_of_this_schema_is_read(tmp_path):
    """Twin of the refusals below: the forger is not what is refused."""
    tables = read_tables(forge(tmp_path / "run.root", legend=schema_json()))
    assert tables.config == ({},)


def test_branches_of_a_later_minor_version_do_no_harm(tmp_path):
    legend = json.dumps(json.loads(schema_json()) | {"version": "1.7"})
    path = forge(tmp_path / "run.root", legend=legend, change={"steps": {"new_s": "float64"}})
    assert "new_s" not in read_tables(path).steps


@pytest.mark.parametrize(
    ("forgery", "message"),
    [
        ({"legend": None}, "has no `schema`"),
        (
            {"legend": json.dumps({"name": "renp-sim", "version": "2.0"})},
            r"has schema renp-sim 2\.0: .* 1\.x",
        ),
        ({"legend": json.dumps({"name": "other", "version": "1.0"})}, r"has schema other 1\.0"),
        ({"legend": "{"}, "is damaged or cannot be read"),
        ({"legend": "{}"}, "is damaged or cannot be read"),
        ({"run_rows": 0}, "`runs` has no row"),
        ({"major": 2}, r"has runs of schema \[2\]"),
        ({"change": {"events": {"phi": None}}}, r"events\.phi is missing"),
        ({"change": {"events": {"nu_i": "int32"}}}, r"events\.nu_i has type int32_t, not int8"),
        ({"change": {"runs": {"config": "uint8"}}}, r"runs\.config has type uint8_t, not var \* uint8"),
        ({"change": {"runs": {"seed": "int64"}}}, r"runs\.seed has type int64_t, not uint64"),
        ({"rntuple": "steps"}, r"steps is ROOT::RNTuple, not a TTree"),
    ],
)
def test_a_file_of_another_schema_is_refused_in_one_line(tmp_path, forgery, message):
    path = forge(tmp_path / "run.root", **{"legend": schema_json(), **forgery})
    with pytest.raises(SchemaError, match=message) as caught:
        read_tables(path)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value).splitlines()) == 1


def test_what_is_not_a_root_file_is_refused(tmp_path):
    path = tmp_path / "run.root"
    with pytest.raises(SchemaError, match="no such file"):
        read_tables(path)
    for content in (b"", b"ro", b"PK\x03\x04 something else"):
        path.write_bytes(content)
        with pytest.raises(SchemaError, match="is not a ROOT file"):
            read_tables(path)
    path.write_bytes(b"root")
    with pytest.raises(SchemaError, match="is damaged"):
        read_tables(path)
    with pytest.raises(SchemaError, match="is a folder: give the ROOT files in it"):
        read_tables(tmp_path)


def test_a_truncated_file_is_refused_wherever_it_is_cut(tmp_path):
    whole = write(tmp_path / "run.root", sample()).read_bytes()
    path = tmp_path / "cut.root"
    for size in [*range(4, 1000, 83), *range(1000, len(whole), 7919), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(SchemaError, match=r"truncated|damaged") as caught:
            read_tables(path)
        assert len(str(caught.value).splitlines()) == 1


def test_a_damaged_basket_is_refused_and_others_are_read(tmp_path):
    path = write(tmp_path / "run.root", sample(n_events=20_000))
    with uproot.open(path) as file:
        seek = int(file["events/step"].member("fBasketSeek")[0])
    data = bytearray(path.read_bytes())
    data[seek + 200 : seek + 260] = bytes(60)
    path.write_bytes(data)
    assert sum(len(block["time_s"]) for block in iterate_events(path, ["time_s"])) == 20_000
    with pytest.raises(SchemaError, match="is damaged"):
        list(iterate_events(path, ["step"]))


def test_files_are_found_by_name_pattern_and_list(tmp_path):
    names = ["b.root", "a.root", "odd[1].root"]
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.touch()
    (tmp_path / "c.root.part").touch()
    assert find_files(str(tmp_path / "*.root")) == (tmp_path / "a.root", tmp_path / "b.root", paths[2])
    assert find_files(paths[2]) == (paths[2],)
    assert find_files([str(paths[0]), paths[1]]) == (paths[0], paths[1])
    with pytest.raises(SchemaError, match=r"x\*\.root: no such file"):
        find_files([paths[0], str(tmp_path / "x*.root")])
    with pytest.raises(SchemaError, match=r"a\.root: is named twice"):
        find_files([paths[1], str(tmp_path / "?.root")])
    with pytest.raises(SchemaError, match="no file was given"):
        find_files([])


def test_several_files_are_read_as_one(tmp_path):
    runs = [sample(1), sample(2, n_steps=7), sample(3, n_events=0)]
    for run in runs:
        write(tmp_path / f"{run.facts['run']}.root", run)
    tables = read_many(str(tmp_path / "*.root"))
    assert tables.runs["run"].tolist() == [1, 2, 3]
    assert tables.config == tuple(run.facts["config"] for run in runs)
    np.testing.assert_array_equal(
        tables.steps["omega_set_eV"], np.concatenate([run.steps["omega_set_eV"] for run in runs])
    )
    assert [path.name for path in tables.paths] == ["1.root", "2.root", "3.root"]
    times = np.concatenate([b["time_s"] for b in iterate_events(str(tmp_path / "*.root"), ["time_s"])])
    np.testing.assert_array_equal(times, np.concatenate([run.events["time_s"] for run in runs]))


def test_a_run_in_two_files_or_twice_in_one_is_refused(tmp_path):
    a = write(tmp_path / "a.root", sample(1))
    b = write(tmp_path / "b.root", sample(2), sample(1))
    twice = write(tmp_path / "c.root", sample(3), sample(3))
    with pytest.raises(SchemaError, match=r"b\.root: run 1 is already in .*a\.root"):
        read_many([a, b])
    with pytest.raises(SchemaError, match=r"c\.root: run 3: is there 2 times"):
        read_many(twice)


@pytest.mark.parametrize("rows", [1000, BLOCK_EVENTS, 50_000, 10**6])
def test_events_are_streamed_in_blocks_of_the_size_asked_for(tmp_path, rows):
    run = sample(n_events=70_000)
    blocks = list(iterate_events(write(tmp_path / "run.root", run), ["event", "recorded"], rows))
    assert all(list(block) == ["event", "recorded"] for block in blocks)
    sizes = [len(block["event"]) for block in blocks]
    assert max(sizes) <= rows
    np.testing.assert_array_equal(np.concatenate([block["event"] for block in blocks]), np.arange(70_000))


def test_all_branches_are_streamed_if_none_is_named(tmp_path):
    (block,) = iterate_events(write(tmp_path / "run.root", sample()))
    assert list(block) == [branch.name for branch in EVENTS.branches]


def test_an_unknown_column_is_refused_before_anything_is_read():
    with pytest.raises(ValueError, match=r"columns \['energy'\]"):
        iterate_events("nowhere.root", ["event", "energy"])


PEAK_MEMORY = """
import sys
from pathlib import Path
from pathlib import Path
from renp_sim.ntuple.reader import iterate_events
rows = sum(len(block["event"]) for block in iterate_events(sys.argv[1]))
status = Path("/proc/self/status").read_text()
print(rows, next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak memory that Linux states")
def test_memory_does_not_grow_with_the_file(tmp_path):
    run = sample(n_events=BLOCK_EVENTS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    peak_kB = []
    for blocks in (8, 96):
        path = tmp_path / f"{blocks}.root"
        with NtupleWriter(path, compression="none") as writer:
            for _ in range(blocks):
                writer.events(run.events)
            writer.run(run.facts)
        command = [sys.executable, "-c", PEAK_MEMORY, str(path)]
        text = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
        assert int(text.split()[0]) == blocks * BLOCK_EVENTS
        peak_kB.append(int(text.split()[1]))
    # the larger file holds 400 MB more
    assert peak_kB[1] < peak_kB[0] + 40_000
