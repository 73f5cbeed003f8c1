"""Read ntuples: the small trees whole, events in blocks, so that a file may be larger than memory."""

import glob
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from renp_sim.errors import SchemaError
from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, RUNS, SCHEMA_MAJOR, SCHEMA_NAME, STEPS, TREES, Tree
from renp_sim.streams import BLOCK_EVENTS

__all__ = ["NtupleTables", "Paths", "find_files", "iterate_events", "open_ntuple", "read_many", "read_tables"]

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]
"""A file, a glob pattern, or several of them."""

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
    """

    paths: tuple[Path, ...]
    runs: Mapping[str, NDArray[Any]]
    steps: Mapping[str, NDArray[Any]]
    backgrounds: Mapping[str, NDArray[Any]]
    config: tuple[Mapping[str, Any], ...]
    provenance: tuple[Mapping[str, Any], ...]


def find_files(paths: Paths) -> tuple[Path, ...]:
    """Return the files that paths and glob patterns stand for; each pattern's in order of name.

    Raises
    ------
    SchemaError
        If nothing is there, or a file is named twice.
    """
    found: list[Path] = []
    for given in [paths] if isinstance(paths, str | PathLike) else paths:
        path = Path(given)
        # a file may have brackets in its name, so the name itself comes first
        matches = [path] if path.exists() else [Path(match) for match in sorted(glob.glob(str(given)))]
        if not matches:
            raise SchemaError(f"{given}: no such file: check the name, or the pattern")
        found += matches
    if not found:
        raise SchemaError("no file was given: name at least one")
    real = [path.resolve() for path in found]
    twice = next((path for path, key in zip(found, real, strict=True) if real.count(key) > 1), None)
    if twice is not None:
        raise SchemaError(f"{twice}: is named twice: give each file once")
    return tuple(found)


@contextmanager
def open_ntuple(path: Path) -> Iterator[Any]:
    """Open a file whose schema has been checked, as an uproot directory.

    Raises
    ------
    SchemaError
        If the file is missing, torn, not a ROOT file or of another schema; also for whatever goes wrong
        while the `with` block reads from it.
    """
    import uproot
    from uproot.source.file import MultithreadedFileSource

    try:
        _refuse_foreign(path)
        # a memory map would count the whole file as memory of this process
        options = {"handler": MultithreadedFileSource, "array_cache": None}
        with uproot.open(path, **options) as file:
            if file.file.fEND > path.stat().st_size:
                raise SchemaError(f"{path}: is truncated: copy it again or generate it again")
            _check_schema(path, file)
            yield file
    except (SchemaError, MemoryError):
        raise
    except Exception as error:  # a damaged file can raise anything that uproot or a codec can
        reason = (str(error).splitlines() or [""])[0]
        raise SchemaError(
            f"{path}: is damaged or cannot be read ({type(error).__name__}: {reason}): generate it again"
        ) from error


def _refuse_foreign(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError as error:
        raise SchemaError(f"{path}: no such file: check the name") from error
    except OSError as error:
        raise SchemaError(f"{path}: cannot be read ({error.strerror})") from error
    if magic != b"root":
        raise SchemaError(f"{path}: is not a ROOT file: give an ntuple that `renp-sim generate` wrote")


def _check_schema(path: Path, file: Any) -> None:
    classes = file.classnames(cycle=False)
    if classes.get("schema") != "TObjString":
        raise SchemaError(f"{path}: has no `schema`: give an ntuple that `renp-sim generate` wrote")
    legend = json.loads(str(file["schema"]))
    name, version = legend["name"], str(legend["version"])
    if name != SCHEMA_NAME or version.partition(".")[0] != str(SCHEMA_MAJOR):
        raise SchemaError(
            f"{path}: has schema {name} {version}: this program reads {SCHEMA_NAME} {SCHEMA_MAJOR}.x"
        )
    faults = [fault for tree in TREES for fault in _tree_faults(classes.get(tree.name), file, tree)]
    if faults:
        raise SchemaError(f"{path}: {'; '.join(faults)}: not an ntuple of schema {SCHEMA_MAJOR}.x")
    if file["runs"].num_entries == 0:
        raise SchemaError(f"{path}: `runs` has no row, so it was never finished: generate it again")
    majors = set(file["runs/schema_major"].array(library="np").tolist())
    if majors != {SCHEMA_MAJOR}:
        raise SchemaError(f"{path}: has runs of schema {sorted(majors)}: this program reads {SCHEMA_MAJOR}.x")


def _tree_faults(class_name: str | None, file: Any, tree: Tree) -> Iterator[str]:
    """Yield what is missing or of another type; branches of a later minor version may be there too."""
    if class_name != "TTree":
        yield f"{tree.name} is {class_name or 'missing'}, not a TTree"
        return
    stored = {branch.name: branch for branch in file[tree.name].branches}
    for branch in tree.branches:
        if branch.name not in stored:
            yield f"{tree.name}.{branch.name} is missing"
            continue
        content = stored[branch.name].interpretation
        dtype = getattr(getattr(content, "content", content), "to_dtype", None)
        is_blob = hasattr(content, "content")
        expected = "uint8" if branch.is_blob else branch.dtype
        if dtype != np.dtype(expected) or is_blob != branch.is_blob:
            yield f"{tree.name}.{branch.name} has type {stored[branch.name].typename}, not {branch.dtype}"


def read_tables(path: str | PathLike[str]) -> NtupleTables:
    """Read everything but the events of one file, which may hold several runs.

    Raises
    ------
    SchemaError
        If the file is missing, torn, not a ROOT file or of another schema.
    """
    with open_ntuple(Path(path)) as file:
        return NtupleTables(
            paths=(Path(path),),
            runs=_flat_columns(file, RUNS),
            steps=_flat_columns(file, STEPS),
            backgrounds=_flat_columns(file, BACKGROUNDS),
            config=_texts(file, "config"),
            provenance=_texts(file, "provenance"),
        )


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
        for run in part.runs["run"].tolist():
            if run in first:
                raise SchemaError(
                    f"{part.paths[0]}: run {run} is already in {first[run]}: leave one of them out, "
                    "or generate it with another seed or run.number"
                )
            first[run] = part.paths[0]
    return NtupleTables(
        paths=tuple(part.paths[0] for part in parts),
        runs=_concatenated([part.runs for part in parts]),
        steps=_concatenated([part.steps for part in parts]),
        backgrounds=_concatenated([part.backgrounds for part in parts]),
        config=tuple(config for part in parts for config in part.config),
        provenance=tuple(provenance for part in parts for provenance in part.provenance),
    )


def iterate_events(
    paths: Paths, columns: Iterable[str] | None = None, rows: int = ITERATED_ROWS
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

    Raises
    ------
    ValueError
        If a column is not a branch of `events`, at once.
    SchemaError
        As `read_tables`, when the file is reached.
    """
    known = [branch.name for branch in EVENTS.branches]
    names = known if columns is None else list(columns)
    unknown = [name for name in names if name not in known]
    if unknown or not names or rows < 1:
        raise ValueError(f"cannot iterate over columns {unknown or names} of events in {rows} rows")
    return (block for path in find_files(paths) for block in _file_events(path, names, rows))


def _file_events(path: Path, names: list[str], rows: int) -> Iterator[dict[str, NDArray[Any]]]:
    with open_ntuple(path) as file:
        for block in file["events"].iterate(names, step_size=rows, library="np"):
            yield {name: block[name] for name in names}


def _flat_columns(file: Any, tree: Tree) -> dict[str, NDArray[Any]]:
    names = [branch.name for branch in tree.flat]
    arrays = file[tree.name].arrays(names, library="np")
    return {name: arrays[name] for name in names}


def _texts(file: Any, name: str) -> tuple[Mapping[str, Any], ...]:
    rows = file["runs"][name].array(library="ak")
    return tuple(json.loads(np.asarray(row, dtype=np.uint8).tobytes()) for row in rows)


def _concatenated(parts: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
