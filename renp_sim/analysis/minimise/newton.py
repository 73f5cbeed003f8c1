"""Minimise −2 ln L of many toys at once: damped Newton steps inside bounds, a status for every toy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.minimise.solution import Minimum, Status
from renp_sim.analysis.minimise.step import FIRST_DAMPING, newton_step
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.likelihood.poisson import Likelihood

__all__ = ["DECREASE_TOLERANCE", "MOST_ITERATIONS", "NEAR_BOUND", "minimise"]


DECREASE_TOLERANCE = 1e-5
"""A toy is done after a step that was predicted to lower −2 ln L by less: what is left is far smaller
(test_toys_miss_minima_with_a_weaker)."""

COMPACT_BELOW = 0.7
"""Toys that are done are put aside when fewer than this share still move."""

BLOCK_TOYS = 16_384
"""Toys that are fitted together, so that their numbers stay in the cache."""

FIRST_ITERATIONS = 3
"""Iterations of full blocks; then what is left of all blocks goes on together, one at a time."""

BEHIND = 0.3
"""How far above the best start of its toy one may be after the first iterations; it is given up beyond
(test_toys_miss_minima_with_a_weaker)."""

MOST_ITERATIONS = 120
"""Of a fit: 60 are too few in the curved valley of a complex coupling beside a normalisation
(test_toys_of_couplings_beside_a_norm_have_the_minima_of_the_profile)."""

LAST_DAMPING = 1e12
"""A toy that no step lowers with more has ended (test_no_fit_is_worse_than_minuit_from_many_starts)."""

NEAR_BOUND = 1e-3
"""How near an interior parameter comes to a bound (test_toys_miss_minima_with_a_weaker)."""


def minimise(
    likelihood: "Likelihood",
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    interior: int | None = None,
    owner: IndexArray | None = None,
    max_iterations: int = MOST_ITERATIONS,
) -> Minimum:
    """Return the local minimum that each toy reaches from its start.

    A Newton step with the Hessian where it is positive definite, with its Fisher expectation elsewhere;
    a step that does not lower −2 ln L is taken back and damped (Levenberg and Marquardt); a parameter at
    its bound that wants to leave is held there.

    Parameters
    ----------
    likelihood
        Of b toys.
    start
        Shape (f, b), or (f, 1).
    lower, upper
        Bounds, shape (f, 1) or (f, b).
    interior
        A parameter that never reaches its bounds: it goes at most nine tenths of the way there in one
        step, and is held `NEAR_BOUND` from them.
    owner
        Which set of counts each toy here stands for, shape (b,), where several are starts of the same and
        only the lowest counts: those that fall behind are left with status `NOT_CONVERGED`.
    max_iterations
        After which a toy is left with status `NOT_CONVERGED`.
    """
    n_toys = likelihood.counts.shape[1]
    full = (len(start), n_toys)
    x = np.broadcast_to(np.clip(start, lower, upper), full)
    if len(start) == 0:
        q = likelihood.value(x)
        status = np.where(np.isfinite(q), np.int8(Status.CONVERGED), np.int8(Status.IMPOSSIBLE))
        return Minimum(x=x, q=q, status=status, calls=np.ones(n_toys, dtype=np.int32))
    out = Minimum.empty(*full)
    out.x[:] = x
    rows, spent, damping = np.arange(n_toys), 0, np.zeros(n_toys)
    while len(rows) and spent < max_iterations:
        budget = max_iterations - spent
        if spent == 0 or len(rows) > BLOCK_TOYS:
            budget = min(budget, FIRST_ITERATIONS if spent == 0 else 1)
        late = []
        for first in range(0, len(rows), BLOCK_TOYS):
            block = rows[first : first + BLOCK_TOYS]
            work = _Working.of(likelihood, block, out.x, damping, lower, upper, interior, is_late=spent > 0)
            late.append(work.run(out, damping, budget))
        rows = np.concatenate(late)
        if spent == 0 and owner is not None:
            rows = _in_the_race(rows, out.q, owner, len(likelihood.counts))
        spent += budget
    out.status[~np.isfinite(out.q)] = Status.IMPOSSIBLE
    return out


def _in_the_race(rows: IndexArray, q: FloatArray, owner: IndexArray, n_steps: int) -> IndexArray:
    """Return the starts that are not far behind the best of the same toy.

    One that describes the counts badly may not stay the best
    (test_toys_of_many_counts_find_both_moments).
    """
    best = np.full(int(owner.max()) + 1, np.inf)
    np.minimum.at(best, owner, q)
    behind = BEHIND + np.maximum(best - 2 * n_steps, 0.0)
    inside: IndexArray = rows[q[rows] <= (best + behind)[owner[rows]]]
    return inside


# not frozen: the state of an iteration
@dataclass(slots=True, kw_only=True, eq=False)
class _Working:
    """Toys that are still being fitted: point, −2 ln L, μ and Levenberg–Marquardt damping of each."""

    likelihood: "Likelihood"
    rows: IndexArray
    x: FloatArray
    q: FloatArray
    mu: FloatArray
    lower: FloatArray
    upper: FloatArray
    damping: FloatArray
    interior: int | None
    is_late: bool

    @classmethod
    def of(
        cls,
        likelihood: "Likelihood",
        rows: IndexArray,
        x: FloatArray,
        damping: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        interior: int | None,
        *,
        is_late: bool,
    ) -> "_Working":
        part = likelihood if len(rows) == x.shape[1] else likelihood.take(rows)
        x = x[:, rows]
        q, mu = part.with_mean(x)
        return cls(
            likelihood=part,
            rows=rows,
            x=x,
            q=q,
            mu=mu,
            lower=_of_toys(lower, rows),
            upper=_of_toys(upper, rows),
            damping=damping[rows],
            interior=interior,
            is_late=is_late,
        )

    def run(self, out: Minimum, damping: FloatArray, iterations: int) -> IndexArray:
        """Iterate, write results to `out` and `damping`, and return the toys that could go on."""
        work = self
        out.calls[self.rows] += 1
        for _ in range(iterations):
            ended, is_done = work.iterate()
            out.calls[work.rows] += 2
            hopeless = work.damping > LAST_DAMPING
            out.status[work.rows[is_done]] = ended[is_done]
            going = np.flatnonzero(~(is_done | hopeless))
            # toys that are done go on for a while where copying the others would cost more
            if len(going) < COMPACT_BELOW * len(is_done) or np.any(hopeless):
                work.write(out, damping)
                work = work.take(going)
            if not len(going):
                break
        work.write(out, damping)
        going_on: IndexArray = work.rows[out.status[work.rows] == Status.NOT_CONVERGED]
        return going_on

    def write(self, out: Minimum, damping: FloatArray) -> None:
        out.x[:, self.rows], out.q[self.rows], damping[self.rows] = self.x, self.q, self.damping

    def take(self, rows: IndexArray) -> "_Working":
        return _Working(
            likelihood=self.likelihood.take(rows),
            rows=self.rows[rows],
            x=self.x[:, rows],
            q=self.q[rows],
            mu=self.mu[:, rows],
            lower=_of_toys(self.lower, rows),
            upper=_of_toys(self.upper, rows),
            damping=self.damping[rows],
            interior=self.interior,
            is_late=self.is_late,
        )

    def iterate(self) -> tuple[NDArray[np.int8], BoolArray]:
        """Take one step; return the status each toy would end with and which have ended."""
        gradient, hessian = self.likelihood.derivatives(self.x, self.mu)
        held = self._held(gradient)
        if np.any(held):
            gradient = np.where(held, 0.0, gradient)
        step, seen = newton_step(self.likelihood, self.x, gradient, hessian, held, self.damping)
        predicted = -0.5 * np.einsum("pb,pb->b", gradient, step)
        trial = self._inside(step)
        q, mu = self.likelihood.with_mean(trial)
        rounding = 1e-13 * (1 + np.where(np.isfinite(self.q), self.q, 0.0))
        ceiling = self.q + np.where(predicted < rounding, rounding, 0.0)
        worse = np.flatnonzero(~(q <= ceiling))
        if len(worse) and self.is_late and self.likelihood.mean.bent:
            trial[:, worse], q[worse], mu[:, worse] = self._back_to_floor(trial, worse)
            worse = np.flatnonzero(~(q <= ceiling))
        is_done = (predicted <= np.maximum(DECREASE_TOLERANCE, rounding)) & (self.damping <= FIRST_DAMPING)
        for p, row in enumerate(hessian):
            # no slope, but on the top of a barrier between two minima
            is_done &= (row[p] >= 0) | held[p]
        trial[:, worse], q[worse], mu[:, worse] = self.x[:, worse], self.q[worse], self.mu[:, worse]
        self.x, self.q, self.mu = trial, q, mu
        self._damp(worse)
        ended = np.where(np.any(held, axis=0), np.int8(Status.AT_BOUND), np.int8(Status.CONVERGED))
        return np.where(seen, ended, np.int8(Status.UNCONSTRAINED)), is_done

    def _inside(self, step: FloatArray) -> FloatArray:
        """Return the point that a step leads to, within what is allowed."""
        trial = np.clip(self.x + step, self.lower, self.upper)
        if self.interior is not None:
            at = self.interior
            low, high = self.x[at] - self.lower[at], self.upper[at] - self.x[at]
            trial[at] = self.x[at] + np.clip(step[at], -0.9 * low, 0.9 * high)
        return trial

    def _damp(self, worse: IndexArray) -> None:
        """Damp less after a success, down to not at all, and more after a failure."""
        more = np.maximum(10 * self.damping[worse], FIRST_DAMPING)
        if np.any(self.damping):
            self.damping = np.where(self.damping > FIRST_DAMPING, self.damping / 10, 0.0)
        self.damping[worse] = more

    def _held(self, slope: FloatArray) -> BoolArray:
        """Return which parameters stay, shape (f, b): at a bound with −2 ln L falling beyond it."""
        held = ((self.x <= self.lower) & (slope > 0)) | ((self.x >= self.upper) & (slope < 0))
        if self.interior is not None:
            x, low, high, outward = (a[self.interior] for a in (self.x, self.lower, self.upper, slope))
            held[self.interior] |= ((x < low + NEAR_BOUND) & (outward > 0)) | (
                (x > high - NEAR_BOUND) & (outward < 0)
            )
        return held

    def _back_to_floor(
        self, trial: FloatArray, rows: IndexArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return trials, −2 ln L and μ after a step of the parameters in which μ is linear.

        A normalisation times a coupling makes a curved valley: a straight step climbs its wall, though the
        floor below it is lower.
        """
        part = self.likelihood.take(rows)
        x, lower, upper = trial[:, rows], _of_toys(self.lower, rows), _of_toys(self.upper, rows)
        gradient, hessian = part.derivatives(x)
        held = ((x <= lower) & (gradient > 0)) | ((x >= upper) & (gradient < 0))
        held[list(part.mean.bent)] = True
        slope = np.where(held, 0.0, gradient)
        step, _ = newton_step(part, x, slope, hessian, held, np.zeros(len(rows)))
        x = np.clip(x + step, lower, upper)
        return x, *part.with_mean(x)


def _of_toys(bound: FloatArray, rows: IndexArray) -> FloatArray:
    """Return the bounds of these toys, or those that all share."""
    return bound if bound.shape[1] == 1 else bound[:, rows]
