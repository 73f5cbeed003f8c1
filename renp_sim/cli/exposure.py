"""`renp-sim exposure RUN`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from renp_sim.cli.lists import chosen, numbers
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
    Toys,
)
from renp_sim.cli.output import print_json, print_notes, print_table
from renp_sim.cli.progress import working

__all__ = ["exposure"]

DEFAULT_TOYS = 4000

DAY_S = 86_400.0

FOUND = ("status", "factor", "live \\[d]", "wall \\[d]")
"""Columns of an answer."""


def exposure(
    run_file: RunFile,
    question: Annotated[
        str,
        typer.Option(metavar="ordering|nature|NAME=VALUE", help="What is in doubt.", show_default=False),
    ],
    significance: Annotated[float, typer.Option(help="One-sided, in standard deviations.")] = 3.0,
    power: Annotated[
        str, typer.Option(metavar="SHARE,...", help="Shares of experiments that are to exclude it.")
    ] = "0.5,0.9",
    method: Annotated[
        list[str] | None,
        typer.Option(metavar="asimov|exact|toys", help="Repeatable; by default asimov."),
    ] = None,
    toys: Toys = None,
    precision: Annotated[
        float, typer.Option(help="Relative error of an exposure by toys, until which more are drawn.")
    ] = 0.05,
    systematics: Annotated[
        bool,
        typer.Option("--systematics", help="Also with statistics only, and each systematic added in turn."),
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="For values of background, a factor, efficiency, linewidth, calibration, coherence, a key.",
        ),
    ] = None,
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: Fix = None,
    constrain: Constrain = None,
    settings: Settings = None,
    seed: Seed = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Also write JSON, and curves as CSV, PNG, PDF.",
        ),
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print how long a run must last to answer a question."""
    from renp_sim.app.compare import CompareMethod
    from renp_sim.app.exposure import exposure_needed, write_exposure
    from renp_sim.cli.fit_options import resting_question

    asked = resting_question(normalisation, free, fix, constrain)
    options: dict[str, Any] = {
        "significance": significance,
        "powers": numbers(power, "--power"),
        "methods": chosen(method or ["asimov"], CompareMethod, "--method"),
        "n_toys": toys or DEFAULT_TOYS,
        "precision": precision,
        "with_systematics": systematics,
    }
    if against is not None:
        from renp_sim.app.against import exposure_against, write_against

        with working("exposures", quiet=quiet):
            along = exposure_against(
                run_file, asked, question, against, settings=settings or (), seed=seed, **options
            )
        written = [] if output is None else write_against(along, output, force=force)
        table, show = along.as_dict(), _print_against
    else:
        run = loaded(run_file, settings, seed=seed, run_number=None)
        with working("exposure", quiet=quiet):
            found = exposure_needed(run, asked, question, **options)
        written = [] if output is None else write_exposure(found, output, force=force)
        table, show = found.as_dict(), _print
    if json:
        print_json(table)
        return
    show(table)
    for path in written:
        print(f"wrote {path}")


def _print_against(table: dict[str, Any]) -> None:
    from rich.console import Console

    _print_head(table)
    rows = [
        (f"{row['value']:g}", *_asked(result), *_found(result))
        for row in table["rows"]
        for result in row["results"]
    ]
    print_table((table["against"], "method", "power", *FOUND), rows)
    print_notes(Console(soft_wrap=True, highlight=False, markup=False), table["notes"])


def _print_head(table: dict[str, Any]) -> None:
    sides = f"{table['truth']} against {table['alternative']}"
    print(f"{table['question']}: {sides}, {table['significance']:g} σ {table['sided']}")
    print(f"normalisation {table['normalisation']}")


def _asked(row: dict[str, Any]) -> tuple[str, str]:
    return row["method"], "median of an Asimov set" if row["power"] is None else f"{row['power']:g}"


def _print(table: dict[str, Any]) -> None:
    from rich.console import Console

    _print_head(table)
    print_table(("method", "power", *FOUND), [(*_asked(row), *_found(row)) for row in table["results"]])
    if table["systematics"]:
        added = [f"{'+ ' if i else ''}{row['added']}" for i, row in enumerate(table["systematics"])]
        found = [_found(row) for row in table["systematics"]]
        print("Asimov, what limits: each with all above it")
        print_table(("with", *FOUND), [(name, *row) for name, row in zip(added, found, strict=True)])
    print_notes(Console(soft_wrap=True, highlight=False, markup=False), table["notes"])


def _found(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["status"],
        "" if row["factor"] is None else f"{row['factor']:.5g}{_error(row['factor_error'])}",
        _days(row["live_time_s"]),
        _days(row["wall_time_s"]),
    )


def _error(value: float | None) -> str:
    return f" ± {value:.2g}" if value else ""


def _days(value: float | None) -> str:
    return "" if value is None else f"{value / DAY_S:.5g}"
