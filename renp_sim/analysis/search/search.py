"""The global minimum of −2 ln L for each of b sets of counts, kinks, walls and second minima included.

A parameter at whose kinks a step crosses a threshold, or a coupling that enters squared, is scanned first;
the best pieces of the scan are then fitted, a kinked parameter inside one smooth piece at a time. Where
couplings or angles float beside it all else is fitted at each point of the scan.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.polynomial_mean import PolynomialMean
from renp_sim.analysis.minimise.newton import minimise
from renp_sim.analysis.minimise.solution import Minimum, Status
from renp_sim.analysis.search.cells import lowest_over_cells
from renp_sim.analysis.search.fitted_scan import has_several_valleys, lattice_beside, starts_after_fits
from renp_sim.analysis.search.grid import bent_centre, coupling_points, is_on_kink, kinked_points
from renp_sim.analysis.search.lookup import Table
from renp_sim.analysis.search.pieces import Starts, fit_pieces, starts_in_pieces, starts_on_both_sides
from renp_sim.analysis.search.problem import Problem, Solution
from renp_sim.analysis.search.scan import Scan, ScanTable
from renp_sim.analysis.search.shifts import shifting_of, shifts_of
from renp_sim.analysis.search.starts import lowest_from, valleys
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["Solution", "scan_table", "search"]


BLOCK_TOYS = 16_384
"""Toys in one scan of `MOST_POINTS`: its tables stay in the cache."""

TABLE_FINENESS = 4
"""Points of a table per point of a scan (test_toys_miss_minima_with_a_weaker)."""

MOST_POINTS = 2000
"""Points of a scan in several parameters (test_a_fit_on_a_kink_that_two_parameters_move_has_ended)."""

MOST_VALUES = 1 << 23
"""Points × parameters × toys in memory at a time of a scan in which all else is fitted: 64 MB."""


def search(
    setup: "Setup",
    counts: FloatArray,
    *,
    theta: FloatArray | None = None,
    constraint_values: FloatArray | None = None,
) -> Solution:
    """Return the best fit of each set of counts.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (b, n).
    theta
        All parameters, shape (b, p), where resting ones differ from toy to toy.
    constraint_values
        Measured values of the constraints, shape (b, f), where toys randomise them.
    """
    counts = np.asarray(counts, dtype=float)
    if not len(counts):
        return Solution.none(len(setup.theta))
    kinked = setup.searched
    scanned = (*kinked, *setup.bent, *(name for name in setup.names if name in setup.angles))
    if scanned and len(counts) > 1 and (len(kinked) > 1 or _scan_moves(setup, theta)):
        return Solution.joined(
            [
                search(
                    setup if theta is None else setup.moved(theta[i]),
                    counts[i : i + 1],
                    constraint_values=None if constraint_values is None else constraint_values[i : i + 1],
                )
                for i in range(len(counts))
            ]
        )
    if theta is not None and len(theta) == 1:
        setup, theta = setup.moved(theta[0]), None
    if constraint_values is not None and len(counts) == 1:
        setup, constraint_values = setup.measured(constraint_values[0]), None
    if len(counts) > 1 and theta is None:
        # 1e-8 of μ is nothing to a toy, and thousands ask for spectra at offsets of their own
        setup = setup.tabled()
    problem = Problem.of(setup, counts, theta, constraint_values)
    if len(setup.free) == 1 and not kinked and theta is None:
        minimum = _tabled(problem)
        if minimum is not None:
            return problem.solution(minimum)
    if not scanned:
        return problem.solution(minimise(problem.likelihood(), problem.start(), *problem.bounds()))
    if len(kinked) > 1:
        return lowest_over_cells(setup, counts[0], setup.theta[None])
    if has_several_valleys(setup) and (theta is None or not kinked):
        found = _over_valleys(problem)
        if found is not None:
            return problem.solution(found)
    return problem.solution(_scanned(problem, scan_table(setup, counts, theta), bool(kinked)))


def _over_valleys(problem: Problem) -> Minimum | None:
    """Return the best fits where couplings and angles have many minima, or None where μ is no sum in them."""
    setup = problem.setup
    if not setup.searched:
        likelihood = problem.likelihood()
        return lowest_from(valleys(setup, likelihood, problem.start()), likelihood, *problem.bounds())
    (name,) = setup.searched
    points, is_kink = kinked_points(setup, name)
    shifting = shifting_of(setup, name, points)
    axes = {name: points} | shifts_of(setup, shifting, MOST_POINTS // len(points))
    held, lattice = lattice_beside(setup, (name, *shifting))
    if lattice is None:
        return None
    ends, starts = np.concatenate([points[:1], points[is_kink], points[-1:]]), []
    size = max(MOST_VALUES // (len(points) * len(setup.free)), 1)
    for first in range(0, problem.n_toys, size):
        block = problem.take(np.arange(first, min(first + size, problem.n_toys)))
        starts.append(starts_after_fits(block, axes, ends, held, lattice).shifted(first))
    return _fits_in_pieces(problem, Starts.joined(starts), setup.names.index(name), len(points))


def scan_table(setup: "Setup", counts: FloatArray, theta: FloatArray | None = None) -> ScanTable:
    """Return the table of the scan that `search` makes.

    Parameters
    ----------
    setup
        What floats; something in it is kinked or enters squared.
    counts
        Shape (b, n); the range of a coupling follows from them.
    theta
        As for `search`.
    """
    kinked = setup.searched
    axes = {name: kinked_points(setup, name)[0] for name in kinked}
    moving = setup.free if theta is None else np.union1d(setup.free, _moved(setup, theta))
    if len(kinked) == 1:
        (points,) = axes.values()
        shifting = shifting_of(setup, kinked[0], points)
        axes |= shifts_of(setup, shifting, MOST_POINTS // len(points))
        # no straight line goes on over a threshold: what is not scanned rests
        moving = np.setdiff1d(moving, [setup.index(name) for name in shifting])
    axes |= {name: coupling_points(setup, name, counts) for name in setup.bent}
    return ScanTable.of(setup, _affordable(axes, MOST_POINTS), moving, np.mean(counts, axis=0))


def _moved(setup: "Setup", theta: FloatArray) -> IndexArray:
    """Return the indices of the parameters that rest elsewhere in some row."""
    return np.flatnonzero(np.any(theta != setup.theta, axis=0))


def _scan_moves(setup: "Setup", theta: FloatArray | None) -> bool:
    """Return whether rows need scans of their own, since what differs is kinked or enters squared."""
    if theta is None:
        return False
    names = {setup.model.parameters[i].name for i in _moved(setup, theta)} - set(setup.names)
    return bool(names & (setup.kinked | setup.squared))


def _affordable(axes: dict[str, FloatArray], most: int) -> dict[str, FloatArray]:
    """Return the axes of a scan, all but the first thinned out or dropped where they have too many points."""
    (first, points), *rest = axes.items()
    kept, room = {first: points}, most // len(points)
    for left, (name, axis) in zip(range(len(rest), 0, -1), rest, strict=True):
        share = min(int(room ** (1 / left)), len(axis))
        if share < 2:
            break
        kept[name] = axis[np.linspace(0, len(axis) - 1, share).astype(int)]
        room //= share
    return kept


def _tabled(problem: Problem) -> Minimum | None:
    """Return the fits of one coupling and nothing else from a table, or None where there is none."""
    mean = problem.likelihood().mean
    if not isinstance(mean, PolynomialMean) or problem.terms.centre.shape[1] > 1:
        return None
    (name,) = problem.setup.names
    points = coupling_points(problem.setup, name, problem.counts.T)
    centre = bent_centre(problem.setup, name) if problem.setup.bent else -np.inf
    parts = np.linspace(0, len(points) - 1, TABLE_FINENESS * len(points))
    fine = np.interp(parts, np.arange(len(points)), points)
    table = Table.of(mean, problem.terms, fine, centre)
    if table is None:
        return None
    return table.fit(problem.counts, float(problem.setup.lower[0]), float(problem.setup.upper[0]))


def _scanned(problem: Problem, table: ScanTable, kinked: bool) -> Minimum:
    """Return the best fits from the best places of a scan."""
    setup, name = problem.setup, table.names[0]
    position = setup.names.index(name)
    centre = None if kinked else int(np.searchsorted(table.axes[0], bent_centre(setup, name)))
    kinks = setup.model.kinks(name, setup.theta)
    starts = []
    for first, scan in _scans(problem, table):
        along = _best_along_first(scan, len(table.axes[0]))
        if centre is None:
            start = starts_in_pieces(along, table.axes[0], np.isin(table.axes[0], kinks), position)
        else:
            start = starts_on_both_sides(along, table.axes[0], centre)
        starts.append(start.shifted(first))
    start = Starts.joined(starts)
    if centre is not None:
        part = problem.take(start.toys)
        fits = minimise(part.likelihood(), start.x, *problem.bounds(), owner=start.toys)
        return _best_of(start.toys, fits, problem.n_toys, len(table.points))
    return _fits_in_pieces(problem, start, position, len(table.points))


def _fits_in_pieces(problem: Problem, start: Starts, position: int, shared_calls: int) -> Minimum:
    """Return the best fits of each toy, each inside its piece, and beyond where others move the kinks."""
    setup, part = problem.setup, problem.take(start.toys)
    fits = fit_pieces(part.counts, part.model_mean(), part.terms, setup, position, start)
    best = _best_of(start.toys, fits, problem.n_toys, shared_calls)
    bound = {n for n, c in zip(setup.names, setup.constraints, strict=True) if c is not None}
    others = (setup.kinked | bound) - setup.linear - {setup.names[position]}
    return _across_kinks(problem, best) if others & set(setup.names) else best


def _scans(problem: Problem, table: ScanTable) -> Iterator[tuple[int, Scan]]:
    """Yield scans of blocks of toys, and the first toy of each: of many points a block has fewer toys."""
    size = max(BLOCK_TOYS * MOST_POINTS // max(len(table.points), MOST_POINTS), 1)
    for first in range(0, problem.n_toys, size):
        block = problem.take(np.arange(first, min(first + size, problem.n_toys)))
        yield first, table.scan(problem.setup, block.counts, block.terms, block.rows_for(table))


def _across_kinks(problem: Problem, best: Minimum) -> Minimum:
    """Return fits that may leave their piece, whose ends other parameters have moved meanwhile."""
    free = minimise(problem.likelihood(), best.x, *problem.bounds())
    found = best.keeping_lower(free)
    unfinished = np.flatnonzero(found.status == Status.NOT_CONVERGED).tolist()
    theta = problem.solution(found).theta if unfinished else np.empty(0)
    for toy in unfinished:
        if is_on_kink(problem.setup.moved(theta[toy])):
            found.status[toy] = Status.AT_KINK
    return found


def _best_along_first(scan: Scan, n_first: int) -> Scan:
    """Return the scan along its first axis, the lowest over the others."""
    n_rest = len(scan.q) // n_first
    if n_rest == 1:
        return scan
    q = scan.q.reshape(n_first, n_rest, -1)
    best = np.argmin(q, axis=1)
    x = scan.x.reshape(n_first, n_rest, *scan.x.shape[1:])
    first, toy = np.ogrid[:n_first, : q.shape[2]]
    return Scan(x=x[first, best, :, toy].transpose(0, 2, 1), q=q[first, best, toy])


def _best_of(toys: IndexArray, fits: Minimum, n_toys: int, shared_calls: int) -> Minimum:
    """Return the lowest of the fits of each toy."""
    best = np.empty(n_toys, dtype=np.intp)
    best[toys[::-1]] = np.arange(len(toys))[::-1]
    more = np.flatnonzero(best[toys] != np.arange(len(toys)))
    more = more[fits.q[more] < fits.q[best[toys[more]]]]
    # the lowest is written last
    more = more[np.argsort(-fits.q[more], kind="stable")]
    best[toys[more]] = more
    calls = np.bincount(toys, fits.calls, minlength=n_toys) + shared_calls
    return Minimum(x=fits.x[:, best], q=fits.q[best], status=fits.status[best], calls=calls.astype(np.int32))
