"""Conformance with CERN ROOT: what it reads is what was written, and its `hadd` merges it."""

import importlib.util
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import uproot

from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.merge import merge
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.ntuple.schema import RUNS, TREES, schema_json
from renp_sim.streams import BLOCK_EVENTS
from tests.ntuple.ntuple_sample import blind, sample, write

HERE = Path(__file__).parent
SPEC = importlib.util.find_spec("ROOT")
pytestmark = pytest.mark.skipif(SPEC is None, reason="needs ROOT")


def run_root_tool(name, *arguments, returns=0):
    assert SPEC is not None
    assert SPEC.origin is not None
    command = [str(Path(SPEC.origin).parent / "bin" / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == returns, done.stdout + done.stderr
    assert "Error" not in done.stderr, done.stderr
    return done.stdout


def root_bytes(path):
    """Return (tree, branch) → (the bytes of all its values, the number of values of TTree::Draw)."""
    output = run_root_tool("root.exe", "-l", "-b", "-q", f'{HERE / "dump_bits.C"}("{path}")')
    rows = (line.split(" ") for line in output.splitlines() if line.startswith(tuple(t.name for t in TREES)))
    return {(tree, branch): (bytes.fromhex(digits), int(drawn)) for tree, branch, digits, drawn in rows}


def contents(path):
    """Return (tree, branch) → the bytes of all its values, as this package reads them."""
    tables, blocks = read_tables(path), list(iterate_events(path))
    events = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    trees = {"runs": tables.runs, "steps": tables.steps, "backgrounds": tables.backgrounds, "events": events}
    texts = {("runs", "config"): tables.config, ("runs", "provenance"): tables.provenance}
    return texts | {
        (tree, name): values.tobytes() for tree, columns in trees.items() for name, values in columns.items()
    }


def columns_of(run):
    facts = {b.name: np.array([run.facts[b.name]]).astype(b.dtype) for b in RUNS.flat}
    return {"runs": facts, "steps": run.steps, "backgrounds": run.backgrounds, "events": run.events}


def expected_contents(runs):
    """Return what a file of these runs must hold, in the form of `contents`."""
    texts = {("runs", name): tuple(run.facts[name] for run in runs) for name in ("config", "provenance")}
    columns = [columns_of(run) for run in runs]
    return texts | {
        (tree, name): b"".join(part[tree][name].tobytes() for part in columns)
        for tree in columns[0]
        for name in columns[0][tree]
    }


def test_root_reads_every_branch_bit_for_bit(tmp_path):
    run = sample(1, n_events=500, lost=0.2)
    found = root_bytes(write(tmp_path / "run.root", run))
    for tree, columns in columns_of(run).items():
        for name, values in columns.items():
            assert found.pop((tree, name)) == (values.tobytes(), len(values)), name
    text, drawn = found["runs", "config"]
    assert json.loads(text) == run.facts["config"]
    assert drawn == len(text)
    texts = ["config", "provenance", "hashes"]
    assert {name for _, name in found} == {*texts, *(f"n{name}" for name in texts)}


def test_root_finds_rows_of_every_basket(tmp_path):
    path = write(tmp_path / "run.root", sample(1, n_events=2 * BLOCK_EVENTS + 10))
    selection = f"event % {BLOCK_EVENTS} == 3 && time_s > 0"
    code = f'TFile f("{path}"); int n = f.Get<TTree>("events")->GetEntries("{selection}"); gSystem->Exit(n);'
    assert run_root_tool("root.exe", "-l", "-b", "-q", "-e", code, returns=3) == ""


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ([], [sample(1), blind(sample(2, lost=0.3))]),
        (["-fk"], [sample(1), blind(sample(2, lost=0.3))]),
        (["-f6"], [blind(sample(2)), sample(3, n_steps=9)]),
        (["-f404"], [sample(1, n_events=40_000), blind(sample(2))]),
        (["-O"], [sample(1, n_events=40_000), sample(2)]),
        (["-f404"], [sample(3, n_events=0), sample(1)]),
        (["-fk"], [sample(1), sample(3, n_events=0)]),
        (["-fk"], [sample(run) for run in range(1, 11)]),
    ],
    ids=["plain", "fk", "f6", "f404", "O", "empty first", "empty last", "ten"],
)
def test_hadd_gives_the_content_of_the_files(tmp_path, options, runs):
    paths = [write(tmp_path / f"{i:02d}.root", run) for i, run in enumerate(runs)]
    added, merged = tmp_path / "added.root", tmp_path / "merged.root"
    run_root_tool("hadd", *options, added, *paths)
    merge(merged, paths)
    assert contents(added) == contents(merged) == expected_contents(runs)
    assert inspect(added).faults == ()
    with uproot.open(added) as left, uproot.open(merged) as right:
        assert str(left["schema"]) == str(right["schema"]) == schema_json()
        found, expected = left["photon_energy"], right["photon_energy"]
        np.testing.assert_array_equal(found.values(flow=True), expected.values(flow=True))
        assert found.member("fEntries") == expected.member("fEntries")


def test_root_reads_what_hadd_has_merged(tmp_path):
    runs = [sample(1, n_events=300), blind(sample(2, n_events=0)), sample(3, n_events=200)]
    paths = [write(tmp_path / f"{i}.root", run) for i, run in enumerate(runs)]
    run_root_tool("hadd", "-f404", tmp_path / "added.root", *paths)
    merge(tmp_path / "merged.root", paths)
    added, merged = root_bytes(tmp_path / "added.root"), root_bytes(tmp_path / "merged.root")
    assert added == merged
    expected = np.concatenate([run.events["nu_i_pz_eV"] for run in runs])
    assert added["events", "nu_i_pz_eV"] == (expected.tobytes(), 500)


def test_hadd_of_a_hadd_can_be_merged_again(tmp_path):
    runs = [sample(run) for run in (1, 2, 3)]
    paths = [write(tmp_path / f"{i}.root", run) for i, run in enumerate(runs)]
    run_root_tool("hadd", tmp_path / "first.root", *paths[:2])
    run_root_tool("hadd", "-f404", tmp_path / "both.root", tmp_path / "first.root", paths[2])
    assert contents(tmp_path / "both.root") == expected_contents(runs)


def test_hadd_of_the_same_run_twice_is_found(tmp_path):
    paths = [write(tmp_path / f"{i}.root", sample(1)) for i in range(2)]
    run_root_tool("hadd", tmp_path / "added.root", *paths)
    assert "run 1: is there 2 times" in inspect(tmp_path / "added.root").faults[0]
