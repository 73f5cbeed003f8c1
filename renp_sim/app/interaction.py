"""The [interaction] section: read and written by the fields of the interaction it names."""

from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from renp_sim.errors import ConfigError
from renp_sim.physics.interactions import INTERACTIONS, Interaction

__all__ = ["interaction_from_table", "interaction_table"]


def interaction_from_table(table: Mapping[str, Any]) -> Interaction:
    """Build the interaction that `model` names from the section's other keys.

    Raises
    ------
    ConfigError
        For an unknown model or key, or a value the interaction refuses.
    """
    known = {interaction.name: interaction for interaction in INTERACTIONS}
    model = table.get("model", "standard_model")
    if model not in known:
        near = get_close_matches(str(model), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        raise ConfigError(f"interaction.model = {model!r}: no such interaction; {hint}")
    kind = known[model]
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    problems = []
    for key in table:
        if key != "model" and key not in names:
            near = get_close_matches(key, names, n=1, cutoff=0.5)
            hint = (
                f"did you mean {near[0]!r}?"
                if near
                else f"{model} takes {', '.join(names) or 'no other key'}"
            )
            problems.append(f"interaction.{key}: no such key; {hint}")
    if problems:
        raise ConfigError(*problems)
    return kind(**{key: value for key, value in table.items() if key != "model"})


def interaction_table(interaction: Interaction) -> dict[str, Any]:
    """Return the section that gives the interaction back."""
    values = {field.name: getattr(interaction, field.name) for field in fields(interaction)}  # type: ignore[arg-type]
    return {"model": interaction.name} | values
