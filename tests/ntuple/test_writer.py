import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import uproot

from renp_sim.errors import SchemaError
from renp_sim.files import MARK, PartFile
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, RUNS, STEPS, TREES
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.streams import BLOCK_EVENTS
from tests.ntuple.ntuple_sample import blind, sample, write

ROOT = Path(__file__).parents[2]


def read_events(path):
    blocks = list(iterate_events(path))
    return {b.name: np.concatenate([block[b.name] for block in blocks]) for b in EVENTS.branches}


def assert_same_bits(found, expected):
    assert found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("compression", ["lz4", "zstd", "none"])
def test_every_branch_comes_back_bit_for_bit(tmp_path, compression):
    runs = [sample(1, n_events=40_000, lost=0.1), sample(2)]
    path = write(tmp_path / "run.root", *runs, compression=compression)
    tables, events = read_tables(path), read_events(path)
    for branch in EVENTS.branches:
        assert_same_bits(events[branch.name], np.concatenate([run.events[branch.name] for run in runs]))
    for branch in STEPS.branches:
        assert_same_bits(tables.steps[branch.name], np.concatenate([run.steps[branch.name] for run in runs]))
    for branch in BACKGROUNDS.branches:
        expected = np.concatenate([run.backgrounds[branch.name] for run in runs])
        assert_same_bits(tables.backgrounds[branch.name], expected)
    for branch in RUNS.flat:
        expected = np.array([run.facts[branch.name] for run in runs]).astype(branch.dtype)
        assert_same_bits(tables.runs[branch.name], expected)
    assert tables.runs["seed"].tolist() == [2**64 - 1, 2**64 - 2]
    assert tables.config == tuple(run.facts["config"] for run in runs)
    assert tables.provenance == tuple(run.facts["provenance"] for run in runs)


def test_json_branches_are_utf8_bytes(tmp_path):
    path = write(tmp_path / "run.root", sample(3))
    with uproot.open(path) as file:
        raw = bytes(np.asarray(file["runs/config"].array()[0], dtype=np.uint8))
    assert "γγγ".encode() in raw
    assert json.loads(raw) == sample(3).facts["config"]


def test_objects_are_ttrees_a_string_and_a_histogram(tmp_path):
    with uproot.open(write(tmp_path / "run.root", sample())) as file:
        classes = file.classnames(cycle=False)
    trees = {tree.name: "TTree" for tree in TREES}
    assert classes == {**trees, "schema": "TObjString", "photon_energy": "TH1D"}


def test_schema_is_identical_in_every_file(tmp_path):
    texts = set()
    for path in (
        write(tmp_path / "a.root", sample(1)),
        write(tmp_path / "b.root", blind(sample(2, n_events=0)), compression="zstd"),
    ):
        with uproot.open(path) as file:
            texts.add(str(file["schema"]))
    assert len(texts) == 1


def basket_rows(path, tree="events"):
    with uproot.open(path) as file:
        return {branch.name: branch.entry_offsets for branch in file[tree].branches}


@pytest.mark.parametrize("rows", [1_000, BLOCK_EVENTS, BLOCK_EVENTS + 1, 10**6])
def test_the_file_does_not_depend_on_the_callers_blocks(tmp_path, rows):
    run = sample(n_events=3 * BLOCK_EVENTS + 7)
    path = tmp_path / "run.root"
    with NtupleWriter(path) as writer:
        for start in range(0, len(run.events["run"]), rows):
            writer.events({name: values[start : start + rows] for name, values in run.events.items()})
        writer.steps(run.steps)
        writer.backgrounds(run.backgrounds)
        writer.run(run.facts)
    offsets = [0, BLOCK_EVENTS, 2 * BLOCK_EVENTS, 3 * BLOCK_EVENTS, 3 * BLOCK_EVENTS + 7]
    assert all(found == offsets for found in basket_rows(path).values())
    for name, values in read_events(path).items():
        assert_same_bits(values, run.events[name])


def test_what_is_there_before_the_end_is_no_ntuple(tmp_path):
    """A .part is no ROOT file; with its first bytes, the missing row of `runs` tells."""
    run = sample(n_events=2 * BLOCK_EVENTS)
    copy = tmp_path / "copy.root"
    with NtupleWriter(tmp_path / "run.root") as writer:
        writer.run(run.facts)
        writer.steps(run.steps)
        writer.backgrounds(run.backgrounds)
        writer.events(run.events)
        part, head = (tmp_path / "run.root.part").read_bytes(), bytes(writer._part._head)
    copy.write_bytes(part)
    with pytest.raises(SchemaError, match="is not a ROOT file"):
        read_tables(copy)
    copy.write_bytes(head + part[len(head) :])
    with pytest.raises(SchemaError, match="`runs` has no row, so it was never finished"):
        read_tables(copy)
    assert read_tables(tmp_path / "run.root").runs["n_events"].tolist() == [2 * BLOCK_EVENTS]


