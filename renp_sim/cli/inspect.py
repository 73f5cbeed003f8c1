"""`renp-sim inspect FILE…`."""

from typing import TYPE_CHECKING, Any

import typer

from renp_sim.cli.options import Files, Json
from renp_sim.cli.output import complain, print_json

if TYPE_CHECKING:
    from renp_sim.ntuple.inspect import Report

__all__ = ["inspect"]


def inspect(files: Files, json: Json = False) -> None:
    """Check ntuples and show their runs; exit code 3 with the list of faults if there are any."""
    from renp_sim.ntuple.inspect import inspect as library_call

    report = library_call(files)
    if json:
        print_json(report.as_dict())
    else:
        _print(report)
    if not report.is_sound:
        raise typer.Exit(3)


def _print(report: "Report") -> None:
    for run in report.runs:
        marks = {
            "blind": run.is_blind,
            "weighted": not run.is_poisson,
            "more than once": run.is_doubled,
            "no content hash (schema 1.0): damage may go unseen": not run.is_hashed and not run.is_doubled,
        }
        notes = [note for note, holds in marks.items() if holds]
        print(f"{run.path}: run {run.run}{''.join(f', {note}' for note in notes)}")
        print(
            f"    {run.n_steps} steps, {run.n_events} events, {run.n_recorded} recorded photons, "
            f"all steps live {run.live_time_s:.7g} s of {run.wall_time_s:.7g} s"
        )
    for toys in report.toys:
        _print_toys(toys.as_dict())
    for fault in report.faults:
        complain(fault)
    if report.is_sound:
        print("no faults")


def _print_toys(table: dict[str, Any]) -> None:
    asked = f"{table['question']}, " if table["question"] else ""
    mark = "" if table["is_hashed"] else ", merged by hadd: damage may go unseen"
    print(
        f"{table['path']}: toys of run {table['run']}, {asked}{' against '.join(table['hypotheses'])}{mark}"
    )
    ranges = ", ".join(f"{first} … {last - 1}" for first, last in table["ranges"])
    factors = ", ".join(f"{factor:g}" for factor in table["factors"])
    fits = ", ".join(f"{n} {name}" for name, n in table["statuses"].items())
    print(f"    {table['n_toys']} toys ({ranges}), exposures {factors}; {table['n_fits']} fits: {fits}")
