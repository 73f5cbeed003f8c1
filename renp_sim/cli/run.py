"""`renp-sim run [RUN]`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from renp_sim.cli.interrupt import shards_left, when_interrupted
from renp_sim.cli.loading import loaded
from renp_sim.cli.options import Force, Json, Quiet, RunNumber, Seed, Settings, folder_option
from renp_sim.cli.output import print_json
from renp_sim.cli.progress import announce, progress_bar

__all__ = ["run"]


def run(
    run_file: Annotated[
        Path, typer.Argument(metavar="[RUN]", help="Run file, or the name of an example.")
    ] = Path("fine_scan"),
    output: Annotated[
        Path | None,
        folder_option("Default: a folder named after the run."),
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes that make events.")] = 1,
    force: Force = False,
    settings: Settings = None,
    seed: Seed = None,
    run_number: RunNumber = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Do all of it: ntuple, spectrum, fit and threshold search, with plots and results.json in a folder."""
    # before anything that takes its time to load
    announce(f"{run_file}: photons, ntuple, spectrum, fit, threshold search and report …", quiet=quiet)
    from renp_sim.app.page.answer import answer
    from renp_sim.app.report import run_all
    from renp_sim.cli.summary import print_run
    from renp_sim.production.memory import keep_freed_memory

    keep_freed_memory()
    asked = loaded(run_file, settings, seed=seed, run_number=run_number)
    folder = output or Path(asked.config.run.name)
    what_to_do = "the same command with --force starts again, `renp-sim generate … --resume` goes on"
    left = when_interrupted(partial(shards_left, folder / "events.root", what_to_do))
    with left, progress_bar("working", quiet=quiet) as progress:
        made, report, files = run_all(asked, folder, workers=workers, force=force, progress=progress)
    found = report.as_dict()
    if json:
        print_json(made.as_dict() | found)
        return
    emitted, recorded = made.n_generated, made.n_recorded
    name = f"{asked.config.run.name} (run {made.run})"
    print(f"{name}: {emitted} signal photons emitted, {recorded} photons recorded")
    print(answer(report.fit))
    print_run(found["fit"], found["search"])
    print(f"wrote {', '.join(path.name for path in files)} in {folder}/")
