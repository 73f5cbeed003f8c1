"""`renp-sim toys RUN -n N -o FILE`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from renp_sim.cli.given import refuse_unused
from renp_sim.cli.interrupt import when_interrupted
from renp_sim.cli.lists import numbers
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
    RunFile,
    Seed,
    Settings,
    Workers,
    whole_number,
)
from renp_sim.cli.output import print_json, print_notes, print_table
from renp_sim.cli.progress import progress_bar
from renp_sim.errors import ConfigError

__all__ = ["print_toys", "refuse_unread", "toys"]

DAY_S = 86_400.0


Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="ROOT file to write.", show_default=False)
]
Number = Annotated[
    int | None,
    typer.Option("--number", "-n", parser=whole_number, metavar="NUMBER", help="Toys 0 … NUMBER − 1."),
]
Part = Annotated[
    str | None, typer.Option("--toys", metavar="A:B", help="Toys A … B − 1, a part to be merged.")
]
Drawn = Annotated[
    Literal["truth", "alternative", "both"],
    typer.Option(help="Under which toys of a question are drawn."),
]
Factors = Annotated[
    str, typer.Option(metavar="FACTOR,...", help="Factors on all durations; a toy serves them all.")
]
Significance = Annotated[float, typer.Option(help="One-sided, of the power that is printed.")]
Powers = Annotated[str, typer.Option(metavar="SHARE,...", help="Powers whose exposure is read off the toys.")]
MaxFailed = Annotated[
    float, typer.Option(metavar="SHARE", help="Exit code 4 if more of the fits do not converge.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on where it was interrupted; extend a file that is there.")
]


def toys(
    context: typer.Context,
    run_file: RunFile,
    output: Output,
    number: Number = None,
    part: Part = None,
    question: MaybeQuestion = None,
    hypothesis: Drawn = "both",
    exposure: Factors = "1",
    significance: Significance = 3.0,
    power: Powers = "0.5,0.9",
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: Fix = None,
    constrain: Constrain = None,
    settings: Settings = None,
    seed: Seed = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    max_failed: MaxFailed = 0.01,
    resume: Resume = False,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw and fit toys along the exposure, keep every one, and print what they say."""
    from renp_sim.app.exposure import require_test
    from renp_sim.app.toy_plan import plan_toys
    from renp_sim.app.toy_summary import read_campaign, require_few_failures
    from renp_sim.app.toys import make_toys
    from renp_sim.cli.fit_options import resting_question
    from renp_sim.parallel.choice import executing
    from renp_sim.production.memory import keep_freed_memory

    keep_freed_memory()
    first, last = _range(number, part)
    asked = resting_question(normalisation, free, fix, constrain)
    factors, powers = numbers(exposure, "--exposure"), numbers(power, "--power")
    require_test(significance, powers)
    refuse_unread(context, of_both=question is not None and hypothesis == "both", n_factors=len(factors))
    run = loaded(run_file, settings, seed=seed, run_number=None)
    plan = plan_toys(run, asked, question, factors=factors, drawn=hypothesis)
    left = f"{output}: the same command with --resume makes the toys that are missing"
    with (
        when_interrupted(lambda: left),
        progress_bar("toys", quiet=quiet, unit="toys") as progress,
        executing(workers, keep_freed_memory, cluster=cluster) as executor,
    ):
        part_of = (plan, output, first, last)
        make_toys(*part_of, executor=executor, resume=resume, force=force, progress=progress)
    table = read_campaign(output, significance=significance, powers=powers)
    if json:
        print_json(table | {"path": str(output)})
    else:
        print_toys(table)
        print(f"wrote {output}: {table['n_toys']} toys, {table['fits']['n']} fits")
    require_few_failures(table["fits"], max_failed)


def refuse_unread(context: typer.Context, *, of_both: bool, n_factors: int) -> None:
    """Raise ConfigError if anything is asked of the power that toys of so many exposures do not say."""
    needs = {}
    if not of_both:
        both = "toys of a --question under both hypotheses"
        needs = {"significance": both, "power": both}
    elif n_factors < 2:
        needs["power"] = "toys of two --exposure factors or more, between which it is read off"
    refuse_unused(context, needs)


def _range(number: int | None, part: str | None) -> tuple[int, int]:
    if (number is None) == (part is None):
        raise ConfigError("-n, --toys: give one of them: how many toys, or which, as --toys 0:4096")
    if number is not None:
        if number < 1:
            raise ConfigError(f"-n {number}: must be at least 1")
        return 0, number
    assert part is not None
    try:
        first, last = (int(text) for text in part.split(":"))
    except ValueError:
        raise ConfigError(f"--toys {part}: write A:B, such as 4096:8192") from None
    return first, last


def print_toys(table: dict[str, Any]) -> None:
    """Print what toys say, for people."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, markup=False)
    sides = " against ".join(table["hypotheses"])
    console.print(f"{table['question'] or 'toys'}: {sides}, normalisation {table['normalisation']}")
    rows = [_row(row, table["n_toys"]) for row in table["exposures"]]
    if "power" in table["exposures"][0]:
        z = f"power at {table['significance']:g} σ"
        print_table(("factor", "signal live \\[d]", "median ΔT", "median σ", "68 %", "95 %", z), rows)
    largest = max(row["factor"] for row in table["exposures"])
    for row in table["results"]:
        place = f" at factor {row['factor']:.5g} ± {row['factor_error']:.2g}" if row["factor"] else ""
        status = f"not up to factor {largest:g}" if row["status"] == "never" else row["status"]
        console.print(f"power {row['power']:g}: {status}{place}")
    counts = ", ".join(f"{n} {name}" for name, n in table["fits"].items() if name not in ("n", "failed"))
    console.print(f"{table['fits']['n']} fits: {counts}")
    print_notes(console, table["notes"])


def _row(row: dict[str, Any], n_toys: int) -> tuple[str, ...]:
    if "power" not in row:
        return ()
    from renp_sim.app.page.words import sigma_text

    band = {name: sigma_text(sigma, n_toys) for name, sigma in row["significance"].items()}
    ranges = [f"{band[f'minus_{k}_sigma']} … {band[f'plus_{k}_sigma']}" for k in (1, 2)]
    return (
        f"{row['factor']:g}",
        f"{row['live_time_s'] / DAY_S:.5g}",
        f"{row['median_delta_q']:.4g}",
        band["median"],
        *ranges,
        f"{row['power']:.4f} ± {row['power_error']:.2g}",
    )
