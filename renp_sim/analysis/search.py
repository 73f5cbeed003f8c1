"""The global minimum of −2 ln L for each of b sets of counts, kinks, walls and second minima included.

A parameter at whose kinks a step crosses a threshold, or a coupling that enters squared, is scanned first;
the best pieces of the scan are then fitted, a kinked parameter inside one smooth piece at a time.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.constraint import ConstraintTerms
from renp_sim.analysis.likelihood import Likelihood
from renp_sim.analysis.mean import ModelMean, PolynomialMean, polynomial_mean
from renp_sim.analysis.newton import Minimum, Status, minimise
from renp_sim.analysis.scan import Scan, bent_names, bent_points, kinked_names, kinked_points, scan
from renp_sim.analysis.table import Table
from renp_sim.analysis.warp import Warp, WarpedMean, WarpedTerms

if TYPE_CHECKING:
    from renp_sim.analysis.mean import Mean
    from renp_sim.analysis.setup import Setup

__all__ = ["Solution", "search"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

KINKED_MARGIN = 4.0
"""A local minimum of a scan this much above the best is not fitted: a fit gains less than that."""

BENT_MARGIN = 1.0
"""The same for a coupling, whose scan points are closer."""

TABLE_FINENESS = 3
"""Points of a table per point of a scan."""

BLOCK_TOYS = 8192
"""Toys in one scan: its tables stay in the cache."""

CORNERS = 3
"""Places of a scan in several kinked parameters from which a fit starts."""

NEAR_EDGE = 0.02
"""A fit that ended this close to an edge of its piece, in u, is tried on the edge itself."""

MOST_DESIGN_POINTS = 2000
"""Points of a scan in several parameters."""

COARSE_POINTS = 8
"""Points per parameter of a first scan in several kinked ones."""

CYCLES = 20
"""Most rounds over several kinked parameters, one at a time."""

TURN_GAIN = 1e-4
"""A round that gains less is the last."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Global minima of b sets of counts.

    Parameters
    ----------
    theta
        All parameters, shape (b, p).
    q
        −2 ln L, shape (b,).
    status
        Values of `Status`, shape (b,).
    calls
        Evaluations of the expectation, shape (b,); those that all toys share count for each.
    """

    theta: FloatArray
    q: FloatArray
    status: NDArray[np.int8]
    calls: NDArray[np.int32]

    @classmethod
    def joined(cls, parts: "list[Solution]") -> "Solution":
        """Return the solutions of several lots of toys as one."""
        return cls(
            theta=np.concatenate([part.theta for part in parts]),
            q=np.concatenate([part.q for part in parts]),
            status=np.concatenate([part.status for part in parts]),
            calls=np.concatenate([part.calls for part in parts]),
        )


def scan_table(setup: "Setup", counts: FloatArray) -> ScanTable | None:
    """Return the table of the scan that `search` makes, or None where it makes none.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (b, n); the range of a coupling follows from them.
    """
    kinked = kinked_names(setup)
    names = (*kinked, *bent_names(setup))
    if not names:
        return None
    axes = [_axis(setup, name, kinked, counts) for name in names]
    if len(kinked) > 1:
        axes = [_coarse(axis) if name in kinked else axis for name, axis in zip(names, axes, strict=True)]
    names, axes = _affordable(names, axes)
    points = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
    return ScanTable.of(setup, names, points)


def _axis(setup: "Setup", name: str, kinked: tuple[str, ...], counts: FloatArray) -> FloatArray:
    return kinked_points(setup, name)[0] if name in kinked else bent_points(setup, name, counts.T)


def search(
    setup: "Setup",
    counts: FloatArray,
    *,
    theta: FloatArray | None = None,
    constraint_values: FloatArray | None = None,
    table: ScanTable | None = None,
) -> Solution:
    """Return the best fit of each set of counts.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (b, n).
    theta
        All parameters, shape (b, p), where resting ones or starts differ from toy to toy.
    constraint_values
        Measured values of the constraints, shape (b, f), where toys randomise them.
    table
        What `scan_table` says, to save time when it is known; its set-up may float more.
    """
    counts = np.asarray(counts, dtype=float)
    kinked = kinked_names(setup)
    if _needs_own_scans(setup, kinked, theta) and len(counts) > 1:
        rows = (slice(i, i + 1) for i in range(len(counts)))
        return Solution.joined(
            [
                search(
                    setup if theta is None else setup.moved(theta[row][0]),
                    counts[row],
                    constraint_values=None if constraint_values is None else constraint_values[row],
                )
                for row in rows
            ]
        )
    if table is None and (names := (*kinked, *bent_names(setup))):
        table = scan_table(setup, counts)
    ...
def _affordable(
    names: tuple[str, ...], axes: list[FloatArray]
) -> tuple[tuple[str, ...], list[FloatArray]]:
    """Return the axes of a scan, all but the first thinned out or dropped where they are too many."""
    kept = [axes[0]]
    room = MOST_DESIGN_POINTS // len(axes[0])
    rest = len(axes) - 1
    for axis in axes[1:]:
        share = int(room ** (1 / rest)) if rest else room
        if share < 2:
            break
        kept.append(axis[np.linspace(0, len(axis) - 1, min(share, len(axis))).astype(int)])
        room //= min(share, len(axis))
        rest -= 1
    return names[: len(kept)], kept


def _best_along_first(found: Scan, n_first: int) -> Scan:
    """Return the scan along its first axis, the lowest over the others."""
    n_rest = len(found.q) // n_first
    if n_rest == 1:
        return found
    q = found.q.reshape(n_first, n_rest, -1)
    best = np.argmin(q, axis=1)
    x = found.x.reshape(n_first, n_rest, *found.x.shape[1:])
    first, toy = np.ogrid[:n_first, : q.shape[2]]
    return Scan(x=x[first, best, :, toy].transpose(0, 2, 1), q=q[first, best, toy])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Starts:
    """Where fits start: toys (r,), free parameters (f, r), and the piece [low, high] of a kinked one (r,).

    A toy may be among them more than once.
    """

    toys: IntArray
    x: FloatArray
    low: FloatArray
    high: FloatArray

    def shifted(self, first: int) -> "_Starts":
        return replace(self, toys=self.toys + first)

    @classmethod
    def joined(cls, parts: "list[_Starts]") -> "_Starts":
        if len(parts) == 1:
            return parts[0]
        return cls(
            toys=np.concatenate([part.toys for part in parts]),
            x=np.concatenate([part.x for part in parts], axis=1),
            low=np.concatenate([part.low for part in parts]),
            high=np.concatenate([part.high for part in parts]),
        )


def _on_both_sides(along: Scan, centre: int) -> _Starts:
    """Return a start on each side of the centre of a coupling where −2 ln L comes near its lowest."""
    last = len(along.q) - 1
    lowest = np.min(along.q, axis=0) + BENT_MARGIN
    parts = []
    for first, stop in ((0, centre), (centre, last + 1)):
        if first == stop:
            continue
        at = first + np.argmin(along.q[first:stop], axis=0)
        toys = np.flatnonzero(np.take_along_axis(along.q, at[None], axis=0)[0] < lowest)
        at = at[toys]
        left, right = np.maximum(at - 1, first), np.minimum(at + 1, stop - 1)
        q_left, q_here, q_right = (along.q[i, toys] for i in (left, at, right))
        bend = q_left + q_right - 2 * q_here
        usable = np.isfinite(bend) & (bend > 0) & (left < at) & (at < right)
        # the vertex of the parabola, never on the point, which may be where a squared coupling has no slope
        vertex = np.where(usable, 0.5 * (q_left - q_right) / np.where(usable, bend, 1.0), 0.0)
        vertex = np.clip(vertex, -0.5, 0.5)
        vertex = np.where(np.abs(vertex) < 0.02, np.where(right > at, 0.02, -0.02), vertex)
        share = np.abs(vertex)[:, None]
        other = np.where(vertex < 0, left, right)
        x = (1 - share) * along.x[at, :, toys] + share * along.x[other, :, toys]
        edge = np.zeros(len(toys))
        parts.append(_Starts(toys=toys, x=x.T, low=edge, high=edge))
    return _Starts.joined(parts)


def _tabled(problem: _Problem, points: FloatArray, centre: int) -> Minimum | None:
    """Return the fits of one coupling and nothing else from a table, or None where there is none."""
    mean = problem.likelihood().mean
    if not isinstance(mean, PolynomialMean) or problem.terms.centre.shape[1] > 1:
        return None
    parts = np.linspace(0, len(points) - 1, TABLE_FINENESS * len(points))
    fine = np.interp(parts, np.arange(len(points)), points)
    table = Table.of(mean, problem.terms, fine, int(np.searchsorted(parts, centre - 0.5)))
    if table is None:
        return None
    return table.fit(problem.counts, float(problem.setup.lower[0]), float(problem.setup.upper[0]))


def _fit_from(problem: _Problem, start: _Starts) -> Minimum:
    """Fit couplings from each start."""
    likelihood = problem.likelihood()
    if len(start.toys) != problem.n_toys or np.any(start.toys[1:] <= start.toys[:-1]):
        likelihood = likelihood.take(start.toys)
    return minimise(likelihood, start.x, problem.setup.lower[:, None], problem.setup.upper[:, None])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pieces:
    """Scan points (g,) of a kinked parameter, and which of them are kinks."""

    points: FloatArray
    kinks: NDArray[np.bool_]

    @classmethod
    def of(cls, points: FloatArray, kinks: NDArray[np.bool_]) -> "_Pieces":
        return cls(points=points, kinks=kinks)

    def starts(self, along: Scan, position: int) -> _Starts:
        """Return a start in each smooth piece beside each local minimum of a scan."""
        q, last = along.q, len(self.points) - 1
        worth = q < np.min(q, axis=0) + KINKED_MARGIN
        # of a plateau, its first point
        worth[1:] &= q[1:] < q[:-1]
        worth[:-1] &= q[:-1] <= q[1:]
        worth[0] |= ~np.any(worth, axis=0)
        at, toys = np.nonzero(worth)
        # a smooth point has one piece, out to both its neighbours; a kink has one on either side
        left, right = np.maximum(at - 1, 0), np.minimum(at + 1, last)
        is_kink = self.kinks[at]
        low = np.concatenate([left, at[is_kink]])
        high = np.concatenate([np.where(is_kink, at, right), right[is_kink]])
        at = np.concatenate([at, at[is_kink]])
        toys = np.concatenate([toys, toys[is_kink]])
        a, b, here = self.points[low], self.points[high], self.points[at]
        x = along.x[at, :, toys].T
        x[position] = np.where((a < here) & (here < b), here, (a + b) / 2)
        return _Starts(toys=toys, x=x, low=a, high=b)


def _fit_pieces(problem: _Problem, position: int, start: _Starts) -> Minimum:
    """Fit a kinked parameter and all others, each start inside its smooth piece."""
    setup = problem.setup
    inner = ModelMean(model=setup.model, template=problem.template, free=setup.free)
    warp = Warp(position=position, low=start.low, high=start.high)
    likelihood = Likelihood(
        counts=problem.counts[:, start.toys],
        mean=WarpedMean(inner=inner, warp=warp),
        terms=WarpedTerms(inner=problem.terms.take(start.toys), warp=warp),
    )
    x = start.x.copy()
    x[position] = warp.inverse(x[position])
    lower, upper = np.array(setup.lower[:, None]), np.array(setup.upper[:, None])
    lower[position], upper[position] = 0.0, 1.0
    found = _on_edge(likelihood, minimise(likelihood, x, lower, upper, interior=position), position)
    x = found.x.copy()
    x[position] = warp.parameter(found.x[position])
    kinks = setup.model.kinks(setup.names[position], setup.theta)
    on_kink = np.isin(x[position], kinks) & (found.status <= Status.AT_BOUND)
    status = np.where(on_kink, np.int8(Status.AT_KINK), found.status)
    return Minimum(x=x, q=found.q, status=status, calls=found.calls)


def _on_edge(likelihood: Likelihood, found: Minimum, position: int) -> Minimum:
    """Return the fits, those that ended beside an edge of their piece moved onto it where it is lower."""
    x = found.x.copy()
    x[position] = np.round(x[position])
    near = np.abs(x[position] - found.x[position]) < NEAR_EDGE
    q = np.where(near, likelihood.value(x), np.inf)
    use = q <= found.q
    status = np.where(use & (found.status <= Status.NOT_CONVERGED), np.int8(Status.AT_BOUND), found.status)
    return Minimum(
        x=np.where(use, x, found.x), q=np.where(use, q, found.q), status=status, calls=found.calls + 1
    )


def _best_of(toys: IntArray, fits: Minimum, n_toys: int, shared_calls: int) -> Minimum:
    """Return the lowest of the fits of each toy."""
    best = np.empty(n_toys, dtype=np.intp)
    best[toys[::-1]] = np.arange(len(toys))[::-1]
    more = np.flatnonzero(best[toys] != np.arange(len(toys)))
    more = more[fits.q[more] < fits.q[best[toys[more]]]]
    # the lowest is written last
    more = more[np.argsort(-fits.q[more], kind="stable")]
    best[toys[more]] = more
    calls = np.bincount(toys, fits.calls, minlength=n_toys) + shared_calls
    return Minimum(
        x=fits.x[:, best], q=fits.q[best], status=fits.status[best], calls=calls.astype(np.int32)
    )


def _several_kinked(problem: _Problem, kinked: tuple[str, ...]) -> Solution:
    """Return the best fit of one set of counts where several parameters are kinked.

    From the best corners of a coarse scan in all of them, one at a time is fitted in turn with the others
    held, since its kinks move with the others, until no turn gains any more.
    """
    setup = problem.setup
    positions = tuple(setup.names.index(name) for name in kinked)
    axes = _affordable(kinked, [_coarse(kinked_points(setup, name)[0]) for name in kinked])[1]
    design = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
    found = scan(setup, problem.counts, problem.terms, problem.template, positions, design)
    best: Solution | None = None
    for corner in np.argsort(found.q[:, 0], kind="stable")[:CORNERS]:
        template = problem.template.copy()
        template[setup.free] = found.x[corner, :, 0]
        solution = _in_turn(problem, kinked, template)
        if best is None or solution.q[0] < best.q[0]:
            best = solution
    assert best is not None
    return best


def _coarse(points: FloatArray) -> FloatArray:
    """Return some points between the ends of a scan, none of them at an end."""
    inner = np.linspace(0, len(points) - 1, COARSE_POINTS + 2)[1:-1]
    return np.interp(inner, np.arange(len(points)), points)


def _in_turn(problem: _Problem, kinked: tuple[str, ...], template: FloatArray) -> Solution:
    """Fit each kinked parameter in turn with the other kinked ones held."""
    best: Solution | None = None
    for _ in range(CYCLES):
        before = np.inf if best is None else float(best.q[0])
        for name in kinked:
            setup = problem.setup.moved(template)
            for other in kinked:
                setup = setup if other == name else setup.without(other)
            keep = [problem.setup.names.index(n) for n in setup.names]
            part = _Problem(
                setup=setup, counts=problem.counts, template=template, terms=problem.terms.keep(keep)
            )
            solution = part.solution(_minimum(part, (name,)))
            solution.q[:] += problem.terms.keep(
                [i for i in range(len(problem.setup.free)) if i not in keep]
            ).value(template[problem.setup.free[[i for i in range(len(problem.setup.free)) if i not in keep]], None])
            if best is None or solution.q[0] < best.q[0]:
                best, template = solution, solution.theta[0]
        assert best is not None
        if before - best.q[0] < TURN_GAIN:
            break
    assert best is not None
    return best
