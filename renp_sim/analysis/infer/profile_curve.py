"""The profile of −2 ln L over any floating parameters of one set of counts, around its best fit."""

from dataclasses import dataclass, replace

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.fisher import covariances
from renp_sim.analysis.search.amplitudes import at_best_amplitudes
from renp_sim.analysis.search.axis import reach_of
from renp_sim.analysis.search.cells import lowest_over_cells
from renp_sim.analysis.search.curve import MINIMUM_TOLERANCE, Curve, refined
from renp_sim.analysis.search.descent import over_pieces
from renp_sim.analysis.search.grid import kinked_points
from renp_sim.analysis.search.problem import Problem, Solution
from renp_sim.analysis.search.profiler import WINDOW_NODES, Profiler
from renp_sim.analysis.search.search import search
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["NESTED_TOLERANCE", "ProfileCurve"]


NESTED_TOLERANCE = 1e-4
"""How well a minimum over the searched parameter is known where another is held: an end moves by less than
a thousandth of an error (`test_profile_with_a_kinked_parameter_free_is_the_lowest_over_it`)."""

NEAR = 20.0
"""Points of a searched parameter this much above the best fit are where it may be if another moves
(`test_no_fit_is_worse_than_before`, frozen fit `two_steps_free`)."""

MOST_ITEMS = 1 << 18
"""In memory: points × steps, and × nodes of an offset, with which a searched parameter begins. Up to about
100 steps, or 30 with an offset, these are all kinks and some between; of more kinks only those beside minima
and ends are visited, so that time does not grow with the square of the steps (frozen fits `steps_300`,
`steps_1000` and `fine_scan_offset`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfileCurve:
    """The profile of one observation, around its best fit.

    Parameters
    ----------
    setup
        What floats, at the best fit.
    counts
        Shape (n,).
    q_min
        −2 ln L of the best fit.
    searched
        The profile over the searched parameter, None where there is none, or more than one.
    grid
        Where that profile began, shape (g,).
    best
        The best fit.
    """

    setup: Setup
    counts: FloatArray
    q_min: float
    searched: Curve | None
    grid: FloatArray
    best: Solution

    @classmethod
    def of(cls, setup: Setup, counts: FloatArray, *levels: float, precision: float = 0.0) -> "ProfileCurve":
        """Return the profile with its best fit searched, ends of a searched parameter known at some Δq.

        `precision` is how well −2 ln L of the best fit must be known; 0: as well as it can be.
        """
        setup = at_best_amplitudes(setup, counts)
        curve, points = None, np.empty(0)
        if len(setup.searched) > 1:
            found = search(setup, counts[None])
        elif not setup.searched:
            found = Profiler.of(setup, counts).lowest(setup.theta[None])
            if setup.bent:
                # far from a coupling that stands at 0 its minima are narrow
                other = search(setup, counts[None])
                found = other if other.q[0] < found.q[0] - MINIMUM_TOLERANCE else found
        else:
            (name,) = setup.searched
            scale = float(setup.scale[setup.names.index(name)])
            low, high = reach_of(setup, name)
            every, is_kink = kinked_points(setup, name, lower=low, upper=high)
            kinks = every[is_kink]
            profiler = Profiler.of(setup, counts, (name,))
            points = _some(every, profiler)

            def evaluate(owner: IndexArray, values: FloatArray) -> Solution:
                return profiler.at(name, values)

            tolerance = max(precision, MINIMUM_TOLERANCE)
            (curve,) = refined(evaluate, [points], [kinks], levels, scale, tolerance, profiler.ripple)
            found = curve.lowest(kinks)
        # beside a searched parameter one more was looked over at every point of its curve
        if len(setup.kinked) > 1 + (curve is not None):
            found = over_pieces(setup, tuple(n for n in setup.names if n in setup.kinked), counts, found)
        # a table may be off by a thousandth in −2 ln L where pulls are large
        problem = Problem.of(setup, counts[None], found.theta)
        found = replace(found, q=problem.likelihood().value(problem.start()))
        return cls(
            setup=setup.moved(found.theta[0]),
            counts=counts,
            q_min=float(found.q[0]),
            searched=curve,
            grid=points,
            best=found,
        )

    def around(self, setup: Setup, q_min: float) -> "ProfileCurve":
        """Return the profile around a best fit that was polished."""
        return replace(self, setup=setup, q_min=q_min)

    def fits(self, names: tuple[str, ...], values: FloatArray) -> Solution:
        """Return fits with some parameters held at values (g, len(names)); their constraint terms count."""
        setup = self.setup
        theta = np.tile(setup.theta, (len(values), 1))
        theta[:, [setup.index(name) for name in names]] = values
        rest = setup.without(*names)
        if len(rest.searched) > 1:
            found = lowest_over_cells(rest, self.counts, theta)
            return replace(found, q=found.q + Profiler.of(setup, self.counts, names).terms(theta))
        profiler = Profiler.of(setup, self.counts, (*names, *rest.searched))
        if not rest.searched:
            return profiler.lowest(theta)
        (name,) = rest.searched
        column, scale = setup.index(name), float(setup.scale[setup.names.index(name)])
        low, high = reach_of(setup, name)
        moving = theta if set(names) & setup.kinked else theta[:1]
        kinks = [row[(row > low) & (row < high)] for row in setup.model.kinks(name, moving, low, high)]
        kinks *= len(theta) // len(moving)
        # of too many kinks the points with which the curve of the best fit began: the model knows them
        grid = [self.grid if 0 < len(self.grid) < len(row) else row for row in kinks]
        near = self._near(name)
        starts = [np.union1d(near, _some(points, profiler, len(theta))) for points in grid]

        def evaluate(owner: IndexArray, at: FloatArray) -> Solution:
            rows = theta[owner]
            rows[:, column] = at
            return profiler.lowest(rows)

        curves = refined(evaluate, starts, kinks, (), scale, NESTED_TOLERANCE)
        return Solution.joined([curve.lowest() for curve in curves])

    def _near(self, name: str) -> FloatArray:
        """Return points of the searched parameter at which it may stand when others move."""
        if self.searched is None:
            return kinked_points(self.setup, name)[0]
        is_near = np.interp(self.grid, self.searched.values, self.searched.q) <= self.q_min + NEAR
        is_near[1:] |= is_near[:-1]
        is_near[:-1] |= is_near[1:]
        return np.union1d(self.grid[is_near], self.setup.theta[self.setup.index(name)])

    def delta_q(self, name: str, values: FloatArray) -> FloatArray:
        """Return Δq at values of a parameter, shape (g,)."""
        return self.fits((name,), values[:, None]).q - self.q_min

    def error(self, name: str) -> float:
        """Return the error of a parameter that expected counts say; a typical step where they see nothing."""
        position = self.setup.names.index(name)
        (covariance,) = covariances(Problem.of(self.setup, self.counts[None]))
        return float(np.sqrt(covariance[position, position]))


def _some(points: FloatArray, profiler: Profiler, n_curves: int = 1) -> FloatArray:
    """Return as many of the points as one of some curves can begin with."""
    # with an offset every point has a table of its own
    nodes = WINDOW_NODES if profiler.kinked else 1
    most = MOST_ITEMS // (max(len(profiler.counts), 1) * nodes * n_curves)
    return np.asarray(points[np.unique(np.linspace(0, len(points) - 1, most).astype(int))])
