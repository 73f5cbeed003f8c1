"""Whether runs are of one physics, so that what they counted may be put together."""

import json
from collections.abc import Sequence

import numpy as np

from renp_sim.app.assumptions import Assumptions
from renp_sim.arrays import IndexArray
from renp_sim.errors import ConfigError, listed
from renp_sim.ntuple.reader import NtupleTables
from renp_sim.runfile.problems import shown

__all__ = ["atom_of_steps", "mass_notes", "physics_of_runs"]

MOST_NAMED = 3


def physics_of_runs(tables: NtupleTables, what_to_do: str) -> list[Assumptions]:
    """Return the assumptions of the runs that say some, each once; they differ in masses at most.

    Raises
    ------
    ConfigError
        If they differ in more: a line for each key, which ends in what to do.
    """
    known: dict[str, tuple[int, Assumptions]] = {}
    columns = (tables.runs[name].tolist() for name in ("run", "is_blind"))
    for run, is_blind, config in zip(*columns, tables.config, strict=True):
        # a campaign may have hundreds of runs of one physics
        key = json.dumps([config.get("neutrino"), config.get("interaction")], sort_keys=True)
        if key not in known and config.get("run") and not is_blind:
            known[key] = (run, Assumptions.from_table(config))
    if not known:
        return []
    (first, ours), *others = known.values()
    differing = {
        key: f"{key} = {shown(theirs)} of run {run}, but {shown(own)} of run {first}: {what_to_do}"
        for run, other in others
        for key, (own, theirs) in ours.differences(other).items()
    }
    if differing:
        raise ConfigError(*differing.values())
    return [assumptions for _, assumptions in known.values()]


def mass_notes(known: Sequence[Assumptions]) -> tuple[str, ...]:
    """Return a line if runs were made with different masses."""
    made = list(dict.fromkeys(assumptions.masses_eV for assumptions in known))
    if len(made) < 2:
        return ()
    named = listed(["/".join(f"{m:g}" for m in masses) for masses in made], MOST_NAMED, "eV")
    return (f"runs were made with different masses, {named}: together they show none of them",)


def atom_of_steps(tables: NtupleTables) -> IndexArray:
    """Return a number of what each step emits from, shape (n,): levels and spin tensor."""
    emitters = np.stack([tables.runs[name] for name in ("e_eg_eV", "e_vg_eV", "spin_f_l")], axis=1)
    atom = np.unique(emitters, axis=0, return_inverse=True)[1].ravel()
    of_run = dict(zip(tables.runs["run"].tolist(), atom.tolist(), strict=True))
    return np.array([of_run[run] for run in tables.steps["run"].tolist()], dtype=np.intp)
