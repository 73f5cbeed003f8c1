"""Couplings in which μ is no quadratic form, as those that set the width of a mediator beside its pole.

Their size spans decades, at 0 there is no gradient, and both signs may fit: they are looked over, not
followed.
"""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.minimise.solution import TIE
from renp_sim.analysis.search.curve import refined
from renp_sim.analysis.search.problem import Solution
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["amplitude_points", "at_best_amplitudes"]

SMALLEST = 1e-8
"""Of the scale: on a pole a coupling does as much as far from it one that is larger by decades
(test_both_signs_of_a_coupling_under_a_pole_are_found)."""

A_DECADE = 10
"""Points of a curve over such a coupling, as it is drawn."""


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
        setup = setup.moved(_best(setup, counts, name))
    return setup


def _best(setup: "Setup", counts: FloatArray, name: str) -> FloatArray:
    """Return all parameters, shape (p,), where it fits best; of two signs that fit alike the positive one.

    A typical step says nothing of decades, so that no step of a fit finds it from the points.
    """
    # what is searched moves thresholds, and has its own scan from here
    profiler = Profiler.of(setup, counts, (name, *(n for n in setup.searched if n != name)))

    def evaluate(_: IndexArray, values: FloatArray) -> Solution:
        return profiler.at(name, values)

    points, scale = amplitude_points(setup, name), float(setup.scale[setup.names.index(name)])
    (curve,) = refined(evaluate, [points], [np.empty(0)], (), scale, ripple=profiler.ripple)
    lowest = np.flatnonzero(curve.q <= np.min(curve.q) + TIE * (1 + np.min(curve.q)))
    best: FloatArray = curve.fits.theta[lowest[-1]]
    return best