def test_histogram_holds_recorded_photons_only(tmp_path):
    run = sample(n_events=5_000, lost=0.3)
    energies = run.events["photon_energy_eV"].copy()
    recorded = np.flatnonzero(run.events["recorded"])
    energies[recorded[:6]] = [-0.001, -5.0, 0.0, 9.995, 10.0, np.inf]
    path = write(tmp_path / "run.root", run.with_event_values(photon_energy_eV=energies))
    kept = energies[recorded]
    expected, _ = np.histogram(kept, bins=1000, range=(0.0, np.nextafter(10.0, 0.0)))
    with uproot.open(path) as file:
        histogram = file["photon_energy"]
        counts = histogram.values(flow=True)
        np.testing.assert_array_equal(counts[1:-1], expected)
        assert (counts[0], counts[-1]) == (2, 2)
        assert histogram.member("fEntries") == len(kept)
        inside = kept[(kept >= 0) & (kept < 10)].astype(float)
        # the bin centre is at most half a bin of 10 meV away
        assert histogram.member("fTsumwx") / len(inside) == pytest.approx(inside.mean(), abs=0.005)
        np.testing.assert_array_equal(histogram.axis().edges()[[0, -1]], [0.0, 10.0])


def test_an_energy_on_a_bin_edge_falls_where_root_puts_it(tmp_path):
    run = sample(n_events=1001)
    edges = (np.arange(1001) / 100).astype(np.float32)
    path = write(tmp_path / "run.root", run.with_event_values(photon_energy_eV=edges))
    # ROOT computes 1 + int(1000 (x − 0) / (10 − 0)) in double precision
    expected = np.bincount(1 + np.trunc(1000 * edges.astype(float) / 10).astype(int), minlength=1002)
    with uproot.open(path) as file:
        np.testing.assert_array_equal(file["photon_energy"].values(flow=True), expected)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n_events": 2**63}, SchemaError, r"runs\.n_events\[0\] = 9223372036854775808: does not fit int64"),
        ({"ordering": 200}, SchemaError, r"runs\.ordering\[0\] = 200: does not fit int8"),
        ({"run": 2**53}, SchemaError, r"runs\.run = 9007199254740992: must lie in 0 ≤ run < 2\^53"),
        ({"run": -1}, SchemaError, r"runs\.run = -1"),
        ({"is_blind": 1}, ValueError, r"runs\.is_blind: has dtype int64, not bool"),
        ({"mass": 1.0}, ValueError, r"unknown branches \['mass'\]"),
        ({"config": "{}"}, ValueError, r"runs\.config: must be a mapping"),
        ({"provenance": {"load": float("nan")}}, ValueError, "JSON"),
    ],
)
def test_a_bad_row_of_runs_is_refused(tmp_path, change, error, message):
    run = sample()
    path = tmp_path / "run.root"
    with pytest.raises(error, match=message), NtupleWriter(path) as writer:
        writer.run({**run.facts, **change})
    assert list(tmp_path.iterdir()) == []


