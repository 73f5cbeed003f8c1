"""Read files of toys, one or several of a campaign, and what they are of."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import Columns
from renp_sim.errors import SchemaError
from renp_sim.ntuple.content import HASHES, ContentHash, damage
from renp_sim.ntuple.opening import TOYS, Paths, find_files, open_root
from renp_sim.ntuple.schema import RUNS
from renp_sim.ntuple.shard_folder import difference
from renp_sim.ntuple.toy_schema import COUNTS, KEY

__all__ = [
    "UNSAID",
    "ToyFile",
    "decided_by",
    "is_toy_file",
    "iterate_toys",
    "open_toys",
    "open_toys_of_one",
    "read_toys",
    "rows_of_toys",
]

UNSAID = "what --fix, --free or --constrain say"
"""Decides toys too, and a file does not have it."""

READ_ROWS = 1 << 18
"""In memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToyFile:
    """What a file of toys says of itself.

    Parameters
    ----------
    path
        The file.
    row
        Numbers of its row of `runs`.
    config, provenance
        Resolved run file; versions, with the campaign under `toys`.
    branches
        Of the tree `toys`.
    ranges
        Toys that are there, [first, last), rising; neighbours are joined.
    rows
        Of the tree.
    hashes
        Branch → hash, None where plain `hadd` joined several files.
    """

    path: Path
    row: Mapping[str, Any]
    config: Mapping[str, Any]
    provenance: Mapping[str, Any]
    branches: tuple[str, ...]
    ranges: tuple[tuple[int, int], ...]
    rows: int
    hashes: Mapping[str, str] | None

    @property
    def campaign(self) -> Mapping[str, Any]:
        """What the toys are of: question, hypotheses, exposures, parameters."""
        found: Mapping[str, Any] = self.provenance["toys"]
        return found

    @property
    def fingerprint(self) -> str:
        """The same in all files whose toys belong together."""
        return str(self.provenance["fingerprint"])

    @property
    def decided_by(self) -> dict[str, Any]:
        """What decides the toys, by name."""
        return decided_by(self.config, self.provenance)

    @property
    def n_toys(self) -> int:
        """How many toys there are."""
        return sum(last - first for first, last in self.ranges)


