"""What an executor is; calls of a window are under way, and their results come in the order asked for."""

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Executor", "Future", "Serial", "Shared", "in_order"]

T = TypeVar("T")


class Future(Protocol):
    """A call that is under way."""

    def result(self) -> Any:
        """Wait for the call, and return what it returned or raise what it raised."""
        ...


class Executor(Protocol):
    """Makes calls somewhere."""

    @property
    def window(self) -> int:
        """Calls that keep it busy."""
        ...

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Begin a call; function, arguments and result are picklable."""
        ...


class Shared(Generic[T]):
    """An argument of many calls: what a worker has worked out of it is kept for the next one.

    Parameters
    ----------
    value
        Never changed; picklable if it is to leave this process.
    """

    def __init__(self, value: T) -> None:
        self.value = value
        self._pickled: bytes | None = None

    def __reduce__(self) -> tuple[Callable[[bytes], Any], tuple[bytes]]:
        if self._pickled is None:
            self._pickled = pickle.dumps(self.value)
        return _shared, (self._pickled,)


@lru_cache(maxsize=1)
def _shared(pickled: bytes) -> Shared[Any]:
    return Shared(pickle.loads(pickled))


def in_order(executor: Executor, function: Callable[..., T], calls: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """Yield the results of calls in their order, whoever is done first."""
    waiting = iter(calls)
    under_way: deque[Future] = deque()
    while True:
        while len(under_way) < executor.window and (arguments := next(waiting, None)) is not None:
            under_way.append(executor.submit(function, *arguments))
        if not under_way:
            return
        yield under_way.popleft().result()


@dataclass(frozen=True, slots=True)
class Serial:
    """Makes each call in this process, when its result is asked for."""

    window: int = 1

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Return what makes the call."""
        return _Call(function, arguments)


@dataclass(frozen=True, slots=True)
class _Call:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]

    def result(self) -> Any:
        return self.function(*self.arguments)
