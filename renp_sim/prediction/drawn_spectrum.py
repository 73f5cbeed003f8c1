"""The spectrum that a fit stands for: what its steps would measure at any frequency."""

from collections.abc import Collection
from dataclasses import fields, replace

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts
from renp_sim.prediction.parameters import is_per_step, step_of

__all__ = ["drawn_spectrum"]


def drawn_spectrum(
    model: ExpectedCounts | JointCounts, theta: FloatArray, omega_eV: FloatArray, chosen: BoolArray
) -> FloatArray:
    """Return (μ − b)/counts_per_unit at some frequencies, b the stated background: the mean of data points.

    At the frequency of a step it is that of the step, whatever has moved: couplings, offsets, efficiencies,
    backgrounds. Between two it is what both would measure there, weighted by how near they are.

    Parameters
    ----------
    model, theta
        The fitted model and all its parameters, shape (p,).
    omega_eV
        Shape (g,).
    chosen
        Which steps are looked at, shape (n,); one at least that sees a signal, others are left out.

    Returns
    -------
    FloatArray
        Shape (g,).
    """
    exposure, names = model.exposure, [p.name for p in model.parameters]
    own = {step_of(name) for name in names if is_per_step(name)}
    rows, live_time_s = _alike(exposure, np.flatnonzero(chosen & (exposure.counts_per_unit > 0)), own)
    places, place_of = np.unique(exposure.omega_eV[rows], return_inverse=True)
    unit = np.bincount(place_of, exposure.counts_per_unit[rows] / exposure.live_time_s[rows] * live_time_s)
    drawn, one, weight = _neighbours(np.interp(omega_eV, places, np.arange(float(len(places)))), place_of)
    # behind the steps that were fitted, and as the same steps: what they share or have of their own stays
    taken, n = rows[one], exposure.n_steps
    steps = replace(
        exposure.take(np.concatenate([np.arange(n), taken])),
        omega_eV=np.concatenate([exposure.omega_eV, omega_eV[drawn]]),
        live_time_s=np.concatenate([exposure.live_time_s, live_time_s[one]]),
    )
    signal = (model.at(steps).expected(theta) - steps.background_counts)[n:]
    share = weight * signal / unit[place_of[one]]
    return np.bincount(drawn, share, minlength=len(omega_eV)).astype(np.float64)


def _neighbours(at: FloatArray, place_of: IndexArray) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Return pairs of a point and a row beside it, and the weight: it falls linearly to the next place.

    Points stand at 0 … the last place, rows at whole ones.
    """
    left = np.floor(at)
    place = np.concatenate([left, left + 1]).astype(np.intp)
    weight = np.concatenate([1 - (at - left), at - left])
    point = np.tile(np.arange(len(at)), 2)[weight > 0]
    place, weight = place[weight > 0], weight[weight > 0]
    order = np.argsort(place_of, kind="stable")
    first, stop = (np.searchsorted(place_of[order], place, side=side) for side in ("left", "right"))
    count = stop - first
    pair = np.repeat(np.arange(len(place)), count)
    row = order[np.arange(len(pair)) - np.repeat(np.cumsum(count) - count - first, count)]
    return point[pair], row, weight[pair]


def _alike(exposure: Exposure, rows: IndexArray, apart: Collection[int]) -> tuple[IndexArray, FloatArray]:
    """Return one row for all that differ in live time only, unless they stand apart, and the time of all."""
    columns = [
        np.reshape(getattr(exposure, f.name), (exposure.n_steps, -1)).astype(np.float64)
        for f in fields(exposure)
        if f.name not in ("step", "live_time_s", "components")
    ]
    alone = np.where(np.isin(rows, list(apart)), rows, -1)[:, None]
    keys = np.concatenate([*(column[rows] for column in columns), alone], axis=1)
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return rows[first], np.bincount(which.ravel(), exposure.live_time_s[rows]).astype(np.float64)
