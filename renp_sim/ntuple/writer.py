"""Write a run: blocks of events as they come, the `runs` row last, the file under its name when whole."""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from renp_sim.errors import SchemaError
from renp_sim.ntuple.columns import checked_columns
from renp_sim.ntuple.content import HASHES, ContentHash, hashes_to_text, row_hashes
from renp_sim.ntuple.histogram import PhotonEnergyHistogram
from renp_sim.ntuple.root_file import RootFile
from renp_sim.ntuple.schema import (
    BACKGROUNDS,
    EVENTS,
    RUNS,
    STEPS,
    TREES,
    Columns,
    Tree,
    schema_json,
)
from renp_sim.streams import BLOCK_EVENTS

__all__ = ["NtupleWriter"]

LARGEST_RUN_NUMBER: Final = 2**53 - 1
"""ROOT's formulas are doubles."""

TEXTS: Final = tuple(branch.name for branch in RUNS.blobs if branch.name != HASHES)
"""What a run says of itself, and what the writer does not add."""


class NtupleWriter(RootFile):
    """An ntuple in the making; parameters and errors are those of `RootFile`.

    Notes
    -----
    The order of the calls is free, and each but `run` may come in pieces::

        with NtupleWriter(Path("run.root")) as writer:
            for block in blocks:
                writer.events(block)
            writer.steps(steps)
            writer.backgrounds(backgrounds)
            writer.run({**facts, "config": config, "provenance": provenance})

    The end is a ValueError if no run was given: no reader would take the file.
    """

    def _begin(self) -> None:
        self._runs: list[Mapping[str, Any]] = []
        self._histogram = PhotonEnergyHistogram()
        self._hashes = {
            tree.name: ContentHash(branch.name for branch in tree.flat)
            for tree in (STEPS, BACKGROUNDS, EVENTS)
        }
        self._file["schema"] = schema_json()
        self._trees = {tree.name: _Baskets(self._file, tree) for tree in TREES}

    def events(self, columns: Columns) -> None:
        """Append any number of events.

        Raises
        ------
        ValueError, SchemaError
            See `renp_sim.ntuple.columns.checked_columns`; SchemaError also if the disk is full.
        """
        checked = self._append(EVENTS, columns)
        energies, recorded = checked["photon_energy_eV"], checked["recorded"]
        for start in range(0, len(recorded), BLOCK_EVENTS):
            block = slice(start, start + BLOCK_EVENTS)
            self._histogram.fill(energies[block], recorded[block])

    def steps(self, columns: Columns) -> None:
        """Append rows of `steps`; raises as `events` does."""
        self._append(STEPS, columns)

    def backgrounds(self, columns: Columns) -> None:
        """Append rows of `backgrounds`; raises as `events` does."""
        self._append(BACKGROUNDS, columns)

    def _append(self, tree: Tree, columns: Columns) -> dict[str, NDArray[Any]]:
        checked = checked_columns(tree, columns)
        self._trees[tree.name].append(checked)
        self._hashes[tree.name].add(checked)
        return checked

    def run(self, row: Mapping[str, Any]) -> None:
        """Keep a row of `runs` until the end of the file.

        Parameters
        ----------
        row
            A number for each branch; a mapping that JSON can hold for `config` and `provenance`.

        Raises
        ------
        ValueError
            If a branch is missing or unknown, or JSON cannot hold a value.
        SchemaError
            If a number does not fit its branch.
        """
        flat = {name: np.asarray([value]) for name, value in row.items() if name not in TEXTS}
        checked: dict[str, Any] = {**checked_columns(RUNS, flat)}
        if not 0 <= checked["run"][0] <= LARGEST_RUN_NUMBER:
            raise SchemaError(f"runs.run = {checked['run'][0]}: must lie in 0 ≤ run < 2^53")
        for name in TEXTS:
            if not isinstance(row.get(name), Mapping):
                raise ValueError(f"runs.{name}: must be a mapping for JSON, not {row.get(name)!r}")
            text = json.dumps(row[name], ensure_ascii=False, allow_nan=False)
            checked[name] = np.frombuffer(text.encode(), dtype=np.uint8)
        self._runs.append(checked)

    def _write_last(self) -> None:
        if not self._runs:
            raise ValueError("an ntuple needs a row of runs: call NtupleWriter.run before the end")
        for name in ("events", "steps", "backgrounds"):
            self._trees[name].flush()
        self._file["photon_energy"] = self._histogram.to_root()
        # last, since the reader refuses a file without it
        self._trees["runs"].extend(_stacked([{**row, HASHES: self._hashes_of(row)} for row in self._runs]))

    def _hashes_of(self, row: Mapping[str, Any]) -> NDArray[np.uint8]:
        run = int(row["run"][0])
        numbers = {branch.name: row[branch.name] for branch in RUNS.flat}
        texts = {name: row[name].tobytes() for name in TEXTS}
        hashes = {RUNS.name: row_hashes(numbers, texts)} | {
            tree: h.of(run) for tree, h in self._hashes.items()
        }
        return np.frombuffer(hashes_to_text(hashes), dtype=np.uint8)


def _stacked(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the columns of several rows of `runs`, blobs as lists of bytes of any length."""
    import awkward

    columns: dict[str, Any] = {b.name: np.concatenate([row[b.name] for row in rows]) for b in RUNS.flat}
    for name in (*TEXTS, HASHES):
        texts = [row[name] for row in rows]
        columns[name] = awkward.unflatten(np.concatenate(texts), [len(text) for text in texts])
    return columns


class _Baskets:
    """Rows of one tree, collected until they fill a basket: the file does not depend on the caller's blocks.

    The copy into the basket turns the bytes around, which uproot would do anyway into fresh memory: so
    it costs less than passing the caller's arrays on.
    """

    def __init__(self, file: Any, tree: Tree) -> None:
        self._tree = file.mktree(tree.name, {branch.name: branch.dtype for branch in tree.branches})
        self._rows = {
            branch.name: np.empty(BLOCK_EVENTS, np.dtype(branch.dtype).newbyteorder(">"))
            for branch in tree.flat
        }
        self._filled = 0

    def append(self, columns: Mapping[str, NDArray[Any]]) -> None:
        rows = len(next(iter(columns.values())))
        start = 0
        while start < rows:
            taken = min(rows - start, BLOCK_EVENTS - self._filled)
            for name, values in columns.items():
                self._rows[name][self._filled : self._filled + taken] = values[start : start + taken]
            start += taken
            self._filled += taken
            if self._filled == BLOCK_EVENTS:
                self.flush()

    def flush(self) -> None:
        if self._filled:
            self._tree.extend({name: values[: self._filled] for name, values in self._rows.items()})
        self._filled = 0

    def extend(self, columns: Mapping[str, Any]) -> None:
        self._tree.extend(columns)
