"""What expected counts say of the errors of the parameters."""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.search.problem import Problem

__all__ = ["covariances"]


def covariances(problem: "Problem") -> FloatArray:
    """Return the covariance matrices that expected counts say where all stand, shape (b, f, f).

    What they do not see has an error of one typical step.
    """
    x = np.broadcast_to(problem.start(), (len(problem.setup.free), problem.n_toys))
    fisher = problem.likelihood().fisher(x).transpose(2, 0, 1) / 2
    unit = np.outer(problem.setup.scale, problem.setup.scale)
    found: FloatArray = np.linalg.inv(fisher * unit + np.eye(len(unit))) * unit
    return found
