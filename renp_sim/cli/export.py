"""`renp-sim export FILE… -o FILE`."""

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
    to: Annotated[
        Literal["parquet", "csv"] | None,
        typer.Option(help="Format, if FILE ends neither in .csv nor in .parquet.", show_default=False),
    ] = None,
    force: Force = False,
) -> None:
    """Export events to Parquet or CSV, one column per branch."""
    from renp_sim.ntuple.export import export as library_call
    from renp_sim.ntuple.export import format_of

    rows = library_call(files, output, format_of(output, to), force=force)
    print(f"wrote {output}: {rows} events")
