"""The global minimum of −2 ln L for each of b sets of counts, kinks, walls and second minima included.

A parameter at whose kinks a step crosses a threshold is searched on a grid that holds every kink; at each
grid point the other parameters are profiled, and the best pieces are polished, each inside one smooth
piece. A coupling that enters squared is started on both sides of its symmetry point.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.constraint import ConstraintTerms
from renp_sim.analysis.likelihood import Likelihood
from renp_sim.analysis.mean import ModelMean, WarpedMean, polynomial_mean
from renp_sim.analysis.newton import Minimum, Status, minimise

if TYPE_CHECKING:
    from renp_sim.analysis.mean import Mean
    from renp_sim.analysis.setup import Setup

__all__ = ["Solution", "scan_points", "scanned_names", "search"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

CANDIDATES = 3
"""Local minima of the grid that are polished."""

CANDIDATE_MARGIN = 4.0
"""A local minimum this much above the best on the grid is not polished."""

ROWS_AT_ONCE = 64
"""From this many toys on, grid points are visited one by one instead of all in one call."""

CYCLES = 3
"""Rounds over several scanned parameters, one at a time, before all are polished together."""


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
        Evaluations of the expectation, shape (b,).
    """

    theta: FloatArray
    q: FloatArray
    status: NDArray[np.int8]
    calls: NDArray[np.int32]


def scanned_names(setup: "Setup") -> tuple[str, ...]:
    """Return the floating parameters in which −2 ln L has kinks.

    A parameter with a constraint of the model's own is no member: it moves by a few of its errors only,
    and the safeguards of the Newton steps see it over a kink.
    """
    out = []
    for name, low, high in zip(setup.names, setup.lower, setup.upper, strict=True):
        kinks = setup.model.kinks(name, setup.theta)
        own = setup.model.parameters[setup.index(name)].constraint
        if own is None and np.any((kinks > low) & (kinks < high)):
            out.append(name)
    return tuple(out)


