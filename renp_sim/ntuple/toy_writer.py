"""Write a file of toys: blocks of rows as they come, the `runs` row last."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from renp_sim.arrays import Columns
from renp_sim.ntuple.columns import checked_columns
from renp_sim.ntuple.content import HASHES, ContentHash, hashes_to_text, row_hashes
from renp_sim.ntuple.opening import TOYS
from renp_sim.ntuple.root_file import RootFile
from renp_sim.ntuple.schema import RUNS, Tree
from renp_sim.ntuple.toy_schema import COUNTS, toy_branch, toy_schema_json, toy_tree

__all__ = ["ToyWriter"]


class ToyWriter(RootFile):
    """A file of toys in the making; `path`, `force`, `compression` and errors are those of `RootFile`.

    Parameters
    ----------
    parameters
        What floats in the fits.
    row
        The row of `runs`, with `config` and `provenance` as mappings.
    """

    def __init__(
        self,
        path: Path,
        parameters: Iterable[str],
        row: Mapping[str, Any],
        *,
        force: bool = False,
        compression: str = "lz4",
    ) -> None:
        self._tree = toy_tree(parameters)
        self._flat = replace(self._tree, branches=self._tree.branches[:-1])
        self._row = row
        super().__init__(path, force=force, compression=compression)

    def _begin(self) -> None:
        self._file["schema"] = toy_schema_json(self._tree)
        self._toys = _made(self._file, self._tree)
        self._runs = _made(self._file, RUNS)
        self._hash = ContentHash([branch.name for branch in self._tree.branches])

    def toys(self, columns: Columns) -> None:
        """Append rows: every branch but `run`; `counts` has shape (rows, n).

        Raises
        ------
        ValueError, SchemaError
            See `renp_sim.ntuple.columns.checked_columns`; SchemaError also if the disk is full.
        """
        import awkward

        counts = np.ascontiguousarray(columns[COUNTS], dtype=np.int64)
        flat = {toy_branch(name): values for name, values in columns.items() if name != COUNTS}
        flat["run"] = np.full(len(counts), self._row["run"], dtype=np.int64)
        checked = checked_columns(self._flat, flat)
        self._hash.add({**checked, COUNTS: counts})
        lengths = np.full(len(counts), counts.shape[1])
        self._toys.extend({**checked, COUNTS: awkward.unflatten(counts.ravel(), lengths)})

    def _write_last(self) -> None:
        import awkward

        texts = {
            name: json.dumps(self._row[name], ensure_ascii=False, allow_nan=False).encode()
            for name in ("config", "provenance")
        }
        flat = {b.name: np.asarray([self._row[b.name]]) for b in RUNS.flat}
        numbers = checked_columns(RUNS, flat)
        run = int(numbers["run"][0])
        hashes = {
            RUNS.name: row_hashes({name: values[0] for name, values in numbers.items()}, texts),
            TOYS: self._hash.of(run),
        }
        texts[HASHES] = hashes_to_text(hashes)
        blobs = {
            name: awkward.unflatten(np.frombuffer(text, dtype=np.uint8), [len(text)])
            for name, text in texts.items()
        }
        self._runs.extend({**numbers, **blobs})


def _made(file: Any, tree: Tree) -> Any:
    return file.mktree(tree.name, {branch.name: branch.dtype for branch in tree.branches})
