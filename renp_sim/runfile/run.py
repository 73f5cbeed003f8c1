"""A run: a run file, and the objects that are built from it: emission, schedule, detector."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar

from detector.response import Detector
from renp_sim.errors import ConfigError, RenpError
from renp_sim.laser.schedule import Schedule
from renp_sim.physics.neutrino import Nature, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.runfile import build
from renp_sim.runfile.notes import atom_notes, blind_notes, notes_of
from renp_sim.runfile.reading import EXAMPLES, apply_settings, folder_of, read_table
from renp_sim.runfile.sections import RunConfig
from renp_sim.runfile.tables import Reader, table_of

__all__ = ["LARGEST_NUMBER", "Run", "load", "run_from_table"]

T = TypeVar("T")

LARGEST_NUMBER = 2**53 - 1
"""Of a run: ROOT's formulas are doubles."""

LATER_KEYS = (
    ("detector", "channels"),
    ("detector", "afterpulse"),
    ("output", "blind"),
    ("laser", "pulses"),
    ("drift", "efficiency"),
    ("drift", "density"),
)
"""Keys that came after numbers were made: where nothing is given, numbers stay as they were."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """A run, ready to be computed, generated or fitted.

    Parameters
    ----------
    config
        The run file as it was understood.
    number
        `run.number`, or a hash of the seed and of every section that changes the data.
    oscillation
        Mixing and splittings, NuFIT 5.2 filled in.
    emission, schedule, detector
        What the layers work with; the schedule is the one that was set.
    truth
        The schedule as it was, with the true offsets of the frequency scale and the drift of the efficiency.
    source
        The run file; None for an example or a table.
    notes
        What is allowed, but hardly meant, a line each.
    """

    config: RunConfig
    number: int
    oscillation: Oscillation
    emission: Emission
    schedule: Schedule
    truth: Schedule
    detector: Detector
    source: Path | None = None
    notes: tuple[str, ...] = ()

    def resolved(self) -> dict[str, Any]:
        """Return the configuration as a table with every default written out; it gives the run back."""
        table: dict[str, Any] = table_of(self.config)
        table["run"]["number"] = self.number
        table["target"]["atom"] = table_of(self.emission.target.atom)
        keys = ["sin2_theta12", "sin2_theta13", "delta_cp_deg"]
        if self.emission.neutrinos.nature is Nature.MAJORANA:
            keys += ["alpha21_deg", "alpha31_deg"]
        if self.config.neutrino.masses_eV is None:
            keys += ["dm2_21_eV2", "dm2_3l_eV2"]
            table["neutrino"]["lightest_mass_eV"] = build.lightest_mass_eV(self.config.neutrino)
        table["neutrino"] |= {key: getattr(self.oscillation, key) for key in keys}
        return dict(_without_none(table))


def load(
    path: str | PathLike[str],
    settings: tuple[str, ...] = (),
    *,
    seed: int | None = None,
    run_number: int | None = None,
) -> Run:
    """Read a run file (or an example by name), apply `--set`, `--seed` and `--run-number`, and build the run.

    Raises
    ------
    ConfigError
        With every problem of the run file, a line each.
    """
    changes = {"run.seed": seed, "run.number": run_number}
    more = [f"{key}={value}" for key, value in changes.items() if value is not None]
    run = run_from_table(apply_settings(read_table(path), [*settings, *more]), folder_of(path))
    return replace(run, source=None if fspath(path) in EXAMPLES else Path(path))


def run_from_table(table: Mapping[str, Any], folder: Path = Path()) -> Run:
    """Build the run that a table describes; files that it names are in a folder.

    Raises
    ------
    ConfigError
        With every problem, a line each.
    """
    reader = Reader(folder)
    config: RunConfig = reader.table(RunConfig, table, "")
    problems = reader.problems

    def attempt(build: Callable[[], T]) -> T | None:
        try:
            return build()
        except RenpError as error:
            problems.extend(line for line in str(error).splitlines() if line not in problems)
        return None

    oscillation = attempt(lambda: build.oscillation_of(config.neutrino))
    neutrinos = attempt(lambda: build.neutrinos_of(config.neutrino, oscillation)) if oscillation else None
    problems += config.interaction.problems(config.neutrino.nature)
    target = attempt(lambda: build.target_of(config.target))
    detector = attempt(lambda: build.detector_of(config.detector, config.background))
    if target:
        problems += build.frequency_problems(config.laser, target.atom)
    if detector:
        problems += build.drift_problems(config.drift, detector)
    if problems or not (oscillation and neutrinos and target and detector):
        raise ConfigError(*problems)
    emission = Emission(target=target, neutrinos=neutrinos, interaction=config.interaction)
    laser, e_eg_eV = config.laser, target.atom.e_eg_eV
    schedule = attempt(lambda: build.schedule_of(laser, config.drift, emission, detector))
    truth = attempt(lambda: build.truth_of(config, schedule, e_eg_eV)) if schedule else None
    if schedule is None or truth is None:
        raise ConfigError(*problems)
    notes = (*atom_notes([target.atom]), *notes_of(schedule, emission, detector))
    if config.output.blind:
        calibration = config.laser.calibration
        stated = 0.0 if calibration.common_offset_eV == "draw" else abs(float(calibration.common_offset_eV))
        notes += blind_notes(detector, max(calibration.common_error_eV, stated))
    return Run(
        config=config,
        number=config.run.number or _hashed_number(config, table),
        oscillation=oscillation,
        emission=emission,
        schedule=schedule,
        truth=truth,
        detector=detector,
        notes=notes,
    )


def _hashed_number(config: RunConfig, table: Mapping[str, Any]) -> int:
    """Return a number in 1 … 2⁵³ − 1 from the seed and the sections that change the data."""
    sections: dict[str, Any] = table_of(config)
    sections["run"] = {"seed": config.run.seed}
    del sections["output"]["compression"]
    for section, key in LATER_KEYS:
        if not sections[section][key]:
            del sections[section][key]
    if not sections["drift"]:
        del sections["drift"]
    # the couplings as they were given, which the numbers of runs have always been made of
    sections["interaction"] = table.get("interaction", sections["interaction"])
    text = json.dumps(sections, sort_keys=True)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % LARGEST_NUMBER + 1


def _without_none(table: Any) -> Any:
    """Return a table without the keys that have no value, at any depth."""
    if isinstance(table, list):
        return [_without_none(element) for element in table]
    if not isinstance(table, dict):
        return table
    return {key: _without_none(value) for key, value in table.items() if value is not None}
