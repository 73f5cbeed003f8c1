"""`renp-sim merge OUT FILE…`."""

from pathlib import Path
from typing import Annotated

import typer

from renp_sim.cli.options import Files, Force

__all__ = ["merge"]


def merge(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="ROOT file to write.", show_default=False)],
    files: Files,
    force: Force = False,
) -> None:
    """Merge ntuples, or parts of a toy campaign; plain `hadd` does the same, but refuses no duplicates."""
    from renp_sim.ntuple.merge import merge as library_call

    made = library_call(out, files, force=force)
    found = f"{made.n_toys} toys" if made.n_toys else f"{made.n_runs} runs, {made.n_events} events"
    print(f"wrote {out}: {found}")
