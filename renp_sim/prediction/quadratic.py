"""The spectrum as a quadratic form in couplings, from its values at a few of them.

An amplitude is linear in the couplings, so Ī is quadratic, exactly, as long as nothing else depends on
them. A mediator's width does, if it is taken from them; that matters only beside its pole, and is noticed.
"""

import numpy as np

from renp_sim.analysis.model import Quadratic
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.prediction.parameters import Group
from renp_sim.prediction.signal import Signal
from renp_sim.prediction.spectrum import is_resonant

__all__ = ["coupling_scales", "spectrum_quadratic"]


ROUNDING = 1e-12
"""Coefficients whose contribution is below this fraction of the sum are rounding of an exact 0."""

AGREEMENT = 1e-9
"""How well the form must give further points, relative, for Ī to count as quadratic."""

SCALINGS = 8
"""The first one lands where Ī is quadratic, if it is."""

LEAST_SCALE = 1e-30


def coupling_scales(signal: Signal) -> FloatArray:
    """Return the size at which each coupling alone doubles the rate by its square, at most 1.

    Polarisation is exact but for rounding, which is least where square and constant are alike. Settings on
    a resonance do not count, unless all are: what they see may not depend on the size of a coupling.
    """
    place = signal.layout.place(Group.COUPLINGS)
    n = place.stop - place.start
    scale = np.ones(n)
    base = signal.layout.values[None, : signal.layout.n_physics].copy()
    base[:, place] = 0.0
    resonant = is_resonant(signal.frequencies_eV(base), signal.settings.linewidth_eV, signal.emission(base))[
        0
    ]
    used = ~resonant | np.all(resonant)
    constant = np.sum(signal.spectrum_of(base)[0, used])
    if n == 0 or constant == 0:
        return scale
    for _ in range(SCALINGS):
        rows = np.repeat(base, 2 * n, axis=0)
        rows[:, place] = np.concatenate([np.diag(scale), np.diag(-scale)])
        total = np.sum(signal.spectrum_of(rows)[:, used], axis=1)
        ratio = (total[:n] + total[n:]) / (2 * constant) - 1
        # too small a coupling leaves only rounding, of either sign; no effect at all stays at 1
        better = np.clip(scale / np.sqrt(np.clip(ratio, 1e-12, None)), LEAST_SCALE, 1.0)
        if np.all((better < 3 * scale) & (better > scale / 3)):
            break
        scale = better
    return scale


def spectrum_quadratic(signal: Signal, row: FloatArray, columns: IndexArray) -> Quadratic | None:
    """Return Ī of the settings as a quadratic form in some couplings, the rest at `row` (q,); else None.

    Parameters
    ----------
    signal
        The spectrum.
    row
        Physics part of θ, shape (q,).
    columns
        Places of the couplings.
    """
    n = len(columns)
    scale = np.array([signal.layout.parameters[c].scale for c in columns])
    first, second = np.triu_indices(n, 1)
    unit = np.eye(n)
    # a direction that mixes all of them, at which the form is checked
    check = 0.7 * np.cos(1 + np.arange(n)) / np.sqrt(n)
    points = np.concatenate([[0 * check], unit, -unit, unit[first] + unit[second], [check, 3 * check]])
    rows = np.repeat(row[None, :], len(points), axis=0)
    rows[:, columns] = points * scale
    values = signal.spectrum_of(rows)
    constant, plus, minus = values[0], values[1 : n + 1].T, values[n + 1 : 2 * n + 1].T
    linear = (plus - minus) / 2
    square = np.zeros((len(constant), n, n))
    square[:, range(n), range(n)] = (plus + minus) / 2 - constant[:, None]
    mixed = (values[2 * n + 1 : -2].T - plus[:, first] - plus[:, second] + constant[:, None]) / 2
    square[:, first, second] = square[:, second, first] = mixed
    noise = ROUNDING * np.max(values[:-2], axis=0)
    linear[np.abs(linear) < noise[:, None]] = 0.0
    square[np.abs(square) < noise[:, None, None]] = 0.0
    for point, value in zip(points[-2:], values[-2:], strict=True):
        form = constant + linear @ point + np.einsum("spq,p,q->s", square, point, point)
        if np.any(np.abs(form - value) > AGREEMENT * np.max(values, axis=0)):
            return None
    return Quadratic(constant=constant, linear=linear / scale, square=square / (scale[:, None] * scale))
