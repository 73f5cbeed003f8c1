"""Worker processes of this machine. One that is lost is replaced, and costs the call that it was making."""

import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from renp_sim.errors import WorkerError
from renp_sim.parallel.interrupts import deaf_to_interrupts

__all__ = ["Processes", "processes"]

START_METHOD = "fork" if sys.platform == "linux" else "spawn"
"""Forking takes milliseconds instead of a second of imports. The process that forks has no other threads
but those of numpy's linear algebra."""

MOST_LOSSES = 3
"""Workers that one call may cost: then it is the call that ends them."""


@dataclass(slots=True, eq=False)
class Call:
    """A call that waits, is made, or is done."""

    team: "Processes"
    work: tuple[Callable[..., Any], tuple[Any, ...]]
    losses: int = 0
    is_done: bool = False
    value: Any = None
    error: BaseException | None = None

    def result(self) -> Any:
        """Wait for the call; see `renp_sim.parallel.executor.Future`.

        Raises
        ------
        WorkerError
            If it has ended several workers.
        """
        while not self.is_done:
            self.team.attend()
        if self.error is not None:
            raise self.error
        return self.value


class Processes:
    """An executor; made by `processes`.

    Parameters
    ----------
    number
        Of processes.
    initialise
        Called in each first.
    """

    def __init__(self, number: int, initialise: Callable[[], None] | None = None) -> None:
        self.window = 2 * number
        self.workers: dict[Connection, BaseProcess] = {}
        self._initialise = initialise
        self._waiting: deque[Call] = deque()
        self._calls: dict[Connection, Call] = {}
        try:
            for _ in range(number):
                self._start()
        except BaseException:
            self.end()
            raise

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Call:
        """Begin a call; see `renp_sim.parallel.executor.Executor`."""
        call = Call(self, (function, arguments))
        self._waiting.append(call)
        self._give()
        return call

    def attend(self) -> None:
        """Wait until a worker is done or lost, and give out what waits."""
        for connection in wait(list(self._calls)):
            assert isinstance(connection, Connection)
            call = self._calls.pop(connection)
            try:
                is_well, found = connection.recv()
            except (EOFError, OSError):
                self._replace(connection, call)
                continue
            call.is_done = True
            if is_well:
                call.value = found
            else:
                call.error = found
        self._give()

    def _give(self) -> None:
        for connection in [c for c in self.workers if c not in self._calls]:
            if not self._waiting:
                return
            call = self._waiting.popleft()
            self._calls[connection] = call
            # one that has died is noticed where its answer is read
            with suppress(OSError):
                connection.send(call.work)

    def _replace(self, connection: Connection, call: Call) -> None:
        process = self.workers.pop(connection)
        process.join()
        connection.close()
        call.losses += 1
        if call.losses < MOST_LOSSES:
            self._waiting.appendleft(call)
        else:
            call.is_done = True
            call.error = WorkerError(
                f"a worker process ended early {MOST_LOSSES} times (exit code {process.exitcode}): killed, "
                "or out of memory? run again, with fewer workers"
            )
        self._start()

    def _start(self) -> None:
        context: Any = get_context(START_METHOD)
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, ours, self._initialise), daemon=True)
        with deaf_to_interrupts(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            process.start()
            self.workers[ours] = process
        # only the worker holds its end: if it dies we are told
        theirs.close()

    def end(self) -> None:
        """End the processes, whatever they are doing."""
        for process in self.workers.values():
            # one that is stopped would not see a milder signal
            process.kill()
        for connection, process in self.workers.items():
            process.join()
            connection.close()
        self.workers.clear()


@contextmanager
def processes(number: int, initialise: Callable[[], None] | None = None) -> Iterator[Processes]:
    """Give worker processes, and end them whatever happens."""
    team = Processes(number, initialise)
    try:
        yield team
    finally:
        team.end()


def _work(connection: Connection, other_end: Connection, initialise: Callable[[], None] | None) -> None:
    # with only one holder each, a connection ends when the process at its other end does
    other_end.close()
    if initialise is not None:
        initialise()
    with suppress(EOFError, ConnectionError):
        while True:
            function, arguments = connection.recv()
            try:
                answer = True, function(*arguments)
            except Exception as error:
                answer = False, error
            connection.send(answer)
