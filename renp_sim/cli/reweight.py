"""`renp-sim reweight FILE --set KEY=VALUE… -o FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from renp_sim.cli.options import Force, Quiet, Settings
from renp_sim.cli.progress import progress_bar

__all__ = ["reweight"]


def reweight(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="ROOT file with truth.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File of weights to write, factors on events.weight.",
            show_default=False,
        ),
    ],
    settings: Settings = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write weights, keyed by (run, event), that turn a sample into another hypothesis."""
    from renp_sim.production.reweight import reweight as library_call

    with progress_bar("reweighting", quiet=quiet) as progress:
        made = library_call(file, settings or (), output, force=force, progress=progress)
    print(
        f"wrote {made.path}: {made.n_events} rows, factors on events.weight; {made.n_signal} signal photons, "
        f"sum of weights {made.sum_of_weights:.6g}, as good as {made.effective_events:.6g} unweighted ones"
    )
    for note in made.notes:
        print(f"note: {note}")