def test_a_bad_column_leaves_nothing_behind(tmp_path):
    run = sample().with_event_values(channel=np.full(1000, 40_000))
    with pytest.raises(SchemaError, match=r"events\.channel\[0\] = 40000: does not fit int16"):
        write(tmp_path / "run.root", run)
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_a_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match="row of runs"), NtupleWriter(tmp_path / "run.root") as writer:
        writer.events(sample().events)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_refused_at_once_and_kept(tmp_path):
    path = write(tmp_path / "run.root", sample(1))
    before = path.read_bytes()
    with pytest.raises(SchemaError, match=r"run\.root: exists already: .*--force"):
        NtupleWriter(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def interrupt_after(write_columns, columns):
    write_columns(columns)
    raise KeyboardInterrupt


def test_force_replaces_the_file_only_once_the_new_one_is_whole(tmp_path):
    path = write(tmp_path / "run.root", sample(1))
    before = path.read_bytes()
    writer = NtupleWriter(path, force=True)
    with pytest.raises(KeyboardInterrupt), writer:
        interrupt_after(writer.events, sample(2).events)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    write(path, sample(2), force=True)
    assert read_tables(path).runs["run"].tolist() == [2]


def test_a_second_writer_of_the_same_file_is_refused(tmp_path):
    path = tmp_path / "run.root"
    run = sample()
    with NtupleWriter(path) as writer:
        with pytest.raises(SchemaError, match="another job is writing it"):
            NtupleWriter(path, force=True)
        other = subprocess.run(
            [sys.executable, "-c", WRITE_FOREVER, str(path)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert "another job is writing it" in other.stderr
        writer.events(run.events)
        writer.run(run.facts)
    assert read_tables(path).runs["n_events"].tolist() == [1000]
    # and the lock is gone
    write(path, run, force=True)


def test_a_fork_of_the_job_does_not_hold_the_lock(tmp_path):
    path = tmp_path / "run.root"
    job = subprocess.Popen(
        [sys.executable, "-c", FORK_AND_WAIT, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert job.stdout is not None
    worker = int(job.stdout.readline())
    try:
        job.send_signal(signal.SIGKILL)
        job.wait()
        os.kill(worker, 0)  # the orphan is still there
        write(path, sample())
    finally:
        os.kill(worker, signal.SIGKILL)
        job.stdout.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/run.root", "No such file or directory"),
        ("file/run.root", "Not a directory"),
        ("", "is a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path, name, message):
    (tmp_path / "file").write_text("")
    with pytest.raises(SchemaError, match=message) as caught:
        NtupleWriter(tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("mode", [0o555, 0o500])
def test_a_folder_without_permission_is_refused(tmp_path, mode):
    code = (
        "import os, sys; from pathlib import Path; from renp_sim.files import PartFile\n"
        "os.geteuid() or os.seteuid(65534)  # nobody: root may write everywhere\n"
        "PartFile(Path('run.root'))"
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(mode)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", code]
    job = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert "SchemaError: run.root: cannot be written (Permission denied)" in job.stderr
    assert list(folder.iterdir()) == []


def test_an_unknown_compression_is_refused(tmp_path):
    with pytest.raises(ValueError, match="compression 'zlib': must be one of lz4, zstd, none"):
        NtupleWriter(tmp_path / "run.root", compression="zlib")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("room", [0, 500, 30_000, 2_000_000])
def test_a_disk_without_room_raises_and_leaves_nothing(tmp_path, room):
    """A limit on the size of a file stands for the full disk: the same write fails at the same place."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(SchemaError, match="cannot be written") as caught:
            write(tmp_path / "run.root", sample(n_events=50_000), compression="none")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(str(caught.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_full_file_system_raises_and_leaves_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        with pytest.raises(SchemaError, match=r"cannot be written \(No space left on device\)"):
            write(disk / "run.root", sample(n_events=50_000))
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


WRITE_FOREVER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.ntuple.ntuple_sample import sample
from renp_sim.ntuple.writer import NtupleWriter
run = sample(n_events=20_000)
with NtupleWriter(Path(sys.argv[1])) as writer:
    print("writing", flush=True)
    while True:
        writer.events(run.events)
"""

FORK_AND_WAIT = """
import os, sys, time
from pathlib import Path
from renp_sim.files import PartFile
file = PartFile(Path(sys.argv[1]))
worker = os.fork()
if worker:
    print(worker, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("delay_s", [0.0, 0.003, 0.01, 0.04, 0.1, 0.25])
def test_a_killed_job_leaves_no_file_and_the_next_one_takes_over(tmp_path, delay_s):
    path = tmp_path / "run.root"
    job = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert job.stdout is not None
    assert job.stdout.readline() == "writing\n"
    with pytest.raises(subprocess.TimeoutExpired):
        job.wait(delay_s)
    job.send_signal(signal.SIGKILL)
    job.wait()
    job.stdout.close()
    assert [left.name for left in tmp_path.iterdir()] == ["run.root.part"]
    write(path, sample())
    assert list(tmp_path.iterdir()) == [path]
    assert len(read_events(path)["run"]) == 1000


def test_a_part_renamed_between_open_and_lock_is_not_touched(tmp_path, monkeypatch):
    """Another job may finish just after we opened its .part: we must not truncate its file."""
    path = tmp_path / "run.root"
    first = PartFile(path)
    first.write(b"whole")
    real_open = os.open

    def open_then_finish(name, *arguments):
        descriptor = real_open(name, *arguments)
        monkeypatch.setattr(os, "open", real_open)
        PartFile._held.clear()  # as in another process
        first.commit()
        return descriptor

    PartFile._held.clear()
    monkeypatch.setattr(os, "open", open_then_finish)
    second = PartFile(path, force=True)
    assert path.read_bytes() == b"whole"
    second.write(b"new")
    assert path.read_bytes() == b"whole"
    second.commit()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_of_a_left_part_gets_into_the_file(tmp_path):
    clean = write(tmp_path / "clean.root", sample())
    (tmp_path / "run.root.part").write_bytes(MARK + b"x" * 10**6)
    path = write(tmp_path / "run.root", sample())
    assert path.stat().st_size == clean.stat().st_size
    assert len(read_events(path)["run"]) == 1000


def test_an_interrupt_while_the_file_is_closed_closes_it_once(tmp_path, monkeypatch):
    part_file = PartFile(tmp_path / "run.root")
    close, closed = os.close, []

    def interrupted(descriptor):
        close(descriptor)
        closed.append(descriptor)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "close", interrupted)
    with pytest.raises(KeyboardInterrupt):
        part_file.discard()
    part_file.discard()
    monkeypatch.undo()
    assert len(closed) == 1
    assert not part_file.part.exists()
