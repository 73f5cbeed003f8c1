import numpy as np
import pytest
import uproot

from renp_sim.errors import SchemaError
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.merge import merge
from renp_sim.ntuple.reader import iterate_events, read_many, read_tables
from renp_sim.ntuple.schema import EVENTS, RUNS
from tests.ntuple.ntuple_sample import blind, sample, write


def test_a_merged_file_holds_what_the_files_hold(tmp_path):
    paths = [
        write(tmp_path / "a.root", sample(1, n_events=40_000)),
        write(tmp_path / "b.root", blind(sample(2)), sample(3, n_events=0), compression="none"),
    ]
    out = tmp_path / "merged.root"
    merge(out, paths, compression="zstd")
    merged, separate = read_tables(out), read_many(paths)
    for name in ("runs", "steps", "backgrounds"):
        for branch, values in getattr(separate, name).items():
            assert getattr(merged, name)[branch].tobytes() == values.tobytes()
    assert merged.config == separate.config
    assert merged.provenance == separate.provenance
    for branch in EVENTS.branches:
        found, expected = (
            np.concatenate([block[branch.name] for block in iterate_events(files, [branch.name])])
            for files in (out, paths)
        )
        assert found.tobytes() == expected.tobytes()
    assert inspect(out).faults == ()
    with uproot.open(out) as file:
        # the energies of the blind run are recorded data like any other
        assert file["photon_energy"].member("fEntries") == 41_000


def test_json_branches_keep_their_bytes(tmp_path):
    path = write(tmp_path / "a.root", sample(1))
    merge(tmp_path / "merged.root", path)
    for blob in RUNS.blobs:
        with uproot.open(path) as old, uproot.open(tmp_path / "merged.root") as new:
            assert old["runs"][blob.name].array().tolist() == new["runs"][blob.name].array().tolist()


def test_merging_in_steps_or_at_once_is_the_same(tmp_path):
    paths = [write(tmp_path / f"{run}.root", sample(run)) for run in (1, 2, 3)]
    merge(tmp_path / "12.root", paths[:2])
    merge(tmp_path / "steps.root", [tmp_path / "12.root", paths[2]])
    merge(tmp_path / "once.root", paths)
    steps, once = (next(iterate_events(tmp_path / name)) for name in ("steps.root", "once.root"))
    assert all(steps[name].tobytes() == once[name].tobytes() for name in once)


@pytest.mark.parametrize(
    ("out", "names", "message"),
    [
        ("out.root", ["a.root", "twin.root"], r"run 1 is already in .*a\.root"),
        ("out.root", ["a.root", "broken.root"], r"broken\.root: is not a ROOT file"),
        ("out.root", ["a.root", "none.root"], r"none\.root: no such file"),
        ("a.root", ["a.root", "b.root"], r"a\.root: is the input .*a\.root: give the output another name"),
        ("twin.root", ["a.root", "b.root"], r"twin\.root: exists already"),
    ],
)
def test_what_cannot_be_merged_leaves_everything_as_it_was(tmp_path, out, names, message):
    write(tmp_path / "a.root", sample(1))
    write(tmp_path / "twin.root", sample(1))
    write(tmp_path / "b.root", sample(2))
    (tmp_path / "broken.root").write_text("nothing")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(SchemaError, match=message):
        merge(tmp_path / out, [tmp_path / name for name in names])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_force_replaces_the_result(tmp_path):
    paths = [write(tmp_path / f"{run}.root", sample(run)) for run in (1, 2)]
    merge(tmp_path / "out.root", paths[:1])
    merge(tmp_path / "out.root", paths, force=True)
    assert read_tables(tmp_path / "out.root").runs["run"].tolist() == [1, 2]
