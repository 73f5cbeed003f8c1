"""How a mistake in a run file is told: where, as a user would type it, what was given, what is allowed."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from renp_sim.errors import nearest

__all__ = ["missing", "place", "shown", "unknown_key"]

LONGEST_SHOWN = 60


def place(where: str, key: str) -> str:
    """Return the place of a key in a table.

    Examples
    --------
    >>> place("laser.steps[3]", "omega_eV"), place("", "run"), place("run", "no key")
    ('laser.steps[3].omega_eV', 'run', 'run."no key"')
    """
    name = key if re.fullmatch(r"[\w-]+", key) else shown(key)
    return f"{where}.{name}" if where else name


def shown(given: Any) -> str:
    """Return a value as a run file has it, on one line and not too long.

    Examples
    --------
    >>> shown("up"), shown(True), shown([1, 2]), shown(1e200)
    ('"up"', 'true', 'a list', '1e+200')
    """
    if isinstance(given, Mapping):
        return "a table"
    if isinstance(given, list | tuple):
        return "a list"
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, int) and abs(given) >= 10**LONGEST_SHOWN:
        # beyond the digits that may be written out
        return "a number of very many digits"
    text = json.dumps(given, ensure_ascii=not given.isprintable()) if isinstance(given, str) else str(given)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def unknown_key(where: str, key: str, known: Iterable[str], inside: Iterable[str] = ()) -> str:
    """Return the line for a key that a table does not have; tables inside it may, at some places."""
    places = " or ".join(repr(each) for each in inside)
    if places:
        return f"{where}: no such key; did you mean {places}?"
    return f"{where}: no such key; {nearest(key, known)}"


def missing(where: str) -> str:
    """Return the line for a key that must be given."""
    fresh = "; `renp-sim init FILE` writes a run file with a fresh seed" if where == "run.seed" else ""
    return f"{where}: is missing and has no default{fresh}"
