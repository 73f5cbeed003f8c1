"""`generate`: truth, detector and ntuple in one pass of bounded memory, in any number of processes.

A long run keeps each finished shard in a folder beside the file until the file has its name: that is what
`--resume` starts from.
"""

import platform
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.metadata import version
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np

from renp_sim.arrays import Columns
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.shards import ShardStore
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.production.job import Job, job_of
from renp_sim.production.kept_shards import KeptShards
from renp_sim.production.recorder import Recorder, RowSource, StepTally, totals
from renp_sim.production.slices import PlannedShard, plan_shards
from renp_sim.production.step_rows import run_row, step_tables
from renp_sim.production.team import working
from renp_sim.runfile.run import Setup

__all__ = ["Generated", "generate"]

LONG_RUN_ROWS = 1 << 23
"""From here on finished shards are kept, for `--resume`; a shorter run takes seconds."""

MOST_PHOTONS = 1e12
"""More do not fit into a file of any disk that a user has: a rate or a volume has lost its unit."""

Progress = Callable[[int, int], None]
"""Takes the shards that are done and all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What was written.

    Parameters
    ----------
    path
        The ROOT file.
    run
        Its run number.
    n_events
        Rows of `events`.
    n_recorded
        Recorded photons.
    n_generated
        Signal photons that were emitted.
    """

    path: Path
    run: int
    n_events: int
    n_recorded: int
    n_generated: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"path": str(self.path)}


def generate(
    setup: Setup,
    path: Path,
    *,
    workers: int = 1,
    n_events: int | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> Generated:
    """Write the events of a run to a ROOT file, which has its name only when it is whole.

    Parameters
    ----------
    setup
        The run.
    path
        The file.
    workers
        Processes that make events; the columns do not depend on it.
    n_events
        Number of signal photons instead of Poisson counts; weights restore the expectation.
    force
        Replace an existing file.
    resume
        Go on from the shards that an interrupted run left.
    progress
        Called after each shard.

    Raises
    ------
    SchemaError
        If the file exists, is being written by another job, or cannot be written.
    ConfigError
        If `workers` or `n_events` is out of range, or more photons are expected than a file can hold.
    """
    if workers < 1:
        raise ConfigError(f"--workers {workers}: must be at least 1")
    if n_events is not None and n_events < 0:
        raise ConfigError(f"--events {n_events}: must not be negative")
    job = job_of(setup, n_events)
    _require_possible(job)
    rows = job.expected_rows()
    shards = plan_shards(rows)
    folder = path.with_name(path.name + ".shards")
    store = None
    with ExitStack() as stack:
        writer = stack.enter_context(
            NtupleWriter(path, force=force, compression=setup.config.output.compression)
        )
        recorder = Recorder(job)
        source: RowSource = recorder
        missing = shards
        if sum(sizes.sum() for sizes in rows) > LONG_RUN_ROWS or folder.exists():
            store = _open_store(folder, _fingerprint(setup, n_events), resume=resume, force=force)
            done = store.completed()
            missing = [shard for shard in shards if shard.index not in done]
            source = KeptShards(recorder, store, done)
        number = min(workers, len(missing))
        if number > 1:
            source = stack.enter_context(working(source, missing, number))
        tallies: list[StepTally] = []
        # closed at once if anything fails: an unfinished shard must not stay locked
        blocks = stack.enter_context(closing(_rows(shards, source, tallies, progress)))
        n_written = _write_events(writer, blocks)
        steps, backgrounds = step_tables(setup, job.signal, *totals(tallies, setup.schedule.n_steps))
        writer.steps(steps)
        writer.backgrounds(backgrounds)
        row = run_row(setup, steps, n_events=n_written, is_poisson=n_events is None)
        writer.run(row | {"provenance": _provenance()})
    if store is not None:
        store.discard()
    return Generated(path=path, **{key: row[key] for key in ("run", "n_events", "n_recorded", "n_generated")})


def _require_possible(job: Job) -> None:
    photons = job.expected_photons()
    if not photons <= MOST_PHOTONS:
        raise ConfigError(
            f"the run expects {photons:.3g} photons, of which a file holds {MOST_PHOTONS:.0e} at most: "
            "check the durations of laser.scan, target.volume_cm3 and the rates of the backgrounds"
        )


def _open_store(folder: Path, fingerprint: str, *, resume: bool, force: bool) -> ShardStore:
    """Open the folder beside the file in which finished shards wait."""
    if folder.exists() and not resume:
        if not force:
            raise SchemaError(
                f"{folder}: holds shards of an interrupted run: --resume goes on from them, "
                "--force starts again without them"
            )
        shutil.rmtree(folder)
    return ShardStore(folder, fingerprint)


def _rows(
    shards: list[PlannedShard], source: RowSource, tallies: list[StepTally], progress: Progress | None
) -> Generator[Columns, None, None]:
    """Yield the rows of all shards in order."""
    for done, shard in enumerate(shards, start=1):
        yield from source.events(shard, tallies)
        if progress is not None:
            progress(done, len(shards))


def _write_events(writer: NtupleWriter, blocks: Iterator[Columns]) -> int:
    """Write the events with their numbers, and return how many there are."""
    n_rows = 0
    for columns in blocks:
        n = len(columns["run"])
        columns["event"] = np.arange(n_rows, n_rows + n, dtype=np.int64)
        writer.events(columns)
        n_rows += n
    return n_rows


def _fingerprint(setup: Setup, n_events: int | None) -> str:
    """Return what two runs with the same columns have in common."""
    table = setup.resolved()
    table["output"].pop("compression")
    text = dumps([table, n_events, version("renp-sim"), np.__version__], sort_keys=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _provenance() -> dict[str, Any]:
    packages = ("renp-sim", "numpy", "scipy", "uproot", "awkward")
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
        "platform": platform.platform(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv,
    }
