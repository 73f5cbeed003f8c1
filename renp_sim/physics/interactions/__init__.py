"""Interactions: one file each, behind one contract, registered by name in one tuple."""

from renp_sim.errors import ConfigError, nearest
from renp_sim.physics.interactions.contract import Interaction, Pole
from renp_sim.physics.interactions.em_moments import ElectromagneticMoments
from renp_sim.physics.interactions.scalar_mediator import ScalarFormula, ScalarMediator
from renp_sim.physics.interactions.standard_model import StandardModel
from renp_sim.physics.interactions.vector_mediator import VectorMediator

__all__ = [
    "INTERACTIONS",
    "ElectromagneticMoments",
    "Interaction",
    "Pole",
    "ScalarFormula",
    "ScalarMediator",
    "StandardModel",
    "VectorMediator",
    "interaction_named",
]

INTERACTIONS: tuple[type[Interaction], ...] = (
    StandardModel,
    VectorMediator,
    ScalarMediator,
    ElectromagneticMoments,
)
"""Every interaction a run file can name; a new one is one file and one entry here."""


def interaction_named(name: str) -> type[Interaction]:
    """Return the interaction that a run file calls by a name.

    Raises
    ------
    ConfigError
        If there is none; the nearest name is suggested.

    Examples
    --------
    >>> interaction_named("em_moments").__name__
    'ElectromagneticMoments'
    """
    known = {interaction.name: interaction for interaction in INTERACTIONS}
    if name not in known:
        raise ConfigError(f"interaction.model = {name!r}: no such model; {nearest(name, known)}")
    return known[name]
