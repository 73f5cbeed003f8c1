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
    from renp_sim.ntuple.reader import read_tables

    library_call(out, [str(path) for path in files], force=force)
    runs = read_tables(out).runs
    print(f"wrote {out}: {len(runs['run'])} runs, {int(runs['n_events'].sum())} events")
