"""`renp-sim exposure RUN`."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from renp_sim.cli.given import given, refuse_unused
from renp_sim.cli.lists import chosen, numbers
from renp_sim.cli.loading import loaded
from renp_sim.cli.options import (
    Cluster,
    Constrain,
    Fix,
    Force,
    Free,
    Json,
    MaybeQuestion,
    Normalisation,
    Quiet,
    Seed,
    Settings,
    Toys,
    Workers,
    folder_option,
)
from renp_sim.cli.output import print_json, print_notes, print_table
from renp_sim.cli.progress import working
from renp_sim.cli.toys import print_toys, refuse_unread
from renp_sim.errors import ConfigError

__all__ = ["exposure"]

DEFAULT_TOYS = 4000

DAY_S = 86_400.0

OF_STORED = ("stored", "significance", "power", "output", "force", "json", "quiet")
"""What may be asked of toys that are there."""

FOUND = ("status", "factor", "signal live \\[d]", "wall \\[d]")
"""Columns of an answer."""

MOST_CROSSINGS = 20

LIMITS = "Asimov, what limits: each with all above it"


RunOrStored = Annotated[
    Path | None,
    typer.Argument(metavar="[RUN]", help="Run file (TOML), or an example.", show_default=False),
]
Stored = Annotated[
    list[Path] | None,
    typer.Option("--from", metavar="FILE", help="Instead of both: toys that `toys` has kept (repeatable)."),
]
Significance = Annotated[float, typer.Option(help="One-sided, in standard deviations.")]
Powers = Annotated[
    str, typer.Option(metavar="SHARE,...", help="Shares of experiments that are to exclude it.")
]
Methods = Annotated[
    list[str] | None,
    typer.Option(metavar="asimov|exact|toys", help="Repeatable; by default asimov."),
]
Precision = Annotated[
    float, typer.Option(help="Relative error of an exposure by toys, until which more are drawn.")
]
Systematics = Annotated[
    bool,
    typer.Option("--systematics", help="Also with statistics only, and each systematic added in turn."),
]
AgainstWhat = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=VALUE,...",
        help="For values of background, a factor, efficiency, linewidth, calibration, coherence, a key.",
    ),
]
Output = Annotated[
    Path | None,
    folder_option("Also write JSON, and curves as CSV, PNG, PDF."),
]


def exposure(
    context: typer.Context,
    run_file: RunOrStored = None,
    question: MaybeQuestion = None,
    stored: Stored = None,
    significance: Significance = 3.0,
    power: Powers = "0.5,0.9",
    method: Methods = None,
    toys: Toys = None,
    precision: Precision = 0.05,
    systematics: Systematics = False,
    against: AgainstWhat = None,
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: Fix = None,
    constrain: Constrain = None,
    settings: Settings = None,
    seed: Seed = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    output: Output = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print how long a run must last to answer a question."""
    powers = numbers(power, "--power")
    if stored:
        _require_read(context)
        _print_stored(context, stored, significance, powers, output, force=force, json=json)
        return
    if run_file is None or question is None:
        raise ConfigError("RUN and --question: give both, or --from a file of toys")
    from renp_sim.app.against import exposure_against, write_against
    from renp_sim.app.compare import CompareMethod
    from renp_sim.app.exposure import exposure_needed
    from renp_sim.app.exposure_answer import write_exposure
    from renp_sim.cli.fit_options import resting_question
    from renp_sim.parallel.choice import executing
    from renp_sim.production.memory import keep_freed_memory

    asked = resting_question(normalisation, free, fix, constrain)
    methods = chosen(method or ["asimov"], CompareMethod, "--method")
    _require_used(context, [each.value for each in methods])
    options: dict[str, Any] = {
        "significance": significance,
        "powers": powers,
        "methods": methods,
        "n_toys": DEFAULT_TOYS if toys is None else toys,
        "precision": precision,
        "with_systematics": systematics,
    }
    # a table shows no curve
    with_curve = json or output is not None
    executors = executing(workers, keep_freed_memory, cluster=cluster)
    if against is None:
        run = loaded(run_file, settings, seed=seed, run_number=None)
        with executors as executor, working("exposure", quiet=quiet):
            found = exposure_needed(run, asked, question, with_curve=with_curve, executor=executor, **options)
        table, show, write = found.as_dict(), _print, partial(write_exposure, found)
    else:
        options |= {"settings": settings or (), "seed": seed}
        with executors as executor, working("exposures", quiet=quiet):
            along = exposure_against(run_file, asked, question, against, executor=executor, **options)
        table, show, write = along.as_dict(), _print_against, partial(write_against, along)
    written = [] if output is None else write(output, force=force)
    if json:
        print_json(table)
        return
    show(table)
    for path in written:
        print(f"wrote {path}")


def _require_read(context: typer.Context) -> None:
    """Raise ConfigError if anything is given that stored toys have decided."""
    decided = [option for name, option in given(context).items() if name not in OF_STORED]
    if decided:
        raise ConfigError(f"--from: the toys have decided it: leave {', '.join(decided)} out")


def _require_used(context: typer.Context, methods: list[str]) -> None:
    """Raise ConfigError if anything is given that none of the methods looks at."""
    needs = {}
    if "toys" not in methods:
        needs = dict.fromkeys(("toys", "precision"), "--method toys")
        if "exact" not in methods:
            needs["power"] = "--method toys or exact"
    refuse_unused(context, needs)


def _print_stored(
    context: typer.Context,
    files: list[Path],
    significance: float,
    powers: list[float],
    output: Path | None,
    *,
    force: bool,
    json: bool,
) -> None:
    """Print what `toys` printed when it had made the files."""
    from renp_sim.app.stored_toys import write_campaign
    from renp_sim.app.toy_summary import read_campaign

    table = read_campaign(files, significance=significance, powers=powers)
    rows = table["exposures"]
    refuse_unread(context, of_both="power" in rows[0], n_factors=len(rows))
    written = [] if output is None else write_campaign(table, powers, output, force=force)
    if json:
        print_json(table)
        return
    print_toys(table)
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
    limits = [
        (f"{row['value']:g}", name, *found)
        for row in table["rows"]
        for name, *found in _added(row["systematics"])
    ]
    if limits:
        print(LIMITS)
        print_table((table["against"], "with", *FOUND), limits)
    several = [
        f"{table['against']} = {row['value']:g}, {line}"
        for row in table["rows"]
        for line in _several(row["results"])
    ]
    print_notes(Console(soft_wrap=True, highlight=False, markup=False), (*several, *table["notes"]))


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
        print(LIMITS)
        print_table(("with", *FOUND), _added(table["systematics"]))
    notes = (*_several(table["results"]), *table["notes"])
    print_notes(Console(soft_wrap=True, highlight=False, markup=False), notes)


def _several(results: list[dict[str, Any]]) -> list[str]:
    """Return the crossings of each power that is passed more than once, of many the first and last."""
    notes = []
    for row in results:
        if row["status"] == "several":
            shown = [f"{factor:.5g}" for factor in row["crossings"]]
            if len(shown) > MOST_CROSSINGS:
                shown = [*shown[: MOST_CROSSINGS // 2], "…", *shown[-MOST_CROSSINGS // 2 :]]
            notes.append(
                f"{row['method']}: counts are whole, so power {row['power']:g} is crossed "
                f"{len(row['crossings'])} times, at factors {', '.join(shown)}; "
                "after the last, upward as the first is, it stays"
            )
    return notes


def _added(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [(f"{'+ ' if i else ''}{row['added']}", *_found(row)) for i, row in enumerate(rows)]


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
