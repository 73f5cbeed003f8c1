"""The measured spectrum Î(ω): background subtracted, divided by what one unit of it would give."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainccinv, gammaincinv

from renp_sim.analysis.data import Observation
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.constants import ONE_SIGMA

__all__ = ["Spectrum", "garwood_interval", "measured_spectrum"]


def garwood_interval(counts: ArrayLike, level: float = ONE_SIGMA) -> tuple[FloatArray, FloatArray]:
    """Return the central Poisson interval of μ for n counts (Garwood, Biometrika 28 (1936) 437).

    It covers at least the level; counts need not be whole (an Asimov set).

    Examples
    --------
    >>> [float(x.round(3)) for x in garwood_interval(0)]
    [0.0, 1.841]
    >>> [float(x.round(3)) for x in garwood_interval(9)]
    [6.057, 13.11]
    """
    n = np.asarray(counts, dtype=np.float64)
    tail = (1 - level) / 2
    # χ² with 0 degrees of freedom is no distribution, and the lower end of n = 0 is 0
    lower = np.where(n > 0, gammaincinv(np.where(n > 0, n, 1.0), tail), 0.0)
    upper = np.asarray(gammainccinv(n + 1, tail), dtype=np.float64)
    return lower, upper


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spectrum:
    """Î at m settings of the laser, in rising order of ω; every array has shape (m,).

    Parameters
    ----------
    omega_eV, linewidth_eV
        Set frequency and Gaussian σ, eV.
    atom
        A number of what the steps emit from.
    counts, background
        Recorded photons and the expected background among them.
    counts_per_unit
        Γ₀ η ε T: signal counts at Î = 1.
    value
        Î = (n − b)/counts_per_unit; negative where the background fluctuated down.
    error_down, error_up
        Distances to the ends of the central 68.27 % Poisson interval: statistical only, the background
        taken as known.
    """

    omega_eV: FloatArray
    linewidth_eV: FloatArray
    atom: IndexArray
    counts: FloatArray
    background: FloatArray
    counts_per_unit: FloatArray
    value: FloatArray
    error_down: FloatArray
    error_up: FloatArray

    def as_dict(self) -> dict[str, Any]:
        """Return lists by name, for JSON."""
        return {field.name: getattr(self, field.name).tolist() for field in fields(self)}


def measured_spectrum(observation: Observation, atom: IndexArray | None = None) -> Spectrum:
    """Return Î of an observation, the steps of one setting (passes, runs) summed.

    Steps that can see no signal (control, dark, no efficiency) are left out.

    Parameters
    ----------
    observation
        Counts of shape (n,).
    atom
        A number of what each step emits from, shape (n,); steps of different ones are not summed. None: 0.
    """
    e = observation.exposure
    per_unit = e.counts_per_unit
    seen = per_unit > 0
    of_atom = np.zeros(e.n_steps) if atom is None else atom.astype(np.float64)
    keys = np.stack([x[seen] for x in (e.omega_eV, e.linewidth_eV, of_atom)], axis=1)
    settings, which = np.unique(keys, axis=0, return_inverse=True)

    def summed(values: FloatArray) -> FloatArray:
        total: FloatArray = np.zeros(len(settings))
        np.add.at(total, which.ravel(), values[seen])
        return total

    counts, background, unit = (summed(x) for x in (observation.counts, e.background_counts, per_unit))
    lower, upper = garwood_interval(counts)
    return Spectrum(
        omega_eV=settings[:, 0],
        linewidth_eV=settings[:, 1],
        atom=settings[:, 2].astype(np.intp),
        counts=counts,
        background=background,
        counts_per_unit=unit,
        value=(counts - background) / unit,
        error_down=(counts - lower) / unit,
        error_up=(upper - counts) / unit,
    )
