"""Merge ntuples with the guarantees of the writer; plain `hadd` gives the same content."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from renp_sim.ntuple.opening import Paths, find_files
from renp_sim.ntuple.reader import iterate_events, read_many
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.outputs import require_outputs

__all__ = ["Merged", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Numbers of runs and events in a merged file."""

    n_runs: int
    n_events: int


def merge(out: str | PathLike[str], paths: Paths, *, force: bool = False, compression: str = "lz4") -> Merged:
    """Write the runs of several files to one, in the order of the files.

    Raises
    ------
    SchemaError
        If a file is missing, torn or of another schema, if a run is there twice, if `out` exists or is
        one of the files, or if it cannot be written.
    """
    files = find_files(paths)
    require_outputs([Path(out)], inputs=files, force=force)
    tables = read_many(files)
    with NtupleWriter(Path(out), force=force, compression=compression) as writer:
        for block in iterate_events(files):
            writer.events(block)
        writer.steps(tables.steps)
        writer.backgrounds(tables.backgrounds)
        for row, (config, provenance) in enumerate(zip(tables.config, tables.provenance, strict=True)):
            facts = {name: values[row] for name, values in tables.runs.items()}
            writer.run({**facts, "config": config, "provenance": provenance})
    return Merged(n_runs=len(tables.config), n_events=int(tables.runs["n_events"].sum()))
