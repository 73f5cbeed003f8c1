"""`renp-sim figures FOLDER`."""

from pathlib import Path
from typing import Annotated

import typer

from renp_sim.cli.options import Force

__all__ = ["figures"]


def figures(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to write them.", show_default=False)
    ],
    force: Force = False,
) -> None:
    """Rebuild the published spectral figures as PNG, PDF and CSV."""
    from renp_sim.app.published_figures import write_figures

    for path in write_figures(folder, force=force):
        print(f"wrote {path}")
