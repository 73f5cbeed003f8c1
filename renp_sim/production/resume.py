"""What an interrupted run left: shards beside the file, or a whole file whose shards nobody removed."""

import os
from collections.abc import Mapping
from hashlib import blake2b
from importlib.metadata import version
from json import dumps
from pathlib import Path
from typing import Any, Final

import numpy as np

from renp_sim.errors import SchemaError
from renp_sim.files import PartFile
from renp_sim.ntuple.reader import read_tables
from renp_sim.ntuple.shard_folder import discard_folder
from renp_sim.ntuple.shards import ShardStore
from renp_sim.runfile.run import Run

__all__ = ["COUNTS", "decided_by", "fingerprint_of", "finished", "open_store"]

COUNTS: Final = ("run", "n_events", "n_recorded", "n_generated")


def fingerprint_of(run: Run, n_events: int | None, oversample: Mapping[str, float] | None = None) -> str:
    """Return what two runs with the same columns have in common."""
    table = run.resolved()
    table["output"].pop("compression")
    text = dumps(
        [table, n_events, dict(oversample or {}), version("renp-sim"), np.__version__], sort_keys=True
    )
    return blake2b(text.encode(), digest_size=16).hexdigest()


def decided_by(
    run: Run, n_events: int | None, oversample: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """Return what decides the columns of a run, as its fingerprint has it, by name."""
    table = run.resolved()
    table["output"].pop("compression")
    return {
        **table,
        "--events": n_events,
        "--oversample": dict(oversample or {}),
        "version of renp-sim": version("renp-sim"),
        "version of numpy": np.__version__,
    }


def open_store(
    folder: Path, fingerprint: str, decides: Mapping[str, Any], *, resume: bool, force: bool
) -> ShardStore:
    """Open the folder beside the file in which finished shards wait.

    Raises
    ------
    SchemaError
        If one is there and neither `resume` nor `force` is given, or if it is not to be used.
    """
    if os.path.lexists(folder) and not resume:
        if not force:
            raise SchemaError(
                f"{folder}: may hold shards of an interrupted run: --resume goes on from them, "
                "--force starts again without them"
            )
        discard_folder(folder)
    return ShardStore(folder, fingerprint, decides)


def finished(path: Path, folder: Path, fingerprint: str) -> dict[str, Any] | None:
    """Return run number and counts of a file that the same run has written to its end, and remove its shards.

    None if there is no such file.
    """
    if not path.exists():
        return None
    try:
        tables = read_tables(path)
    except SchemaError:
        return None
    if [provenance.get("fingerprint") for provenance in tables.provenance] != [fingerprint]:
        return None
    # another job may be making it again, and needs them
    lock = PartFile(path, force=True)
    try:
        if os.path.lexists(folder):
            discard_folder(folder)
    finally:
        lock.discard()
    return {name: int(tables.runs[name][0]) for name in COUNTS}
