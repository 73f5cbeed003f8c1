"""`renp-sim identify RUN`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from renp_sim.cli.lists import numbers
from renp_sim.cli.loading import loaded
from renp_sim.cli.options import (
    Constrain,
    Fix,
    Force,
    Free,
    Json,
    Normalisation,
    Quiet,
    RunFile,
    Seed,
    Settings,
    folder_option,
)
from renp_sim.cli.output import print_json, print_notes, print_table
from renp_sim.cli.progress import working

__all__ = ["identify"]


def identify(
    run_file: RunFile,
    exposure: Annotated[str, typer.Option(metavar="FACTOR,...", help="Factors on all durations.")] = "1",
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: Fix = None,
    constrain: Constrain = None,
    settings: Settings = None,
    seed: Seed = None,
    output: Annotated[
        Path | None,
        folder_option("Also write matrices as CSV, PNG and PDF."),
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print which wrong coupling element could pass for each one of the run file."""
    from renp_sim.app.experiment import Experiment
    from renp_sim.app.identify import identify as identify_elements
    from renp_sim.app.identify import write_identification
    from renp_sim.cli.fit_options import resting_question

    question = resting_question(normalisation, free, fix, constrain)
    factors = numbers(exposure, "--exposure")
    run = loaded(run_file, settings, seed=seed, run_number=None)
    with working("fitting", quiet=quiet):
        found = identify_elements(Experiment.of(run), question, factors)
    written = [] if output is None else write_identification(found, output, force=force)
    table = found.as_dict()
    if json:
        print_json(table)
        return
    _print(table)
    for path in written:
        print(f"wrote {path}")


def _print(table: dict[str, Any]) -> None:
    from rich.console import Console

    for factor, matrix in zip(table["exposures"], table["delta_q"], strict=True):
        print(f"Δ(−2lnL), exposure × {factor:g}; a column is true, rows explain it; {table['hypothesis']}")
        true = [name.removeprefix("interaction.") for name in table["true"]]
        rows = [
            (
                name.removeprefix("interaction."),
                *("∞" if row[k] is None else f"{row[k]:.3g}" for row in matrix),
            )
            for k, name in enumerate(table["explanations"])
        ]
        print_table(("", *true), rows)
    print_notes(Console(soft_wrap=True, highlight=False, markup=False), table["notes"])
