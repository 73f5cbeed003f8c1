"""Profiles of −2 ln L in one and two parameters: at each point all others are fitted anew."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.constraint import prior_pull
from renp_sim.analysis.search.evolution import swarm_fits
from renp_sim.analysis.search.nuisance_kinks import (
    SWARM_ERRORS,
    beyond_known_kinks,
    is_rough,
    known_kinks,
    over_kinks,
)
from renp_sim.analysis.search.problem import Problem
from renp_sim.analysis.search.scan import ScanTable
from renp_sim.analysis.search.search import Solution, search
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from renp_sim.analysis.data import Observation
    from renp_sim.analysis.model import Constraint, Model

__all__ = ["Profile", "held_rows", "profile", "profile_fits"]


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
    counts = np.asarray(observation.counts, dtype=float)
    points = np.stack([m.ravel() for m in mesh], axis=1)
    best = beyond_known_kinks(setup, counts[None], search(setup, counts[None]))
    rough = is_rough(setup, counts[None], best.theta[0])
    found = profile_fits(setup, counts, tuple(axes), points, rough=rough)
    shape = mesh[0].shape
    return Profile(
        parameters=tuple(axes),
        values=tuple(axes.values()),
        q=found.q.reshape(shape),
        q_min=float(min(best.q[0], np.min(found.q))),
        theta=found.theta.reshape(*shape, -1),
        status=found.status.reshape(shape),
    )


def profile_fits(
    setup: Setup,
    counts: FloatArray,
    names: tuple[str, ...],
    values: FloatArray,
    table: ScanTable | None = None,
    *,
    rough: bool = False,
) -> Solution:
    """Return fits with some floating parameters held; the constraint terms of these count.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (n,).
    names, values
        What is held where, shape (g, len(names)).
    table
        As for `renp_sim.analysis.search.search.search`.
    rough
        Whether the others look beyond the kinks of what is constrained.
    """
    theta, own = held_rows(setup, names, values)
    every = np.broadcast_to(counts, (len(values), len(counts)))
    rest = setup.without(*names)
    found = search(rest, every, theta=theta, table=table)
    if rough and rest.searched:
        found = swarm_fits(Problem.of(rest, every), found, np.full(len(every), SWARM_ERRORS))
    if rough:
        found = over_kinks(rest, (*rest.searched, *known_kinks(rest)), every, found)
    return Solution(theta=found.theta, q=found.q + own, status=found.status, calls=found.calls)


def held_rows(setup: Setup, names: tuple[str, ...], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return all parameters (g, p) and the constraint terms (g,) of the held ones."""
    theta = np.tile(setup.theta, (len(values), 1))
    own = np.zeros(len(values))
    for column, name in zip(values.T, names, strict=True):
        theta[:, setup.index(name)] = column
        constraint = setup.constraints[setup.names.index(name)]
        if constraint is not None:
            own += prior_pull(constraint, column) ** 2
    return theta, own
