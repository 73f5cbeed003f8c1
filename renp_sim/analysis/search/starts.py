"""Where a fit starts: what the total of the counts says of a parameter that multiplies the signal."""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.row_mean import RowMean
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["started"]


def started(rest: "Setup", mean: RowMean, counts: FloatArray, x: FloatArray) -> FloatArray:
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
