"""Where fits start: what the total of the counts says of what multiplies the signal, and in which valleys.

In angles and in what enters squared, as couplings do, −2 ln L has several minima, and no slope where a cosine
or a square has none, as at 0, where a fit stands that knows nothing. So they are looked over, all together.
"""

from functools import partial, reduce
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.minimise.newton import MOST_ITERATIONS, minimise
from renp_sim.analysis.minimise.solution import TIE, Minimum
from renp_sim.arrays import BoolArray, FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup
    from renp_sim.analysis.likelihood.mean import Mean
    from renp_sim.analysis.likelihood.poisson import Likelihood

__all__ = ["angle_places", "lowest_from", "valleys"]

A_TURN = 4
"""Places that are looked at for each turn of a cosine (test_toys_with_two_places_of_a_phase_miss_one)."""

MOST_VALLEYS = 3
"""In which fits begin, or as many as couplings have signs (test_couplings_are_fitted_from_all_signs)."""

SIZES = np.array([1 / 16, 1 / 4, 1.0])
"""Of couplings, in those with which one alone explains the counts
(test_a_second_place_of_a_coupling_is_found_beside_another_at_0)."""

LARGER = np.append(SIZES, 4.0)
"""If a free factor can make up for them (test_moments_that_a_small_norm_makes_up_for_are_found)."""

MOST_PLACES = 600
"""Of all together; with more of them fewer sizes are looked at."""


def valleys(rest: "Setup", likelihood: "Likelihood", x: FloatArray) -> list[FloatArray]:
    """Return starts (f, b): the lowest valleys over places of angles and couplings, and where fits stand."""
    start = np.array(np.broadcast_to(x, (len(x), likelihood.counts.shape[1])))
    axes = _axes(rest, likelihood, start)
    start = _started(rest, likelihood.mean, likelihood.counts, start)
    if not axes:
        return [start]
    trials = []
    for at in product(*(range(len(places)) for places in axes.values())):
        trial = start.copy()
        for (position, places), i in zip(axes.items(), at, strict=True):
            trial[position] = places[i]
        trials.append(_started(rest, likelihood.mean, likelihood.counts, trial))
    here, every = likelihood.value(start), np.stack(trials)
    q = np.stack([likelihood.value(trial) for trial in trials])
    grid = q.reshape(*(len(places) for places in axes.values()), -1)
    # what is above a neighbour is of that one's valley, and what nothing sees stays where it stands
    unseen = np.isclose(q, here, rtol=TIE, atol=TIE)
    angles = [rest.names[position] in rest.angles for position in axes]
    q = np.where(_is_above_a_neighbour(grid, angles).reshape(q.shape) | unseen, np.inf, q)
    most = max(MOST_VALLEYS, min(2 ** angles.count(False), 2 * MOST_VALLEYS))
    lowest = np.argsort(q, axis=0, kind="stable")[:most]
    rows = np.arange(q.shape[1])
    found = [np.where(np.isfinite(q[at, rows]), every[at, :, rows].T, start) for at in lowest]
    return [*(one for one, at in zip(found, lowest, strict=True) if np.any(np.isfinite(q[at, rows]))), start]


def lowest_from(
    starts: list[FloatArray],
    likelihood: "Likelihood",
    lower: FloatArray,
    upper: FloatArray,
    *,
    interior: int | None = None,
    max_iterations: int = MOST_ITERATIONS,
) -> Minimum:
    """Return the lowest fit of each row from several starts (f, b), of those that fit alike the first."""
    n_rows = starts[0].shape[1]
    every = likelihood.take(np.tile(np.arange(n_rows), len(starts))) if len(starts) > 1 else likelihood
    x = np.concatenate(starts, axis=1)
    fits = minimise(every, x, lower, upper, interior=interior, max_iterations=max_iterations)
    parts = [slice(first, first + n_rows) for first in range(0, len(starts) * n_rows, n_rows)]
    return reduce(partial(Minimum.keeping_lower, by=TIE), (fits.take(part) for part in parts))


