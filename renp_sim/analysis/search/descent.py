"""Descent over the smooth pieces of several parameters with kinks, one after the other."""

from typing import TYPE_CHECKING

from renp_sim.analysis.search.problem import Solution
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["over_pieces"]

PIECES_GAIN = 1e-7
"""A round over the pieces of all parameters that gains less is the last."""


def over_pieces(setup: "Setup", kinked: tuple[str, ...], counts: FloatArray, found: Solution) -> Solution:
    """Return the fit, the lowest over the pieces of one parameter after the other, until none gains."""
    others = [tuple(other for other in kinked if other != name) for name in kinked]
    profilers = [Profiler.of(setup, counts, held) for held in others]
    while True:
        before = found.q[0]
        for profiler in profilers:
            trial = profiler.lowest(found.theta)
            found = trial if trial.q[0] < found.q[0] else found
        if found.q[0] > before - PIECES_GAIN:
            return found
