"""The commands and their lines of help; the file of one is imported when that one is asked for."""

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from renp_sim.cli.given import Command

__all__ = ["COMMANDS", "Commands", "stand_in"]

COMMANDS: Final = {
    "init": "Write a commented run file with a fresh seed.",
    "check": "Check a run file (every error at once) and print what it means, with all defaults.",
    "keys": "Print every key of the run file and of every kind, and every parameter of `fit`, as Markdown.",
    "rate": "Print the spectral function I(ω), its pairs, thresholds, rates and expected counts.",
    "generate": "Generate photon events and write them to a ROOT ntuple.",
    "inspect": "Check ntuples and show their runs; exit code 3 with the list of faults if there are any.",
    "spectrum": "Rebuild the spectral function: counts per step → efficiency-corrected Î(ω) with "
    "Poisson errors.",
    "fit": "Fit neutrino masses to counts per step; prints intervals, thresholds and what is compared.",
    "limit": "Print the limit on a parameter: observed of ROOT files, expected of a run file.",
    "sensitivity": "Print expected limits along a scan, with their bands and what limits them.",
    "compare": "Print whether an alternative is excluded: by data, or by the median experiment "
    "of a run file.",
    "identify": "Print which wrong coupling element could pass for each one of the run file.",
    "excess": "Print the largest excess anywhere in the scan, and how probable it is by chance anywhere.",
    "exposure": "Print how long a run must last to answer a question.",
    "optimise": "Find the schedule that answers a question in the least time, and prove how good it is.",
    "toys": "Draw and fit toys along the exposure, keep every one, and print what they say.",
    "pulls": "Print bias and pulls of the toys that `renp-sim toys` kept, by parameter and exposure.",
    "coverage": "Print how often intervals of a parameter hold its true value.",
    "run": "Do all of it: ntuple, spectrum, fit and threshold search, with plots and "
    "results.json in a folder.",
    "report": "Write report.html, one file to hand on; options are those of `fit`, a folder is as it was "
    "fitted.",
    "figures": "Rebuild the published spectral figures as PNG, PDF and CSV.",
    "reweight": "Write weights, keyed by (run, event), that turn a sample into another hypothesis.",
    "merge": "Merge ntuples, or parts of a toy campaign; plain `hadd` does the same, but "
    "refuses no duplicates.",
    "unblind": "Give a blind run its truth back, from the key that `generate` wrote beside it.",
    "export": "Export events to Parquet or CSV, one column per branch.",
}
"""Each is the function of its name in the file of its name, whose first line of help is the one here."""


def stand_in() -> None:
    """Be listed in place of a command."""


class Commands(TyperGroup):
    """Stand-ins are listed, completed and suggested; what is called or explained is the command itself."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return name, command and what is left of the words (typer)."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _loaded(name) if name in COMMANDS else command, rest


def _loaded(name: str) -> Any:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(name, cls=Command)(getattr(import_module(f"renp_sim.cli.{name}"), name))
    return typer.main.get_command(app)
