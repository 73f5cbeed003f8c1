"""Confidence intervals by the construction of Feldman and Cousins, PRD 57 (1998) 3873.

A value is accepted where outcomes that agree with it better than the data have a probability below the
level. With nothing else floating and few counts every outcome is counted; else toys, with the other
parameters at their best fit to the data (a plug-in) and constraint terms randomised.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.acceptance import Acceptance
from renp_sim.analysis.infer.belts import Belts
from renp_sim.analysis.infer.limit import Limit, LimitStatus, is_even, is_seen
from renp_sim.analysis.infer.outcomes import every_outcome, is_enumerable, median_counts
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.infer.toys import Part, Toys, gathered, parts_of
from renp_sim.analysis.intervals import Interval, delta_q_of_level
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor, Serial, Shared

__all__ = ["Belt", "feldman_cousins_limit"]

POINTS = 32
"""Least number of values at which acceptance is asked first; there are at most twice as many."""

MARGIN = 2.5
"""Standard deviations beyond the asymptotic end to which values are asked: tails are longer than Gaussian."""

HALVINGS, TOY_HALVINGS = 14, 7
"""Of the cell that holds an end: toys know it far less well."""

DOUBLINGS, NARROWINGS = 200, 60

SHIFTS = (0.0, 1.0, -1.0)
"""Of the level, in its errors: an end, and where it might be."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belt:
    """The acceptance of values of one parameter, for any data of one experiment.

    Values lie on a lattice of powers of two, so that other data ask for the same ones.

    Parameters
    ----------
    shared
        What floats, `name` among it.
    name
        The parameter; negative values are left out where only its size matters.
    level
        Of the intervals.
    belts
        What is known already; without toys every outcome is counted.
    toys
        Of each value; None where every outcome is counted.
    executor
        Who makes the distributions.
    """

    shared: Shared[Setup]
    name: str
    level: float
    belts: Belts
    toys: Toys | None = None
    executor: Executor = field(default_factory=Serial)

    @property
    def setup(self) -> Setup:
        """What floats."""
        return self.shared.value

    def acceptances(self, asked: Iterable[tuple[float, FloatArray]]) -> dict[float, Acceptance]:
        """Return the distribution of the statistic by value, with its θ (p,)."""
        thetas, missing = dict(asked), []
        for value, theta in thetas.items():
            known = self.belts.found(theta)
            if parts := self._parts(0 if known is None else len(known.statistic)):
                missing.append((value, theta, known, parts))
        calls = [((self.shared, self.name, theta, value), parts) for value, theta, _, parts in missing]
        found = gathered(self.executor, _acceptance, calls)
        for (_, theta, known, _), made in zip(missing, found, strict=True):
            self.belts.keep(theta, reduce(Acceptance.joined, made if known is None else [known, *made]))
        return {value: self.belts.made[theta.tobytes()] for value, theta in thetas.items()}

    def _parts(self, n_known: int) -> Sequence[Part | None]:
        """Return what is missing of a distribution that is known from so many toys, or outcomes."""
        if self.toys is not None:
            return parts_of(self.toys.seed, min(n_known, self.toys.n), self.toys.n)
        return [] if n_known else [None]

    def accepted(self, asked: Sequence[tuple[float, float]], data: Statistic) -> list[bool]:
        """Return which values are accepted, each at a level that is shifted by its error; none beyond `far`.

        Parameters
        ----------
        asked
            Values with their shifts, in errors.
        data
            Whose statistic is judged.
        """
        held = {value: data.held(value) for value, _ in asked}
        observed = {value: float(data.of_held(fit, value)[0]) for value, fit in held.items()}
        known = self.acceptances((v, held[v].theta[0]) for v, t in observed.items() if 0 < t <= self.far)

        def is_accepted(value: float, shift: float) -> bool:
            if value not in known:
                return observed[value] == 0
            level = self.level + shift * known[value].level_error(self.level)
            return bool(known[value].accepts(np.array(observed[value]), level))

        return [is_accepted(*each) for each in asked]

    @property
    def far(self) -> float:
        """The statistic beyond which nothing is accepted."""
        return (math.sqrt(delta_q_of_level(self.level)) + MARGIN) ** 2

    def regions(self, data: Statistic) -> tuple[tuple[Interval, ...], dict[float, float]]:
        """Return the values that are accepted for some data, and the Monte Carlo errors of the ends."""
        points = self.points(data)
        accepted = np.array(self.accepted([(p, 0.0) for p in points.tolist()], data))
        shifts = (0.0,) if self.toys is None else SHIFTS
        cells = np.flatnonzero(np.diff(accepted.astype(int))).tolist()
        found = self._ends(
            data, [(points[i], points[i + 1], bool(accepted[i]), s) for i in cells for s in shifts]
        )
        ends = found[:, 0].tolist()
        # where acceptance jumps, as it does where counts are few, toys decide nothing and the error is 0
        errors = np.abs(found[:, 1] - found[:, -1]) / 2 if self.toys is not None else np.zeros(len(ends))
        return _joined(accepted, points, ends), dict(zip(ends, errors.tolist(), strict=True))

    def _ends(self, data: Statistic, cells: list[tuple[float, float, bool, float]]) -> FloatArray:
        """Return where acceptance changes in cells, shape (cells, shifts).

        A cell is its left and right, whether left is accepted, and the shift. All are halved at the same
        time, so that their distributions are made at the same time.
        """
        for _ in range(HALVINGS if self.toys is None else TOY_HALVINGS):
            middles = [(left + right) / 2 for left, right, _, _ in cells]
            asked = [(middle, cell[3]) for middle, cell in zip(middles, cells, strict=True)]
            cells = [
                (middle, right, is_in, shift) if found == is_in else (left, middle, is_in, shift)
                for (left, right, is_in, shift), middle, found in zip(
                    cells, middles, self.accepted(asked, data), strict=True
                )
            ]
        ends = np.array([(left + right) / 2 for left, right, _, _ in cells])
        return ends.reshape(-1, 1 if self.toys is None else len(SHIFTS))

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
    executor: Executor | None = None,
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
    executor
        Who makes the distributions; no result depends on it.

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
    executor = executor or Serial()
    toys = Toys(seed=belts.seed, n=belts.n_toys, executor=executor) if belts.n_toys else None
    belt = Belt(shared=Shared(setup), name=name, level=level, belts=belts, toys=toys, executor=executor)
    if toys is None:
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


def _acceptance(
    setup: Shared[Setup], name: str, theta: FloatArray, value: float, part: Part | None
) -> Acceptance:
    """Return the distribution at a value, of some toys or of every outcome, of a hypothesis at θ (p,)."""
    mu = setup.value.model.expected(theta)
    outcomes = every_outcome(mu, mu) if part is None else part.outcomes(setup.value, theta)
    values = outcomes.constraint_values
    statistic = Statistic.of(setup.value, name, Kind.TWO_SIDED, outcomes.counts, values).at(value)
    return Acceptance.of(outcomes, statistic, mu)


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
