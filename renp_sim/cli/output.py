"""What a command prints for programs."""

from json import dumps
from typing import Any

from renp_sim.errors import NumericsError

__all__ = ["print_json"]


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
