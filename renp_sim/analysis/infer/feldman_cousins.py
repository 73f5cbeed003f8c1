"""Confidence intervals by the construction of Feldman and Cousins, PRD 57 (1998) 3873.

A value is accepted where outcomes that agree with it better than the data have a probability below the
level. With nothing else floating and few counts every outcome is counted; else toys, with the other
parameters at their best fit to the data (a plug-in) and constraint terms randomised.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.limit import Limit, LimitStatus, is_even, is_seen
from renp_sim.analysis.infer.outcomes import Uniforms, every_outcome, is_enumerable, median_counts
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.intervals import Interval, delta_q_of_level
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError

__all__ = ["Belt", "feldman_cousins_limit"]

POINTS = 48
"""Values at which acceptance is asked first, evenly spaced in standard deviations."""

MARGIN = 2.5
"""Standard deviations beyond the asymptotic end to which values are asked: tails are longer than Gaussian."""

HALVINGS = 40
"""Most halvings of the cell that holds an end."""

END_TOLERANCE = 1e-4
"""How well an end is known, in cells of the grid; toys know it far less well."""

DOUBLINGS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belt:
    """The acceptance of values of one parameter, for any data of one experiment.

    Parameters
    ----------
    setup
        What floats, `name` among it.
    name
        The parameter; negative values are left out where only its size matters.
    level
        Of the intervals.
    uniforms
        Of the toys; None where every outcome is counted.
    """

    setup: Setup
    name: str
    level: float
    uniforms: Uniforms | None

    def better(self, value: float, data: Statistic) -> float:
        """Return the probability of outcomes that agree better with a value than the data do."""
        observed = float(data.at(value)[0])
        theta = data.held(value).theta[0]
        mu = self.setup.model.expected(theta)
        if self.uniforms is None:
            every = every_outcome(mu, mu)
            statistic = data.of_other(every.counts).at(value)
        else:
            every = self.uniforms.outcomes(self.setup, mu, theta)
            statistic = data.of_other(every.counts, every.constraint_values).at(value)
        return 1.0 - every.p_value(statistic, observed, mu)[0]

    def regions(self, counts: FloatArray) -> tuple[Interval, ...]:
        """Return the values that are accepted for some data (n,)."""
        data = Statistic.of(self.setup, self.name, Kind.TWO_SIDED, counts[None])
        points = self.points(data)
        accepted = np.array([self.better(p, data) < self.level for p in points.tolist()])
        edges = np.flatnonzero(np.diff(accepted.astype(int)))
        ends = [self._end(data, points[i], points[i + 1], inner_first=accepted[i]) for i in edges.tolist()]
        return _joined(accepted, points, ends)

    def _end(self, data: Statistic, left: float, right: float, *, inner_first: bool) -> float:
        """Return where acceptance changes between two values."""
        width = right - left
        for _ in range(HALVINGS):
            if right - left <= END_TOLERANCE * width:
                break
            middle = (left + right) / 2
            if (self.better(middle, data) < self.level) == inner_first:
                left = middle
            else:
                right = middle
        return (left + right) / 2

    def points(self, data: Statistic) -> FloatArray:
        """Return values from end to end of what may be accepted, dense where the data are sensitive."""
        low, high = self.setup.limits(self.name)
        low = 0.0 if is_even(self.setup, self.name) else low
        best = float(data.best_values[0])
        far = (math.sqrt(delta_q_of_level(self.level)) + MARGIN) ** 2
        scale = float(self.setup.scale[self.setup.names.index(self.name)])
        right = _outward(lambda v: float(data.at(v)[0]), best, scale, far, high)
        left = _outward(lambda v: float(data.at(v)[0]), best, -scale, far, low)
        even = np.linspace(left, right, 4 * POINTS)
        # nothing is allowed where a step with counts expects none
        root = np.sqrt([min(float(data.at(v)[0]), 4 * far) for v in even.tolist()])
        walked = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(root)))])
        points = np.interp(np.linspace(0, walked[-1], POINTS), walked, even) if walked[-1] > 0 else even
        return np.unique(np.append(points, best))


def feldman_cousins_limit(
    setup: Setup, counts: FloatArray, name: str, level: float, uniforms: Uniforms | None = None
) -> Limit:
    """Return the interval of Feldman and Cousins, a list of regions where it is not connected.

    Parameters
    ----------
    setup
        What floats, `name` among it.
    counts
        Shape (n,); of an expectation the median counts are taken.
    name
        The parameter.
    level
        Confidence level.
    uniforms
        Of the toys. None counts every outcome.

    Raises
    ------
    ConfigError
        If outcomes cannot be counted and no toys are asked for.
    """
    if not is_seen(setup, name):
        return Limit.none(name, level, float(setup.theta[setup.index(name)]))
    if np.any(counts != np.round(counts)):
        # of whole numbers only are there outcomes: the median ones stand for an expectation
        counts = median_counts(counts)
    data = Statistic.of(setup, name, Kind.TWO_SIDED, counts[None])
    belt = Belt(setup=setup, name=name, level=level, uniforms=uniforms)
    if uniforms is None:
        most = _most_expected(setup, name, belt.points(data))
        if len(setup.names) > 1 or not is_enumerable(most, most):
            raise ConfigError(
                "--method feldman-cousins: outcomes are too many to be counted, or something else floats; "
                "give --toys N"
            )
    regions = belt.regions(counts)
    if is_even(setup, name):
        mirrored = tuple(Interval(lower=-r.upper, upper=-r.lower) for r in reversed(regions) if r.lower > 0)
        regions = mirrored + tuple(
            Interval(lower=-r.upper, upper=r.upper) if r.lower == 0 else r for r in regions
        )
    return _limit(name, level, float(data.best_values[0]), regions, LimitStatus.LIMITED)


def _limit(name: str, level: float, best: float, regions: tuple[Interval, ...], status: LimitStatus) -> Limit:
    return Limit(
        name=name,
        level=level,
        delta_q=None,
        sided="two-sided",
        best=best,
        lower=regions[0].lower if regions else None,
        upper=regions[-1].upper if regions else None,
        regions=regions,
        expected=None,
        status=status,
    )


def _most_expected(setup: Setup, name: str, points: FloatArray) -> FloatArray:
    theta = np.tile(setup.theta, (len(points), 1))
    theta[:, setup.index(name)] = points
    most: FloatArray = np.max(setup.model.expected(theta), axis=0)
    return most


def _outward(
    statistic: Callable[[float], float], start: float, step: float, far: float, bound: float
) -> float:
    """Return a value beyond which the statistic is larger than `far`, or the bound."""
    value = start
    for _ in range(DOUBLINGS):
        value = start + step
        if (value - bound) * step >= 0:
            return bound
        if statistic(value) > far:
            break
        step *= 1.3
    return value


def _joined(accepted: FloatArray, points: FloatArray, ends: list[float]) -> tuple[Interval, ...]:
    """Return the accepted regions from where acceptance changes."""
    edges = list(ends)
    if accepted[0]:
        edges.insert(0, float(points[0]))
    if accepted[-1]:
        edges.append(float(points[-1]))
    return tuple(
        Interval(lower=float(a), upper=float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)
    )
