"""Where a fit starts: what the total of the counts says of what multiplies the signal, and angles."""

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup
    from renp_sim.analysis.likelihood.mean import Mean
    from renp_sim.analysis.likelihood.poisson import Likelihood

__all__ = ["angle_places", "at_best_angles", "started"]

A_TURN = 6
"""Places of an angle that are looked at (test_toys_with_four_places_of_a_phase_miss_one)."""

VALLEYS = 3
"""Of −2 ln L over those places in which fits begin (test_fits_in_one_valley_of_phases_miss_the_deepest)."""


def at_best_angles(rest: "Setup", likelihood: "Likelihood", x: FloatArray) -> list[FloatArray]:
    """Return starts (f, b) with free angles, such as Majorana phases, in the lowest valleys of some places.

    −2 ln L has several minima in them, and no slope where the sine has none, as at 0, which is no place.
    The sets of counts are one, repeated.
    """
    start = np.array(np.broadcast_to(x, (len(x), likelihood.counts.shape[1])))
    angles = [i for i, name in enumerate(rest.names) if name in rest.angles]
    if not angles:
        return [start]
    trials, turns = [], [angle_places(rest, rest.names[i]) for i in angles]
    for places in product(*turns):
        trial = start.copy()
        trial[angles] = np.array(places)[:, None]
        trials.append(started(rest, likelihood.mean, likelihood.counts[:, 0], trial))
    q = np.stack([likelihood.value(trial) for trial in trials])
    # what is above a neighbour, round the turn, is of that one's valley
    grid = q.reshape(*map(len, turns), -1)
    for axis in range(len(angles)):
        for side in (-1, 1):
            q = np.where((grid > np.roll(grid, side, axis=axis)).reshape(q.shape), np.inf, q)
    lowest = np.argsort(q, axis=0, kind="stable")[:VALLEYS]
    rows, here, every = np.arange(q.shape[1]), likelihood.value(start), np.stack(trials)
    # a phase that nothing sees stays
    return [np.where(q[at, rows] < here, every[at, :, rows].T, start) for at in lowest]


def angle_places(setup: "Setup", name: str) -> FloatArray:
    """Return values of an angle among which fits start."""
    return np.linspace(*setup.limits(name), 2 * A_TURN + 1)[1::2]


def started(rest: "Setup", mean: "Mean", counts: FloatArray, x: FloatArray) -> FloatArray:
    """Return starts in which one free linear parameter explains the total of the counts, where it can."""
    for position, (name, constraint) in enumerate(zip(rest.names, rest.constraints, strict=True)):
        if constraint is None and name in rest.linear:
            nothing = x.copy()
            nothing[position] = 0.0
            one = x.copy()
            one[position] = 1.0
            without = np.sum(mean.value(nothing), axis=0)
            slope = np.sum(mean.value(one), axis=0) - without
            wanted = (np.sum(counts) - without) / np.where(slope > 0, slope, 1.0)
            out = x.copy()
            bound = np.clip(wanted, rest.lower[position], rest.upper[position])
            out[position] = np.where((slope > 0) & (wanted > 0), bound, x[position])
            return out
    return x
