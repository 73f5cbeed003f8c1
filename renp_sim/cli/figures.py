"""`renp-sim figures FOLDER`."""

from pathlib import Path
from typing import Annotated

import typer

from renp_sim.cli.options import Force, Quiet
from renp_sim.cli.progress import progress_bar

__all__ = ["figures"]


def figures(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to write them.", show_default=False)
    ],
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Rebuild the published spectral figures as PNG, PDF and CSV."""
    from renp_sim.app.published_figures import write_figures

    with progress_bar("figures", quiet=quiet) as progress:
        written = write_figures(folder, force=force, progress=progress)
    for path in written:
        print(f"wrote {path}")
