"""The [interaction] section: read and written by the fields of the interaction it names.

So a new interaction is one file and one name: its dataclass says which keys there are and of what type.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from renp_sim.errors import ConfigError
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import Interaction, interaction_named
from renp_sim.physics.neutrino import Nature

__all__ = ["interaction_from_table", "interaction_table"]

STRICT = ConfigDict(allow_inf_nan=False)


def interaction_from_table(table: Mapping[str, Any], nature: Nature) -> Interaction:
    """Build the interaction that `model` names from the section's other keys.

    Raises
    ------
    ConfigError
        With a line for every unknown or missing key and every value the interaction refuses.
    """
    kind = interaction_named(str(table.get("model", "standard_model")))
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    problems: list[str] = []
    values: dict[str, Any] = {}
    for key, given in table.items():
        if key == "model":
            continue
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.5)
            takes = f"{kind.name} takes {', '.join(known) or 'no other key'}"
            problems.append(
                f"interaction.{key}: no such key; {f'did you mean {near[0]!r}?' if near else takes}"
            )
            continue
        try:
            values[key] = _value(f"interaction.{key}", given, hints[key])
        except ConfigError as error:
            problems += error.problems
    for name, field in known.items():
        if name not in table and field.default is MISSING and field.default_factory is MISSING:
            problems.append(f"interaction.{name}: is missing; {kind.name} needs it")
    if problems:
        raise ConfigError(*problems)
    interaction = kind(**values)
    interaction.check(nature)
    return interaction


def _value(where: str, given: Any, hint: Any) -> Any:
    if hint is CouplingMatrix:
        if not isinstance(given, Mapping):
            raise ConfigError(f"{where} = {given!r}: must be a table of elements, such as {{ 11 = 1e-14 }}")
        return CouplingMatrix.from_elements(given, where)
    if isinstance(given, bool) and hint is not bool:
        raise ConfigError(f"{where} = {given}: must be a number")
    try:
        return TypeAdapter(hint, config=STRICT).validate_python(given)
    except ValidationError as error:
        wanted = " or ".join(dict.fromkeys(e["msg"].removeprefix("Input ") for e in error.errors()))
        raise ConfigError(f"{where} = {given!r}: {wanted}") from None


def interaction_table(interaction: Interaction) -> dict[str, Any]:
    """Return the section that gives the interaction back."""
    table: dict[str, Any] = {"model": interaction.name}
    for field in fields(interaction):  # type: ignore[arg-type]
        value = getattr(interaction, field.name)
        table[field.name] = value.elements() if isinstance(value, CouplingMatrix) else value
    return table
