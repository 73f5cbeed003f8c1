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
        typer.Option(help="Format; CSV if FILE ends in .csv, else Parquet.", show_default=False),
    ] = None,
    force: Force = False,
) -> None:
    """Export events to Parquet or CSV, one column per branch."""
    from renp_sim.ntuple.export import Format
    from renp_sim.ntuple.export import export as library_call

    form = Format(to or ("csv" if output.suffix == ".csv" else "parquet"))
    rows = library_call([str(path) for path in files], output, form, force=force)
    print(f"wrote {output}: {rows} events")
