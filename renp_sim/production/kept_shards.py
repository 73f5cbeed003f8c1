"""Shards of a long run: kept as they are made, and not made again once they are whole.

Workers of an executor keep theirs in the same folder, which they share with the process that writes the file.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from renp_sim.arrays import Columns
from renp_sim.errors import SchemaError
from renp_sim.ntuple.shards import ShardStore
from renp_sim.parallel.executor import Executor, Shared, in_order
from renp_sim.production.job import Job
from renp_sim.production.recorder import Recorder, StepTally
from renp_sim.production.slices import PlannedShard

__all__ = ["KeptShards", "SharedShards", "make_shard"]


class KeptShards:
    """A source of rows that keeps what it makes for `--resume`.

    Parameters
    ----------
    recorder
        Makes the rows of the shards that are missing.
    store
        Where they are kept.
    done
        Indices of the shards that are whole, as `ShardStore.completed` vouches for.
    """

    def __init__(self, recorder: Recorder, store: ShardStore, done: Collection[int]) -> None:
        self._recorder = recorder
        self._store = store
        self._done = frozenset(done)

    def events(self, shard: PlannedShard, tallies: list[StepTally]) -> Iterator[Columns]:
        """Yield the rows of a shard and append its tallies; after the last row it is kept."""
        if shard.index in self._done:
            yield from _kept(self._store, shard.index, tallies, verify=False)
            return
        made: list[StepTally] = []
        summary: dict[str, list[dict[str, Any]]] = {"tallies": []}

        def blocks() -> Iterator[Columns]:
            yield from self._recorder.events(shard, made)
            summary["tallies"] += [asdict(tally) for tally in made]

        yield from self._store.keep(shard.index, [asdict(part) for part in shard.parts], blocks(), summary)
        tallies += made


class SharedShards:
    """A source of rows that others make and keep; shards are asked for in order.

    Parameters
    ----------
    executor
        Who makes them, in the folder of the store, which is the same for all.
    job
        Makes the rows.
    store
        Where they are kept.
    missing
        Those that are not whole yet.
    """

    def __init__(
        self, executor: Executor, job: Job, store: ShardStore, missing: Sequence[PlannedShard]
    ) -> None:
        self._store = store
        self._missing = frozenset(shard.index for shard in missing)
        work = Shared(job)
        self._made = in_order(executor, make_shard, ((work, store, shard) for shard in missing))

    def events(self, shard: PlannedShard, tallies: list[StepTally]) -> Iterator[Columns]:
        """Yield the rows of a shard, once it is kept, and append its tallies."""
        if shard.index in self._missing:
            next(self._made)
        # what another machine has written is verified: a folder in a network may tear it
        yield from _kept(self._store, shard.index, tallies, verify=True)


def make_shard(job: Shared[Job], store: ShardStore, shard: PlannedShard) -> None:
    """Make and keep a shard; with a recorder of its own, as a worker may have several threads."""
    if not store.folder.is_dir():
        raise SchemaError(
            f"{store.folder}: a worker of the cluster does not see it: write to a folder that all share"
        )
    for _ in KeptShards(Recorder(job.value), store, ()).events(shard, []):
        pass


def _kept(store: ShardStore, index: int, tallies: list[StepTally], *, verify: bool) -> Iterator[Columns]:
    yield from store.load(index, verify=verify)
    tallies += [StepTally(**tally) for tally in store.shard(index).summary["tallies"]]
