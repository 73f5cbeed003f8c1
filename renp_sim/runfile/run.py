"""From a configuration to the objects that do the work: emission, schedule, detector."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from detector.response import Detector
from renp_sim.errors import ConfigError
from renp_sim.laser.schedule import Schedule
from renp_sim.physics.neutrino import Nature, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.runfile import build
from renp_sim.runfile.kinds import interaction_from_table, interaction_table
from renp_sim.runfile.reading import EXAMPLES, apply_settings, config_from_table, read_table
from renp_sim.runfile.sections import RunConfig

__all__ = ["Setup", "load", "setup_from_table"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setup:
    """A run, ready to be computed, generated or fitted.

    Parameters
    ----------
    config
        The run file as it was understood.
    run_number
        `run.number`, or a hash of the seed and of every section that changes the data.
    oscillation
        Mixing and splittings, NuFIT 5.2 filled in.
    emission, schedule, detector
        What the layers work with; the schedule is the one that was set.
    truth
        The schedule as it was, with the true offsets of the frequency scale.
    source
        The run file; None for an example or a table.
    """

    config: RunConfig
    run_number: int
    oscillation: Oscillation
    emission: Emission
    schedule: Schedule
    truth: Schedule
    detector: Detector
    source: Path | None = None

    def resolved(self) -> dict[str, Any]:
        """Return the configuration as a table with every default written out; it gives the run back."""
        table: dict[str, Any] = self.config.model_dump(mode="json", exclude_none=True)
        table["run"]["number"] = self.run_number
        atom = self.emission.target.atom
        table["target"]["atom"] = {
            "name": atom.name,
            "e_eg_eV": atom.e_eg_eV,
            "e_vg_eV": atom.e_vg_eV,
            "gamma_ref_hz": atom.gamma_ref_hz,
        } | ({} if atom.j_e is None else {"j_e": atom.j_e})
        keys = ["sin2_theta12", "sin2_theta13", "delta_cp_deg", "dm2_21_eV2", "dm2_3l_eV2"]
        if self.emission.neutrinos.nature is Nature.MAJORANA:
            keys += ["alpha21_deg", "alpha31_deg"]
        table["interaction"] = interaction_table(self.emission.interaction)
        table["neutrino"] |= {key: getattr(self.oscillation, key) for key in keys}
        if self.config.neutrino.masses_eV is None:
            table["neutrino"]["lightest_mass_eV"] = build.lightest_mass_eV(self.config)
        return table


def load(
    path: str | Path,
    settings: tuple[str, ...] = (),
    *,
    seed: int | None = None,
    run_number: int | None = None,
) -> Setup:
    """Read a run file (or an example by name), apply `--set`, `--seed` and `--run-number`, and build the run.

    Raises
    ------
    ConfigError
        With every problem of the run file, a line each.
    """
    table = apply_settings(read_table(path), settings)
    for key, value in (("seed", seed), ("number", run_number)):
        if value is not None:
            table.setdefault("run", {})[key] = value
    return replace(setup_from_table(table), source=None if str(path) in EXAMPLES else Path(path))


def setup_from_table(table: Mapping[str, Any]) -> Setup:
    """Build the run that a table describes.

    Raises
    ------
    ConfigError
        With every problem, a line each.
    """
    config, problems = config_from_table(table)
    if config is None:
        raise ConfigError(*problems)

    def attempt(build: Callable[[], T]) -> T | None:
        try:
            return build()
        except ConfigError as error:
            problems.extend(line for line in error.problems if line not in problems)
        except ValueError as error:
            problems.append(str(error))
        return None

    oscillation = attempt(lambda: build.oscillation_of(config))
    neutrinos = attempt(lambda: build.neutrinos_of(config, oscillation)) if oscillation else None
    interaction = attempt(lambda: interaction_from_table(config.interaction, config.neutrino.nature))
    target = attempt(lambda: build.target_of(config))
    detector = attempt(lambda: build.detector_of(config, target.atom.e_eg_eV)) if target else None
    if target:
        problems += build.frequency_problems(config, target.atom)
    if problems or not (oscillation and neutrinos and interaction and target and detector):
        raise ConfigError(*problems)
    emission = Emission(target=target, neutrinos=neutrinos, interaction=interaction)
    schedule = attempt(lambda: build.schedule_of(config, emission, detector))
    truth = attempt(lambda: build.truth_of(config, schedule, target.atom.e_eg_eV)) if schedule else None
    if schedule is None or truth is None:
        raise ConfigError(*problems)
    return Setup(
        config=config,
        run_number=config.run.number or _hashed_number(config),
        oscillation=oscillation,
        emission=emission,
        schedule=schedule,
        truth=truth,
        detector=detector,
    )


def _hashed_number(config: RunConfig) -> int:
    """Return a number in 1 … 2⁵³ − 1 from the seed and the sections that change the data."""
    sections = config.model_dump(mode="json", exclude={"run": {"name", "number"}, "output": {"compression"}})
    text = json.dumps(sections, sort_keys=True)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % (2**53 - 1) + 1
