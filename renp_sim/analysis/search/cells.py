"""The minimum of −2 ln L where several parameters are kinked, whose kinks move with each other.

One plain search: the space of these parameters is a grid of cells, all else is fitted at the middle of each,
the lowest cells are divided, and fits of all parameters together go on from the lowest middles. Nothing is
assumed to be smooth, and many rows, as those of a profile, are searched at once.
"""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.minimise.newton import minimise
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.search.axis import reach_of
from renp_sim.analysis.search.descent import over_pieces
from renp_sim.analysis.search.grid import kinked_points
from renp_sim.analysis.search.problem import Problem, Solution
from renp_sim.analysis.search.profiler import ITERATIONS, Profiler
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["followed", "lowest_over_cells"]

PARTS = 8
"""Cells along each parameter at first (test_minima_do_not_depend_on_where_masses_stand)."""

KEPT = 3
"""To the power of the number of parameters, so many cells are divided in each round
(test_minima_do_not_depend_on_where_masses_stand)."""

MOST_CELLS, MOST_KEPT = 4096, 64
"""Of first cells, and of those that are divided, however many parameters there are: no trial, but a bound to
memory and time."""

ROUNDS = 8
"""Divisions by two: a last cell is a 256th of a first one
(test_cells_without_early_starts_miss_a_minimum)."""

EARLY = 3
"""After so many rounds fits go on from the lowest cells of each, while these still lie apart
(test_fewer_starts_and_steps_end_above)."""

EARLY_STARTS = 8
"""First cells from which fits go on, times the number of parameters: they lie apart, later ones do not
(test_cells_without_early_starts_miss_a_minimum)."""

STARTS = 4
"""Of the last fits, and as many go on inside their pieces: of several at one corner of kinks another may end
lowest (test_fewer_starts_and_steps_end_above)."""


def lowest_over_cells(setup: "Setup", counts: FloatArray, theta: FloatArray) -> Solution:
    """Return the best fits of one set of counts at rows of what does not float.

    Parameters
    ----------
    setup
        What floats; of the kinked among it all are searched, or those without a constraint.
    counts
        Shape (n,).
    theta
        All parameters, shape (b, p): what floats stands somewhere, which is looked at too.
    """
    every = tuple(name for name in setup.names if name in setup.kinked)
    # of more of them all but those without a constraint stay where they stand until fits move all together
    kinked = every if PARTS ** len(every) <= MOST_CELLS else setup.searched
    columns = [setup.index(name) for name in kinked]
    cells = _first_cells(setup, kinked)
    rounds = list(_divided(Profiler.of(setup, counts, every), columns, cells, theta))
    early = [one for middles in rounds[:EARLY] for one in middles[: EARLY_STARTS * len(kinked)]]
    found = [*itertools.chain(*rounds), *_fits_from(setup, counts, early)]
    starts = _lowest(found, STARTS)
    starts += _exchanged(setup, kinked, starts[0])
    best = _lowest(_fits_from(setup, counts, starts), STARTS)
    (lowest,) = _lowest(_descended(setup, counts, best, sure=1), 1)
    problem = Problem.of(setup, np.repeat(counts[None], len(theta), axis=0), lowest.theta)
    # a second derivative of what has kinks takes one more gradient of the model
    last = problem.solution(minimise(problem.likelihood(fisher=True), problem.start(), *problem.bounds()))
    return lowest.keeping_lower(np.arange(len(theta)), last)


def followed(setup: "Setup", counts: FloatArray, starts: list[Solution]) -> Solution:
    """Return the best fits of b rows in the valleys in which several starts of each stand."""
    (lowest,) = _lowest(_descended(setup, counts, _fits_from(setup, counts, starts)), 1)
    return lowest


def _descended(setup: "Setup", counts: FloatArray, fits: list[Solution], sure: int = 0) -> list[Solution]:
    """Return fits of b rows after descents over pieces of the first `sure`, and of those that did not end.

    These stand on a kink (test_three_masses_on_kinks_need_descents); of the best all pieces are looked at
    beside which it may stand.
    """
    n_rows, every = len(fits[0].q), Solution.joined(fits)
    is_first = np.arange(len(every.q)) < sure * n_rows
    rows = np.flatnonzero(is_first | (every.status == Status.NOT_CONVERGED))
    if len(rows):
        ended = over_pieces(setup, setup.searched, counts, every.take(rows), is_local=True)
        every = every.keeping_lower(rows, ended)
    return _split(every, n_rows)


