"""Merge ntuples with the guarantees of the writer; plain `hadd` gives the same content."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from renp_sim.ntuple.opening import Paths, find_files
from renp_sim.ntuple.reader import iterate_events, read_many
from renp_sim.ntuple.toy_reader import is_toy_file, iterate_toys, open_toys_of_one
from renp_sim.ntuple.toy_writer import ToyWriter
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.outputs import require_outputs

__all__ = ["Merged", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Numbers of runs and events in a merged file, or of toys."""

    n_runs: int
    n_events: int
    n_toys: int = 0


def merge(out: str | PathLike[str], paths: Paths, *, force: bool = False, compression: str = "lz4") -> Merged:
    """Write the runs of several files to one, in the order of the files; or the toys of one campaign.

    Raises
    ------
    SchemaError
        If a file is missing, torn or of another schema, if a run or a toy is there twice, if toys are of
        several configurations, if `out` exists or is one of the files, or if it cannot be written.
    """
    files = find_files(paths)
    require_outputs([Path(out)], inputs=files, force=force)
    if any(is_toy_file(path) for path in files):
        return _merged_toys(Path(out), files, force=force, compression=compression)
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


def _merged_toys(out: Path, paths: Paths, *, force: bool, compression: str) -> Merged:
    files = open_toys_of_one(paths)
    first = files[0]
    row = {**first.row, "config": first.config, "provenance": first.provenance}
    with ToyWriter(out, first.campaign["parameters"], row, force=force, compression=compression) as writer:
        for file in files:
            for rows in iterate_toys(file):
                writer.toys(rows)
    return Merged(n_runs=1, n_events=0, n_toys=sum(file.n_toys for file in files))
