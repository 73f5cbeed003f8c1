"""Ctrl-C: one line, everything cleaned up, exit code 130, at any moment and however often it comes."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from renp_sim.cli.output import complain

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = [
    "INTERRUPTED",
    "Interrupted",
    "ignore_interrupts",
    "interruptible",
    "shards_left",
    "when_interrupted",
]

INTERRUPTED: Final = 130
"""Exit code."""

AGAIN_S: Final = 0.1
"""After so long an interrupt is repeated that was swallowed, as by a weak reference's callback."""


class Interrupted(SystemExit):
    """Unlike KeyboardInterrupt it passes through the command line library, and everything is cleaned up."""


def shards_left(output: Path, what_to_do: str) -> str | None:
    """Return that a run keeps what it has finished, and what to do; None where it does not."""
    folder = output.with_name(output.name + ".shards")
    return f"{folder}: keeps what was finished; {what_to_do}" if folder.is_dir() else None


@contextmanager
def when_interrupted(what_is_left: Callable[[], str | None]) -> Iterator[None]:
    """Say a line of what is left, if there is something, when Ctrl-C ends what runs inside."""
    try:
        yield
    except Interrupted:
        if line := what_is_left():
            complain(line)
        raise


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end what runs inside; while that is cleaned up, further ones do nothing."""
    said = telling = False
    tell = sys.unraisablehook

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal said, telling
        # one that comes while another is told must not end that
        if telling or _is_unwinding():
            return
        if not said:
            said = telling = True
            # `print` may be what was interrupted
            with suppress(OSError):
                os.write(2, b"renp-sim: interrupted\n")
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S, AGAIN_S)
            telling = False
        raise Interrupted(INTERRUPTED)

    def hide_swallowed(details: "UnraisableHookArgs") -> None:
        if not isinstance(details.exc_value, Interrupted):
            tell(details)

    sys.unraisablehook = hide_swallowed
    try:
        signal.signal(signal.SIGALRM, interrupt)
        signal.signal(signal.SIGINT, interrupt)
        yield
    except BaseException as error:
        # an import in C that is interrupted may end with an error of its own
        if said and not isinstance(error, Interrupted):
            raise Interrupted(INTERRUPTED) from None
        raise
    finally:
        signal.signal(signal.SIGINT, _exit)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)


def _is_unwinding() -> bool:
    """Whether an interrupt is on its way: then this runs in some `finally` that cleans up after it."""
    error = sys.exception()
    while error is not None:
        if isinstance(error, Interrupted):
            return True
        error = error.__context__
    return False


def ignore_interrupts() -> None:
    """Let an interpreter that only has to end do so: it gives up its own handlers before its last moment."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _exit(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
