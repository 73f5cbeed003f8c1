"""Find ntuples and open them, their schema checked."""

import glob
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np

from renp_sim.errors import SchemaError
from renp_sim.ntuple.schema import EVENTS, SCHEMA_MAJOR, SCHEMA_NAME, TREES, Tree

__all__ = ["TOYS", "Paths", "find_files", "open_ntuple", "open_root"]

TOYS: Final = "toys"
"""Tree of a file that has toys instead of photons."""

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]
"""A file, a glob pattern, or several of them."""


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
        try:
            matches = [path] if path.exists() else [Path(match) for match in sorted(glob.glob(str(given)))]
        except (OSError, ValueError):
            # no name that a file can have
            matches = []
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
    with open_root(path) as file:
        _check_trees(path, file)
        yield file


@contextmanager
def open_root(path: Path) -> Iterator[Any]:
    """Open a file of this program, whatever trees it has; errors are those of `open_ntuple`."""
    import uproot
    from uproot.source.file import MultithreadedFileSource

    try:
        _refuse_foreign(path)
        # a memory map would count the whole file as memory of this process
        options = {"handler": MultithreadedFileSource, "array_cache": None}
        with uproot.open(path, **options) as file:
            if file.file.fEND > path.stat().st_size:
                raise SchemaError(f"{path}: is truncated: copy it again or generate it again")
            _check_version(path, file)
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
    except IsADirectoryError as error:
        raise SchemaError(f"{path}: is a folder: give the ROOT files in it") from error
    except OSError as error:
        raise SchemaError(f"{path}: cannot be read ({error.strerror})") from error
    if magic != b"root":
        is_run_file = path.suffix.lower() == ".toml"
        what = "`renp-sim generate` makes one of a run file" if is_run_file else "give one of this program"
        raise SchemaError(f"{path}: is not a ROOT file: {what}")


def _check_version(path: Path, file: Any) -> None:
    if file.classnames(cycle=False).get("schema") != "TObjString":
        raise SchemaError(f"{path}: has no `schema`: give an ntuple that `renp-sim generate` wrote")
    name, version = _legend(file)
    if name != SCHEMA_NAME or version.partition(".")[0] != str(SCHEMA_MAJOR):
        raise SchemaError(
            f"{path}: has schema {name} {version}: this program reads {SCHEMA_NAME} {SCHEMA_MAJOR}.x"
        )


def _legend(file: Any) -> tuple[str, str]:
    """Return name and version of the schema."""
    legend = json.loads(str(file["schema"]))
    return legend["name"], str(legend["version"])


def _check_trees(path: Path, file: Any) -> None:
    classes = file.classnames(cycle=False)
    if TOYS in classes and EVENTS.name not in classes:
        raise SchemaError(f"{path}: holds toys, no photons: give an ntuple that `renp-sim generate` wrote")
    _, version = _legend(file)
    minor = int(version.partition(".")[2])
    faults = [fault for tree in TREES for fault in _tree_faults(classes.get(tree.name), file, tree, minor)]
    if faults:
        raise SchemaError(f"{path}: {'; '.join(faults)}: not an ntuple of schema {SCHEMA_MAJOR}.x")
    if file["runs"].num_entries == 0:
        raise SchemaError(f"{path}: `runs` has no row, so it was never finished: generate it again")
    majors = set(file["runs/schema_major"].array(library="np").tolist())
    if majors != {SCHEMA_MAJOR}:
        raise SchemaError(f"{path}: has runs of schema {sorted(majors)}: this program reads {SCHEMA_MAJOR}.x")


def _tree_faults(class_name: str | None, file: Any, tree: Tree, minor: int) -> Iterator[str]:
    """Yield what is missing of a minor version or of another type; later branches may be there too."""
    if class_name != "TTree":
        yield f"{tree.name} is {class_name or 'missing'}, not a TTree"
        return
    stored = {branch.name: branch for branch in file[tree.name].branches}
    for branch in tree.branches:
        if branch.name not in stored:
            if branch.since <= minor:
                yield f"{tree.name}.{branch.name} is missing"
            continue
        content = stored[branch.name].interpretation
        dtype = getattr(getattr(content, "content", content), "to_dtype", None)
        is_blob = hasattr(content, "content")
        expected = "uint8" if branch.is_blob else branch.dtype
        if dtype != np.dtype(expected) or is_blob != branch.is_blob:
            yield f"{tree.name}.{branch.name} has type {stored[branch.name].typename}, not {branch.dtype}"
