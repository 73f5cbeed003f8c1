"""Options that commands share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Files", "Force", "Json", "Model", "Quiet", "RunFile", "RunNumber", "Seed", "Settings"]

RunFile = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="Run file (TOML), or the name of an example.", show_default=False),
]
Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="ROOT files; several runs are combined.", show_default=False),
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
Seed = Annotated[int | None, typer.Option("--seed", help="Use another seed than the run file's.")]
RunNumber = Annotated[int | None, typer.Option("--run-number", help="Use another run number.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
