"""Recorded photons of ntuples, counted by step and reconstructed energy."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray
from renp_sim.errors import SchemaError
from renp_sim.ntuple.reader import iterate_events

__all__ = ["counted_by_energy"]


def counted_by_energy(paths: Sequence[Path], exposure: Exposure) -> FloatArray:
    """Return the recorded photons of each row of an exposure that is split by energy, shape (n,).

    The rows of a step follow each other upward. What rounding has put beyond the energy window belongs to the
    first or the last of them.

    Raises
    ------
    SchemaError
        If a photon is of a step that the exposure does not have.
    """
    counts = np.zeros(exposure.n_steps, dtype=np.intp)
    number = exposure.step_number
    first = np.unique(number, return_index=True)[1]
    last = np.append(first[1:], exposure.n_steps) - 1
    # pairs in their order: complex numbers are sorted by the real part, then by the other one
    rows = number + 1j * exposure.energy_low_eV
    steps = exposure.run[first] + 1j * exposure.step[first]
    order = np.argsort(steps)
    names = ["run", "step", "photon_energy_eV", "recorded"]
    for block in iterate_events([str(path) for path in paths], names):
        run, step, energy_eV = (block[name][block["recorded"]] for name in names[:3])
        asked = run + 1j * step
        of = order[np.minimum(np.searchsorted(steps[order], asked), len(order) - 1)]
        if np.any(steps[of] != asked):
            raise SchemaError("events: a photon is of a step that is not in `steps`: generate it again")
        row = np.searchsorted(rows, of + 1j * energy_eV.astype(np.float64), side="right") - 1
        counts += np.bincount(np.clip(row, first[of], last[of]), minlength=len(counts))
    return counts.astype(np.float64)
