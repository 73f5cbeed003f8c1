"""Profiles of −2 ln L in one and two parameters: at each point all others are fitted anew."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from renp_sim.analysis.data import Observation
    from renp_sim.analysis.model import Constraint, Model

__all__ = ["Profile", "profile"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """−2 ln L at points of one parameter, or of a grid of two, the others fitted.

    Parameters
    ----------
    parameters
        Names of the one or two parameters.
    values
        Their values, shape (g,), and (h,) if there are two.
    q
        −2 ln L, shape (g,), or (g, h).
    q_min
        Its global minimum; may lie between the points.
    theta
        All parameters at each point, shape (g, p), or (g, h, p).
    status
        Values of `renp_sim.analysis.minimise.solution.Status`.
    """

    parameters: tuple[str, ...]
    values: tuple[FloatArray, ...]
    q: FloatArray
    q_min: float
    theta: FloatArray
    status: NDArray[np.int8]

    @property
    def delta_q(self) -> FloatArray:
        """Δ(−2 ln L) above the global minimum."""
        return self.q - self.q_min


def profile(
    observation: "Observation",
    model: "Model",
    values: "Mapping[str, ArrayLike]",
    *,
    free: "Collection[str]" = (),
    fix: "Mapping[str, float | None] | None" = None,
    constrain: "Mapping[str, Constraint | None] | None" = None,
) -> Profile:
    """Return the profile over one parameter or over the grid of two.

    Parameters
    ----------
    observation
        One set of counts, shape (n,).
    model
        Expected counts.
    values
        Points by name of the parameter, one or two names; `renp_sim.analysis.search.grid.kinked_points`
        gives points that hold every kink.
    free, fix, constrain
        As for `renp_sim.analysis.infer.fit.fit`; the scanned parameters need not be named.

    Raises
    ------
    ConfigError
        If a name is unknown or given twice.
    ValueError
        If not one or two parameters are scanned.
    """
    if len(values) not in (1, 2):
        raise ValueError(f"a profile runs over one or two parameters, got {len(values)}: {', '.join(values)}")
    constrain = dict(constrain or {})
    floating = [*free, *(name for name in values if name not in free and name not in constrain)]
    setup = Setup.of(model, free=floating, fix=fix, constrain=constrain)
    axes = {name: np.asarray(points, dtype=float) for name, points in values.items()}
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    curve = ProfileCurve.of(setup, np.asarray(observation.counts, dtype=float))
    found = curve.fits(tuple(axes), np.stack([m.ravel() for m in mesh], axis=1))
    shape = mesh[0].shape
    return Profile(
        parameters=tuple(axes),
        values=tuple(axes.values()),
        q=found.q.reshape(shape),
        q_min=float(min(curve.q_min, np.min(found.q))),
        theta=found.theta.reshape(*shape, -1),
        status=found.status.reshape(shape),
    )
