"""What a command prints for programs."""

from collections.abc import Iterable
from json import dumps
from typing import TYPE_CHECKING, Any

from renp_sim.errors import NumericsError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_json", "print_notes"]


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
