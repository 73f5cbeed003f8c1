"""`renp-sim coverage RUN`."""

from typing import Annotated

import typer

from renp_sim.cli.lists import chosen, numbers
from renp_sim.cli.loading import loaded
from renp_sim.cli.options import (
    Cluster,
    Constrain,
    Fix,
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

__all__ = ["coverage"]

DEFAULT_TOYS = 1000


Parameter = Annotated[str, typer.Option(metavar="NAME", help="Parameter, as in limit.", show_default=False)]
Truth = Annotated[str, typer.Option(metavar="VALUE,...", help="True values of it.")]
Level = Annotated[float, typer.Option("--cl", help="Confidence level.")]
Methods = Annotated[
    list[str] | None,
    typer.Option(metavar="profile|feldman-cousins|cls", help="Repeatable; by default all."),
]


def coverage(
    run_file: RunFile,
    parameter: Parameter,
    truth: Truth = "0",
    level: Level = 0.9,
    method: Methods = None,
    toys: Toys = None,
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: Fix = None,
    constrain: Constrain = None,
    settings: Settings = None,
    seed: Seed = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print how often intervals of a parameter hold its true value."""
    from renp_sim.app.coverage import CoverageMethod, coverage_of
    from renp_sim.app.experiment import Experiment
    from renp_sim.cli.fit_options import resting_question
    from renp_sim.parallel.choice import executing
    from renp_sim.production.memory import keep_freed_memory

    question = resting_question(normalisation, free, fix, constrain)
    truths = numbers(truth, "--truth")
    methods = chosen(method or list(CoverageMethod), CoverageMethod, "--method")
    run = loaded(run_file, settings, seed=seed, run_number=None)
    with working("toys", quiet=quiet), executing(workers, keep_freed_memory, cluster=cluster) as executor:
        found = coverage_of(
            Experiment.of(run),
            question,
            parameter,
            truths,
            seed=run.config.run.seed,
            n_toys=DEFAULT_TOYS if toys is None else toys,
            level=level,
            methods=methods,
            executor=executor,
        ).as_dict()
    if json:
        print_json(found)
        return
    from rich.console import Console

    print(
        f"{found['parameter']}: coverage of {100 * level:g} % intervals, {found['hypothesis']}, "
        f"normalisation {found['normalisation']}"
    )
    print_table(
        ("truth", "method", "coverage", "68 % Clopper–Pearson", "toys"),
        [
            (
                f"{row['truth']:g}",
                row["method"],
                f"{row['coverage']:.4f}",
                " … ".join(f"{end:.4f}" for end in row["interval"]),
                str(row["toys"]),
            )
            for row in found["rows"]
        ],
    )
    print_notes(Console(soft_wrap=True, highlight=False, markup=False), found["notes"])
