"""Interactions: one file each, behind one contract, registered by name in one tuple."""

from renp_sim.physics.interactions.contract import Interaction
from renp_sim.physics.interactions.standard_model import StandardModel

__all__ = ["INTERACTIONS", "Interaction", "StandardModel"]

INTERACTIONS: tuple[type[Interaction], ...] = (StandardModel,)
"""Every interaction a run file can name; a new one is one file and one entry here."""
