"""What lies in a folder beside the ntuples: results, toys, belts, limits and exposures."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from renp_sim.analysis.infer.belts import read_belts
from renp_sim.errors import SchemaError
from renp_sim.ntuple.toy_reader import is_toy_file, open_toys

__all__ = ["RESULTS", "Found", "Kept", "found_in"]

RESULTS = "results.json"

KINDS = {
    "limit": ("parameter", "cl", "upper", "lower", "is_expected"),
    "exposure": ("question", "truth", "alternative", "significance", "results", "curve"),
}
"""What JSON that commands print is known by."""

NOT_OURS = "left out, since it is neither a limit nor an exposure that a command printed with --json"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """A table that a command printed as JSON, and its file; `kind` is "results" of `run` and `fit`.

    `whose` says of which run it is, where that is not one of the data.
    """

    path: Path
    kind: str
    table: dict[str, Any]
    whose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What was given, by kind.

    Parameters
    ----------
    ntuples
        Files to be reported.
    toys, belts
        Files of toys, and of Feldman–Cousins belts.
    kept
        Tables: limits, exposures, results.
    notes
        What was left out, a line each.
    """

    ntuples: tuple[Path, ...] = ()
    toys: tuple[Path, ...] = ()
    belts: tuple[Path, ...] = ()
    kept: tuple[Kept, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that are shown beside the ntuples."""
        return (*self.toys, *self.belts, *(each.path for each in self.kept if each.kind in KINDS))

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Return the tables of a kind."""
        return [each.table for each in self.kept if each.kind == kind]

    def of_runs(self, names: Mapping[int, str], n_steps: int) -> "Found":
        """Return what is of runs of these names; of one with another number it is said.

        Runs of one name are variants: another seed, other settings. Belts know no name, but how many steps
        they have.
        """
        if not any(names.values()):
            return self
        kept: list[Kept] = []
        left: list[Kept] = []
        for each in self.kept:
            theirs = each.table.get("runs") if each.kind in KINDS else None
            runs = [run for run in theirs if isinstance(run, dict)] if isinstance(theirs, list) else []
            # a table of before has no runs
            whose = _named_otherwise(runs, names) if runs else ""
            (left if whose is None else kept).append(replace(each, whose=whose or ""))
        toys = [path for path in self.toys if open_toys(path).config["run"]["name"] in names.values()]
        belts = [path for path in self.belts if read_belts(path)[0]["purpose"]["steps"] == n_steps]
        others = [*(each.path for each in left), *{*self.toys, *self.belts}.difference(toys, belts)]
        if not others:
            return replace(self, kept=tuple(kept))
        note = f"{', '.join(sorted(path.name for path in others))}: left out, being of other runs"
        return replace(
            self, kept=tuple(kept), toys=tuple(toys), belts=tuple(belts), notes=(*self.notes, note)
        )

    def blinded(self) -> "Found":
        """Return what cannot tell the truth of a blind run: plans and toys assume one, limits are of data."""
        plans = [k for k in self.kept if k.kind == "exposure" or k.table.get("is_expected")]
        told = (*self.toys, *self.belts, *(each.path for each in plans))
        if not told:
            return self
        names = ", ".join(path.name for path in told)
        note = f"{names}: left out, since the data are blind and it may assume their truth"
        kept = tuple(each for each in self.kept if each not in plans)
        return replace(self, toys=(), belts=(), kept=kept, notes=(*self.notes, note))


def found_in(paths: Sequence[Path]) -> Found:
    """Return what some files and folders have.

    Raises
    ------
    SchemaError
        If a folder cannot be read, or neither has nor names an ntuple.
    """
    parts = [_in_folder(path) if path.is_dir() else Found(ntuples=(path,)) for path in paths]
    return Found(
        **{f.name: tuple(each for part in parts for each in getattr(part, f.name)) for f in fields(Found)}
    )


def _in_folder(folder: Path) -> Found:
    try:
        files = sorted(inside for inside in folder.iterdir() if inside.is_file())
    except OSError as error:
        raise SchemaError(f"{folder}: cannot be read ({error.strerror})") from None
    ntuples, toys, faults = _sorted([path for path in files if path.suffix == ".root"])
    tables = [_table(path) for path in files if path.suffix == ".json"]
    if not ntuples:
        # a folder of `fit` names its files, which lie elsewhere
        ntuples = [path for each in tables if each.kind == "results" for path in _named(each)]
    if not ntuples:
        if faults:
            raise faults[0]
        raise SchemaError(
            f"{folder}: has neither an ntuple nor {RESULTS}: give a folder that `renp-sim run` wrote"
        )
    return Found(
        ntuples=tuple(ntuples),
        toys=tuple(toys),
        belts=tuple(path for path in files if path.suffix == ".npz"),
        kept=tuple(each for each in tables if each.kind),
        notes=(
            *(f"left out: {error}".replace(f"{folder}{os.sep}", "") for error in faults),
            *(f"{each.path.name}: {NOT_OURS}" for each in tables if not each.kind),
        ),
    )


def _named_otherwise(theirs: Sequence[Mapping[str, Any]], names: Mapping[int, str]) -> str | None:
    """Return what to add to a table of some runs; None where it is of others."""
    if not {run.get("name") for run in theirs} & set(names.values()):
        return None
    other = next((run for run in theirs if run.get("number") not in names), None)
    return "" if other is None else f" (other settings or another seed, run {other['number']})"


def _sorted(trees: Sequence[Path]) -> tuple[list[Path], list[Path], list[SchemaError]]:
    """Return ntuples, files of toys, and what the others are: weights, or damaged."""
    ntuples: list[Path] = []
    toys: list[Path] = []
    faults: list[SchemaError] = []
    for path in trees:
        try:
            (toys if is_toy_file(path) else ntuples).append(path)
        except SchemaError as error:
            # no reason to say nothing of the rest
            faults.append(error)
    return ntuples, toys, faults


def _table(path: Path) -> Kept:
    """Return what a file of JSON has; its kind is empty if no command of this program printed it."""
    try:
        table = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise SchemaError(
            f"{path}: is no JSON ({reason}): write it again, or take it out of the folder"
        ) from None
    if not isinstance(table, dict):
        return Kept(path=path, kind="", table={})
    known = (kind for kind, keys in KINDS.items() if table.keys() >= set(keys))
    kind = "results" if path.name == RESULTS else next(known, "")
    return Kept(path=path, kind=kind, table=table)


def _named(results: Kept) -> list[Path]:
    paths = [Path(name) for name in results.table.get("files", []) if isinstance(name, str)]
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise SchemaError(
            f"{results.path}: was made of {missing}, which is not there: give the files themselves, or start "
            "where they can be found"
        )
    return paths
