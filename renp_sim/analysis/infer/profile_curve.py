"""The profile of −2 ln L over one floating parameter around a best fit, and the regions below a level."""

from dataclasses import dataclass, replace

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile import held_rows, profile_fits
from renp_sim.analysis.intervals import Interval, regions_below
from renp_sim.analysis.likelihood.constraint import ConstraintTerms
from renp_sim.analysis.search.evolution import covariances
from renp_sim.analysis.search.grid import coupling_points, kinked_points
from renp_sim.analysis.search.nuisance_kinks import is_rough, known_kinks, known_points
from renp_sim.analysis.search.problem import Problem
from renp_sim.analysis.search.scan import ScanTable
from renp_sim.analysis.search.search import scan_table
from renp_sim.analysis.search.several_masses import following_fits
from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["ProfileCurve"]


WINDOW_POINTS = 33
"""Points of a curve over a smooth parameter."""

FAR = 8.0
"""A scan this much above a level need not be confirmed by fits."""

MOST_POINTS = 20_000
"""A scan in several parameters with more points is not made."""

WIDENINGS = 14
"""Times a window is doubled before its parameter is said to be without limit."""


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

        Where several parameters have kinks, or none but the held one that matter, the others follow from
        the best fit: a search for each point would take too long.
        """
        follows = self.setup.searched == (name,) and bool(known_kinks(self.setup)) and not self.rough
        if len(self.setup.searched) > 1 or follows:
            return self._following(name, values) - self.q_min
        fits = profile_fits(self.setup, self.counts, (name,), values[:, None], self.table, rough=self.rough)
        return fits.q - self.q_min

    def _following(self, name: str, values: FloatArray) -> FloatArray:
        """Return −2 ln L at values of a parameter, the others where the parabola at the best fit has them."""
        setup = self.setup
        theta, own = held_rows(setup, (name,), values[:, None])
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


def _beside(near: BoolArray) -> BoolArray:
    """Return which points are near or beside one that is."""
    out = near.copy()
    out[1:] |= near[:-1]
    out[:-1] |= near[1:]
    return out
