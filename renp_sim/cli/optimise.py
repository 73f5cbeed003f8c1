"""`renp-sim optimise RUN`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from renp_sim.cli.loading import loaded
from renp_sim.cli.options import (
    Cluster,
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
    Workers,
)
from renp_sim.cli.output import print_json, print_notes, print_table
from renp_sim.cli.progress import working
from renp_sim.errors import ConfigError

__all__ = ["optimise"]

DAY_S = 86_400.0

MOST_SHOWN = 5
"""Least favourable alternatives that are printed; JSON has all."""

TOY_PRECISION = 0.02
"""Relative error of a live time by toys, until which more are drawn."""


InDoubt = Annotated[
    str,
    typer.Option(
        metavar="ordering|nature|NAME=VALUE|NAME",
        help="What is in doubt; with --error, the parameter that is to be measured.",
        show_default=False,
    ),
]
Significance = Annotated[
    float | None, typer.Option(help="In standard deviations; by default 3, and 1 with --error.")
]
Error = Annotated[float | None, typer.Option(help="How far the interval of NAME may reach to either side.")]
Prior = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE,...",
        help="Truths there may be: of lightest_mass_eV, frequency_offset_eV or a key of the run file; "
        "also KEY=START:STOP:POINTS[:log] (repeatable). Their mean Δq counts.",
    ),
]
Robust = Annotated[bool, typer.Option("--robust", help="Each truth of the prior is answered.")]
Steps = Annotated[int | None, typer.Option(metavar="K", help="Most frequencies.")]
MinDwell = Annotated[
    float | None,
    typer.Option(help="Least wall time of a frequency, s; by default its settling in all passes."),
]
Grid = Annotated[
    str | None,
    typer.Option(metavar="START:STOP:POINTS", help="Frequencies to choose from, eV; by default dense."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE.toml", help="Run file to write, with table and plot."),
]


def optimise(
    run_file: RunFile,
    question: InDoubt,
    significance: Significance = None,
    error: Error = None,
    prior: Prior = None,
    robust: Robust = False,
    steps: Steps = None,
    min_dwell: MinDwell = None,
    grid: Grid = None,
    toys: Toys = None,
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
    """Find the schedule that answers a question in the least time, and prove how good it is."""
    from renp_sim.app.optimise import confirmed, optimised
    from renp_sim.app.plan_files import plan_files, write_plan
    from renp_sim.app.plan_options import prior_of, wish_of
    from renp_sim.app.plan_toys import require_hypotheses
    from renp_sim.app.separations import Asking
    from renp_sim.cli.fit_options import resting_question
    from renp_sim.outputs import require_outputs
    from renp_sim.parallel.choice import executing
    from renp_sim.production.memory import keep_freed_memory

    run = loaded(run_file, settings, seed=seed, run_number=None)
    if output is not None:
        require_outputs(plan_files(output), inputs=[run.source], force=force)
    if robust and not prior:
        raise ConfigError("--robust: needs --prior, the truths that are all to be answered")
    asking = Asking(
        question=resting_question(normalisation, free, fix, constrain),
        asked=question,
        significance=(3.0 if error is None else 1.0) if significance is None else significance,
        error=error,
    )
    if toys:
        # before minutes of work
        require_hypotheses(asking)
    with working("optimising", quiet=quiet) as tell:
        wish = wish_of(run, most_steps=steps, least_dwell_s=min_dwell, grid=grid)
        truths = None if not prior else prior_of(prior, is_robust=robust)
        plan = optimised(run, asking, wish, truths, tell=tell)
    if toys:
        given = executing(workers, keep_freed_memory, cluster=cluster)
        with given as executor, working("toys", quiet=quiet):
            plan = confirmed(plan, n_toys=toys, precision=TOY_PRECISION, executor=executor)
    written = [] if output is None else write_plan(plan, output, force=force)
    if json:
        print_json(plan.as_dict())
        return
    _print(plan.sentences(), plan.as_dict())
    for path in written:
        print(f"wrote {path}")


def _print(sentences: tuple[str, ...], table: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line in sentences:
        console.print(line, style="bold")
    live_d = table["live_time_s"] / DAY_S
    steps = zip(table["omega_eV"], table["share"], strict=True)
    print_table(
        ("ω \\[eV]", "share", "signal live \\[d]"),
        [(f"{omega:.8f}", f"{share:.4f}", f"{share * live_d:.5g}") for omega, share in steps],
    )
    _print_hardest(table["least_favourable"])
    print("how much longer others need")
    print_table(
        ("schedule", "times as long"),
        [(name, "never" if gain is None else f"{gain:.4g}") for name, gain in table["gain"].items()],
    )
    if table["toys"] is not None:
        _print_toys(table["toys"])
    print_notes(console, table["notes"])


def _print_hardest(rows: list[dict[str, Any]]) -> None:
    """Print the points of the alternatives that need the most time, of which each has a weight."""
    shown = rows[:MOST_SHOWN]
    print(
        "least favourable alternatives"
        + ("" if len(rows) == len(shown) else f", {len(shown)} of {len(rows)}")
    )
    has_truths = any(row["truth"] for row in shown)
    print_table(
        ("weight", *(("truth",) if has_truths else ()), "alternative", "at"),
        [
            (
                f"{row['weight']:.3f}",
                *((_values(row["truth"]),) if has_truths else ()),
                row["alternative"],
                _values(row["at"]),
            )
            for row in shown
        ],
    )


def _values(table: dict[str, float]) -> str:
    return ", ".join(f"{name.rpartition('.')[2]} = {value:.6g}" for name, value in table.items())


def _print_toys(table: dict[str, Any]) -> None:
    def live(name: str) -> str:
        value, error = table[f"{name}_s"], table[f"{name}_error_s"]
        return "never" if value is None else f"{value / DAY_S:.4g} ± {(error or 0) / DAY_S:.2g} d"

    gain = "" if table["gain"] is None else f": {table['gain']:.4g} ± {table['gain_error']:.2g} times as long"
    print(
        f"toys, half of which exclude the alternative: this schedule {live('planned')}, "
        f"the given one {live('given')}{gain}"
    )
