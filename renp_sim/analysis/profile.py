"""Profiles of −2 ln L in one and two parameters: at each point all others are fitted anew."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp_sim.analysis.constraint import ConstraintTerms, prior_pull
from renp_sim.analysis.intervals import Interval, regions_below
from renp_sim.analysis.known_kinks import (
    SWARM_ERRORS,
    beyond_known_kinks,
    is_rough,
    known_kinks,
    known_points,
    over_kinks,
)
from renp_sim.analysis.problem import Problem
from renp_sim.analysis.scan import ScanTable
from renp_sim.analysis.scan_points import coupling_points, kinked_points
from renp_sim.analysis.search import Solution, scan_table, search
from renp_sim.analysis.setup import Setup
from renp_sim.analysis.several_kinked import following_fits
from renp_sim.analysis.swarm import covariances, swarm_fits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from renp_sim.analysis.model import Constraint, Model, Observation
__all__ = ["Profile", "ProfileCurve", "profile", "profile_fits"]

FloatArray = NDArray[np.float64]

WINDOW_POINTS = 33
"""Points of a curve over a smooth parameter."""

FAR = 8.0
"""A scan this much above a level need not be confirmed by fits."""

MOST_POINTS = 20_000
"""A scan in several parameters with more points is not made."""

WIDENINGS = 14
"""Times a window is doubled before its parameter is said to be without limit."""


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
        Values of `renp_sim.analysis.minimum.Status`.
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
        Points by name of the parameter, one or two names; `renp_sim.analysis.scan_points.kinked_points`
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
        As for `renp_sim.analysis.search.search`.
    rough
        Whether the others look beyond the kinks of what is constrained.
    """
    theta, own = _held(setup, names, values)
    every = np.broadcast_to(counts, (len(values), len(counts)))
    rest = setup.without(*names)
    found = search(rest, every, theta=theta, table=table)
    if rough and rest.searched:
        found = swarm_fits(Problem.of(rest, every), found, np.full(len(every), SWARM_ERRORS))
    if rough:
        found = over_kinks(rest, (*rest.searched, *known_kinks(rest)), every, found)
    return Solution(theta=found.theta, q=found.q + own, status=found.status, calls=found.calls)


