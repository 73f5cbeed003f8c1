"""What a model is built from beside the data: the physics of the runs, or of a run file given instead."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from os import PathLike, fspath
from typing import Any, Self

from renp_sim.errors import ConfigError
from renp_sim.physics.interactions import Interaction
from renp_sim.physics.neutrino import Nature, Oscillation
from renp_sim.physics.target import Target
from renp_sim.runfile.build import lightest_mass_eV, oscillation_of, target_of
from renp_sim.runfile.reading import apply_settings, folder_of, read_table
from renp_sim.runfile.sections import NeutrinoSection, RunConfig
from renp_sim.runfile.tables import read, table_of

__all__ = ["Assumptions", "from_run_file", "unused_settings"]

USED = ("target.atom", "target.spin_tensor", "neutrino", "interaction")
"""Sections and keys of a run file that a fit looks at; all else it has from the data."""

MASSES = ("neutrino.lightest_mass_eV", "neutrino.masses_eV")
"""These a fit finds where it does not hold them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assumptions:
    """What a model is built from beside the data.

    Parameters
    ----------
    oscillation
        Mixing and splittings, with the ordering that they belong to.
    nature, interaction
        Dirac or Majorana; what couples.
    masses_eV
        The lightest mass, or three: where masses rest that do not float. Runs may differ in them.
    """

    oscillation: Oscillation
    nature: Nature
    interaction: Interaction
    masses_eV: tuple[float, ...]

    @classmethod
    def of(cls, neutrino: NeutrinoSection, interaction: Interaction) -> Self:
        """Build from sections of a run file; raises ConfigError or DomainError."""
        if problems := interaction.problems(neutrino.nature):
            raise ConfigError(*problems)
        return cls(
            oscillation=oscillation_of(neutrino),
            nature=neutrino.nature,
            interaction=interaction,
            masses_eV=neutrino.masses_eV or (lightest_mass_eV(neutrino),),
        )

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Build from the configuration of a run; raises ConfigError or DomainError."""
        neutrino = read(NeutrinoSection, table.get("neutrino", {}), "neutrino")
        return cls.of(neutrino, read(Interaction, table.get("interaction", {}), "interaction"))

    def differences(self, other: "Assumptions") -> dict[str, tuple[Any, Any]]:
        """Return both values of each key that differs; where a choice does, not what follows from it."""
        ours, theirs = self._by_key(), other._by_key()
        keys = [key for key in ours | theirs if ours.get(key) != theirs.get(key)]
        for choice in ("neutrino.ordering", "interaction.model"):
            if choice in keys:
                section = choice.partition(".")[0]
                keys = [k for k in keys if k in (choice, "neutrino.nature") or not k.startswith(section)]
        return {key: (ours.get(key), theirs.get(key)) for key in keys}

    def _by_key(self) -> dict[str, Any]:
        neutrino = {f.name: getattr(self.oscillation, f.name) for f in fields(self.oscillation)}
        sections = {
            "neutrino": {"nature": self.nature} | neutrino,
            "interaction": table_of(self.interaction),
        }
        return {f"{name}.{key}": value for name, table in sections.items() for key, value in table.items()}


def from_run_file(
    path: str | PathLike[str], settings: Sequence[str], seed: int | None
) -> tuple[Assumptions, Target, tuple[str, ...]]:
    """Return what a fit uses of a run file, and notes on what it does not.

    Raises
    ------
    ConfigError
        If the run file is wrong: a line for each mistake.
    """
    with_seed = [
        *(s for s in settings if not _why_unused(s)),
        *([] if seed is None else [f"run.seed={seed}"]),
    ]
    table = apply_settings(read_table(path), with_seed)
    config = read(RunConfig, table, "", folder_of(path))
    keys = [f"{section}.{key}" for section in ("target", "neutrino") for key in table.get(section, ())]
    keys += [section for section in table if section not in ("run", "output", "target", "neutrino")]
    masses = [key for key in keys if key in MASSES]
    rest = [key for key in keys if not _is_used(key) and key not in MASSES]
    note = f"{fspath(path)}: a fit uses its {', '.join(USED)}"
    # in limits and searches they rest
    note += f", its {', '.join(masses)} only where masses rest" if masses else ""
    note += f", and not its {', '.join(rest)}" if rest else ""
    notes = (note,) if masses or rest else ()
    return Assumptions.of(config.neutrino, config.interaction), target_of(config.target), notes


def unused_settings(settings: Sequence[str]) -> list[str]:
    """Return a line for each `--set` that would change nothing in a fit."""
    return [f"--set {setting}: {_why_unused(setting)}" for setting in settings if _why_unused(setting)]


def _is_used(key: str) -> bool:
    """Whether a fit looks at a key or at something in it."""
    return key not in MASSES and any(
        key == used or key.startswith(f"{used}.") or used.startswith(f"{key}.") for used in USED
    )


def _why_unused(setting: str) -> str:
    """Return why a setting would change nothing; empty if it would."""
    key, _, value = setting.partition("=")
    path = ".".join(re.split(r"[.\[\]]+", key.strip()))
    if path in MASSES:
        return f"a fit finds the masses; hold one with --fix, as in --fix lightest_mass_eV={value.strip()}"
    if _is_used(path) or path == "run.seed":
        return ""
    return f"a fit has this from the data; of --model RUN it uses {', '.join(USED)}"
