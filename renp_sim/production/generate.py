"""`generate`: truth, detector and ntuple in one pass of bounded memory, in any number of processes.

A long run keeps each finished shard in a folder beside the file until the file has its name: that is what
`--resume` starts from.
"""

import os
import platform
import sys
from collections.abc import Callable
from collections.abc import Generator as RowGenerator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.errors import ConfigError
from renp_sim.generator.generate import Generator
from renp_sim.ntuple.shard_folder import discard_folder
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.outputs import require_outputs
from renp_sim.prediction.conditions import step_conditions
from renp_sim.prediction.exposure import exposure_of
from renp_sim.production.event_rows import EventRows
from renp_sim.production.memory import keep_freed_memory
from renp_sim.production.resume import fingerprint_of, finished, open_store
from renp_sim.production.shard_maker import ShardMaker
from renp_sim.production.slices import (
    Job,
    Shard,
    StepTally,
    expected_photons,
    expected_rows,
    plan_shards,
    totals,
)
from renp_sim.production.step_rows import background_rows, run_row, step_rows
from renp_sim.production.team import Workers, working
from renp_sim.runfile.run import Run

__all__ = ["Generated", "generate", "job_of"]

Columns = dict[str, NDArray[Any]]
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


def job_of(run: Run, n_events: int | None = None) -> Job:
    """Return what makes the events of a run, with Poisson counts or a fixed number of signal photons."""
    generator = Generator(
        schedule=run.truth, emission=run.emission, seed=run.config.run.seed, n_events=n_events
    )
    return Job(
        generator=generator,
        detector=run.detector,
        conditions=step_conditions(run.truth, run.emission.target),
        rows=EventRows(
            run=run.number,
            weight=generator.weight,
            keep_undetected=run.config.output.keep_undetected,
        ),
    )


def generate(
    run: Run,
    path: str | PathLike[str],
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
    run
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
        Go on from the shards that an interrupted run left; a file that this very run wrote is done.
    progress
        Called after each shard.

    Raises
    ------
    SchemaError
        If the file exists, is the run file, is being written by another job, or cannot be written.
    ConfigError
        If `workers` or `n_events` is out of range, or more photons are expected than a file can hold.
    """
    path = Path(path)
    if workers < 1:
        raise ConfigError(f"--workers {workers}: must be at least 1")
    if n_events is not None and n_events < 0:
        raise ConfigError(f"--events {n_events}: must not be negative")
    require_outputs([path], inputs=[run.source], force=force or resume)
    fingerprint = fingerprint_of(run, n_events)
    folder = path.with_name(path.name + ".shards")
    if resume and (row := finished(path, folder, fingerprint)):
        return Generated(path=path, **row)
    keep_freed_memory()
    job = job_of(run, n_events)
    photons = expected_photons(job)
    if not photons <= MOST_PHOTONS:
        raise ConfigError(
            f"the run expects {photons:.3g} photons, of which a file holds {MOST_PHOTONS:.0e} at most: "
            "check the durations of laser.scan, target.volume_cm3 and the rates of the backgrounds"
        )
    shards = plan_shards(job)
    tallies: list[StepTally] = []
    n_rows = 0
    store = None
    with ExitStack() as stack:
        writer = stack.enter_context(
            NtupleWriter(path, force=force, compression=run.config.output.compression)
        )
        if expected_rows(job) > LONG_RUN_ROWS or os.path.lexists(folder):
            store = open_store(folder, fingerprint, resume=resume, force=force)
        maker = ShardMaker(job, store)
        done = store.completed() if store is not None else set()
        missing = {index: shard for index, shard in enumerate(shards) if index not in done}
        number = min(workers, len(missing))
        team = stack.enter_context(working(maker, missing, number)) if number > 1 else None
        # closed at once if anything fails: an unfinished shard must not stay locked
        blocks = stack.enter_context(closing(_rows(shards, maker, done, team, tallies, progress)))
        for columns in blocks:
            n = len(columns["run"])
            columns["event"] = np.arange(n_rows, n_rows + n, dtype=np.int64)
            writer.events(columns)
            n_rows += n
        target, detector = run.emission.target, run.detector
        n_recorded, lost_s = totals(tallies, run.schedule.n_steps)
        live_time_s = run.schedule.open_time_s - lost_s
        known, truth = (
            replace(exposure_of(schedule, target, detector, run=run.number), live_time_s=live_time_s)
            for schedule in (run.schedule, run.truth)
        )
        steps = step_rows(known, truth, job.generator, n_recorded)
        writer.steps(steps)
        writer.backgrounds(background_rows(known, truth))
        writer.run(
            run_row(
                run,
                steps,
                n_events=n_rows,
                is_poisson=n_events is None,
                provenance=_provenance(fingerprint),
            )
        )
    if store is not None:
        discard_folder(folder)
    return Generated(
        path=path,
        run=run.number,
        n_events=n_rows,
        n_recorded=int(steps["n_recorded"].sum()),
        n_generated=int(steps["n_generated"].sum()),
    )


def _rows(
    shards: list[Shard],
    maker: ShardMaker,
    done: set[int],
    workers: Workers | None,
    tallies: list[StepTally],
    progress: Progress | None,
) -> RowGenerator[Columns, None, None]:
    """Yield the rows of all shards in order, made here or by workers, or found in the store."""
    for index, shard in enumerate(shards):
        if index in done:
            yield from maker.kept(index, tallies)
        elif workers is not None:
            yield from workers.events(index, tallies)
        else:
            yield from maker.events(index, shard, tallies)
        if progress is not None:
            progress(index + 1, len(shards))


def _provenance(fingerprint: str) -> dict[str, Any]:
    packages = ("renp-sim", "numpy", "scipy", "uproot", "awkward")
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
        "platform": platform.platform(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        # a file name may have bytes that are no UTF-8
        "command": [os.fsencode(argument).decode("utf-8", "backslashreplace") for argument in sys.argv],
        "fingerprint": fingerprint,
    }
