"""Minimise −2 ln L of many toys at once: damped Newton steps inside bounds, a status for every toy."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from renp_sim.analysis.likelihood import Expansion, Likelihood

__all__ = ["NEAR_BOUND", "Minimum", "Status", "minimise", "solve_positive"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]

DECREASE_TOLERANCE = 1e-6
"""A toy is done after a step that was predicted to lower −2 ln L by less: what is left is far smaller."""

COMPACT_BELOW = 0.7
"""Toys that are done are put aside when fewer than this share still move."""

SINGULAR = 1e-11
"""A pivot below this fraction of its diagonal element is no information."""

BLOCK_TOYS = 8192
"""Toys that are fitted together, so that their numbers stay in the cache."""

FIRST_ITERATIONS = 2
"""Iterations after which what is left of all blocks goes on together; then twice as many, and so on."""

FIRST_DAMPING = 1e-2
LAST_DAMPING = 1e12

NEAR_BOUND = 1e-3
"""How near an interior parameter comes to a bound."""


class Status(IntEnum):
    """How the fit of a toy ended; larger is worse, and none is dropped."""

    CONVERGED = 0
    AT_BOUND = 1
    """At the edge of a parameter, where −2 ln L still falls: a result, but no parabola."""
    AT_KINK = 2
    """On a kink between two smooth pieces."""
    UNCONSTRAINED = 3
    """The data do not see some parameter or combination of parameters."""
    NOT_CONVERGED = 4
    """The last of the allowed iterations; the values are the best met."""
    IMPOSSIBLE = 5
    """−2 ln L is infinite: counts where none can be, everywhere the fit looked."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Minimum:
    """Minima of b toys.

    Parameters
    ----------
    x
        Free parameters, shape (f, b).
    q
        −2 ln L, shape (b,).
    status
        Values of `Status`, shape (b,).
    calls
        Evaluations of the expectation, shape (b,).
    """

    x: FloatArray
    q: FloatArray
    status: NDArray[np.int8]
    calls: NDArray[np.int32]


