"""The command line: one file per command, each ends in one library call."""

from renp_sim.cli.main import main

__all__ = ["main"]
