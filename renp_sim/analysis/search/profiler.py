"""−2 ln L of one set of counts, minimised over all that floats but what is held: rows of a profile at once.

Where μ is a polynomial in the rest, and at most one more parameter of it has kinks, no model is called inside
the fits (`RowMean`); each smooth piece of that one is fitted on its own and the lowest counts. Elsewhere the
model is asked for every trial.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.constraint import ConstraintTerms, prior_pull
from renp_sim.analysis.likelihood.lattice import Lattice
from renp_sim.analysis.likelihood.piece import Piece, TermsInPiece
from renp_sim.analysis.likelihood.poisson import Likelihood
from renp_sim.analysis.likelihood.row_mean import RowMean
from renp_sim.analysis.minimise.solution import Minimum
from renp_sim.analysis.search.axis import REACH, Axis, Pieces, error_of, extremes_of, reach_of
from renp_sim.analysis.search.curve import ROUNDING
from renp_sim.analysis.search.problem import Problem, Solution
from renp_sim.analysis.search.singles import Singles, at_best_singles, singles_of
from renp_sim.analysis.search.starts import lowest_from, valleys
from renp_sim.arrays import FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["ITERATIONS", "WINDOW", "WINDOW_NODES", "Profiler"]

WINDOW = 2.0
"""Errors to either side of where a parameter stands that are looked at before its pieces
(test_a_fit_that_leaves_the_window_goes_on)."""

WINDOW_NODES = 32
"""Of the series in a window, or in a piece (test_rows_with_an_offset_have_what_the_model_has)."""

WINDOWS = round(2 * REACH / WINDOW)
"""Most moves of a window, from end to end (`test_a_fit_follows_an_offset_to_the_end_of_its_reach`)."""

ITERATIONS = 25
"""Most steps of a fit that asks the model: what still moves is on a kink
(test_fits_that_ask_the_model_need_their_steps)."""

RIPPLE = 1e-8
"""What the series of an offset leave of −2 ln L from point to point (test_a_search_among_ripples_ends)."""

BLOCK_ITEMS = 1 << 21
"""Rows × steps × coefficients in memory at a time: 16 MB."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profiler:
    """One set of counts, what is held of all that floats, and what is fitted.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (n,).
    held
        Names of the floating parameters that are held.
    rest
        What is fitted.
    kinked
        Names of those among the rest that have kinks.
    lattice
        What fixes the polynomial in the others; None where μ is none, or several have kinks.
    singles
        Those of the kinked that move steps of their own.
    is_local
        Whether of the pieces only that is fitted in which a row stands, or the two at whose kink it does.
    """

    setup: "Setup"
    counts: FloatArray
    held: tuple[str, ...]
    rest: "Setup"
    kinked: tuple[str, ...]
    lattice: Lattice | None
    singles: Singles
    is_local: bool = False

    @classmethod
    def of(cls, setup: "Setup", counts: FloatArray, held: tuple[str, ...] = ()) -> "Profiler":
        """Return the profiler of these counts with some parameters held."""
        # what is searched is held row by row; an offset has its tables whether it is held or not
        model = setup.without(*(name for name in setup.searched if name in held)).tabled().model
        rest = setup.without(*held).standing_for(model)
        kinked = tuple(name for name in rest.names if name in rest.kinked)
        if not kinked:
            # what is known and bends μ without kinks, as an offset far from thresholds, is a series just so
            polynomial = rest.linear | rest.squared | rest.harmonic
            others = tuple(name for name in rest.names if name not in polynomial)
            kinked = others if len(others) == 1 and rest.constraints[rest.names.index(others[0])] else ()
        lattice = None
        if len(kinked) <= 1:
            smooth = rest.without(*kinked)
            lattice = Lattice.of(rest.model, smooth.names, extremes_of(setup), smooth.scale)
        return cls(
            setup=setup,
            counts=counts,
            held=held,
            rest=rest,
            kinked=kinked,
            lattice=lattice,
            singles=singles_of(rest, kinked),
        )

    def lowest(self, theta: FloatArray) -> Solution:
        """Return −2 ln L with what is held where rows of θ (g, p) have it, the rest fitted.

        The constraint terms of what is held count. The rest starts where the rows stand.
        """
        if self.lattice is None:
            return self._asking_the_model(theta)
        parts = 1 + len(theta) * len(self.counts) * len(self.lattice.exponents) // BLOCK_ITEMS
        fit = self._in_pieces if self.kinked else self._smooth
        blocks = np.array_split(theta, parts)
        found = Solution.joined([fit(self.rest, self.lattice, block) for block in blocks])
        return replace(found, theta=self.rest.folded(found.theta), q=found.q + self.terms(theta))

    def at(self, name: str, values: FloatArray) -> Solution:
        """Return the fits with one held parameter at values (g,), what else is held where it stands."""
        theta = np.tile(self.setup.theta, (len(values), 1))
        theta[:, self.setup.index(name)] = values
        return self.lowest(theta)

    @property
    def ripple(self) -> float:
        """By what share of it −2 ln L may be off from point to point."""
        return RIPPLE if self.kinked else ROUNDING

    def terms(self, theta: FloatArray) -> FloatArray:
        """Return the constraint terms of what is held, shape (g,)."""
        out = np.zeros(len(theta))
        for name in self.held:
            constraint = self.setup.constraints[self.setup.names.index(name)]
            if constraint is not None:
                out += prior_pull(constraint, theta[:, self.setup.index(name)]) ** 2
        return out

    def _repeated(self, n_rows: int) -> FloatArray:
        return np.repeat(self.counts[:, None], n_rows, axis=1)

    def _smooth(self, rest: "Setup", lattice: Lattice, theta: FloatArray) -> Solution:
        """Return fits of rows in whose rest μ is a polynomial."""
        mean = RowMean.of(rest.model, theta, rest.free, lattice)
        likelihood = Likelihood(
            counts=self._repeated(len(theta)), mean=mean, terms=ConstraintTerms.of(rest.constraints)
        )
        found = lowest_from(valleys(rest, likelihood, theta[:, rest.free].T), likelihood, *_bounds(rest))
        return _solution(rest, theta, found)

    def _in_pieces(self, rest: "Setup", lattice: Lattice, theta: FloatArray) -> Solution:
        """Return fits of rows with one parameter that has kinks, the lowest over its smooth pieces."""
        # where no piece allows the counts a row stays where it stands
        out = Solution.nowhere(theta)
        table = Axis(rest=rest, name=self.kinked[0], lattice=lattice)
        pieces = table.pieces(theta, self._in_windows(table, theta, out))
        here = theta[pieces.owner, table.column]
        is_own = (pieces.low <= here) & (here <= pieces.high)
        self._fit_each(table, pieces.take(np.flatnonzero(is_own)), theta, out)
        if self.is_local:
            return out
        # a piece whose constraint term alone is more than what is known cannot be the lowest
        hopeful = ~is_own & (table.least_term(pieces) < out.q[pieces.owner])
        self._fit_each(table, pieces.take(np.flatnonzero(hopeful)), theta, out)
        return out

    def _fit_each(self, table: Axis, pieces: Pieces, theta: FloatArray, out: Solution) -> None:
        """Fit in pieces, and write to `out` what is lower."""
        if len(pieces.owner):
            mean, _ = table.means(theta, pieces, WINDOW_NODES)
            self._keep_lower(table, mean, pieces, theta, out)

    def _in_windows(self, table: Axis, theta: FloatArray, out: Solution) -> IndexArray:
        """Fit where no piece is needed, a broad line or no threshold near; return the rows that need some.

        A window that its minimum leaves moves after it.
        """
        low, high = reach_of(table.rest, table.name)
        width = WINDOW * error_of(table.rest, table.name)
        centre = np.clip(theta[:, table.column], low, high)
        rows, needed = np.arange(len(theta)), []
        for _ in range(WINDOWS):
            ends = np.clip(centre - width, low, high), np.clip(centre + width, low, high)
            windows = Pieces(owner=rows, low=ends[0], high=ends[1])
            mean, is_smooth = table.means(theta, windows, WINDOW_NODES)
            needed.append(rows[~is_smooth])
            at = np.flatnonzero(is_smooth)
            self._keep_lower(table, mean.take(at), windows.take(at), theta, out)
            centre = out.theta[rows[at], table.column]
            is_end = (centre == windows.low[at]) | (centre == windows.high[at])
            beyond = is_end & (centre > low) & (centre < high)
            rows, centre = rows[at[beyond]], centre[beyond]
            if not len(rows):
                break
        return np.concatenate(needed)

    def _keep_lower(
        self, table: Axis, mean: RowMean, pieces: Pieces, theta: FloatArray, out: Solution
    ) -> None:
        """Fit in pieces with a mean in each, and write to `out` what is lower than what it has."""
        owner = pieces.owner
        if not len(owner):
            return
        piece = Piece(position=table.position, low=pieces.low, high=pieces.high)
        found = self._fit_pieces(table.rest, mean, piece, theta[owner])
        # the lowest of a row is written last
        order = np.argsort(-found.q, kind="stable")
        order = order[found.q[order] < out.q[owner[order]]]
        rows = owner[order]
        out.theta[rows[:, None], table.rest.free] = found.x[:, order].T
        out.q[rows], out.status[rows] = found.q[order], found.status[order]

    def _fit_pieces(self, rest: "Setup", mean: RowMean, piece: Piece, rows: FloatArray) -> Minimum:
        """Return fits inside pieces, the parameter itself in the place of u."""
        terms = TermsInPiece(inner=ConstraintTerms.of(rest.constraints), piece=piece)
        likelihood = Likelihood(counts=self._repeated(len(rows)), mean=mean, terms=terms)
        at = piece.position
        start = rows[:, rest.free].T.copy()
        start[at] = 0.5
        lower, upper = _bounds(rest)
        lower[at], upper[at] = 0.0, 1.0
        found = lowest_from(valleys(rest, likelihood, start), likelihood, lower, upper, interior=at)
        for edge in (0.0, 1.0):
            x = found.x.copy()
            x[at] = edge
            q = likelihood.value(x)
            better = q < found.q
            found.x[:, better], found.q[better] = x[:, better], q[better]
        found.x[at] = piece.parameter(found.x[at])
        return found

    def _asking_the_model(self, theta: FloatArray) -> Solution:
        """Return fits that ask the model for every trial, then look over the kinks of one after the other."""
        found, rows = self._from(self._placed(theta)), np.arange(len(theta))
        if self.singles:
            found = found.keeping_lower(rows, self._from(self._placed(found.theta)))
        if len(self.kinked) < 2:
            return found
        for name in (name for name in self.kinked if name not in self.singles):
            others = tuple(other for other in self.kinked if other != name)
            alone = Profiler.of(self.setup, self.counts, (*self.held, *others))
            if alone.lattice is not None:
                found = found.keeping_lower(rows, alone.lowest(found.theta))
        return found

    def _placed(self, theta: FloatArray) -> FloatArray:
        """Return rows of θ (g, p) with what moves steps of its own where it is best."""
        return at_best_singles(self.rest, self.counts, theta, self.singles) if self.singles else theta

    def _from(self, theta: FloatArray) -> Solution:
        """Return fits that start where rows of θ (g, p) stand."""
        problem = Problem.of(self.rest, np.repeat(self.counts[None], len(theta), axis=0), theta)
        likelihood = problem.likelihood(fisher=True)
        starts = valleys(self.rest, likelihood, problem.start())
        found = lowest_from(starts, likelihood, *problem.bounds(), max_iterations=ITERATIONS)
        return problem.solution(replace(found, q=found.q + self.terms(theta)))


def _bounds(rest: "Setup") -> tuple[FloatArray, FloatArray]:
    return rest.lower[:, None].copy(), rest.upper[:, None].copy()


def _solution(rest: "Setup", theta: FloatArray, found: Minimum) -> Solution:
    out = theta.copy()
    out[:, rest.free] = found.x.T
    return Solution(theta=out, q=found.q, status=found.status, calls=found.calls)