def minimise(
    likelihood: "Likelihood",
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    interior: int | None = None,
    max_iterations: int = 60,
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
    max_iterations
        After which a toy is left with status `NOT_CONVERGED`.
    """
    n_toys = likelihood.counts.shape[1]
    full = (len(start), n_toys)
    x = np.clip(np.broadcast_to(start, full), lower, upper)
    if len(start) == 0:
        q = likelihood.value(x)
        status = np.where(np.isfinite(q), np.int8(Status.CONVERGED), np.int8(Status.IMPOSSIBLE))
        return Minimum(x=x, q=q, status=status, calls=np.ones(n_toys, dtype=np.int32))
    lower, upper = np.broadcast_to(lower, full), np.broadcast_to(upper, full)
    out = Minimum(
        x=x.copy(),
        q=np.empty(n_toys),
        status=np.full(n_toys, Status.NOT_CONVERGED, dtype=np.int8),
        calls=np.zeros(n_toys, dtype=np.int32),
    )
    rows, spent, budget = np.arange(n_toys), 0, FIRST_ITERATIONS
    while len(rows) and spent < max_iterations:
        late = []
        for first in range(0, len(rows), BLOCK_TOYS):
            block = rows[first : first + BLOCK_TOYS]
            work = _Working.of(likelihood, block, out.x, lower, upper, interior, is_late=spent > 0)
            late.append(work.run(out, budget))
        rows, spent = np.concatenate(late), spent + budget
        budget = min(2 * budget, max_iterations - spent)
    out.status[~np.isfinite(out.q)] = Status.IMPOSSIBLE
    return out


# not frozen: the state of an iteration
@dataclass(slots=True, kw_only=True, eq=False)
class _Working:
    """Toys that are still being fitted: point, −2 ln L and Levenberg–Marquardt damping of each."""

    likelihood: "Likelihood"
    rows: IntArray
    x: FloatArray
    q: FloatArray
    lower: FloatArray
    upper: FloatArray
    damping: FloatArray
    interior: int | None
    is_late: bool

    @classmethod
    def of(
        cls,
        likelihood: "Likelihood",
        rows: IntArray,
        x: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        interior: int | None,
        *,
        is_late: bool,
    ) -> "_Working":
        part = likelihood if len(rows) == x.shape[1] else likelihood.take(rows)
        x = x[:, rows]
        return cls(
            likelihood=part,
            rows=rows,
            x=x,
            q=part.value(x),
            lower=lower[:, rows],
            upper=upper[:, rows],
            damping=np.zeros(len(rows)),
            interior=interior,
            is_late=is_late,
        )

    def run(self, out: Minimum, iterations: int) -> IntArray:
        """Iterate, write results to `out`, and return the toys that could go on."""
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
                work.write(out)
                work = work.take(going)
            if not len(going):
                break
        work.write(out)
        going_on: IntArray = work.rows[out.status[work.rows] == Status.NOT_CONVERGED]
        return going_on

    def write(self, out: Minimum) -> None:
        out.x[:, self.rows], out.q[self.rows] = self.x, self.q

    def take(self, rows: IntArray) -> "_Working":
        return _Working(
            likelihood=self.likelihood.take(rows),
            rows=self.rows[rows],
            x=self.x[:, rows],
            q=self.q[rows],
            lower=self.lower[:, rows],
            upper=self.upper[:, rows],
            damping=self.damping[rows],
            interior=self.interior,
            is_late=self.is_late,
        )

    def iterate(self) -> tuple[NDArray[np.int8], BoolArray]:
        """Take one step; return the status each toy would end with and which have ended."""
        here = self.likelihood.expansion(self.x)
        slope = here.gradient
        held = self._held(slope)
        if np.any(held):
            slope = np.where(held, 0.0, slope)
        step, seen = _newton_step(here, slope, held, self.damping)
        predicted = -0.5 * np.einsum("pb,pb->b", slope, step)
        trial = np.clip(self.x + step, self.lower, self.upper)
        if self.interior is not None:
            at = self.interior
            low, high = self.x[at] - self.lower[at], self.upper[at] - self.x[at]
            trial[at] = self.x[at] + np.clip(step[at], -0.9 * low, 0.9 * high)
        q = self.likelihood.value(trial)
        rounding = 1e-13 * (1 + np.where(np.isfinite(self.q), self.q, 0.0))
        better = q <= self.q + np.where(predicted < rounding, rounding, 0.0)
        worse = np.flatnonzero(~better)
        if len(worse) and self.is_late and self.likelihood.mean.bent:
            trial[:, worse], q[worse] = self._back_to_floor(trial, worse)
            better = q <= self.q + np.where(predicted < rounding, rounding, 0.0)
        is_done = (predicted <= np.maximum(DECREASE_TOLERANCE, rounding)) & (self.damping <= FIRST_DAMPING)
        for p, row in enumerate(here.hessian):
            # no slope, but on the top of a barrier between two minima
            is_done &= (row[p] >= 0) | held[p]
        if np.all(better):
            self.x, self.q = trial, q
        else:
            self.x = np.where(better, trial, self.x)
            self.q = np.where(better, q, self.q)
        self.damping = _next_damping(self.damping, better)
        ended = np.where(np.any(held, axis=0), np.int8(Status.AT_BOUND), np.int8(Status.CONVERGED))
        return np.where(seen, ended, np.int8(Status.UNCONSTRAINED)), is_done

    def _held(self, slope: FloatArray) -> BoolArray:
        """Return which parameters stay, shape (f, b): at a bound with −2 ln L falling beyond it."""
        held = ((self.x <= self.lower) & (slope > 0)) | ((self.x >= self.upper) & (slope < 0))
        if self.interior is not None:
            x, low, high, outward = (a[self.interior] for a in (self.x, self.lower, self.upper, slope))
            held[self.interior] |= ((x < low + NEAR_BOUND) & (outward > 0)) | (
                (x > high - NEAR_BOUND) & (outward < 0)
            )
        return held

    def _back_to_floor(self, trial: FloatArray, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return trials and −2 ln L after a step of the parameters in which μ is linear.

        A normalisation times a coupling makes a curved valley: a straight step climbs its wall, though the
        floor below it is lower.
        """
        part = self.likelihood.take(rows)
        x, lower, upper = trial[:, rows], self.lower[:, rows], self.upper[:, rows]
        here = part.expansion(x)
        held = ((x <= lower) & (here.gradient > 0)) | ((x >= upper) & (here.gradient < 0))
        held[list(part.mean.bent)] = True
        slope = np.where(held, 0.0, here.gradient)
        step, _ = _newton_step(here, slope, held, np.zeros(len(rows)))
        x = np.clip(x + step, lower, upper)
        return x, part.value(x)


def _next_damping(damping: FloatArray, better: BoolArray) -> FloatArray:
    """Return less after a success, down to none, and more after a failure."""
    less = np.where(damping > FIRST_DAMPING, damping / 10, 0.0)
    return np.where(better, less, np.maximum(10 * damping, FIRST_DAMPING))


def _newton_step(
    here: "Expansion", slope: FloatArray, held: BoolArray, damping: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return the step, shape (f, b), and whether the data see all parameters that are not held."""
    step, good = solve_positive(_bounded(here.hessian, held, damping), -slope)
    bad = np.flatnonzero(~good)
    if len(bad):
        expected = here.fisher(bad)
        for p in range(len(expected)):
            # at the centre of a squared coupling there is no information, only a curvature that is negative
            expected[p, p] = np.maximum(expected[p, p], -here.hessian[p, p, bad])
        expected = _bounded(expected, held[:, bad], damping[bad])
        step[:, bad], good[bad] = solve_positive(expected, -slope[:, bad])
    return step, good


def _bounded(matrix: FloatArray, held: BoolArray, damping: FloatArray) -> FloatArray:
    """Return the damped matrix without rows and columns of parameters that are held."""
    if not (np.any(held) or np.any(damping > 0)):
        return matrix
    out = matrix * ~(held[:, None] | held[None, :])
    for p in range(len(out)):
        out[p, p] = np.where(held[p], 1.0, out[p, p] + damping * np.abs(out[p, p]))
    return out


def solve_positive(matrix: FloatArray, right: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Solve A x = y for b symmetric matrices by LDLᵀ, and tell which are positive definite.

    A pivot without information stops its parameter, so that the answer is finite everywhere.

    Parameters
    ----------
    matrix
        A, shape (f, f, b), or (f, f, 1) where all share it.
    right
        y, shape (f, b).
    """
    n = len(matrix)
    if n == 1:
        seen = matrix[0, 0] > 0
        return np.where(seen, right / np.where(seen, matrix[0, 0], 1.0), 0.0), np.broadcast_to(
            seen, right.shape[1:]
        ).copy()
    factor = np.zeros_like(matrix)
    pivots = np.empty(matrix.shape[1:])
    inverse = np.empty(matrix.shape[1:])
    positive = np.ones(right.shape[1], dtype=bool)
    y = right.copy()
    for j in range(n):
        pivot = matrix[j, j].copy()
        below = matrix[j + 1 :, j].copy()
        for k in range(j):
            scaled = factor[j, k] * pivots[k]
            pivot -= factor[j, k] * scaled
            below -= factor[j + 1 :, k] * scaled
            y[j] -= factor[j, k] * y[k]
        usable = pivot > SINGULAR * np.abs(matrix[j, j])
        positive &= usable
        pivots[j] = np.where(usable, pivot, 0.0)
        inverse[j] = np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0)
        factor[j + 1 :, j] = below * inverse[j]
    y *= inverse
    for j in reversed(range(n)):
        y[j] -= np.sum(factor[j + 1 :, j] * y[j + 1 :], axis=0)
    return y, positive
