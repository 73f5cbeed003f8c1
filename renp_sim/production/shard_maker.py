"""Shards as they are made: rows that are passed on, and kept as well where a run is long."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from numpy.typing import NDArray

from renp_sim.ntuple.shards import ShardStore
from renp_sim.production.slices import Job, Recorder, Shard, StepTally

__all__ = ["ShardMaker"]

Columns = dict[str, NDArray[Any]]


class ShardMaker:
    """Makes shards in this process, one after the other.

    Parameters
    ----------
    job
        The run.
    store
        Where finished shards are kept for `--resume`; None keeps none, since a short run is made again in
        no time.
    """

    def __init__(self, job: Job, store: ShardStore | None = None) -> None:
        self._recorder = Recorder(job)
        self._store = store

    def events(self, index: int, shard: Shard, tallies: list[StepTally]) -> Iterator[Columns]:
        """Yield the rows of a shard and append its tallies; after the last row it is kept."""
        if self._store is None:
            return self._recorder.events(shard, tallies)
        summary: dict[str, list[dict[str, Any]]] = {"tallies": []}

        def blocks() -> Iterator[Columns]:
            made: list[StepTally] = []
            yield from self._recorder.events(shard, made)
            summary["tallies"] += [asdict(tally) for tally in made]
            tallies.extend(made)

        return self._store.keep(index, [asdict(part) for part in shard], blocks(), summary)

    def kept(self, index: int, tallies: list[StepTally]) -> Iterator[Columns]:
        """Yield the rows of a shard that `ShardStore.completed` vouches for, and append its tallies."""
        assert self._store is not None
        yield from self._store.load(index, verify=False)
        tallies += [StepTally(**tally) for tally in self._store.shard(index).summary["tallies"]]
