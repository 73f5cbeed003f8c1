"""What a blind file hides: truth, replaced by NaN, 0 or −1 in branches that are there all the same.

The truth itself is in the key beside it: the same run, not blind, in a file that its owner alone can read.
"""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, RUNS, STEPS, Columns, Tree
from renp_sim.ntuple.writer import NtupleWriter

__all__ = [
    "HIDDEN_SECTIONS",
    "BlindWriter",
    "hidden_row",
    "hide_truth",
    "key_of",
    "shown_keys",
    "shown_truth",
]

HIDDEN_SECTIONS: Final = ("neutrino", "interaction")
"""Sections of the configuration that a blind file must not have."""

HIDDEN_KEYS: Final = ("run.seed", "laser.calibration.common_offset_eV", "drift.efficiency")
"""Keys of other sections: the true offset of the frequency, whose stated errors stay, and a drift that nobody
knows of."""

TELLING: Final = ("command", "fingerprint")
"""Of the provenance: a command line may set what is hidden, and a hash of it may be guessed."""


def key_of(path: Path) -> Path:
    """Return where the key of a blind file is written."""
    return path.with_name(path.name + ".key")


def hide_truth(tree: Tree, columns: Columns) -> dict[str, NDArray[Any]]:
    """Return the columns of a blind file: truth replaced by NaN, 0 or −1, the rest as it is.

    Examples
    --------
    >>> from renp_sim.ntuple.schema import EVENTS
    >>> hidden = hide_truth(EVENTS, {"step": np.array([3]), "phi": np.array([0.1]), "nu_i": np.array([2])})
    >>> {name: values.tolist() for name, values in hidden.items()}
    {'step': [3], 'phi': [nan], 'nu_i': [0]}
    """
    branches = {branch.name: branch for branch in tree.branches}
    return {
        name: np.full_like(values, branches[name].hidden) if branches[name].truth else values
        for name, values in columns.items()
    }


def shown_truth(tree: Tree, columns: Columns) -> dict[str, NDArray[np.bool_]]:
    """Return, for each branch of truth, a mask of the rows in which it is not hidden."""
    masks: dict[str, NDArray[np.bool_]] = {}
    for branch in tree.branches:
        if branch.truth:
            values = columns[branch.name]
            is_float = values.dtype.kind == "f"
            masks[branch.name] = ~np.isnan(values) if is_float else values != branch.hidden_id
    return masks


def hidden_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of `runs` of a blind file, with what is left of its configuration and provenance."""
    flat = {b.name: np.asarray([row[b.name]], dtype=b.dtype) for b in RUNS.flat}
    config = deepcopy({name: table for name, table in row["config"].items() if name not in HIDDEN_SECTIONS})
    for key in shown_keys(config):
        section, _, name = key.rpartition(".")
        _table(config, section).pop(name)
    return {
        **{name: values[0] for name, values in hide_truth(RUNS, flat).items()},
        "is_blind": True,
        "config": config,
        "provenance": {name: told for name, told in row["provenance"].items() if name not in TELLING},
    }


def shown_keys(config: Mapping[str, Any]) -> list[str]:
    """Return the keys that a blind configuration must not have, and this one has."""
    places = (key.rpartition(".") for key in HIDDEN_KEYS)
    return [f"{section}.{name}" for section, _, name in places if name in _table(config, section)]


def _table(config: Mapping[str, Any], place: str) -> Any:
    """Return the table at a dotted place; an empty one where there is none."""
    table: Any = config
    for name in place.split("."):
        table = table.get(name) or {}
    return table


class BlindWriter:
    """Writes a run twice: with its truth to the key, without it to the file.

    Parameters
    ----------
    file, key
        Both open; the key is private.
    """

    def __init__(self, file: NtupleWriter, key: NtupleWriter) -> None:
        self._file, self._key = file, key

    def events(self, columns: Columns) -> None:
        """Append events to both; raises as `NtupleWriter.events` does."""
        self._key.events(columns)
        self._file.events(hide_truth(EVENTS, columns))

    def steps(self, columns: Columns) -> None:
        """Append rows of `steps` to both."""
        self._key.steps(columns)
        self._file.steps(hide_truth(STEPS, columns))

    def backgrounds(self, columns: Columns) -> None:
        """Append rows of `backgrounds` to both."""
        self._key.backgrounds(columns)
        self._file.backgrounds(hide_truth(BACKGROUNDS, columns))

    def run(self, row: Mapping[str, Any]) -> None:
        """Keep the row of `runs` for both."""
        self._key.run(row)
        self._file.run(hidden_row(row))
