import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from renp_sim.errors import SchemaError
from renp_sim.files import MARK
from renp_sim.ntuple.shard_folder import discard_folder
from renp_sim.ntuple.shards import ShardStore
from tests.ntuple.ntuple_sample import sample

ROOT = Path(__file__).parents[2]


def blocks_of(run, rows):
    n_events = len(run.events["run"])
    for start in range(0, n_events, rows):
        yield {name: values[start : start + rows] for name, values in run.events.items()}


@pytest.fixture
def store(tmp_path):
    return ShardStore(tmp_path / "run.root.shards", "fingerprint")


def write(store, index, address, blocks, summary=None):
    for _ in store.keep(index, address, blocks, summary):
        pass
    return store.shard(index)


def assert_same_blocks(found, expected):
    for left, right in zip(found, expected, strict=True):
        assert list(left) == list(right)
        for name, values in right.items():
            assert left[name].dtype == values.dtype
            assert left[name].tobytes() == values.tobytes()


@pytest.mark.parametrize(("n_events", "rows"), [(1000, 333), (1000, 1000), (7, 1), (0, 1)])
def test_blocks_come_back_bit_for_bit(store, n_events, rows):
    run = sample(n_events=n_events)
    address = {"first": [0, 1], "last": [3, None]}
    shard = write(store, 7, address, blocks_of(run, rows), {"n_recorded": n_events})
    assert shard.rows == n_events
    again = ShardStore(store.folder, "fingerprint")
    assert again.completed() == {7}
    assert again.shard(7) == shard
    assert again.shard(7).address == address
    assert again.shard(7).summary == {"n_recorded": n_events}
    assert_same_blocks(again.load(7), blocks_of(run, rows))
    assert sorted(path.name for path in store.folder.iterdir()) == [
        "000007.json",
        "000007.shard",
        "manifest.json",
    ]


def test_arrays_are_aligned_for_any_number_of_rows(store):
    write(store, 0, None, blocks_of(sample(n_events=13), 13))
    (block,) = store.load(0)
    assert all(values.flags.aligned for values in block.values())


def test_an_empty_block_is_kept(store):
    blocks = [{"x": np.zeros(0)}, {"x": np.ones(2)}]
    write(store, 0, None, blocks)
    assert_same_blocks(store.load(0), blocks)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:],
        lambda data: data[:-8] + bytes(8)[: len(data)],
    ],
    ids=["short", "empty", "flipped bit", "zeroed tail"],
)
def test_a_torn_shard_is_not_completed_and_written_again(store, damage):
    run = sample()
    write(store, 0, None, blocks_of(run, 400))
    write(store, 1, None, blocks_of(run, 400))
    path = store.folder / "000001.shard"
    path.write_bytes(damage(path.read_bytes()))
    assert store.completed() == {0}
    with pytest.raises(SchemaError, match=r"000001\.shard: is missing or torn: run again with --resume"):
        list(store.load(1))
    write(store, 1, None, blocks_of(run, 400))
    assert store.completed() == {0, 1}


def test_blocks_before_a_torn_one_are_right(store):
    run = sample()
    write(store, 0, None, blocks_of(run, 400))
    path = store.folder / "000000.shard"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 10])
    blocks = store.load(0)
    expected = list(blocks_of(run, 400))
    assert_same_blocks([next(blocks), next(blocks)], expected[:2])
    with pytest.raises(SchemaError, match="torn"):
        next(blocks)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"index": 1}', '{"index": 0}', '{"index": 0, "columns": 3}']
)
def test_a_torn_description_is_not_completed(store, text):
    write(store, 0, None, blocks_of(sample(), 400))
    (store.folder / "000000.json").write_text(text)
    assert store.completed() == set()


def test_missing_halves_are_not_completed(store):
    for index in (0, 1):
        write(store, index, None, blocks_of(sample(), 400))
    (store.folder / "000000.shard").unlink()
    (store.folder / "000001.json").unlink()
    assert store.completed() == set()
    with pytest.raises(SchemaError, match="000002"):
        store.shard(2)


def test_a_failed_rewrite_does_not_leave_the_old_description(store):
    write(store, 0, None, blocks_of(sample(), 400))
    with pytest.raises(ZeroDivisionError):
        write(store, 0, None, ({"x": np.zeros(1)} if i < 2 else 1 / 0 for i in range(3)))
    assert store.completed() == set()


@pytest.mark.parametrize(
    "blocks",
    [
        [{"x": np.zeros(2)}, {"y": np.zeros(2)}],
        [{"x": np.zeros(2)}, {"x": np.zeros(2, np.float32)}],
        [{"x": np.zeros(2), "y": np.zeros(3)}],
        [{}],
    ],
    ids=["name", "dtype", "length", "nothing"],
)
def test_blocks_of_other_columns_are_a_bug(store, blocks):
    with pytest.raises(ValueError, match=r"shard 0: block . has other columns or unequal lengths"):
        write(store, 0, None, blocks)
    assert store.completed() == set()


