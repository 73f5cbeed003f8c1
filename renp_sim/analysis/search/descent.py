"""Descent over the smooth pieces of several parameters with kinks, one after the other."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.search.curve import MINIMUM_TOLERANCE
from renp_sim.analysis.search.problem import Solution
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["over_pieces"]

ROUNDS = 8
"""Most rounds over the pieces of all parameters (test_one_round_over_pieces_ends_above_the_minimum): along a
valley that is oblique to all pieces there are ever more, of nothing."""


def over_pieces(
    setup: "Setup",
    kinked: tuple[str, ...],
    counts: FloatArray,
    found: Solution,
    *,
    is_local: bool = False,
) -> Solution:
    """Return fits, the lowest over the pieces of one parameter after the other, until none gains.

    Of all pieces, or of those in which each fit stands.
    """
    others = [tuple(other for other in kinked if other != name) for name in kinked]
    profilers = [replace(Profiler.of(setup, counts, held), is_local=is_local) for held in others]
    rows = np.arange(len(found.q))
    for _ in range(ROUNDS):
        before = found.q
        for profiler in profilers:
            found = found.keeping_lower(rows, profiler.lowest(found.theta[rows]))
        rows = np.flatnonzero(found.q < before - MINIMUM_TOLERANCE)
        if not len(rows):
            break
    return found
