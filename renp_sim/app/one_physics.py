"""Whether runs are of one physics, so that what they counted may be put together."""

import json
from collections.abc import Mapping, Sequence

import numpy as np

from renp_sim.app.assumptions import Assumptions
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.errors import ConfigError, listed
from renp_sim.ntuple.reader import NtupleTables
from renp_sim.runfile.problems import shown

__all__ = ["atom_of_runs", "atom_of_steps", "atoms_of", "mass_notes", "physics_of_runs"]

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
    """Return a number of what each step emits from, shape (n,)."""
    of_run = atom_of_runs(tables)
    return np.array([of_run[run] for run in tables.steps["run"].tolist()], dtype=np.intp)


def atom_of_runs(tables: NtupleTables) -> dict[int, int]:
    """Return a number of what each run emits from: levels and spin tensor.

    The spectrum of one unit of exposure depends on no more of a target: densities are in the exposure.
    """
    return dict(zip(tables.runs["run"].tolist(), _emitters(tables)[1].tolist(), strict=True))


def atoms_of(tables: NtupleTables) -> tuple[str, ...]:
    """Return what the runs emit from, by its number, each under a name of its own.

    Atoms of one name differ in f_L or, if that does not tell them apart, in their levels.
    """
    emitters, of_run = _emitters(tables)
    parts = []
    for number, (e_eg_eV, _, f_l) in enumerate(emitters.tolist()):
        atom = tables.config[int(np.argmax(of_run == number))].get("target", {}).get("atom")
        name = atom.get("name") if isinstance(atom, Mapping) else atom
        parts.append((name or f"E_eg = {e_eg_eV:.9g} eV", f", f_L = {f_l:.4g}", f", E_eg = {e_eg_eV:.9g} eV"))
    for used in range(1, 4):
        names = tuple("".join(part[:used]) for part in parts)
        if len(set(names)) == len(names):
            return names
    return tuple(f"{name} ({number})" for number, name in enumerate(names))


def _emitters(tables: NtupleTables) -> tuple[FloatArray, IndexArray]:
    """Return levels and f_L of each atom, shape (a, 3), and the number of that of each run, shape (r,)."""
    emitters = np.stack([tables.runs[name] for name in ("e_eg_eV", "e_vg_eV", "spin_f_l")], axis=1)
    atoms, of_run = np.unique(emitters, axis=0, return_inverse=True)
    return atoms, of_run.ravel()
