"""Shards of a long run: kept as they are made, and not made again once they are whole."""

from collections.abc import Collection, Iterator
from dataclasses import asdict
from typing import Any

from renp_sim.arrays import Columns
from renp_sim.ntuple.shards import ShardStore
from renp_sim.production.recorder import Recorder, StepTally
from renp_sim.production.slices import PlannedShard

__all__ = ["KeptShards"]


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
            yield from self._store.load(shard.index, verify=False)
            tallies += [StepTally(**tally) for tally in self._store.shard(shard.index).summary["tallies"]]
            return
        made: list[StepTally] = []
        summary: dict[str, list[dict[str, Any]]] = {"tallies": []}

        def blocks() -> Iterator[Columns]:
            yield from self._recorder.events(shard, made)
            summary["tallies"] += [asdict(tally) for tally in made]

        yield from self._store.keep(shard.index, [asdict(part) for part in shard.parts], blocks(), summary)
        tallies += made
