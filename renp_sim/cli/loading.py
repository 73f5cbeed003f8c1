"""The run that a command is asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from renp_sim.cli.output import complain

if TYPE_CHECKING:
    from renp_sim.runfile.run import Run

__all__ = ["loaded"]


def loaded(
    run_file: Path, settings: Sequence[str] | None, *, seed: int | None, run_number: int | None
) -> "Run":
    """Return the run, and say on stderr what its file allows but hardly means."""
    from renp_sim.app.rates import dead_time_notes_of
    from renp_sim.runfile.run import load

    run = load(run_file, tuple(settings or ()), seed=seed, run_number=run_number)
    for note in (*run.notes, *dead_time_notes_of(run)):
        complain(f"note: {note}")
    return run
