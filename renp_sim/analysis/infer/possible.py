"""Counts that no value of what floats allows: an answer about them would be none."""

import math

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.arrays import FloatArray
from renp_sim.errors import FitError, listed

__all__ = ["impossible", "require_possible"]


def impossible(counts: FloatArray, expected: FloatArray, last: object = None) -> FitError:
    """Return what to say of counts (n,) where the best fit expects none, shape (n,)."""
    where = np.flatnonzero((counts > 0) & (expected <= 0))
    return FitError(
        f"no model allows the counts: steps {listed(where, 5)} have counts where every model expects "
        "none; give a background component or free it",
        last=last,
    )


def require_possible(setup: Setup, q: float, counts: FloatArray) -> None:
    """Raise FitError if −2 ln L of the best fit is infinite; it names what no floating parameter opens."""
    if not math.isfinite(q):
        theta = np.tile(setup.theta, (1 + len(setup.free), 1))
        theta[1 + np.arange(len(setup.free)), setup.free] += setup.scale
        raise impossible(counts, setup.model.expected(theta).max(axis=0))
