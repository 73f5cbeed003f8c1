"""Read ntuples: the small trees whole, events in blocks, so that a file may be larger than memory."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from renp_sim.errors import SchemaError
from renp_sim.ntuple.content import HASHES, ContentHash, Hashes, damage, row_hashes, stored_hashes
from renp_sim.ntuple.opening import Paths, find_files, open_ntuple
from renp_sim.ntuple.ranges import range_faults
from renp_sim.ntuple.schema import (
    BACKGROUNDS,
    EVENTS,
    RUNS,
    STEPS,
    Columns,
    Tree,
)
from renp_sim.streams import BLOCK_EVENTS

__all__ = [
    "NtupleTables",
    "iterate_events",
    "legend_and_histogram",
    "read_many",
    "read_tables",
    "tables_and_faults",
    "why_twice",
]

ITERATED_ROWS: Final = 4 * BLOCK_EVENTS
"""Whole baskets; more of them cost memory and no longer save time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NtupleTables:
    """Everything in one or several files but the events.

    Parameters
    ----------
    paths
        The files, in the order in which they were read.
    runs, steps, backgrounds
        Branch name → values, as in `renp_sim.ntuple.schema`; `runs` without its JSON branches.
    config, provenance
        The JSON branches of `runs`, one mapping per run.
    hashes
        Hashes of the runs that have some, by run.
    """

    paths: tuple[Path, ...]
    runs: Mapping[str, NDArray[Any]]
    steps: Mapping[str, NDArray[Any]]
    backgrounds: Mapping[str, NDArray[Any]]
    config: tuple[Mapping[str, Any], ...]
    provenance: tuple[Mapping[str, Any], ...]
    hashes: Mapping[int, Hashes]

    @property
    def names(self) -> dict[int, str]:
        """What each run is called, by its number; empty where nothing says it."""
        named = [str(config.get("run", {}).get("name") or "") for config in self.config]
        return dict(zip(self.runs["run"].tolist(), named, strict=True))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know, a line each: the runs that nothing can be compared with."""
        unhashed = [str(run) for run in self.runs["run"].tolist() if run not in self.hashes]
        if not unhashed:
            return ()
        return (f"run {', '.join(unhashed)}: no content hashes (schema 1.0): damage may go unseen",)


def read_tables(path: str | PathLike[str]) -> NtupleTables:
    """Read everything but the events of one file, which may hold several runs.

    Raises
    ------
    SchemaError
        If the file is missing, torn, not a ROOT file or of another schema, or if any value is not what was
        written, or none that a run can have.
    """
    tables, faults = tables_and_faults(Path(path))
    if faults:
        more = f" ({len(faults) - 1} more: `renp-sim inspect` lists them)" if len(faults) > 1 else ""
        raise SchemaError(f"{path}: {faults[0]}{more}")
    return tables


def tables_and_faults(path: Path) -> tuple[NtupleTables, list[str]]:
    """Read everything but the events of one file, with a line for each value that cannot be trusted.

    Raises
    ------
    SchemaError
        As `read_tables`, if nothing can be read.
    """
    with open_ntuple(path) as file:
        columns = {tree.name: _flat_columns(file, tree) for tree in (RUNS, STEPS, BACKGROUNDS)}
        texts = {branch.name: _texts(file, branch.name) for branch in RUNS.blobs}
        stored, faults = stored_hashes(columns["runs"], texts.pop(HASHES))
        faults += _damage(stored, columns, texts)
        faults += [f for tree in (RUNS, STEPS, BACKGROUNDS) for f in range_faults(tree, columns[tree.name])]
        config, provenance = (tuple(map(json.loads, texts[name])) for name in ("config", "provenance"))
        tables = NtupleTables(paths=(path,), **columns, config=config, provenance=provenance, hashes=stored)
    return tables, faults


def _damage(
    stored: Mapping[int, Hashes], columns: Mapping[str, Columns], texts: Mapping[str, Sequence[bytes]]
) -> Iterator[str]:
    rows = {run: row for row, run in enumerate(columns["runs"]["run"].tolist())}

    def found_in_row(run: int) -> dict[str, str]:
        row = rows[run]
        numbers = {name: values[row] for name, values in columns["runs"].items()}
        return row_hashes(numbers, {name: text[row] for name, text in texts.items()})

    yield from damage(stored, "runs", found_in_row)
    for tree in (STEPS, BACKGROUNDS):
        found = ContentHash(branch.name for branch in tree.flat)
        found.add(columns[tree.name])
        yield from damage(stored, tree.name, found.of)


def read_many(paths: Paths) -> NtupleTables:
    """Read everything but the events of several files as one.

    Raises
    ------
    SchemaError
        As `read_tables`, and if a run is there twice: its photons would count twice.
    """
    parts = [read_tables(path) for path in find_files(paths)]
    first: dict[int, Path] = {}
    for part in parts:
        (path,) = part.paths
        for run in part.runs["run"].tolist():
            if first.get(run) == path:
                raise SchemaError(f"{path}: run {run}: {why_twice(part, run)}")
            if run in first:
                raise SchemaError(
                    f"{path}: run {run} is already in {first[run]}: leave one of them out, "
                    "or generate it with another seed or run.number"
                )
            first[run] = path
    return NtupleTables(
        paths=tuple(part.paths[0] for part in parts),
        runs=_concatenated([part.runs for part in parts]),
        steps=_concatenated([part.steps for part in parts]),
        backgrounds=_concatenated([part.backgrounds for part in parts]),
        config=tuple(config for part in parts for config in part.config),
        provenance=tuple(provenance for part in parts for provenance in part.provenance),
        hashes={run: hashes for part in parts for run, hashes in part.hashes.items()},
    )


def why_twice(tables: NtupleTables, run: int) -> str:
    """Return what has happened where a run has several rows in a file, and what to do."""
    rows = np.flatnonzero(tables.runs["run"] == run).tolist()
    # provenance has the time, so the same run that was generated twice differs in it
    texts = [json.dumps(tables.config[row], sort_keys=True) for row in rows]
    numbers = [tuple(values[row].tobytes() for values in tables.runs.values()) for row in rows]
    if len(set(zip(texts, numbers, strict=True))) == 1:
        return f"is there {len(rows)} times: the same run was merged twice: merge again, each file once"
    return (
        f"{len(rows)} different runs have this number: generate one with another seed or run.number, "
        "and merge again"
    )


def iterate_events(
    paths: Paths, columns: Iterable[str] | None = None, rows: int = ITERATED_ROWS, *, verify: bool = True
) -> Iterator[dict[str, NDArray[Any]]]:
    """Stream the events of one or several files, file after file, in blocks of up to `rows`.

    Parameters
    ----------
    paths
        Files or patterns.
    columns
        Branches to read; all of them if left out.
    rows
        Rows in memory at a time; a multiple of 32 768 reads each basket once.
    verify
        Whether to compare what was read with the content hashes; what differs is known at the end of a file.

    Raises
    ------
    ValueError
        If a column is not a branch of `events`, at once.
    SchemaError
        As `read_tables`, when the file is reached, and at its end.
    """
    known = [branch.name for branch in EVENTS.branches]
    names = known if columns is None else list(columns)
    unknown = [name for name in names if name not in known]
    if unknown or not names or rows < 1:
        raise ValueError(f"cannot iterate over columns {unknown or names} of events in {rows} rows")
    return (block for path in find_files(paths) for block in _file_events(path, names, rows, verify=verify))


def _file_events(
    path: Path, names: list[str], rows: int, *, verify: bool
) -> Iterator[dict[str, NDArray[Any]]]:
    with open_ntuple(path) as file:
        runs = _flat_columns(file, RUNS)
        stored, _ = stored_hashes(runs, _texts(file, HASHES)) if verify else ({}, [])
        alone = int(runs["run"][0]) if len(runs["run"]) == 1 else None
        found = ContentHash(names, alone)
        # whose rows they are has to be read too, if there are several
        read = names if alone is not None or not stored else list(dict.fromkeys([*names, "run"]))
        for block in file["events"].iterate(read, step_size=rows, library="np"):
            if stored:
                found.add(block)
            yield {name: block[name] for name in names}
        faults = list(damage(stored, EVENTS.name, found.of))
        if faults:
            raise SchemaError(f"{path}: {faults[0]}")


def legend_and_histogram(path: Path) -> tuple[str, NDArray[np.float64]]:
    """Return the JSON of `schema`, and the counts of `photon_energy`: underflow, bins, overflow.

    Raises
    ------
    SchemaError
        As `read_tables`, or if one of them is not there.
    """
    with open_ntuple(path) as file:
        return str(file["schema"]), np.asarray(file["photon_energy"].values(flow=True))


def _flat_columns(file: Any, tree: Tree) -> dict[str, NDArray[Any]]:
    names = [branch.name for branch in tree.flat]
    arrays = file[tree.name].arrays(names, library="np")
    return {name: arrays[name] for name in names}


def _texts(file: Any, name: str) -> list[bytes]:
    """Return the bytes of a branch, row by row; none in a file that lacks it."""
    tree = file["runs"]
    if name not in [branch.name for branch in tree.branches]:
        return [b""] * tree.num_entries
    texts = [np.asarray(row, dtype=np.uint8).tobytes() for row in tree[name].array(library="ak")]
    # the counter is what ROOT goes by
    if tree[f"n{name}"].array(library="np").tolist() != [len(text) for text in texts]:
        raise ValueError(f"runs.n{name} does not count the bytes of runs.{name}")
    return texts


def _concatenated(parts: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