def _divided(
    profiler: Profiler, columns: list[int], cells: tuple[FloatArray, FloatArray], theta: FloatArray
) -> Iterator[list[Solution]]:
    """Yield the lowest middles of cells, shape (b,) each, round after round; at first where all stand too."""
    corners = np.array(list(itertools.product((-0.5, 0.5), repeat=len(columns))))
    n_kept = min(KEPT ** len(columns), MOST_KEPT)
    middle, half = (np.repeat(of_one[None], len(theta), axis=0) for of_one in cells)
    known = [profiler.lowest(theta)]
    for _ in range(ROUNDS):
        rows = np.repeat(theta[:, None], middle.shape[1], axis=1)
        rows[..., columns] = middle
        fits = profiler.lowest(rows.reshape(-1, rows.shape[-1]))
        lowest = np.argsort(fits.q.reshape(len(theta), -1), axis=1, kind="stable")[:, :n_kept]
        yield known + [fits.take(at) for at in (lowest + middle.shape[1] * np.arange(len(theta))[:, None]).T]
        known = []
        middle, half = (np.take_along_axis(of_all, lowest[..., None], axis=1) for of_all in (middle, half))
        middle = (middle[:, :, None] + corners * half[:, :, None]).reshape(len(theta), -1, len(columns))
        half = np.repeat(half / 2, len(corners), axis=1)


def _first_cells(setup: "Setup", kinked: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """Return middles and half widths of the first cells, shape (c, d) each, smaller where kinks are dense."""
    edges, parts = [], min(PARTS, int(MOST_CELLS ** (1 / len(kinked)) + 1e-9))
    for name in kinked:
        low, high = reach_of(setup, name)
        points, _ = kinked_points(setup, name, lower=low, upper=high)
        edges.append(np.interp(np.linspace(0, len(points) - 1, parts + 1), np.arange(len(points)), points))
    axes = [(edge[1:] + edge[:-1]) / 2 for edge in edges], [np.diff(edge) / 2 for edge in edges]
    middle, half = (np.stack([m.ravel() for m in np.meshgrid(*axis, indexing="ij")], axis=1) for axis in axes)
    return middle, half


def _fits_from(setup: "Setup", counts: FloatArray, starts: list[Solution]) -> list[Solution]:
    """Return where fits of all that floats lead in few steps, each of b rows."""
    if not starts:
        return []
    theta, n_rows = np.concatenate([start.theta for start in starts]), len(starts[0].q)
    problem = Problem.of(setup, np.repeat(counts[None], len(theta), axis=0), theta)
    likelihood = problem.likelihood(fisher=True)
    found = minimise(likelihood, problem.start(), *problem.bounds(), max_iterations=ITERATIONS)
    return _split(problem.solution(found), n_rows)


def _split(fits: Solution, n_rows: int) -> list[Solution]:
    """Return fits of b rows each."""
    return [fits.take(first + np.arange(n_rows)) for first in range(0, len(fits.q), n_rows)]


def _lowest(found: list[Solution], most: int) -> list[Solution]:
    """Return the lowest, the second lowest … of several solutions of each row."""
    q, every = np.stack([one.q for one in found]), Solution.joined(found)
    lowest = np.argsort(q, axis=0, kind="stable")[:most]
    return [every.take(at * q.shape[1] + np.arange(q.shape[1])) for at in lowest]


def _exchanged(setup: "Setup", kinked: tuple[str, ...], best: Solution) -> list[Solution]:
    """Return where alike parameters have changed places, which leaves thresholds where they are."""
    columns = [setup.index(name) for name in kinked]
    at = [setup.names.index(name) for name in kinked]
    if len({(setup.lower[i], setup.upper[i], setup.scale[i]) for i in at}) > 1:
        return []
    out = []
    for order in list(itertools.permutations(columns))[1:]:
        theta = best.theta.copy()
        theta[:, columns] = best.theta[:, order]
        out.append(Solution.nowhere(theta))
    return out
