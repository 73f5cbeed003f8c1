"""`renp-sim generate RUN -o FILE`."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from renp_sim.cli.interrupt import shards_left, when_interrupted
from renp_sim.cli.loading import loaded
from renp_sim.cli.options import (
    Cluster,
    Force,
    Json,
    Quiet,
    RunFile,
    RunNumber,
    Seed,
    Settings,
    Workers,
    whole_number,
)
from renp_sim.cli.output import print_json
from renp_sim.cli.progress import progress_bar
from renp_sim.errors import ConfigError

__all__ = ["generate"]


def generate(
    run_file: RunFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="ROOT file to write.", show_default=False)
    ],
    workers: Workers = 1,
    cluster: Cluster = None,
    events: Annotated[
        int | None,
        typer.Option(
            parser=whole_number,
            metavar="NUMBER",
            help="Number of signal photons instead of Poisson counts (weighted events).",
        ),
    ] = None,
    oversample: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FACTOR",
            help="So many times the photons of a background, of so much less weight (repeatable).",
        ),
    ] = None,
    force: Force = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")] = False,
    settings: Settings = None,
    seed: Seed = None,
    run_number: RunNumber = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Generate photon events and write them to a ROOT ntuple."""
    from renp_sim.parallel.choice import executing
    from renp_sim.production.generate import generate as library_call
    from renp_sim.production.memory import keep_freed_memory

    keep_freed_memory()
    run = loaded(run_file, settings, seed=seed, run_number=run_number)
    # processes hand rows over in memory, which takes less than a folder (docs/guide/campaigns.md)
    given = nullcontext() if cluster is None else executing(workers, keep_freed_memory, cluster=cluster)
    what_to_do = "the same command with --resume goes on, with --force starts again"
    left = when_interrupted(partial(shards_left, output, what_to_do))
    with left, progress_bar("generating", quiet=quiet) as progress, given as executor:
        made = library_call(
            run,
            output,
            workers=workers,
            executor=executor,
            n_events=events,
            oversample=_factors(oversample or []),
            force=force,
            resume=resume,
            progress=progress,
        )
    if json:
        print_json(made.as_dict())
        return
    truth = f"({made.n_generated} signal photons emitted)" if made.key is None else f"(truth in {made.key})"
    name = f"{run.config.run.name} (run {made.run})"
    print(f"wrote {made.path}: {name}, {made.n_recorded} recorded photons {truth}, {made.n_events} rows")


def _factors(given: list[str]) -> dict[str, float]:
    factors: dict[str, float] = {}
    for text in given:
        # a name may have a = in it
        name, _, factor = text.rpartition("=")
        try:
            if not name.strip():
                raise ValueError
            factors[name] = float(factor)
        except ValueError:
            raise ConfigError(f"--oversample {text}: write NAME=FACTOR, such as dark=100") from None
    return factors