def _held(setup: Setup, names: tuple[str, ...], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return all parameters (g, p) and the constraint terms (g,) of the held ones."""
    theta = np.tile(setup.theta, (len(values), 1))
    own = np.zeros(len(values))
    for column, name in zip(values.T, names, strict=True):
        theta[:, setup.index(name)] = column
        constraint = setup.constraints[setup.names.index(name)]
        if constraint is not None:
            own += prior_pull(constraint, column) ** 2
    return theta, own


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfileCurve:
    """The profile of one observation over one floating parameter, by scan where that will do.

    Parameters
    ----------
    setup
        What floats, at the best fit.
    counts
        Shape (n,).
    q_min
        −2 ln L of the best fit.
    table
        Scan of the set-up, None where nothing in it is kinked or enters squared.
    rough
        Whether what is constrained has kinks that leave rivals of the fits beside the best one.
    """

    setup: Setup
    counts: FloatArray
    q_min: float
    table: ScanTable | None
    rough: bool

    @classmethod
    def of(cls, setup: Setup, counts: FloatArray, q_min: float) -> "ProfileCurve":
        """Return the profile around a best fit."""
        table = scan_table(setup, counts[None]) if len(setup.searched) == 1 else None
        rough = len(setup.searched) < 2 and is_rough(setup, counts[None], setup.theta)
        return cls(setup=setup, counts=counts, q_min=q_min, table=table, rough=rough)

    def delta_q(self, name: str, values: FloatArray) -> FloatArray:
        """Return Δq at values of a parameter, shape (g,), by fits.

        Where several parameters have kinks the others follow from the best fit: a search for each point
        would take too long.
        """
        mass_only = self.setup.searched == (name,) and bool(known_kinks(self.setup)) and not self.rough
        if len(self.setup.searched) > 1 or mass_only:
            return self._following(name, values) - self.q_min
        fits = profile_fits(self.setup, self.counts, (name,), values[:, None], self.table, rough=self.rough)
        return fits.q - self.q_min

    def _following(self, name: str, values: FloatArray) -> FloatArray:
        """Return −2 ln L at values of a parameter, the others where the parabola at the best fit has them."""
        setup = self.setup
        theta, own = _held(setup, (name,), values[:, None])
        position = setup.names.index(name)
        (covariance,) = covariances(Problem.of(setup, self.counts[None]))
        slope = covariance[position] / covariance[position, position]
        start = setup.theta[setup.free] + np.outer(values - setup.theta[setup.index(name)], slope)
        theta[:, setup.free] = np.clip(start, setup.lower, setup.upper)
        theta[:, setup.index(name)] = values
        order = np.argsort(values, kind="stable")
        q = np.empty(len(values))
        q[order] = following_fits(setup.without(name), self.counts, theta[order]).q
        return q + own

    def is_dense(self, name: str) -> bool:
        """Return whether a curve has points all over: only the ends where each needs a search of its own."""
        return self.table is None or name in self.setup.searched

    def points(self, name: str, error: float, level: float) -> tuple[FloatArray, FloatArray]:
        """Return points of a parameter that hold all of its regions, and Δq there.

        Parameters
        ----------
        name
            Of a floating parameter.
        error
            A first idea of its error.
        level
            Δq at the ends of the regions.
        """
        if self.setup.searched == (name,):
            return self._over_kinks(name, level)
        return self._window(name, error, level)

    def error(self, name: str) -> float:
        """Return the error of a parameter that expected counts say; a typical step where they see nothing."""
        position = self.setup.names.index(name)
        (covariance,) = covariances(Problem.of(self.setup, self.counts[None]))
        return float(np.sqrt(covariance[position, position]))

    def regions(
        self, name: str, error: float, level: float
    ) -> tuple[tuple[Interval, ...], FloatArray, FloatArray]:
        """Return the regions of a parameter, and the points of the profile with Δq there; as `points`."""
        points, delta_q = self.points(name, error, level)
        found = regions_below(
            lambda values: self.delta_q(name, values), level, points, delta_q, fine=self.is_dense(name)
        )
        low, high = self.setup.limits(name)
        # an end that no widening of the window found is no end
        regions = tuple(
            replace(
                region,
                lower=low if region.lower_open else region.lower,
                upper=high if region.upper_open else region.upper,
            )
            for region in found
        )
        return regions, points, delta_q

    def _over_kinks(self, name: str, level: float) -> tuple[FloatArray, FloatArray]:
        """Return points of a kinked parameter and Δq, by fits where it is not far above a level."""
        best = self.setup.theta[self.setup.index(name)]
        points = np.union1d(kinked_points(self.setup, name)[0], [best])
        out = self._by_scan(name, points)
        if out is None:
            out = self.delta_q(name, points)
        else:
            is_fitted = np.zeros(len(points), dtype=bool)
            # the points beside those that are near too: a region may end there, and a scan may be wrong
            while len(new := np.flatnonzero(_beside(out < level + FAR) & ~is_fitted)):
                out[new] = self.delta_q(name, points[new])
                is_fitted[new] = True
        out[points == best] = np.minimum(out[points == best], 0.0)
        return points, out

    def _by_scan(self, name: str, points: FloatArray) -> FloatArray | None:
        """Return Δq of a scan over the kinked parameter, None where others are scanned too."""
        others = self.setup.without(name)
        if others.searched or others.bent:
            return None
        axes = {name: points}
        if self.rough and (known := known_kinks(self.setup)):
            most = int((MOST_POINTS / len(points)) ** (1 / len(known)))
            axes |= {other: known_points(self.setup, other, most) for other in known}
        table = ScanTable.of(self.setup, axes, self.setup.free)
        terms = ConstraintTerms.of(self.setup.constraints)
        q = table.scan(self.setup, self.counts[:, None], terms).q[:, 0]
        lowest: FloatArray = np.min(q.reshape(len(points), -1), axis=1) - self.q_min
        return lowest

    def _window(self, name: str, error: float, level: float) -> tuple[FloatArray, FloatArray]:
        """Return points of a smooth parameter, out to well above a level or to its bounds, and Δq.

        Where a fit has to search kinks anew only the ends and the best value are computed.
        """
        index = self.setup.index(name)
        parameter, best = self.setup.model.parameters[index], float(self.setup.theta[index])
        low = high = best
        ends: dict[float, float] = {best: 0.0}
        if name in self.setup.squared:
            # there may be a second region on the other side
            points = coupling_points(self.setup, name, self.counts[None])
            low, high = min(best, float(points[0])), max(best, float(points[-1]))
            wide = np.setdiff1d([*points.tolist(), low, high], [best])
            ends |= dict(zip(wide.tolist(), self.delta_q(name, wide).tolist(), strict=True))
        reach = 2.0 * error * np.sqrt(level)
        for _ in range(WIDENINGS):
            wanted = []
            if ends[low] < level + 1 and low > parameter.lower:
                low = max(parameter.lower, min(low, best) - reach)
                wanted.append(low)
            if ends[high] < level + 1 and high < parameter.upper:
                high = min(parameter.upper, max(high, best) + reach)
                wanted.append(high)
            if not wanted:
                break
            ends |= dict(zip(wanted, self.delta_q(name, np.array(wanted)).tolist(), strict=True))
            reach *= 2
        if self.is_dense(name):
            kinks = self.setup.model.kinks(name, self.setup.theta)
            kinks = kinks[(kinks > low) & (kinks < high)]
            inner = np.setdiff1d([*np.linspace(low, high, WINDOW_POINTS), *kinks], list(ends))
            ends |= dict(zip(inner.tolist(), self.delta_q(name, inner).tolist(), strict=True))
        points = np.array(sorted(ends))
        return points, np.array([ends[point] for point in points.tolist()])


def _beside(near: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which points are near or beside one that is."""
    out = near.copy()
    out[1:] |= near[:-1]
    out[:-1] |= near[1:]
    return out