def test_how_another_job_differs_is_told(tmp_path):
    """By key, whatever its value is; of a job that does not say what decides it nothing is told."""
    folder, ours = tmp_path / "run.root.shards", {"laser": {"linewidth_eV": 1e-6, "passes": (1, 2)}}
    ShardStore(folder, "a", ours | {"--events": None})
    ShardStore(folder, "a", ours)
    theirs = {"laser": {"linewidth_eV": 2e-6, "passes": (1, 2)}, "--events": 5}
    with pytest.raises(
        SchemaError, match=r"of another job, which differs in laser\.linewidth_eV, --events: --f"
    ):
        ShardStore(folder, "b", theirs)
    with pytest.raises(SchemaError, match=r"of another job: --force"):
        ShardStore(folder, "b")


def test_shards_of_another_job_are_refused(store):
    with pytest.raises(SchemaError, match=r"holds shards of another job: --force without --resume"):
        ShardStore(store.folder, "other")
    manifest = store.folder / "manifest.json"
    manifest.write_text(json.dumps({"program": "renp-sim", "format": 99, "fingerprint": "fingerprint"}))
    with pytest.raises(SchemaError, match="another job"):
        ShardStore(store.folder, "fingerprint")


@pytest.mark.parametrize(
    "content",
    [
        {"thesis.tex": "years of work"},
        {"notes.part": "mine"},
        {"000001.shard": "mine"},
        {"manifest.json": '{"program": "other"}'},
        {"manifest.json": '{"format": 1, "fingerprint": "fingerprint"}'},
    ],
)
def test_a_folder_of_something_else_is_refused_and_kept(tmp_path, content):
    folder = tmp_path / "run.root.shards"
    folder.mkdir()
    for name, text in content.items():
        (folder / name).write_text(text)
    for use in (lambda: ShardStore(folder, "fingerprint"), lambda: discard_folder(folder)):
        with pytest.raises(SchemaError, match=f"holds {name}, which is not of this program"):
            use()
    assert {path.name: path.read_text() for path in folder.iterdir()} == content


def test_a_file_of_the_users_in_a_folder_of_shards_is_kept(store):
    write(store, 0, None, blocks_of(sample(), 400))
    (store.folder / "notes.txt").write_text("mine")
    with pytest.raises(SchemaError, match=r"holds notes\.txt, which is not of this program"):
        discard_folder(store.folder)
    assert (store.folder / "notes.txt").read_text() == "mine"
    assert store.completed() == {0}


def test_a_link_to_a_folder_of_shards_is_refused(store, tmp_path):
    link = tmp_path / "other.root.shards"
    link.symlink_to(store.folder)
    for use in (lambda: ShardStore(link, "fingerprint"), lambda: discard_folder(link)):
        with pytest.raises(SchemaError, match="is a file or a link where shards would go"):
            use()
    assert (store.folder / "manifest.json").exists()


def test_a_folder_left_before_its_manifest_is_taken(tmp_path):
    folder = tmp_path / "run.root.shards"
    folder.mkdir()
    (folder / "manifest.json.part").write_bytes(MARK + b"{")
    assert ShardStore(folder, "fingerprint").completed() == set()


@pytest.mark.parametrize("name", ["missing/run.root.shards", "file", "file/run.root.shards"])
def test_a_place_that_cannot_be_used_is_refused(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(SchemaError, match=r"cannot be used for shards|is a file or a link"):
        ShardStore(tmp_path / name, "fingerprint")


def test_discard_removes_the_folder(store):
    write(store, 0, None, blocks_of(sample(), 400))
    discard_folder(store.folder)
    assert not store.folder.exists()
    with pytest.raises(SchemaError, match="No such file"):
        discard_folder(store.folder)


def test_a_disk_without_room_raises_and_leaves_no_shard(store):
    """A limit on the size of a file stands for the full disk: the same write fails at the same place."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(SchemaError, match=r"000000\.shard: cannot be written"):
            write(store, 0, None, blocks_of(sample(), 400))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in store.folder.iterdir()] == ["manifest.json"]


def test_a_shard_that_another_process_writes_is_refused(store):
    def blocks():
        yield {"x": np.zeros(1)}
        with pytest.raises(SchemaError, match=r"000000\.shard: another job is writing it"):
            write(store, 0, None, [{"x": np.ones(1)}])
        yield {"x": np.zeros(1)}

    assert write(store, 0, None, blocks()).rows == 2
    assert store.completed() == {0}


WORKER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.ntuple.ntuple_sample import sample
from renp_sim.ntuple.shards import ShardStore
store = ShardStore(Path(sys.argv[1]), "fingerprint")
for index in map(int, sys.argv[2:]):
    list(store.keep(index, index, [sample(index + 1, n_events=200_000).events]))
    print(index, flush=True)
"""


def test_two_processes_write_and_a_killed_one_leaves_whole_shards(store):
    commands = [[sys.executable, "-c", WORKER, str(store.folder), *indices] for indices in ("024", "13579")]
    even, odd = (subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in commands)
    assert odd.stdout is not None
    assert odd.stdout.readline() == "1\n"
    odd.send_signal(signal.SIGKILL)
    odd.wait()
    odd.stdout.close()
    assert even.communicate()[0] == "0\n2\n4\n"
    completed = store.completed()
    assert {0, 1, 2, 4} <= completed
    for index in completed:
        assert_same_blocks(store.load(index), [sample(index + 1, n_events=200_000).events])
