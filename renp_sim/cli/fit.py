"""`renp-sim fit FILE…`."""

from pathlib import Path
from typing import Annotated

import typer

from renp_sim.cli.options import (
    Constrain,
    Files,
    FixAt,
    Force,
    Free,
    Json,
    Level,
    Masses,
    Model,
    Natures,
    Normalisation,
    Orderings,
    Quiet,
    Seed,
    Settings,
    Toys,
    folder_option,
)
from renp_sim.cli.output import print_json
from renp_sim.cli.progress import working
from renp_sim.constants import ONE_SIGMA

__all__ = ["fit"]

DEFAULT_SEED = 1
"""Of toys."""


def fit(
    files: Files,
    masses: Masses = "lightest",
    ordering: Orderings = "both",
    nature: Natures = "run",
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: FixAt = None,
    constrain: Constrain = None,
    level: Level = ONE_SIGMA,
    energies: Annotated[
        bool,
        typer.Option(
            "--energies", help="Fit counts per step and energy bin, with the spectrum of each background."
        ),
    ] = False,
    toys: Toys = None,
    model: Model = None,
    settings: Settings = None,
    seed: Seed = None,
    output: Annotated[
        Path | None,
        folder_option("Also write plots and results.json."),
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit neutrino masses to counts per step; prints intervals, thresholds and what is compared."""
    from renp_sim.app.data import read_data
    from renp_sim.app.report import analyse, report_folder, write_report
    from renp_sim.app.thresholds import fit_report
    from renp_sim.cli.fit_options import question_of
    from renp_sim.cli.summary import print_fit
    from renp_sim.production.memory import keep_freed_memory

    keep_freed_memory()
    question = question_of(
        masses=masses,
        ordering=ordering,
        nature=nature,
        normalisation=normalisation,
        free=free or [],
        fix=fix or [],
        constrain=constrain or [],
        level=level,
    )
    # without --model a seed is that of the toys
    toy_seed = seed if seed is not None else DEFAULT_SEED
    model_seed = seed if model is not None or not toys else None
    data = read_data(files, model, settings or (), seed=model_seed, energies=energies)
    with working("fitting", quiet=quiet):
        if output is not None:
            with report_folder(output, inputs=[*data.tables.paths, model], force=force):
                report = analyse(data, question, n_toys=toys or 0, seed=toy_seed)
                written, table = write_report(report, output), report.fit.as_dict()
        else:
            written, table = [], fit_report(data, question, n_toys=toys or 0, seed=toy_seed).as_dict()
    if json:
        print_json(table)
    else:
        print_fit(table)
        for path in written:
            print(f"wrote {path}")
