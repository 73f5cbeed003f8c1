"""`renp-sim init FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from renp_sim.cli.options import Force

__all__ = ["init"]


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.", show_default=False)],
    force: Force = False,
) -> None:
    """Write a commented run file with a fresh seed."""
    from renp_sim.runfile.reading import write_template

    write_template(file, force=force)
    print(f"wrote {file}; next: renp-sim check {file}")
