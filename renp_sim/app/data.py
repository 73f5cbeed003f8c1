"""From files to data: counts and exposures per step, the target of each run, and the physics they share."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from detector.background import Background
from detector.response import Detector
from renp_sim.analysis.data import Exposure, Observation
from renp_sim.analysis.energies import counted_by_energy
from renp_sim.analysis.from_ntuple import observation_from_tables
from renp_sim.app.assumptions import Assumptions, from_run_file, unused_settings
from renp_sim.app.experiment import Experiment
from renp_sim.app.one_physics import atom_of_runs, atoms_of, mass_notes, physics_of_runs
from renp_sim.arrays import IndexArray
from renp_sim.errors import ConfigError, SchemaError, listed
from renp_sim.ntuple.reader import NtupleTables, read_many
from renp_sim.physics.target import Target
from renp_sim.prediction.energy_bins import split_by_energy
from renp_sim.runfile.build import detector_of, target_of
from renp_sim.runfile.notes import atom_notes
from renp_sim.runfile.sections import DetectorSection, TargetSection
from renp_sim.runfile.tables import read

__all__ = ["Data", "detectors_of", "read_data"]

File = str | PathLike[str]

ANOTHER_ATOM = 1e-3
"""Relative difference of levels from which on a model is of another atom, and not of better known levels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """Files, ready to be fitted.

    Parameters
    ----------
    tables
        What the files say, all but events.
    observation
        Counts and exposure per step.
    fitted
        What is fitted: the observation, or its steps split by energy.
    assumptions
        Those of the run file given, or those that all runs share.
    targets
        Target by run number: that of the run file given, or each run's own.
    detectors
        Detector by run number; none of a run that carries no configuration.
    notes
        What a reader must know, a line each.
    model, settings
        The run file given, None without one, and what was changed of it.
    """

    tables: NtupleTables
    observation: Observation
    fitted: Observation
    assumptions: Assumptions
    targets: Mapping[int, Target]
    detectors: Mapping[int, Detector] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    model: Path | None = None
    settings: tuple[str, ...] = ()

    @property
    def experiment(self) -> Experiment:
        """What the counts were taken with."""
        return Experiment(
            exposure=self.fitted.exposure,
            assumptions=self.assumptions,
            targets=self.targets,
            detectors=self.detectors,
            names=self.tables.names,
        )

    @property
    def asked(self) -> dict[str, Any]:
        """What `read_data` was given beside the files, for JSON."""
        return {
            "model": None if self.model is None else str(self.model),
            "settings": list(self.settings),
            "energies": self.fitted.exposure.is_split,
        }

    def atom_of(self, exposure: Exposure) -> IndexArray:
        """Return a number of what each row of an exposure emits from, shape (n,)."""
        of_run = atom_of_runs(self.tables)
        return np.array([of_run[run] for run in exposure.run.tolist()], dtype=np.intp)

    @property
    def atoms(self) -> tuple[str, ...]:
        """What the runs emit from, by that number."""
        return atoms_of(self.tables)

    @property
    def first_target(self) -> Target:
        """The target of the first run."""
        return next(iter(self.targets.values()))


def read_data(
    paths: File | Sequence[File],
    model: File | None = None,
    settings: Sequence[str] = (),
    *,
    seed: int | None = None,
    energies: bool = False,
) -> Data:
    """Read files for a fit.

    Parameters
    ----------
    paths
        One ROOT file or several.
    model
        Run file whose atom, spin tensor, neutrinos and interaction are fitted instead of those in the files.
    settings, seed
        `--set` changes to it, and a seed for one that has none.
    energies
        Whether the steps are split by the reconstructed energy of their photons for the fit.

    Raises
    ------
    SchemaError
        If a file cannot be read, or carries no configuration and none is given.
    ConfigError
        If the run file or a setting is wrong, a setting is none that a fit uses, the run file is of another
        atom than the data, or the runs differ in physics: a line for each key. Or if energies are asked for
        of a run that carries no configuration.
    """
    listed = [paths] if isinstance(paths, str | PathLike) else paths
    tables = read_many([fspath(path) for path in listed])
    runs = tables.runs["run"].tolist()
    notes: tuple[str, ...] = ()
    if model is not None:
        assumptions, target, notes = from_run_file(model, settings, seed)
        problems = unused_settings(settings) + _atom_problems(tables, target)
        if problems:
            raise ConfigError(*problems)
        targets = dict.fromkeys(runs, target)
    elif settings or seed is not None:
        raise ConfigError("--set and --seed change the run file of --model RUN, which is not given")
    else:
        known = _shared(tables)
        assumptions, notes = known[0], mass_notes(known)
        targets = dict(zip(runs, _targets_of(tables), strict=True))
    observation, detectors = observation_from_tables(tables), detectors_of(tables)
    return Data(
        tables=tables,
        observation=observation,
        fitted=_by_energy(observation, tables, detectors, targets) if energies else observation,
        assumptions=assumptions,
        targets=targets,
        detectors=detectors,
        notes=(*tables.notes, *notes, *atom_notes(target.atom for target in targets.values())),
        model=None if model is None else Path(fspath(model)),
        settings=tuple(settings),
    )