def scan_points(setup: "Setup", name: str, *, lower: float = -np.inf, upper: float = np.inf) -> FloatArray:
    """Return scan points of a parameter: its ends, every kink between them, and points between those.

    Parameters
    ----------
    setup
        The other parameters stand where it says.
    name
        Of the parameter.
    lower, upper
        Ends, inside the bounds of the parameter; infinite ends stop ten typical steps beyond the kinks.
    """
    parameter = setup.model.parameters[setup.index(name)]
    low, high = max(lower, parameter.lower), min(upper, parameter.upper)
    kinks = setup.model.kinks(name, setup.theta)
    kinks = kinks[(kinks > low) & (kinks < high)]
    inner = kinks if len(kinks) else np.array([setup.theta[setup.index(name)]])
    low = low if np.isfinite(low) else float(inner[0]) - 10 * parameter.scale
    high = high if np.isfinite(high) else float(inner[-1]) + 10 * parameter.scale
    ends = np.unique(np.concatenate([[low], kinks, [high]]))
    pieces = []
    for a, b in zip(ends[:-1], ends[1:], strict=True):
        between = 1 + min(15, int(2 * (b - a) / parameter.scale))
        u = np.arange(between + 1) / (between + 1)
        pieces.append(a + (b - a) * np.sin(np.pi * u / 2) ** 2)
    return np.concatenate([*pieces, ends[-1:]])


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
        All parameters, shape (b, p), where resting ones or starts differ from toy to toy.
    constraint_values
        Measured values of the constraints, shape (b, f), where toys randomise them.
    """
    names = scanned_names(setup)
    if names and theta is not None:
        # kinks move with the resting parameters, so each row has a grid of its own
        rows = [
            search(
                setup.moved(row),
                counts[i : i + 1],
                constraint_values=None if constraint_values is None else constraint_values[i : i + 1],
            )
            for i, row in enumerate(theta)
        ]
        return _joined(rows)
    terms = ConstraintTerms.of(setup.constraints, constraint_values)
    problem = _Problem(
        setup=setup,
        counts=np.ascontiguousarray(np.asarray(counts, dtype=float).T),
        template=setup.theta if theta is None else theta,
        terms=terms,
    )
    if not names:
        return problem.solution(_smooth(problem))
    if len(names) == 1:
        return problem.solution(_scan(problem, names[0]))
    return _cycle(problem, names)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Problem:
    """Counts (n, b) with their set-up, templates (p,) or (b, p), and constraint terms."""

    setup: "Setup"
    counts: FloatArray
    template: FloatArray
    terms: ConstraintTerms

    @property
    def n_toys(self) -> int:
        return self.counts.shape[1]

    def start(self) -> FloatArray:
        """Return where the free parameters start, shape (f, b)."""
        rows = np.broadcast_to(self.template, (self.n_toys, self.template.shape[-1]))
        return rows[:, self.setup.free].T

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        return self.setup.lower[:, None], self.setup.upper[:, None]

    def mean(self) -> "Mean":
        setup = self.setup
        if self.template.ndim == 1 and len(setup.free):
            polynomial = polynomial_mean(setup.model, setup.names, self.template)
            if polynomial is not None:
                return polynomial
        return ModelMean(model=setup.model, template=self.template, free=setup.free)

    def solution(self, minimum: Minimum, template: FloatArray | None = None) -> Solution:
        rows = self.template if template is None else template
        theta = np.array(np.broadcast_to(rows, (self.n_toys, rows.shape[-1])))
        theta[:, self.setup.free] = minimum.x.T
        return Solution(theta=theta, q=minimum.q, status=minimum.status, calls=minimum.calls)


def _better(first: Minimum, second: Minimum) -> Minimum:
    """Return the lower of two minima, toy by toy; a converged one where they are equal."""
    use = second.q < first.q
    return Minimum(
        x=np.where(use, second.x, first.x),
        q=np.where(use, second.q, first.q),
        status=np.where(use, second.status, first.status),
        calls=first.calls + second.calls,
    )


def _smooth(problem: _Problem) -> Minimum:
    """Return the best of a start at rest and a start on each side of every squared coupling."""
    likelihood = Likelihood(counts=problem.counts, mean=problem.mean(), terms=problem.terms)
    lower, upper = problem.bounds()
    best: Minimum | None = None
    for start in _starts(problem):
        minimum = minimise(likelihood, start, lower, upper)
        best = minimum if best is None else _better(best, minimum)
    assert best is not None
    return best


def _starts(problem: _Problem) -> list[FloatArray]:
    """Return the rest position, and for each squared coupling the two values that explain all counts."""
    setup = problem.setup
    rest = problem.start()
    starts: list[FloatArray] = []
    total = np.sum(problem.counts, axis=0)
    for position, name in enumerate(setup.names):
        quadratic = setup.model.quadratic((name,), setup.theta)
        if quadratic is None or not np.any(quadratic.square):
            continue
        a, b, c = (np.sum(v) for v in (quadratic.square, quadratic.linear, quadratic.constant - 0.0))
        centre = -b / (2 * a)
        reach = np.sqrt(np.maximum(centre**2 - (c - total) / a, 0.0))
        reach = np.maximum(reach, 0.1 * np.sqrt((1 + c) / abs(a)))
        for side in (-1, 1):
            start = np.array(rest)
            start[position] = centre + side * reach
            starts.append(start)
    return starts or [rest]


def _scan(problem: _Problem, name: str) -> Minimum:
    """Return the best over all smooth pieces of one scanned parameter."""
    setup = problem.setup
    position = setup.names.index(name)
    points = scan_points(setup, name)
    kinks = np.isin(points, setup.model.kinks(name, setup.theta))
    q, others, status = _profile_on(problem, name, points)
    best_point = np.argmin(q, axis=0)
    columns = np.arange(problem.n_toys)
    x = np.insert(others[best_point, :, columns].T, position, points[best_point], axis=0)
    edge = np.where(kinks[best_point], Status.AT_KINK, status[best_point, columns])
    at_end = (best_point == 0) | (best_point == len(points) - 1)
    edge = np.where(at_end, np.maximum(edge, Status.AT_BOUND), edge)
    best = Minimum(
        x=x,
        q=q[best_point, columns],
        status=edge.astype(np.int8),
        calls=np.full(problem.n_toys, 10 * len(points), dtype=np.int32),
    )
    for rows, low, high, start in _pieces(q, kinks, points):
        best = _polish(problem, position, best, rows, low, high, start, others, points)
    return best


def _profile_on(
    problem: _Problem, name: str, points: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.int8]]:
    """Return q (g, b), the other free parameters (g, f−1, b) and the status (g, b) on a grid."""
    rest = problem.setup.without(name)
    position = problem.setup.names.index(name)
    keep = [i for i in range(len(problem.setup.names)) if i != position]
    index = problem.setup.index(name)
    terms = problem.terms.keep(keep)
    own = problem.terms.keep([position])
    n_points, n_toys = len(points), problem.n_toys
    if n_toys < ROWS_AT_ONCE:
        theta = np.array(np.broadcast_to(problem.template, (n_points, n_toys, problem.template.shape[-1])))
        theta[..., index] = points[:, None]
        part = _Problem(
            setup=rest,
            counts=np.tile(problem.counts, (1, n_points)),
            template=theta.reshape(n_points * n_toys, -1),
            terms=terms.take(np.tile(np.arange(n_toys), n_points)),
        )
        minimum = _smooth(part)
        x = minimum.x.reshape(len(keep), n_points, n_toys).swapaxes(0, 1)
        q, status = minimum.q.reshape(n_points, n_toys), minimum.status.reshape(n_points, n_toys)
    else:
        q = np.empty((n_points, n_toys))
        x = np.empty((n_points, len(keep), n_toys))
        status = np.empty((n_points, n_toys), dtype=np.int8)
        start = np.array(problem.start()[keep])
        lower, upper = rest.lower[:, None], rest.upper[:, None]
        for g, point in enumerate(points):
            template = problem.template.copy()
            template[index] = point
            part = _Problem(setup=rest, counts=problem.counts, template=template, terms=terms)
            likelihood = Likelihood(counts=problem.counts, mean=part.mean(), terms=terms)
            minimum = minimise(likelihood, start, lower, upper)
            q[g], x[g], status[g] = minimum.q, minimum.x, minimum.status
            start = minimum.x
    q += np.stack([own.value(np.full((1, n_toys), point)) for point in points])
    return q, x, status


def _pieces(
    q: FloatArray, kinks: NDArray[np.bool_], points: FloatArray
) -> "list[tuple[IntArray, IntArray, IntArray, FloatArray]]":
    """Return (toys, left point, right point, start) of the smooth pieces around the best local minima."""
    high = np.full((1, q.shape[1]), np.inf)
    left, right = np.vstack([high, q[:-1]]), np.vstack([q[1:], high])
    minima = np.where((q <= left) & (q < right), q, np.inf)
    lowest = np.min(q, axis=0)
    out = []
    for _ in range(CANDIDATES):
        at = np.argmin(minima, axis=0)
        columns = np.arange(q.shape[1])
        worth = minima[at, columns] < lowest + CANDIDATE_MARGIN
        minima[at, columns] = np.inf
        last = len(points) - 1
        for side in (-1, 1):
            # a smooth point has one piece, both its neighbours; a kink has a piece on either side
            rows = np.flatnonzero(worth & (kinks[at] | (side == -1)))
            g = at[rows]
            if side == -1:
                a, b = np.maximum(g - 1, 0), np.where(kinks[g], g, np.minimum(g + 1, last))
            else:
                a, b = g, np.minimum(g + 1, last)
            wide = a < b
            rows, a, b, g = rows[wide], a[wide], b[wide], g[wide]
            start = np.where((a < g) & (g < b), points[g], (points[a] + points[b]) / 2)
            if len(rows):
                out.append((rows, a, b, start))
    return out


def _polish(
    problem: _Problem,
    position: int,
    best: Minimum,
    rows: IntArray,
    left: IntArray,
    right: IntArray,
    start: FloatArray,
    others: FloatArray,
    points: FloatArray,
) -> Minimum:
    """Return the minima after a search inside one smooth piece [left, right] of these toys."""
    low, high = points[left], points[right]
    template = problem.template if problem.template.ndim == 1 else problem.template[rows]
    inner = ModelMean(model=problem.setup.model, template=template, free=problem.setup.free)
    mean = WarpedMean(inner=inner, position=position, low=low, high=high)
    likelihood = Likelihood(counts=problem.counts[:, rows], mean=mean, terms=problem.terms.take(rows))
    nearest = np.where(np.abs(points[left] - start) < np.abs(points[right] - start), left, right)
    x = np.insert(others[nearest, :, rows].T, position, mean.inverse(start), axis=0)
    lower, upper = np.array(problem.setup.lower[:, None]), np.array(problem.setup.upper[:, None])
    lower[position], upper[position] = WarpedMean.EDGE, 1 - WarpedMean.EDGE
    found = minimise(likelihood, x, lower, upper)
    x = found.x.copy()
    x[position] = mean.parameter(x[position])
    inside = found.status <= Status.AT_BOUND
    at_kink = (found.x[position] <= WarpedMean.EDGE) | (found.x[position] >= 1 - WarpedMean.EDGE)
    ended = np.where(inside & at_kink, Status.AT_KINK, found.status)
    out_x, out_q, out_status = best.x.copy(), best.q.copy(), best.status.copy()
    out_calls = best.calls.copy()
    out_calls[rows] += found.calls
    lower_q = found.q < best.q[rows]
    won = rows[lower_q]
    out_x[:, won], out_q[won], out_status[won] = x[:, lower_q], found.q[lower_q], ended[lower_q]
    return Minimum(x=out_x, q=out_q, status=out_status, calls=out_calls)


def _cycle(problem: _Problem, names: tuple[str, ...]) -> Solution:
    """Return the best over several scanned parameters: one at a time in turn, from where the last stopped."""
    theta = np.array(np.broadcast_to(problem.template, (problem.n_toys, problem.template.shape[-1])))
    out: list[Solution] = []
    for toy in range(problem.n_toys):
        template = theta[toy]
        rows = np.array([toy], dtype=np.intp)
        best: Solution | None = None
        for _ in range(CYCLES):
            for name in names:
                setup = problem.setup.moved(template)
                for other in names:
                    setup = setup if other == name else setup.without(other)
                keep = [problem.setup.names.index(n) for n in setup.names]
                part = _Problem(
                    setup=setup,
                    counts=problem.counts[:, rows],
                    template=template,
                    terms=problem.terms.keep(keep).take(rows),
                )
                solution = part.solution(_scan(part, name))
                if best is None or solution.q[0] <= best.q[0]:
                    best, template = solution, solution.theta[0]
        assert best is not None
        out.append(best)
    return _joined(out)


def _joined(parts: list[Solution]) -> Solution:
    """Return the solutions of many toys as one."""
    return Solution(
        theta=np.concatenate([part.theta for part in parts]),
        q=np.concatenate([part.q for part in parts]),
        status=np.concatenate([part.status for part in parts]),
        calls=np.concatenate([part.calls for part in parts]),
    )
