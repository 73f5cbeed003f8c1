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
    """Merge ntuples into one; plain `hadd` gives the same content, but does not refuse duplicate runs."""
    from renp_sim.ntuple.merge import merge as library_call

    made = library_call(out, files, force=force)
    print(f"wrote {out}: {made.n_runs} runs, {made.n_events} events")