def _by_energy(
    observation: Observation,
    tables: NtupleTables,
    detectors: Mapping[int, Detector],
    targets: Mapping[int, Target],
) -> Observation:
    """Return the observation with its steps split by the reconstructed energy of their photons."""
    end_eV = {run: target.atom.e_eg_eV / 2 for run, target in targets.items()}
    exposure = split_by_energy(observation.exposure, detectors, end_eV)
    return Observation(exposure=exposure, counts=counted_by_energy(tables.paths, exposure))


def _atom_problems(tables: NtupleTables, target: Target) -> list[str]:
    """Return a line if the levels of the target are not those that a run was taken with."""
    atom = target.atom
    columns = (tables.runs[name].tolist() for name in ("run", "e_eg_eV", "e_vg_eV"))
    for run, e_eg_eV, e_vg_eV in zip(*columns, strict=True):
        levels = ((atom.e_eg_eV, e_eg_eV), (atom.e_vg_eV, e_vg_eV))
        if any(abs(assumed - taken) > ANOTHER_ATOM * taken for assumed, taken in levels):
            return [
                f"target.atom: {atom.name} of --model has E_eg, E_vg = {atom.e_eg_eV}, {atom.e_vg_eV} eV, "
                f"but run {run} was taken with {e_eg_eV}, {e_vg_eV} eV: give a run file of that atom"
            ]
    return []


def _shared(tables: NtupleTables) -> list[Assumptions]:
    """Return the physics of all runs, which differ in masses at most; ConfigError names each other key."""
    blind = tables.runs["run"][tables.runs["is_blind"].astype(bool)].tolist()
    if blind:
        raise SchemaError(
            f"run {listed(blind)}: is blind and hides what it was made with: give a run file of "
            "what is to be fitted with --model RUN"
        )
    for run, config in zip(tables.runs["run"].tolist(), tables.config, strict=True):
        if not config.get("run"):
            files = listed(tables.paths)
            raise SchemaError(
                f"{files}: run {run} carries no configuration to fit: give one with --model RUN"
            )
    what_to_do = "runs that are fitted together share their physics; fit them apart, or give --model RUN"
    return physics_of_runs(tables, what_to_do)


def _targets_of(tables: NtupleTables) -> list[Target]:
    """Return the target of each run from its own configuration."""
    known: dict[str, Target] = {}
    keys = [json.dumps(config.get("target"), sort_keys=True) for config in tables.config]
    for key, config in zip(keys, tables.config, strict=True):
        if key not in known:
            known[key] = target_of(read(TargetSection, config.get("target", {}), "target"))
    return [known[key] for key in keys]


def detectors_of(tables: NtupleTables) -> dict[int, Detector]:
    """Return the detector of each run that has one in its configuration, with its backgrounds."""
    known: dict[str, Detector] = {}
    found: dict[int, Detector] = {}
    for run, config in zip(tables.runs["run"].tolist(), tables.config, strict=True):
        table = config.get("detector")
        if table is not None:
            listed = config.get("background") or []
            key = json.dumps([table, listed], sort_keys=True)
            if key not in known:
                backgrounds = tuple(read(Background, given, "background") for given in listed)
                known[key] = detector_of(read(DetectorSection, table, "detector"), backgrounds)
            found[run] = known[key]
    return found
