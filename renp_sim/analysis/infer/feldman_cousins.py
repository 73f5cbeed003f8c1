"""Confidence intervals by the construction of Feldman and Cousins, PRD 57 (1998) 3873.

A value is accepted where outcomes that agree with it better than the data have a probability below the
level. With nothing else floating and few counts every outcome is counted; else toys, with the other
parameters at their best fit to the data (a plug-in) and constraint terms randomised.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.acceptance import Acceptance
from renp_sim.analysis.infer.belts import Belts
from renp_sim.analysis.infer.limit import Limit, LimitStatus, is_even, is_seen
from renp_sim.analysis.infer.outcomes import Uniforms, every_outcome, is_enumerable, median_counts
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.intervals import Interval, delta_q_of_level
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError

__all__ = ["Belt", "feldman_cousins_limit"]

POINTS = 32
"""Least number of values at which acceptance is asked first; there are at most twice as many."""

MARGIN = 2.5
"""Standard deviations beyond the asymptotic end to which values are asked: tails are longer than Gaussian."""

HALVINGS, TOY_HALVINGS = 14, 7
"""Of the cell that holds an end: toys know it far less well."""

DOUBLINGS, NARROWINGS = 200, 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belt:
    """The acceptance of values of one parameter, for any data of one experiment.

    Values lie on a lattice of powers of two, so that other data ask for the same ones.

    Parameters
    ----------
    setup
        What floats, `name` among it.
    name
        The parameter; negative values are left out where only its size matters.
    level
        Of the intervals.
    belts
        What is known already; without toys every outcome is counted.
    uniforms
        Of the toys.
    """

    setup: Setup
    name: str
    level: float
    belts: Belts
    uniforms: Uniforms | None

    def acceptance(self, value: float, data: Statistic) -> Acceptance:
        """Return the distribution of the statistic where the parameter has a value, the rest as data say."""
        theta = data.held(value).theta[0]
        known, uniforms = self.belts.found(theta), self.uniforms
        if known is not None and uniforms is not None:
            uniforms = uniforms.beyond(len(known.statistic))
        if known is not None and (uniforms is None or not len(uniforms.counts)):
            return known
        mu = self.setup.model.expected(theta)
        outcomes = every_outcome(mu, mu) if uniforms is None else uniforms.outcomes(self.setup, mu, theta)
        statistic = data.of_other(outcomes.counts, outcomes.constraint_values).at(value)
        made = Acceptance.of(outcomes, statistic, mu)
        made = made if known is None else known.joined(made)
        self.belts.keep(theta, made)
        return made

    def accepts(self, value: float, data: Statistic, shift: float = 0.0) -> bool:
        """Return whether a value is accepted, at a level that is shifted by its error; not beyond `far`."""
        observed = float(data.at(value)[0])
        if observed > self.far:
            return False
        if observed == 0:
            return True
        acceptance = self.acceptance(value, data)
        return acceptance.accepts(observed, self.level + shift * acceptance.level_error(self.level))

    @property
    def far(self) -> float:
        """The statistic beyond which nothing is accepted."""
        return (math.sqrt(delta_q_of_level(self.level)) + MARGIN) ** 2

    def regions(self, data: Statistic) -> tuple[tuple[Interval, ...], dict[float, float]]:
        """Return the values that are accepted for some data, and the Monte Carlo errors of the ends."""
        points = self.points(data)
        accepted = np.array([self.accepts(p, data) for p in points.tolist()])
        ends, errors = [], {}
        for i in np.flatnonzero(np.diff(accepted.astype(int))).tolist():
            find = partial(self._end, data, (points[i], points[i + 1]), inner_first=bool(accepted[i]))
            ends.append(find())
            # where acceptance jumps, as it does where counts are few, toys decide nothing and the error is 0
            errors[ends[-1]] = abs(find(shift=1.0) - find(shift=-1.0)) / 2 if self.uniforms else 0.0
        return _joined(accepted, points, ends), errors

    def _end(
        self, data: Statistic, cell: tuple[float, float], *, inner_first: bool, shift: float = 0.0
    ) -> float:
        """Return where acceptance changes in a cell."""
        left, right = cell
        for _ in range(HALVINGS if self.uniforms is None else TOY_HALVINGS):
            middle = (left + right) / 2
            if self.accepts(middle, data, shift) == inner_first:
                left = middle
            else:
                right = middle
        return (left + right) / 2

    def points(self, data: Statistic) -> FloatArray:
        """Return values from end to end of what may be accepted, and the best one."""
        low, high = self.setup.limits(self.name)
        low = 0.0 if is_even(self.setup, self.name) else low
        best = float(data.best_values[0])
        scale = float(self.setup.scale[self.setup.names.index(self.name)])
        right = _outward(lambda v: float(data.at(v)[0]), best, scale, self.far, high)
        left = _outward(lambda v: float(data.at(v)[0]), best, -scale, self.far, low)
        if right <= left:
            return np.array([best])
        cell = 2.0 ** math.floor(math.log2((right - left) / POINTS))
        lattice = cell * np.arange(math.floor(left / cell), math.ceil(right / cell) + 1)
        return np.unique(
            [*lattice[(lattice > low) & (lattice < high)], max(left, low), min(right, high), best]
        )


def feldman_cousins_limit(
    setup: Setup,
    counts: FloatArray,
    name: str,
    level: float,
    belts: Belts | None = None,
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
    belts
        What is known from before, which what is made here joins. Without toys, and where there are none,
        every outcome is counted.

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
    if belts is None:
        belts = Belts.open(None, setup, name, seed=0, n_toys=0)
    uniforms = None
    if belts.n_toys:
        uniforms = Uniforms.of(setup, len(counts), seed=belts.seed, n_toys=belts.n_toys)
    belt = Belt(setup=setup, name=name, level=level, belts=belts, uniforms=uniforms)
    if uniforms is None:
        most = _most_expected(setup, name, belt.points(data))
        if len(setup.names) > 1 or not is_enumerable(most, most):
            raise ConfigError(
                "--method feldman-cousins: outcomes are too many to be counted, or something else floats; "
                "give --toys N"
            )
    regions, errors = belt.regions(data)
    lower, upper = (regions[0].lower, regions[-1].upper) if regions else (None, None)
    upper_error = errors.get(upper) if upper is not None else None
    lower_error = errors.get(lower) if lower is not None else None
    if is_even(setup, name):
        mirrored = tuple(Interval(lower=-r.upper, upper=-r.lower) for r in reversed(regions) if r.lower > 0)
        regions = mirrored + tuple(
            Interval(lower=-r.upper, upper=r.upper) if r.lower == 0 else r for r in regions
        )
        lower, lower_error = (None, None) if upper is None else (-upper, upper_error)
    return Limit(
        name=name,
        level=level,
        delta_q=None,
        sided="two-sided",
        best=float(data.best_values[0]),
        lower=lower,
        upper=upper,
        regions=regions,
        expected=None,
        status=LimitStatus.LIMITED,
        lower_error=lower_error,
        upper_error=upper_error,
    )


def _most_expected(setup: Setup, name: str, points: FloatArray) -> FloatArray:
    theta = np.tile(setup.theta, (len(points), 1))
    theta[:, setup.index(name)] = points
    most: FloatArray = np.max(setup.model.expected(theta), axis=0)
    return most


def _outward(
    statistic: Callable[[float], float], start: float, step: float, far: float, bound: float
) -> float:
    """Return a value beyond which the statistic is larger than `far`, not far beyond it, or the bound."""
    inside = start
    for _ in range(DOUBLINGS):
        outside = inside + step
        if (outside - bound) * step >= 0:
            outside = bound
        if statistic(outside) > far:
            break
        if outside == bound:
            return bound
        inside, step = outside, 1.3 * step
    for _ in range(NARROWINGS):
        if abs(outside - inside) <= 0.1 * abs(inside - start):
            break
        middle = (inside + outside) / 2
        if statistic(middle) > far:
            outside = middle
        else:
            inside = middle
    return outside


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
