"""`renp-sim export FILE… --to parquet|csv`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from renp_sim.cli.options import Files, Force

__all__ = ["export"]


def export(
    files: Files,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.", show_default=False)
    ],
    to: Annotated[Literal["parquet", "csv"], typer.Option(help="Format.")] = "parquet",
    force: Force = False,
) -> None:
    """Export events to Parquet or CSV, one column per branch."""
    from renp_sim.app.inspection import exported

    rows = exported(files, output, to, force=force)
    print(f"wrote {output}: {rows} events")
