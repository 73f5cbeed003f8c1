"""A progress bar for what takes more than two seconds; off with --quiet and where stderr is no terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["announce", "progress_bar", "working"]

PATIENCE_S = 2.0


def announce(what: str, *, quiet: bool) -> None:
    """Say at once what is begun, to whoever looks at a terminal."""
    if not quiet and sys.stderr.isatty():
        print(what, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(what: str, *, quiet: bool, unit: str = "") -> Iterator[Callable[[int, int], None] | None]:
    """Give a callback (done, total) that shows a bar once two seconds have passed, or None.

    With a unit it shows how many a second are done.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    columns = [*Progress.get_default_columns()[:-1], TimeRemainingColumn(), TextColumn("{task.fields[rate]}")]
    bar = Progress(*columns, console=Console(stderr=True))
    task = bar.add_task(what, total=None, rate="")
    begun = time.monotonic()
    before: int | None = None

    def show(done: int, total: int) -> None:
        nonlocal before
        if before is None:
            before = done
        rate = f"{(done - before) / (time.monotonic() - begun):.3g} {unit}/s" if unit else ""
        bar.update(task, completed=done, total=total, rate=rate)
        if not bar.live.is_started and time.monotonic() - begun > PATIENCE_S and done < total:
            bar.start()

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


@contextmanager
def working(what: str, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show that something is being done whose end is not known; the callback adds what of it."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{what} …") as status:
        yield lambda part: status.update(f"{what}: {part} …")
