"""What a command prints, and what becomes of it where nobody reads or the device is full."""

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from json import dumps
from typing import TYPE_CHECKING, Any

from renp_sim.errors import NumericsError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ROUNDING", "close_output", "complain", "print_json", "print_notes", "print_table"]

ROUNDING = 1e-9
"""What of Δ(−2 ln L) is none."""

ENDLESS = 10_000
"""Columns of a screen on which every table has room."""


def print_json(table: dict[str, Any], *, indent: int | None = None) -> None:
    """Print a table as JSON.

    Raises
    ------
    NumericsError
        If a number in it is not finite, which JSON has not.
    """
    try:
        print(dumps(table, allow_nan=False, indent=indent))
    except ValueError:
        raise NumericsError("a result is not finite: a number of the run file is beyond all bounds") from None


def print_notes(console: "Console", notes: Iterable[str]) -> None:
    """Print what a reader must know, a line each."""
    for note in notes:
        console.print(f"note: {note}", style="yellow", markup=False)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, wider than the screen if it must be: no digit is cut."""
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table

    table = Table(*headings)
    for row in rows:
        table.add_row(*row)
    console, endless = Console(), Console(width=ENDLESS)
    console.width = max(console.width, Measurement.get(endless, endless.options, table).maximum)
    console.print(table)


def complain(line: str) -> None:
    """Print one line on stderr, if that can be, whatever characters a name in it has."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    try:
        print(f"renp-sim: {shown}", file=sys.stderr)
    except OSError:
        # what is left in its buffer would change the exit code
        with suppress(OSError):
            _drop(sys.stderr.fileno())


def close_output(code: str | int | None) -> str | int | None:
    """Write out what was printed, and return the exit code: 3 if that fails.

    A reader that has seen enough, as in `renp-sim rate … | head`, is no failure.
    """
    output = sys.__stdout__
    if output is None:
        return code
    try:
        output.flush()
    except BrokenPipeError:
        _drop(output.fileno())
    except OSError as error:
        _drop(output.fileno())
        if not code:
            complain(f"standard output: cannot be written ({error.strerror}): free space or redirect it")
            return 3
    return code


def _drop(descriptor: int) -> None:
    """Send what is left to nowhere, or the interpreter would complain of it as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
