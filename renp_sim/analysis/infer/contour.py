"""The contour of two parameters around a best fit."""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.best_fit import BestFit
from renp_sim.analysis.infer.minuit import contour_points, minuit_of
from renp_sim.arrays import FloatArray
from renp_sim.constants import ONE_SIGMA
from renp_sim.errors import ConfigError, FitError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from renp_sim.analysis.data import Observation
    from renp_sim.analysis.model import Constraint, Model

__all__ = ["contour"]


def contour(
    observation: "Observation",
    model: "Model",
    names: tuple[str, str],
    *,
    free: "Collection[str]" = (),
    fix: "Mapping[str, float] | None" = None,
    constrain: "Mapping[str, Constraint | None] | None" = None,
    level: float = ONE_SIGMA,
    size: int = 60,
) -> FloatArray:
    """Return the closed contour of two parameters around the best fit, shape (size + 1, 2), by MINUIT.

    Parameters
    ----------
    observation
        One set of counts, shape (n,).
    model
        For the exposure of the observation.
    names
        The two parameters.
    free, fix, constrain
        As for `fit`; both parameters float.
    level
        That both values are inside, together.
    size
        Points of the contour; the first is repeated at its end.

    Raises
    ------
    ConfigError
        If a parameter does not float, or one that floats has kinks: `renp_sim.analysis.infer.profile.profile`
        over a grid of two knows them.
    FitError
        If MINUIT finds no contour.
    """
    setup = Setup.of(model, free=free, fix=fix, constrain=constrain)
    for name in names:
        if name not in setup.names:
            raise ConfigError(f"contour of {name}: it does not float; name it in free or constrain")
    if setup.searched:
        raise ConfigError(f"contour with {', '.join(setup.searched)} floating: it has kinks; use a profile")
    counts = np.asarray(observation.counts, dtype=float)
    best = BestFit.of(setup, counts)
    minuit = minuit_of(best.setup, counts, best.setup.theta[setup.free])
    minuit.migrad()
    points = contour_points(minuit, setup, names, level, size) if minuit.valid else np.empty((0, 2))
    if not len(points):
        raise FitError(f"contour of {names[0]} and {names[1]}: MINUIT finds none; use a profile", last=best.q)
    return points
