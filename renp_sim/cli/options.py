"""Options that commands share."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

__all__ = [
    "Cluster",
    "Constrain",
    "Files",
    "Fix",
    "FixAt",
    "Force",
    "Free",
    "Json",
    "Level",
    "Masses",
    "MaybeQuestion",
    "Model",
    "Natures",
    "Normalisation",
    "Orderings",
    "Question",
    "Quiet",
    "RunFile",
    "RunNumber",
    "Seed",
    "Settings",
    "Subjects",
    "Toys",
    "Workers",
    "folder_option",
    "whole_number",
]


def folder_option(says: str) -> Any:
    """Return `--output FOLDER`, which says what is written into it."""
    return typer.Option("--output", "-o", metavar="FOLDER", help=says)


def whole_number(text: str) -> int:
    """Return a whole number, which may be written as 1e6."""
    try:
        if text.strip().lstrip("+-").isdecimal():
            return int(text)
        number = float(text)
        if number.is_integer():
            return int(number)
    except (ValueError, OverflowError):
        # too many digits, or none
        pass
    raise typer.BadParameter(f"{text[:40]!r} is not a whole number, such as 1000000 or 1e6")


RunFile = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="Run file (TOML), or the name of an example.", show_default=False),
]
Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="ROOT files; several runs are combined.", show_default=False),
]
Subjects = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN|FILE...", help="A run file or an example, or ROOT files.", show_default=False
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a key, such as laser.linewidth_eV=1e-6 (repeatable)."
    ),
]
Model = Annotated[
    Path | None,
    typer.Option("--model", metavar="RUN", help="Run file to fit instead of the configuration in the files."),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", parser=whole_number, metavar="NUMBER", help="Use another seed than the run file's."
    ),
]
Question = Annotated[
    str, typer.Option(metavar="ordering|nature|NAME=VALUE", help="What is in doubt.", show_default=False)
]
MaybeQuestion = Annotated[
    str | None,
    typer.Option(
        "--question", metavar="ordering|nature|NAME=VALUE", help="What is in doubt.", show_default=False
    ),
]
Masses = Annotated[
    Literal["lightest", "three"], typer.Option(help="Fit the lightest mass, or three free masses.")
]
Orderings = Annotated[Literal["normal", "inverted", "both"], typer.Option(help="Hypotheses.")]
Natures = Annotated[
    Literal["dirac", "majorana", "both", "run"], typer.Option(help="Hypotheses; `run`: that of the run.")
]
Level = Annotated[float, typer.Option(help="Two-sided level of the intervals.")]
RunNumber = Annotated[
    int | None,
    typer.Option("--run-number", parser=whole_number, metavar="NUMBER", help="Use another run number."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
Normalisation = Annotated[
    str,
    typer.Option(
        metavar="fixed|free|PERCENT", help="Γ₀: known, unknown, or known to so many per cent: 10 is 10 %."
    ),
]
Free = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Free parameter, or pattern (repeatable).")
]
Fix = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[=VALUE]", help="Fixed parameter; without a value at the run file's (repeatable)."
    ),
]
FixAt = Annotated[
    list[str] | None, typer.Option("--fix", metavar="NAME=VALUE", help="Fixed parameter (repeatable).")
]
"""Of a fit of data, which takes no value from the run file that made them."""
Constrain = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME[=VALUE:ERROR]", help="Constrained; ERROR% is log-normal (repeatable)."),
]
Toys = Annotated[
    int | None,
    typer.Option("--toys", parser=whole_number, metavar="NUMBER", help="Toys, where outcomes are too many."),
]
Workers = Annotated[int, typer.Option(help="Processes; no result depends on it.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="Dask scheduler, such as tcp://host:8786; local: one with --workers here."
    ),
]
