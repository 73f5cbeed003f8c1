"""`generate`: truth, detector and ntuple in one pass of bounded memory, in any number of processes.

A long run keeps each finished shard in a folder beside the file until the file has its name: that is what
`--resume` starts from.
"""

import os
import platform
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from renp_sim.arrays import Columns
from renp_sim.errors import ConfigError
from renp_sim.ntuple.blind import BlindWriter, key_of
from renp_sim.ntuple.shard_folder import discard_folder
from renp_sim.ntuple.shards import ShardStore
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.outputs import require_outputs
from renp_sim.parallel.executor import Executor
from renp_sim.production.blinding import opened, require_blindness, salted
from renp_sim.production.job import Job, job_of
from renp_sim.production.kept_shards import KeptShards, SharedShards
from renp_sim.production.recorder import Recorder, RowSource, StepTally, totals
from renp_sim.production.resume import COUNTS, decided_by, fingerprint_of, finished, open_store
from renp_sim.production.slices import PlannedShard, plan_shards
from renp_sim.production.step_rows import run_row, step_tables
from renp_sim.production.team import working
from renp_sim.runfile.run import Run

__all__ = ["Generated", "generate", "provenance_of"]

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
        Signal photons that were emitted; −1 where the file is blind.
    key
        The key of a blind file.
    """

    path: Path
    run: int
    n_events: int
    n_recorded: int
    n_generated: int
    key: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        table = asdict(self) | {"path": str(self.path)}
        del table["key"]
        return table if self.key is None else table | {"key": str(self.key)}


def generate(
    run: Run,
    path: str | PathLike[str],
    *,
    workers: int = 1,
    executor: Executor | None = None,
    n_events: int | None = None,
    oversample: Mapping[str, float] | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> Generated:
    """Write the events of a run to a ROOT file, which has its name only when it is whole.

    Parameters
    ----------
    run
        The run.
    path
        The file.
    workers
        Processes that make events; the columns do not depend on it.
    executor
        Makes the events in the place of these processes, in a folder beside the file that all its workers
        see; what they have made stays there for `resume` if the run does not end.
    n_events
        Number of signal photons instead of Poisson counts; weights restore every expectation, dead time
        included, which takes its mean share instead of single photons.
    oversample
        Factors on the numbers of background photons, by the name of the component, with weights as above.
    force
        Replace an existing file.
    resume
        Go on from the shards that an interrupted run left; a file that this very run wrote is done.
    progress
        Called after each shard; never of a blind run, whose number of shards tells how many photons it
        expects.

    Raises
    ------
    SchemaError
        If the file exists, is the run file, is being written by another job, or cannot be written.
    ConfigError
        If `workers`, `n_events` or `oversample` is out of range, more photons are expected than a file can
        hold, or a blind run is asked for what would show what it hides.
    """
    path = Path(path)
    if workers < 1:
        raise ConfigError(f"--workers {workers}: must be at least 1")
    if n_events is not None and n_events < 0:
        raise ConfigError(f"--events {n_events}: must not be negative")
    is_blind, is_weighted = run.config.output.blind, n_events is not None or bool(oversample)
    if is_blind:
        require_blindness(run, is_weighted=is_weighted, resume=resume, is_shared=executor is not None)
        run, progress = salted(run), None
    outputs = [path, key_of(path)] if is_blind else [path]
    require_outputs(outputs, inputs=[run.source], force=force or resume)
    fingerprint = fingerprint_of(run, n_events, oversample)
    folder = path.with_name(path.name + ".shards")
    if resume and (row := finished(path, folder, fingerprint)):
        return Generated(path=path, **row)
    job = job_of(run, n_events, oversample)
    _require_possible(job)
    expected_rows = job.expected_rows()
    shards = plan_shards(expected_rows, whole_steps=job.detector.afterpulse is not None)
    with ExitStack() as stack:
        writer = stack.enter_context(opened(run, path, force=force))
        is_long = sum(rows.sum() for rows in expected_rows) > LONG_RUN_ROWS or os.path.lexists(folder)
        # shards hold the truth in clear
        is_kept = (is_long or executor is not None) and not is_blind
        # workers have other current folders
        place = folder.absolute()
        store = (
            open_store(place, fingerprint, decided_by(run, n_events, oversample), resume=resume, force=force)
            if is_kept
            else None
        )
        source = stack.enter_context(_source(job, shards, store, executor, workers))
        tallies: list[StepTally] = []
        # closed at once if anything fails: an unfinished shard must not stay locked
        blocks = stack.enter_context(closing(_rows(shards, source, tallies, progress)))
        n_written = _write_events(writer, blocks)
        steps, backgrounds = step_tables(run, job, *totals(tallies, run.schedule.n_steps))
        writer.steps(steps)
        writer.backgrounds(backgrounds)
        row = run_row(run, steps, n_events=n_written, is_poisson=not is_weighted)
        writer.run(row | {"provenance": provenance_of(fingerprint)})
    if store is not None:
        discard_folder(folder)
    made = Generated(path=path, **{name: row[name] for name in COUNTS})
    return replace(made, n_generated=-1, key=key_of(path)) if is_blind else made


def _require_possible(job: Job) -> None:
    photons = job.expected_photons()
    if not photons <= MOST_PHOTONS:
        raise ConfigError(
            f"the run expects {photons:.3g} photons, of which a file holds {MOST_PHOTONS:.0e} at most: "
            "check the durations of laser.scan, target.volume_cm3 and the rates of the backgrounds"
        )


@contextmanager
def _source(
    job: Job,
    shards: list[PlannedShard],
    store: ShardStore | None,
    executor: Executor | None,
    workers: int,
) -> Iterator[RowSource]:
    """Give where rows come from: this process, processes beside it, or an executor that shares the store."""
    done = store.completed() if store is not None else set()
    missing = [shard for shard in shards if shard.index not in done]
    own: RowSource = Recorder(job)
    if store is not None:
        own = KeptShards(Recorder(job), store, done)
    if executor is not None and store is not None:
        yield SharedShards(executor, job, store, missing)
    elif min(workers, len(missing)) > 1:
        with working(own, missing, min(workers, len(missing))) as team:
            yield team
    else:
        yield own


def _rows(
    shards: list[PlannedShard], source: RowSource, tallies: list[StepTally], progress: Progress | None
) -> Generator[Columns, None, None]:
    """Yield the rows of all shards in order."""
    for done, shard in enumerate(shards, start=1):
        yield from source.events(shard, tallies)
        if progress is not None:
            progress(done, len(shards))


def _write_events(writer: NtupleWriter | BlindWriter, blocks: Iterator[Columns]) -> int:
    """Write the events with their numbers, and return how many there are."""
    n_rows = 0
    for columns in blocks:
        n = len(columns["run"])
        columns["event"] = np.arange(n_rows, n_rows + n, dtype=np.int64)
        writer.events(columns)
        n_rows += n
    return n_rows


def provenance_of(fingerprint: str) -> dict[str, Any]:
    """Return what a file says of how it was made."""
    packages = ("renp-sim", "numpy", "scipy", "uproot", "awkward")
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
        "platform": platform.platform(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        # a file name may have bytes that are no UTF-8
        "command": [os.fsencode(argument).decode("utf-8", "backslashreplace") for argument in sys.argv],
        "fingerprint": fingerprint,
    }
