"""Couplings in which μ is no quadratic form, as those that set the width of a mediator beside its pole.

Their size spans decades, at 0 there is no gradient, and both signs may fit: they are looked over, not
followed.
"""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.minimise.solution import TIE
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["amplitude_points", "at_best_amplitudes"]

SMALLEST, A_DECADE = 1e-8, 10
"""Of the scale: on a pole a coupling does as much as far from it one that is larger by decades
(test_both_signs_of_a_coupling_under_a_pole_are_found, test_few_couplings_a_decade_miss_the_minimum)."""


def amplitude_points(setup: "Setup", name: str) -> FloatArray:
    """Return points of such a coupling on both sides of 0, even in the logarithm up to its bounds, rising."""
    least, (low, high) = SMALLEST * setup.scale[setup.names.index(name)], setup.limits(name)
    most = max(abs(low), abs(high))
    size = np.geomspace(least, most, int(A_DECADE * np.log10(most / least)) + 1)
    points = np.concatenate([-size[::-1], [0.0], size])
    return np.unique(np.clip(points, low, high))


def at_best_amplitudes(setup: "Setup", counts: FloatArray) -> "Setup":
    """Return the set-up that starts where each of them fits best, what is searched at rest."""
    for name in setup.amplitudes:
        points = amplitude_points(setup, name)
        theta = np.tile(setup.theta, (len(points), 1))
        theta[:, setup.index(name)] = points
        # what is searched moves thresholds, and has its own scan from here
        profiler = Profiler.of(setup, counts, (name, *(n for n in setup.searched if n != name)))
        found = profiler.lowest(theta)
        # of two signs that fit alike the positive one
        lowest = np.flatnonzero(found.q <= np.min(found.q) + TIE * (1 + np.min(found.q)))
        setup = setup.moved(found.theta[lowest[-1]])
    return setup
