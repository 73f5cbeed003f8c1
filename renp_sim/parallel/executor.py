"""What an executor is; calls of a window are under way, and their results come in the order asked for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

__all__ = ["Executor", "Future", "Serial", "in_order"]

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