def decided_by(config: Mapping[str, Any], provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides the toys of a campaign, by name; of what floats a file has the names only.

    Parameters
    ----------
    config, provenance
        As in `ToyFile`.
    """
    about, versions = provenance["toys"], provenance["versions"]
    return {
        **{section: table for section, table in config.items() if section != "output"},
        "--question": about["question"],
        "--exposure": [times["factor"] for times in about["exposures"]],
        "--hypothesis": about["drawn"],
        "--normalisation": about["normalisation"],
        "what floats": about["parameters"],
        **{f"version of {name}": versions.get(name) for name in ("renp-sim", "numpy")},
    }


def is_toy_file(path: Path) -> bool:
    """Return whether a file has toys; SchemaError if it cannot be read."""
    with open_root(path) as file:
        return TOYS in file.keys(cycle=False)


def open_toys(path: Path) -> ToyFile:
    """Return what a file of toys says of itself.

    Raises
    ------
    SchemaError
        If it is no such file, torn, or has rows twice or too few.
    """
    with open_root(path) as file:
        if TOYS not in file.keys(cycle=False):
            raise SchemaError(f"{path}: has no toys: give a file that `renp-sim toys` wrote")
        runs = file[RUNS.name]
        if runs.num_entries == 0:
            raise SchemaError(f"{path}: `runs` has no row, so it was never finished: make it again")
        numbers = runs.arrays([branch.name for branch in RUNS.flat], library="np")
        texts = {b.name: [bytes(row) for row in runs[b.name].array(library="ak")] for b in RUNS.blobs}
        provenances = [json.loads(text) for text in texts["provenance"]]
        toys = file[TOYS].arrays(["toy"], library="np")["toy"]
        branches = tuple(b.name for b in file[TOYS].branches if b.name != f"n{COUNTS}")
    if len({p["fingerprint"] for p in provenances}) > 1:
        raise SchemaError(f"{path}: has toys of several configurations: merge what belongs together")
    hashes = json.loads(texts[HASHES][0])[TOYS] if len(provenances) == 1 else None
    return ToyFile(
        path=path,
        row={name: values[0] for name, values in numbers.items()},
        config=json.loads(texts["config"][0]),
        provenance=provenances[0],
        branches=branches,
        ranges=_ranges(path, toys, provenances[0]["toys"]["rows_per_toy"]),
        rows=len(toys),
        hashes=hashes,
    )


def _ranges(path: Path, toys: NDArray[np.int64], rows_per_toy: int) -> tuple[tuple[int, int], ...]:
    """Return the ranges of toys of which every row is there once."""
    numbers, counts = np.unique(toys, return_counts=True)
    if np.any(counts != rows_per_toy):
        wrong = int(numbers[np.argmax(counts != rows_per_toy)])
        raise SchemaError(f"{path}: toy {wrong}: is there twice, or not whole: merge by `renp-sim merge`")
    parts = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return tuple((int(part[0]), int(part[-1]) + 1) for part in parts if len(part))


def open_toys_of_one(paths: Paths) -> tuple[ToyFile, ...]:
    """Return files of one campaign, by their first toys.

    Raises
    ------
    SchemaError
        If they are of several configurations, or a toy is in two of them.
    """
    files = sorted((open_toys(path) for path in find_files(paths)), key=lambda file: file.ranges[:1])
    first = files[0]
    for file in files[1:]:
        if file.fingerprint != first.fingerprint:
            raise SchemaError(
                f"{file.path}: has toys of another configuration than {first.path}"
                f"{difference(file.decided_by, first.decided_by, UNSAID)}: run file, question, exposures, "
                "treatment and versions must be the same"
            )
    spans = sorted((span, file.path) for file in files for span in file.ranges)
    for ((_, end), path), ((begin, last), other) in pairwise(spans):
        if begin < end:
            raise SchemaError(
                f"{other}: toys {begin} … {min(end, last) - 1} are already in {path}: leave one of them out"
            )
    return tuple(files)


def iterate_toys(file: ToyFile, names: Sequence[str] | None = None) -> Iterator[Columns]:
    """Yield the rows of a file in pieces, by branch; `counts` has shape (rows, n).

    Raises
    ------
    SchemaError
        If it cannot be read or, at the end, is not what was written.
    """
    wanted = list(file.branches if names is None else names)
    if missing := [name for name in wanted if name not in file.branches]:
        raise SchemaError(
            f"{file.path}: `{TOYS}` has no branch `{missing[0]}`, an older version wrote it: make it again"
        )
    digest = ContentHash(wanted, int(file.row["run"]))
    with open_root(file.path) as opened:
        tree = opened[TOYS]
        for start in range(0, file.rows, READ_ROWS):
            stop = min(start + READ_ROWS, file.rows)
            flat = [name for name in wanted if name != COUNTS]
            rows: Columns = tree.arrays(flat, entry_start=start, entry_stop=stop, library="np")
            rows = {name: rows[name] for name in flat}
            if COUNTS in wanted:
                jagged = tree[COUNTS].array(entry_start=start, entry_stop=stop, library="ak")
                rows[COUNTS] = np.asarray(jagged, dtype=np.int64).reshape(stop - start, -1)
            digest.add(rows)
            yield rows
    stored = {} if file.hashes is None else {int(file.row["run"]): {TOYS: file.hashes}}
    for fault in damage(stored, TOYS, digest.of):
        raise SchemaError(f"{file.path}: {fault}")


def read_toys(paths: Paths, names: Sequence[str]) -> tuple[tuple[ToyFile, ...], Columns]:
    """Return files of one campaign and some branches of all their rows, sorted by `KEY`.

    Raises
    ------
    SchemaError
        As `open_toys_of_one` and `iterate_toys`.
    """
    files = open_toys_of_one(paths)
    return files, rows_of_toys(files, names)


def rows_of_toys(files: Sequence[ToyFile], names: Sequence[str]) -> Columns:
    """Return some branches of all rows of open files, sorted by `KEY`.

    Raises
    ------
    SchemaError
        As `iterate_toys`.
    """
    wanted = list(dict.fromkeys([*KEY, *names]))
    parts = [rows for file in files for rows in iterate_toys(file, wanted)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in wanted}
    order = np.lexsort([columns[name] for name in reversed(KEY)])
    return {name: values[order] for name, values in columns.items()}