def angle_places(setup: "Setup", name: str) -> FloatArray:
    """Return values of an angle among which fits start."""
    harmonics = max(setup.model.parameters[setup.index(name)].harmonics, 1)
    return np.linspace(*setup.limits(name), 2 * A_TURN * harmonics + 1)[1::2]


def _axes(rest: "Setup", likelihood: "Likelihood", x: FloatArray) -> dict[int, FloatArray]:
    """Return the places of each angle and each coupling, by its position, shape (k, b)."""
    wide = [c is None and n in rest.linear for n, c in zip(rest.names, rest.constraints, strict=True)]
    sizes = LARGER if any(wide) else SIZES
    angles = {
        i: angle_places(rest, name)[:, None] for i, name in enumerate(rest.names) if name in rest.angles
    }
    couplings = [i for i, name in enumerate(rest.names) if name in rest.squared]
    room = MOST_PLACES // int(np.prod([len(places) for places in angles.values()]))
    while len(sizes) > 1 and (2 * len(sizes) + 1) ** len(couplings) > room:
        sizes = sizes[1::2]
    while 3 ** len(couplings) > MOST_PLACES:
        # the last ones start where they stand
        couplings.pop()
    nothing = x.copy()
    nothing[couplings] = 0.0
    out = dict(angles)
    for i in couplings:
        centre, reach = _explaining(rest, likelihood, nothing, i, whole=any(wide))
        # of two signs that fit alike the positive one comes first
        places = centre + np.concatenate([sizes[::-1], [0.0], -sizes])[:, None] * reach
        out[i] = np.clip(places, rest.lower[i], rest.upper[i])
    return out


def _explaining(
    rest: "Setup", likelihood: "Likelihood", nothing: FloatArray, position: int, *, whole: bool
) -> tuple[FloatArray, FloatArray]:
    """Return where a coupling adds least, shape (b,), and how far from there it explains the counts.

    What they have beyond that without couplings, but for fluctuations, or the whole of them.
    """
    totals, scale = [], rest.scale[position]
    for value in (0.0, scale, -scale):
        trial = nothing.copy()
        trial[position] = value
        totals.append(np.sum(likelihood.mean.value(trial), axis=0))
    square = (totals[1] + totals[2]) / 2 - totals[0]
    slope = (totals[1] - totals[2]) / 2
    wanted = np.sum(likelihood.counts, axis=0)
    fluctuation = np.sqrt(wanted + 1)
    more = wanted if whole else np.maximum(wanted - totals[0], fluctuation)
    seen = square > 0
    safe = np.where(seen, square, 1.0)
    centre = np.where(seen, -slope / (2 * safe), 0.0)
    return centre * scale, np.where(seen, np.sqrt(centre**2 + more / safe), 1.0) * scale


def _is_above_a_neighbour(q: FloatArray, angles: list[bool]) -> BoolArray:
    """Return which places are above one beside them, round the turn of an angle, shape of q."""
    out = np.zeros(q.shape, dtype=bool)
    for axis, is_angle in enumerate(angles):
        for side in (-1, 1):
            beside = np.roll(q, side, axis=axis)
            if not is_angle:
                # nothing is beyond the end
                end: list[slice | int] = [slice(None)] * q.ndim
                end[axis] = 0 if side > 0 else -1
                beside[tuple(end)] = np.inf
            out |= q > beside
    return out


def _started(rest: "Setup", mean: "Mean", counts: FloatArray, x: FloatArray) -> FloatArray:
    """Return starts in which one free linear parameter explains the total of the counts, where it can.

    Counts of one set, shape (n,), or of each start, (n, b).
    """
    for position, (name, constraint) in enumerate(zip(rest.names, rest.constraints, strict=True)):
        if constraint is None and name in rest.linear:
            nothing = x.copy()
            nothing[position] = 0.0
            one = x.copy()
            one[position] = 1.0
            without = np.sum(mean.value(nothing), axis=0)
            slope = np.sum(mean.value(one), axis=0) - without
            wanted = (np.sum(counts, axis=0) - without) / np.where(slope > 0, slope, 1.0)
            out = x.copy()
            bound = np.clip(wanted, rest.lower[position], rest.upper[position])
            out[position] = np.where((slope > 0) & (wanted > 0), bound, x[position])
            return out
    return x
