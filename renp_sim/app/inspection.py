"""`inspect`: what the ntuple layer finds in files, for the command line."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from renp_sim.ntuple.inspect import Report, inspect

__all__ = ["Report", "inspected"]


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
