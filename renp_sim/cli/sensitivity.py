"""`renp-sim sensitivity RUN`."""

from pathlib import Path
from typing import Annotated, Any

import typer

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

__all__ = ["sensitivity"]


def sensitivity(
    run_file: RunFile,
    parameter: Annotated[
        list[str],
        typer.Option(
            metavar="NAME", help="Parameter, such as interaction.g_left.11 (repeatable).", show_default=False
        ),
    ],
    scan: Annotated[
        str,
        typer.Option(
            metavar="KEY=START:STOP:POINTS[:log]",
            help="A key of the run file, or exposure, a factor on all durations.",
            show_default=False,
        ),
    ],
    level: Annotated[float, typer.Option("--cl", help="Confidence level.")] = 0.9,
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: Fix = None,
    constrain: Constrain = None,
    settings: Settings = None,
    seed: Seed = None,
    output: Annotated[
        Path | None,
        folder_option("Also write curves as CSV, PNG and PDF."),
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print expected limits along a scan, with their bands and what limits them."""
    from renp_sim.app.scan import scan_of
    from renp_sim.app.sensitivity import sensitivity_of, write_sensitivity
    from renp_sim.cli.fit_options import resting_question

    question = resting_question(normalisation, free, fix, constrain)
    asked = scan_of(scan)
    with working("limits", quiet=quiet):
        found = sensitivity_of(
            run_file, question, parameter, asked, level=level, settings=settings or (), seed=seed
        )
    written = [] if output is None else write_sensitivity(found, output, force=force)
    if json:
        print_json(found.as_dict())
        return
    _print(found.as_dict())
    for path in written:
        print(f"wrote {path}")


def _print(table: dict[str, Any]) -> None:
    from rich.console import Console

    key = table["scan"]
    headings = (key, "parameter", "lower", "upper", "-1σ", "+1σ", "limited by")
    rows = [
        (
            f"{row[key]:.6g}",
            row["parameter"],
            *(_shown(row[name]) for name in ("lower", "upper", "minus_1_sigma", "plus_1_sigma")),
            row["limited_by"],
        )
        for row in table["rows"]
    ]
    level = f"{100 * table['cl']:g} % CL {table['sided']}"
    print(f"expected limits, {level}, normalisation {table['normalisation']}")
    print_table(headings, rows)
    print_notes(Console(soft_wrap=True, highlight=False, markup=False), table["notes"])


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
