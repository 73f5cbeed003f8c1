"""The construction of Feldman and Cousins, PRD 57 (1998) 3873: which values of a parameter some data accept.

A value is accepted where outcomes that agree with it better than the data have a probability below the
level. With nothing else floating and few counts every outcome is counted; else toys, with the other
parameters at their best fit to the data (a plug-in) and constraint terms randomised.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.acceptance import Acceptance
from renp_sim.analysis.infer.belts import Belts
from renp_sim.analysis.infer.limit import is_even
from renp_sim.analysis.infer.outcomes import every_outcome
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.infer.profile_regions import regions_of
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.infer.toys import Part, Toys, gathered, parts_of
from renp_sim.analysis.intervals import Interval, delta_q_of_level
from renp_sim.arrays import FloatArray
from renp_sim.parallel.executor import Executor, Serial, Shared

__all__ = ["Belt"]

POINTS, TOY_POINTS = 64, 32
"""Least number of values of a range at which acceptance is asked first; there are at most twice as many. That
of few counts comes and goes (`test_islands_of_few_counts_are_those_of_brute_force`); of toys it costs more,
and they know it less well (`test_errors_of_ends_by_few_toys_are_those_of_repetition`)."""

MARGIN = 2.5
"""Standard deviations beyond the asymptotic end to which values are asked: tails are longer than Gaussian
(`test_published_belt`)."""

HALVINGS, TOY_HALVINGS = 14, 7
"""Of the cell that holds an end (`test_published_belt`): toys know it far less well
(`test_toys_agree_with_counted_outcomes`)."""

SHIFTS = (0.0, 2.0, -2.0)
"""Of the level, in its errors: an end, and where it might be. Half of that is told as its error: where
acceptance hardly changes over a range and then jumps, one error of the level may say that an end is known
(`test_one_error_of_the_level_may_say_too_little`)."""


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
        held = {value: data.held(value) for value in dict.fromkeys(value for value, _ in asked)}
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
        shifts = (0.0,) if self.toys is None else SHIFTS
        asked = [(point, shift) for shift in shifts for point in points.tolist()]
        accepted = np.array(self.accepted(asked, data)).reshape(len(shifts), len(points))
        cells = [
            (points[i], points[i + 1], bool(row[i]), shift)
            for shift, row in zip(shifts, accepted, strict=True)
            for i in np.flatnonzero(row[1:] != row[:-1]).tolist()
        ]
        found = [(end, *cell[2:]) for end, cell in zip(self._ends(data, cells), cells, strict=True)]
        # where acceptance jumps, as it does where counts are few, toys decide nothing and the error is 0
        errors = {
            end: float(np.mean([_moved(end, is_upper, found, points, s) for s in shifts[1:] or shifts])) / 2
            for end, is_upper, shift in found
            if shift == 0
        }
        return _joined(accepted[0], points, list(errors), self.bounds), errors

    def _ends(self, data: Statistic, cells: list[tuple[float, float, bool, float]]) -> list[float]:
        """Return where acceptance changes in cells.

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
        return [float(left + right) / 2 for left, right, _, _ in cells]

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which values are asked for."""
        low, high = self.setup.limits(self.name)
        return 0.0 if is_even(self.setup, self.name) else low, high

    def points(self, data: Statistic) -> FloatArray:
        """Return values from end to end of every range that may be accepted, and the best one."""
        bounds, found = self.bounds, [data.best_values]
        n = POINTS if self.toys is None else TOY_POINTS
        curve = ProfileCurve.of(self.setup, data.counts[0], self.far)
        _, known, delta_q = regions_of(curve, self.name, curve.error(self.name), self.far)
        near = np.flatnonzero(delta_q <= self.far)
        for run in np.split(near, np.flatnonzero(np.diff(near) > 1) + 1):
            # from what is too far to what is too far
            part = known[max(run[0] - 1, 0) : run[-1] + 2]
            for side in (part, -part[::-1]) if is_even(self.setup, self.name) else (part,):
                inside = side[(side >= bounds[0]) & (side <= bounds[1])]
                # what has no end has no scale either, but that of the points of its profile
                has_end = math.isfinite(bounds[1]) or delta_q[-1] > self.far
                found.append(_lattice(inside, bounds, n) if has_end else inside)
        return np.unique(np.concatenate(found))


def _acceptance(
    setup: Shared[Setup], name: str, theta: FloatArray, value: float, part: Part | None
) -> Acceptance:
    """Return the distribution at a value, of some toys or of every outcome, of a hypothesis at θ (p,)."""
    mu = setup.value.model.expected(theta)
    outcomes = every_outcome(mu, mu) if part is None else part.outcomes(setup.value, theta)
    values = outcomes.constraint_values
    statistic = Statistic.of(setup.value, name, Kind.TWO_SIDED, outcomes.counts, values).at(value)
    return Acceptance.of(outcomes, statistic, mu)


def _lattice(inside: FloatArray, bounds: tuple[float, float], n: int) -> FloatArray:
    """Return the ends of a range, and multiples of a power of two from end to end."""
    if len(inside) < 2:
        return inside
    left, right = inside[[0, -1]].tolist()
    cell = 2.0 ** math.floor(math.log2((right - left) / n))
    lattice = cell * np.arange(math.floor(left / cell), math.ceil(right / cell) + 1)
    return np.array([*lattice[(lattice > bounds[0]) & (lattice < bounds[1])], left, right])


def _moved(
    end: float, is_upper: bool, found: list[tuple[float, bool, float]], points: FloatArray, shift: float
) -> float:
    """Return how far the nearest end of the same side is at a shifted level; the last point where none is."""
    others = [other for other, side, at in found if side == is_upper and at == shift]
    return min(abs(other - end) for other in others or [float(points[-1 if is_upper else 0])])


def _joined(
    accepted: FloatArray, points: FloatArray, ends: list[float], bounds: tuple[float, float]
) -> tuple[Interval, ...]:
    """Return the accepted regions from where acceptance changes; open where no value was too far."""
    edges = list(ends)
    if accepted[0]:
        edges.insert(0, bounds[0])
    if accepted[-1]:
        edges.append(bounds[1])
    return tuple(
        Interval(
            lower=float(a),
            upper=float(b),
            lower_open=math.isinf(a),
            upper_open=math.isinf(b),
        )
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    )
