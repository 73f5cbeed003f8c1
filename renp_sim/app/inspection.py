"""`inspect`, `merge` and `export`: what the ntuple layer does with files, for the command line."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from renp_sim.ntuple.export import Format, export
from renp_sim.ntuple.inspect import Report, inspect
from renp_sim.ntuple.merge import merge
from renp_sim.ntuple.reader import read_tables

__all__ = ["Report", "exported", "inspected", "merged"]


def inspected(paths: list[Path]) -> tuple[Report, dict[str, Any]]:
    """Return the report on files and what `inspect --json` prints.

    Raises
    ------
    SchemaError
        If no file is there.
    """
    report = inspect(paths)
    runs = [asdict(run) | {"path": str(run.path)} for run in report.runs]
    return report, {"is_sound": report.is_sound, "runs": runs, "faults": list(report.faults)}


def merged(out: Path, paths: list[Path], *, force: bool = False) -> tuple[int, int]:
    """Merge files and return the numbers of runs and events of the result; raises as `merge` does."""
    merge(out, [str(path) for path in paths], force=force)
    runs = read_tables(out).runs
    return len(runs["run"]), int(runs["n_events"].sum())


def exported(paths: list[Path], out: Path, form: str, *, force: bool = False) -> int:
    """Export events and return their number; raises as `export` does."""
    return export([str(path) for path in paths], out, Format(form), force=force)
