"""Parameter values at which a step crosses a threshold: where the likelihood is not smooth."""

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.physics.kinematics import Kinematics
from renp_sim.prediction.parameters import Group
from renp_sim.prediction.signal import Signal

__all__ = ["crossings"]


PAIRS = np.triu_indices(3)
"""i ≤ j"""

BISECTIONS = 64
"""From the bounds of a parameter to the last bit of it."""


def crossings(signal: Signal, rows: FloatArray, column: int, low: float, high: float) -> FloatArray:
    """Return the values of one parameter at which a setting's ω is a threshold ω_ij, the rest fixed.

    q² − s₊ falls or rises monotonically with every mass, splitting and frequency offset. It is linear in an
    offset; elsewhere each row, setting and pair is bisected between the ends, all at once.

    Parameters
    ----------
    signal
        The spectrum.
    rows
        Physics part of θ, shape (b, q).
    column
        Which parameter; a mixing angle, a phase or a coupling moves no threshold.
    low, high
        Between which values, within the bounds of the parameter.

    Returns
    -------
    FloatArray
        Shape (b, k), rising along the last axis, NaN where a row has fewer than k.
    """
    parameter = signal.layout.parameters[column]
    low, high = max(low, parameter.lower), min(high, parameter.upper)
    if not np.isfinite(low + high):
        return np.empty((len(rows), 0))
    ends = [signal.excess_eV2(_at(rows, column, value))[..., *PAIRS] for value in (low, high)]
    is_open = ends[0] > 0
    row, setting, pair = np.nonzero(is_open != (ends[1] > 0))
    if signal.layout.group_at(column) in (Group.FREQUENCY, Group.STEP_FREQUENCY):
        e_low, e_high = (end[row, setting, pair] for end in ends)
        values = low + (high - low) * e_low / (e_low - e_high)
    else:
        values = _bisected(signal, rows[row], column, (low, high), setting, pair, is_open[row, setting, pair])
    return _by_row(row, values, len(rows))


def _at(rows: FloatArray, column: int, values: FloatArray | float) -> FloatArray:
    moved = rows.copy()
    moved[:, column] = values
    return moved


def _bisected(
    signal: Signal,
    rows: FloatArray,
    column: int,
    ends: tuple[float, float],
    setting: IndexArray,
    pair: IndexArray,
    is_open: BoolArray,
) -> FloatArray:
    """Return where q² − s₊ of a pair at a setting changes its sign, shape (r,), for r rows."""
    low, high = (np.full(len(rows), end) for end in ends)
    here = np.arange(len(rows))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        moved = _at(rows, column, middle)
        omega = signal.frequencies_eV(moved, setting)
        pairs = Kinematics.at(omega[:, None], signal.neutrinos(moved), e_eg_eV=signal.target.atom.e_eg_eV)
        same = (pairs.signed_excess_eV2[here, 0, PAIRS[0][pair], PAIRS[1][pair]] > 0) == is_open
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    found: FloatArray = (low + high) / 2
    return found


def _by_row(row: IndexArray, values: FloatArray, n_rows: int) -> FloatArray:
    """Return values by their row, sorted, shape (n_rows, most of a row)."""
    order = np.lexsort((values, row))
    row, values = row[order], values[order]
    count = np.bincount(row, minlength=n_rows)
    out = np.full((n_rows, int(np.max(count, initial=0))), np.nan)
    out[row, np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)] = values
    return out
