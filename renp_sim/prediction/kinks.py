"""Parameter values at which a step crosses a threshold: where the likelihood is not smooth."""

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray
from renp_sim.physics.kinematics import Kinematics
from renp_sim.prediction.signal import Signal

__all__ = ["crossings"]


PAIRS = np.triu_indices(3)
"""i ≤ j"""

BISECTIONS = 64
"""From the bounds of a parameter to the last bit of it."""


def crossings(signal: Signal, row: FloatArray, column: int) -> FloatArray:
    """Return the sorted values of one parameter at which a setting's ω is a threshold ω_ij, the rest fixed.

    q² − s₊ falls or rises monotonically with every mass, splitting and frequency offset, so each setting
    and pair is bisected between the bounds, all at once.

    Parameters
    ----------
    signal
        The spectrum.
    row
        Physics part of θ, shape (q,).
    column
        Which parameter; a mixing angle, a phase or a coupling moves no threshold.
    """
    parameter = signal.layout.parameters[column]
    if not np.isfinite(parameter.lower + parameter.upper):
        return np.empty(0)

    def excess_at(values: FloatArray, setting: NDArray[np.intp], pair: NDArray[np.intp]) -> FloatArray:
        rows = np.repeat(row[None, :], len(values), axis=0)
        rows[:, column] = values
        omega = signal.frequencies_eV(rows)[np.arange(len(values)), setting]
        pairs = Kinematics.at(omega[:, None], signal.neutrinos(rows), e_eg_eV=signal.target.atom.e_eg_eV)
        excess: FloatArray = pairs.signed_excess_eV2[:, 0]
        return excess[np.arange(len(values)), PAIRS[0][pair], PAIRS[1][pair]]

    n_settings = len(signal.settings.omega_eV)
    setting, pair = (x.ravel() for x in np.indices((n_settings, len(PAIRS[0]))))
    low = np.full(len(setting), parameter.lower)
    high = np.full(len(setting), parameter.upper)
    is_open = excess_at(low, setting, pair) > 0
    crosses = is_open != (excess_at(high, setting, pair) > 0)
    low, high, setting, pair, is_open = (x[crosses] for x in (low, high, setting, pair, is_open))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        same = (excess_at(middle, setting, pair) > 0) == is_open
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    found: FloatArray = np.unique((low + high) / 2)
    return found
