"""Worker processes that make the shards of a run and hand their rows over in shared memory.

Worker k of n makes the shards k, k + n, … of those that are missing; whoever takes them takes them in order.
Each has a few baskets of rows, which it fills, and fills again once they are empty: a file in between, or
fresh memory for every row, would take longer than making the rows.
"""

import signal
import sys
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from renp_sim.arrays import Columns
from renp_sim.errors import WorkerError
from renp_sim.ntuple.schema import EVENTS
from renp_sim.production.memory import keep_freed_memory
from renp_sim.production.recorder import RowSource, StepTally
from renp_sim.production.slices import PlannedShard
from renp_sim.streams import BLOCK_EVENTS

__all__ = ["Workers", "working"]


START_METHOD = "fork" if sys.platform == "linux" else "spawn"
"""Forking takes milliseconds instead of a second of imports. The process that forks has no other threads
but those of numpy's linear algebra, which workers do not use."""

BASKETS = 3
"""Baskets per worker, of 4.6 MB each: it goes on while the others wait for their turn."""

BRANCHES = tuple(branch for branch in EVENTS.flat if branch.name != "event")
BASKET_BYTES = BLOCK_EVENTS * sum(np.dtype(branch.dtype).itemsize for branch in BRANCHES)


class Workers:
    """The side that takes the rows, a source of them itself; made by `working`."""

    def __init__(self, source: RowSource, shards: Sequence[PlannedShard], number: int) -> None:
        self._source = source
        self.processes: list[BaseProcess] = []
        self._connections: list[Connection] = []
        self._baskets: list[list[Columns]] = []
        self._worker = {shard.index: place % number for place, shard in enumerate(shards)}
        try:
            self._start(shards, number)
        except BaseException:
            self.end()
            raise

    def _start(self, shards: Sequence[PlannedShard], number: int) -> None:
        context: Any = get_context(START_METHOD)
        for k in range(number):
            share = shards[k::number]
            memory = context.RawArray("B", BASKETS * BASKET_BYTES)
            ours, theirs = context.Pipe()
            given = (self._source, share, memory, theirs, ours)
            process = context.Process(target=_work, args=given, daemon=True)
            # an interrupt from the terminal reaches every process; the one that writes the file decides
            before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            try:
                process.start()
                self.processes.append(process)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            # only the worker holds its end: if it dies we are told
            theirs.close()
            self._connections.append(ours)
            self._baskets.append(_baskets(memory))

    def events(self, shard: PlannedShard, tallies: list[StepTally]) -> Iterator[Columns]:
        """Yield the rows of a shard and append its tallies; shards are asked for in order.

        The columns hold until the next ones are asked for. A shard that no worker has is taken from the
        source.

        Raises
        ------
        WorkerError
            If the worker died. What it raised is raised here.
        """
        if shard.index not in self._worker:
            yield from self._source.events(shard, tallies)
            return
        worker = self._worker[shard.index]
        connection = self._connections[worker]
        while True:
            try:
                found = connection.recv()
            except (EOFError, OSError) as error:
                self.processes[worker].join()
                code = self.processes[worker].exitcode
                raise WorkerError(
                    f"worker process {worker + 1} of {len(self.processes)} ended early (exit code {code}): "
                    "killed, or out of memory? run again, with fewer workers"
                ) from error
            if isinstance(found, BaseException):
                raise found
            if isinstance(found, list):
                tallies += found
                return
            number, rows = found
            yield {name: values[:rows] for name, values in self._baskets[worker][number].items()}
            with suppress(OSError):  # it may have ended, having sent everything
                connection.send(number)

    def end(self) -> None:
        """End the processes, whatever they are doing: a shard that is not whole is made again."""
        for process in self.processes:
            # one that is stopped would not see a milder signal
            process.kill()
        for process in self.processes:
            process.join()
        for connection in self._connections:
            connection.close()


@contextmanager
def working(source: RowSource, shards: Sequence[PlannedShard], number: int) -> Iterator[Workers]:
    """Give worker processes that make these shards, and end them whatever happens."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        workers = Workers(source, shards, number)
    try:
        yield workers
    finally:
        workers.end()


class _Giver:
    """The side that makes the rows."""

    def __init__(self, memory: Any, connection: Connection) -> None:
        self._connection = connection
        self._baskets = _baskets(memory)
        self._empty = deque(range(BASKETS))
        self._filled = 0

    def give(self, columns: Columns) -> None:
        rows, start = len(columns["run"]), 0
        while start < rows:
            if not self._empty:
                self._empty.append(self._connection.recv())
            taken = min(rows - start, BLOCK_EVENTS - self._filled)
            for name, values in self._baskets[self._empty[0]].items():
                place = values[self._filled : self._filled + taken]
                np.copyto(place, columns[name][start : start + taken], casting="no")
            start += taken
            self._filled += taken
            if self._filled == BLOCK_EVENTS:
                self.flush()

    def flush(self) -> None:
        if self._filled:
            self._connection.send((self._empty.popleft(), self._filled))
        self._filled = 0


def _work(
    source: RowSource,
    shards: Sequence[PlannedShard],
    memory: Any,
    connection: Connection,
    other_end: Connection,
) -> None:
    # with only one holder each, a connection ends when the process at its other end does
    other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    try:
        giver = _Giver(memory, connection)
        for shard in shards:
            tallies: list[StepTally] = []
            for columns in source.events(shard, tallies):
                giver.give(columns)
            giver.flush()
            connection.send(tallies)
    except (EOFError, ConnectionError):
        # nobody takes the rows any more
        return
    except Exception as error:
        connection.send(error)


def _baskets(memory: Any) -> list[Columns]:
    """Return the columns of each basket, views of the shared memory."""
    baskets: list[Columns] = []
    offset = 0
    for _ in range(BASKETS):
        columns: Columns = {}
        for branch in BRANCHES:
            dtype = np.dtype(branch.dtype)
            columns[branch.name] = np.frombuffer(memory, dtype, BLOCK_EVENTS, offset)
            offset += BLOCK_EVENTS * dtype.itemsize
        baskets.append(columns)
    return baskets
