"""Shards that others make in a shared folder: verified when they are read, and what is there is kept."""

from pathlib import Path
from typing import Any

import pytest

from renp_sim.errors import SchemaError, WorkerError
from renp_sim.ntuple.reader import read_tables
from renp_sim.parallel.executor import Future, Serial
from renp_sim.production.generate import generate
from renp_sim.runfile.run import Run, load

N_EVENTS = 300_000


class Elsewhere:
    """Makes all calls of a window at once, and then does something to a shard or itself."""

    window = 2

    def __init__(self, harm: Any = None) -> None:
        self.harm = harm

    def submit(self, function: Any, /, *arguments: Any) -> Future:
        made = Serial().submit(function, *arguments)
        made.result()
        _, store, shard = arguments
        if self.harm is not None and shard.index == 1:
            self.harm(store.folder / "000001.shard")
        return Serial().submit(int)


def run() -> Run:
    return load("fine_scan", ("laser.scan=[{omegas_eV=[1.07], total_duration_s=1e4}]",))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def lose(path: Path) -> None:
    raise WorkerError("the cluster is gone")


def hashes_of(path: Path) -> dict[str, Any]:
    (hashes,) = read_tables(path).hashes.values()
    return {tree: of for tree, of in hashes.items() if tree != "runs"}


@pytest.mark.parametrize(
    ("harm", "error", "message"),
    [
        (flip, SchemaError, "missing or torn: run again with --resume"),
        (Path.unlink, SchemaError, "missing or torn: run again with --resume"),
        (lose, WorkerError, "the cluster is gone"),
    ],
)
def test_no_file_of_what_is_torn_and_resume_makes_it(tmp_path, harm, error, message):
    path = tmp_path / "run.root"
    with pytest.raises(error, match=message):
        generate(run(), path, executor=Elsewhere(harm), n_events=N_EVENTS)
    assert [found.name for found in tmp_path.iterdir()] == ["run.root.shards"]
    asked: list[int] = []

    class Recording(Elsewhere):
        def submit(self, function: Any, /, *arguments: Any) -> Future:
            asked.append(arguments[-1].index)
            return super().submit(function, *arguments)

    generate(run(), path, executor=Recording(), n_events=N_EVENTS, resume=True)
    # the first shard is not made again
    assert asked
    assert 0 not in asked
    generate(run(), tmp_path / "alone.root", n_events=N_EVENTS)
    assert hashes_of(path) == hashes_of(tmp_path / "alone.root")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["alone.root", "run.root"]
