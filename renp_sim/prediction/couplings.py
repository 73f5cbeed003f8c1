"""Couplings of an interaction as real parameters."""

from collections.abc import Sequence

from renp_sim.analysis.model import Parameter
from renp_sim.physics.interactions import Interaction

__all__ = ["coupling_parameters", "with_couplings"]


def coupling_parameters(interaction: Interaction) -> tuple[Parameter, ...]:
    """Return the real parameters of every coupling element."""
    return ()


def with_couplings(
    interaction: Interaction, parameters: Sequence[Parameter], values: Sequence[float]
) -> Interaction:
    """Return the interaction with these values."""
    return interaction
