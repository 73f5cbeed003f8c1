"""Profiles of −2 ln L in one and two parameters: at each point all others are fitted anew."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp_sim.analysis.constraint import prior_pull
from renp_sim.analysis.search import search
from renp_sim.analysis.setup import Setup

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from renp_sim.analysis.model import Constraint, Model, Observation

__all__ = ["Profile", "profile", "profile_q"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """−2 ln L at points of one parameter, or of a grid of two, the others fitted.

    Parameters
    ----------
    parameters
        Names of the one or two parameters.
    values
        Their values, shape (g,), or one array per parameter.
    q
        −2 ln L, shape (g,), or (g, h).
    q_min
        Its global minimum; may lie between the points.
    theta
        All parameters at each point, shape (g, p), or (g, h, p).
    status
        Values of `renp_sim.analysis.newton.Status`.
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


def profile_q(
    setup: Setup, counts: FloatArray, names: tuple[str, ...], values: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.int8]]:
    """Return q (g,), all parameters (g, p) and status (g,) with some parameters held at values (g, len(names)).

    The constraint terms of the held parameters count.

    Parameters
    ----------
    setup
        What floats otherwise; the named parameters may float in it or not.
    counts
        Shape (n,).
    names, values
        What is held where.
    """
    theta = np.tile(setup.theta, (len(values), 1))
    own = np.zeros(len(values))
    for column, name in enumerate(names):
        theta[:, setup.index(name)] = values[:, column]
        if name in setup.names:
            constraint = setup.constraints[setup.names.index(name)]
            if constraint is not None:
                own += prior_pull(constraint, values[:, column]) ** 2
            setup = setup.without(name)
    solution = search(setup, np.broadcast_to(counts, (len(values), len(counts))), theta=theta)
    return solution.q + own, solution.theta, solution.status


def profile(
    observation: "Observation",
    model: "Model",
    values: "Mapping[str, ArrayLike]",
    *,
    free: "Collection[str]" = (),
    fix: "Mapping[str, float] | None" = None,
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
        Scan points by name of the parameter, one or two names; `renp_sim.analysis.scan.kinked_points`
        gives points that hold every kink.
    free, fix, constrain
        As for `renp_sim.analysis.fit.fit`; the scanned parameters need not be named.

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
    names = tuple(values)
    axes = tuple(np.asarray(v, dtype=float) for v in values.values())
    mesh = np.meshgrid(*axes, indexing="ij")
    points = np.stack([m.ravel() for m in mesh], axis=1)
    q, theta, status = profile_q(setup, observation.counts, names, points)
    best = search(setup, observation.counts[None])
    shape = mesh[0].shape
    return Profile(
        parameters=names,
        values=axes,
        q=q.reshape(shape),
        q_min=float(min(best.q[0], np.min(q))),
        theta=theta.reshape(*shape, -1),
        status=status.reshape(shape),
    )
