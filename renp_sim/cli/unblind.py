"""`renp-sim unblind FILE --key KEY -o OUT`."""

from pathlib import Path
from typing import Annotated

import typer

from renp_sim.cli.options import Force

__all__ = ["unblind"]


def unblind(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="ROOT file with the blind run.", show_default=False)
    ],
    key: Annotated[
        Path, typer.Option("--key", metavar="KEY", help="Key written beside it.", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="ROOT file to write.", show_default=False)
    ],
    force: Force = False,
) -> None:
    """Give a blind run its truth back, from the key that `generate` wrote beside it."""
    from renp_sim.ntuple.unblind import unblind as library_call

    made = library_call(file, key, output, force=force)
    blind = f"; still blind: run {', '.join(map(str, made.still_blind))}" if made.still_blind else ""
    print(f"wrote {made.path}: run {made.run} with its truth, {made.n_events} events{blind}")
