"""What a command prints for programs."""

from json import dumps
from typing import Any

__all__ = ["print_json"]


def print_json(table: dict[str, Any], *, indent: int | None = None) -> None:
    """Print a table as JSON."""
    print(dumps(table, indent=indent))
