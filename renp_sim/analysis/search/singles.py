"""Parameters that each move steps of their own, such as the frequency offset of every step.

With all others held they do not know of each other: one scan in which all of them move at once is a scan of
each, and every one takes its best place.
"""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.constraint import prior_pull
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.search.shifts import SHIFT_SIGMAS
from renp_sim.arrays import BoolArray, FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["Singles", "at_best_singles", "singles_of"]

Singles = dict[str, BoolArray]
"""The steps that each moves, shape (n,)."""

FEWEST = 3
"""Of fewer each is looked over for itself (test_what_moves_one_step_is_told_from_what_moves_all)."""

BLOCK_ITEMS = 1 << 20
"""Rows × points × steps in memory at a time: 8 MB."""


def singles_of(setup: "Setup", names: tuple[str, ...]) -> Singles:
    """Return those of some constrained parameters that move no step of another one; none if they are few."""
    named = [name for name in names if setup.constraints[setup.names.index(name)] is not None]
    if len(named) < FEWEST:
        return {}
    low = setup.theta.copy()
    for name in setup.searched:
        low[setup.index(name)] = setup.limits(name)[0]
    moved: Singles = {}
    for name in named:
        rows = np.repeat(np.stack([setup.theta, low]), 2, axis=0)
        rows[:, setup.index(name)] = _places(setup, name, np.array([-1.0, 1.0, -1.0, 1.0]))
        expected = setup.model.expected(rows).reshape(2, 2, -1)
        moved[name] = np.any(expected[:, 0] != expected[:, 1], axis=0)
    found: Singles = {}
    taken = np.zeros_like(next(iter(moved.values())))
    for name in sorted(moved, key=lambda each: int(np.sum(moved[each]))):
        if not np.any(taken & moved[name]):
            found[name] = moved[name]
            taken = taken | moved[name]
    return found if len(found) >= FEWEST else {}


def at_best_singles(setup: "Setup", counts: FloatArray, theta: FloatArray, singles: Singles) -> FloatArray:
    """Return rows of θ (g, p) with each of them where it is best, all others as they are.

    Parameters
    ----------
    setup
        Which constraints they have.
    counts
        Shape (n,).
    theta
        Shape (g, p).
    singles
        As `singles_of` has them.
    """
    parts = 1 + len(theta) * len(SHIFT_SIGMAS) * len(counts) // BLOCK_ITEMS
    return np.concatenate([_best(setup, counts, part, singles) for part in np.array_split(theta, parts)])


def _best(setup: "Setup", counts: FloatArray, theta: FloatArray, singles: Singles) -> FloatArray:
    rows = np.repeat(theta[:, None, :], len(SHIFT_SIGMAS), axis=1)
    places = {name: _places(setup, name, SHIFT_SIGMAS) for name in singles}
    for name, values in places.items():
        rows[:, :, setup.index(name)] = values
    q = poisson_deviance(counts, setup.model.expected(rows))
    out = theta.copy()
    for name, steps in singles.items():
        constraint = setup.constraints[setup.names.index(name)]
        assert constraint is not None
        own = np.sum(q[:, :, steps], axis=2) + prior_pull(constraint, places[name]) ** 2
        out[:, setup.index(name)] = places[name][np.argmin(own, axis=1)]
    return out


def _places(setup: "Setup", name: str, sigmas: FloatArray) -> FloatArray:
    """Return the values so many standard deviations from what other measurements say, within the bounds."""
    constraint = setup.constraints[setup.names.index(name)]
    assert constraint is not None
    return np.asarray(np.clip(constraint.randomised(constraint.value, sigmas), *setup.limits(name)))
