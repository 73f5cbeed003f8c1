"""`renp-sim excess RUN|FILE…`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from renp_sim.cli.options import (
    Constrain,
    Fix,
    Force,
    Free,
    Json,
    Model,
    Normalisation,
    Quiet,
    Seed,
    Settings,
    Subjects,
    Toys,
    folder_option,
)
from renp_sim.cli.output import ROUNDING, print_json, print_notes
from renp_sim.cli.progress import progress_bar

__all__ = ["excess"]

DEFAULT_TOYS = 10_000


def excess(
    subjects: Subjects,
    kind: Annotated[
        Literal["threshold", "resonance"],
        typer.Option(help="An extra pair of equal masses, or a line as narrow as the laser's."),
    ] = "threshold",
    toys: Toys = None,
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: Fix = None,
    constrain: Constrain = None,
    model: Model = None,
    settings: Settings = None,
    seed: Seed = None,
    output: Annotated[
        Path | None,
        folder_option("Also write the scan as CSV, PNG and PDF."),
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print the largest excess anywhere in the scan, and how probable it is by chance anywhere."""
    from renp_sim.app.excess import find_excess, write_excess
    from renp_sim.app.excess_places import ExcessKind
    from renp_sim.app.subject import subject_of
    from renp_sim.cli.fit_options import resting_question
    from renp_sim.errors import ConfigError

    question = resting_question(normalisation, free, fix, constrain)
    subject = subject_of(subjects, model=model, settings=settings or (), seed=seed)
    if output is not None and subject.is_planned:
        raise ConfigError("--output: is for the scan of data; give ROOT files")
    with progress_bar("looking everywhere", quiet=quiet) as progress:
        n_toys = DEFAULT_TOYS if toys is None else toys
        report = find_excess(subject, question, ExcessKind(kind), n_toys=n_toys, progress=progress)
    written = [] if output is None else write_excess(report, output, force=force)
    if json:
        print_json(report.as_dict())
        return
    _print(report.as_dict())
    for path in written:
        print(f"wrote {path}")


def _print(table: dict[str, Any]) -> None:
    from rich.console import Console

    from renp_sim.app.page.words import likely

    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(f"extra {table['kind']} at {table['places']} places, {table['hypothesis']}", style="bold")
    at = ", ".join(f"{name} = {value:.6g}" for name, value in table["null_at"].items())
    console.print(f"  without it: {at or 'nothing floats'}")
    if table["delta_q"] is not None and table["delta_q"] < ROUNDING:
        console.print("  no place counts more than without it: Δ(−2lnL) = 0 everywhere")
    elif not table["is_expected"]:
        console.print(
            f"  largest at ω = {table['omega_eV']:.9g} eV (mass {table['mass_eV']:.4g} eV), "
            f"strength {table['strength']:.4g}, Δ(−2lnL) = {table['delta_q']:.4g}"
        )
        anywhere = likely(table["p_value"], is_bound=table["is_bound"])
        error = "" if table["is_bound"] else f" ± {table['p_error']:.1g}"
        console.print(
            f"  there p {likely(table['local_p_value'])}; anywhere p {anywhere}{error} "
            f"({table['toys']} toys), ≤ {table['p_value_bound']:.3g} by upcrossings"
        )
        at_most = "≤ " if table["is_bound"] else ""
        console.print(f"  trial factor {at_most}{table['trial_factor']:.3g}")
    levels = table["delta_q_needed"].items()
    needed = ", ".join(f"{f'{q:.4g}' if q > ROUNDING else 'any above 0'} for {z}σ" for z, q in levels)
    console.print(f"  Δ(−2lnL) needed anywhere: {needed}")
    print_notes(console, table["notes"])
