"""A scan of −2 ln L over points that all toys share, with hardly any call of the model.

The expectation and its derivatives are tabled once per point, the other parameters where the mean of all toys
wants them. From there they take one step of weighted least squares for each toy, which is linear in the
counts: exact enough to tell which pieces of a scan are worth a fit, and for a normalisation or a background
alone just the fit.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.constraint import ConstraintTerms
from renp_sim.analysis.likelihood.mean import slopes
from renp_sim.analysis.likelihood.poisson import TINY, poisson_q, saturated_q
from renp_sim.analysis.search.linear_step import FLOOR, Step
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renp_sim.analysis.floating import Setup

__all__ = ["Scan", "ScanTable"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """−2 ln L of b toys at g points.

    Parameters
    ----------
    x
        Free parameters, shape (g, f, b).
    q
        −2 ln L there, shape (g, b); exact where μ is linear in the parameters that are not scanned.
    """

    x: FloatArray
    q: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScanTable:
    """μ and its derivatives at g points of s scanned parameters, all others where they rest at each.

    Parameters
    ----------
    names
        Of the scanned parameters.
    axes
        Their values; the points are all combinations, the first parameter running slowest.
    points
        Values at each point, shape (g, s).
    theta
        All parameters as they were asked for, shape (p,).
    moving
        Indices of the parameters whose derivatives are there, shape (m,).
    rest
        Where these rest, shape (g, m).
    mu
        Shape (g, n).
    gradient
        Shape (g, m, n).
    """

    names: tuple[str, ...]
    axes: tuple[FloatArray, ...]
    points: FloatArray
    theta: FloatArray
    moving: IndexArray
    rest: FloatArray
    mu: FloatArray
    gradient: FloatArray

    @classmethod
    def of(
        cls,
        setup: "Setup",
        axes: "dict[str, FloatArray]",
        moving: "Sequence[int] | IndexArray",
        counts: FloatArray | None = None,
    ) -> "ScanTable":
        """Table the expectation.

        Parameters
        ----------
        setup
            Where all parameters rest.
        axes
            Values of the scanned parameters.
        moving
            Indices of the others that may move.
        counts
            Mean of all toys, shape (n,): free parameters rest where it wants them; None leaves them.
        """
        points = np.stack([m.ravel() for m in np.meshgrid(*axes.values(), indexing="ij")], axis=1)
        theta = np.tile(setup.theta, (len(points), 1))
        scanned = [setup.index(name) for name in axes]
        theta[:, scanned] = points
        kept = np.setdiff1d(np.asarray(moving, dtype=np.intp), scanned)
        mu = setup.model.expected(theta)
        if len(kept):
            linear = all(setup.model.parameters[i].name in setup.linear for i in kept)
            gradient = slopes(setup.model, theta, kept, linear=linear).transpose(0, 2, 1)
        else:
            gradient = np.empty((len(points), 0, mu.shape[1]))
        rest = np.tile(setup.theta[kept], (len(points), 1))
        if counts is not None:
            rest, mu = _resting(setup, kept, counts, mu, gradient)
        return cls(
            names=tuple(axes),
            axes=tuple(axes.values()),
            points=points,
            theta=setup.theta,
            moving=kept,
            rest=rest,
            mu=mu,
            gradient=gradient,
        )

    def scan(
        self,
        setup: "Setup",
        counts: FloatArray,
        terms: ConstraintTerms,
        theta: FloatArray | None = None,
    ) -> Scan:
        """Return −2 ln L at each point.

        Parameters
        ----------
        setup
            What floats: the scanned parameters and others of which the table has derivatives.
        counts
            Shape (n, b).
        terms
            Constraints of the free parameters.
        theta
            All parameters, shape (b, p), where some rest elsewhere than in the table; along these, too, μ is
            taken as linear.
        """
        scanned = [setup.names.index(name) for name in self.names]
        moving = np.isin(setup.free, self.moving).tolist()
        others = [i for i in range(len(setup.free)) if i not in scanned and moving[i]]
        held = [i for i in range(len(setup.free)) if i not in scanned and not moving[i]]
        saturated = saturated_q(counts)
        x = np.empty((len(self.points), len(setup.free), counts.shape[1]))
        x[:, scanned] = self.points[..., None]
        x[:, held] = self.theta[setup.free[held], None]
        q = np.empty((len(self.points), counts.shape[1]))
        if not others and theta is None and self.mu.min(initial=np.inf) > TINY:
            # nothing else moves: −2 ln L is linear in the counts, and one product of matrices
            np.matmul(np.log(self.mu), counts, out=q)
            q *= -2
            q += saturated + 2 * np.sum(self.mu, axis=1)[:, None]
        else:
            self._step_others(setup, others, counts, saturated, terms.keep(others), theta, x, q)
        apart = scanned + held
        own = terms.keep(apart)
        if len(own.index):
            q += np.stack([own.value(row[apart]) for row in x])
        return Scan(x=x, q=q)

    def _step_others(
        self,
        setup: "Setup",
        others: list[int],
        counts: FloatArray,
        saturated: FloatArray,
        terms: ConstraintTerms,
        theta: FloatArray | None,
        x: FloatArray,
        q: FloatArray,
    ) -> None:
        """Write to x (g, f, b) and q (g, b) what a step of the parameters that are not scanned gives."""
        columns = [int(np.flatnonzero(self.moving == setup.free[i])[0]) for i in others]
        held = [column for column, i in enumerate(self.moving) if i not in setup.free]
        held_at = np.atleast_2d(self.theta if theta is None else theta)[:, self.moving[held]]
        seen = _Seen(counts=counts)
        for g in range(len(self.points)):
            mu, gradient, moved, is_open = self.mu[g], self.gradient[g, columns], None, None
            shift = held_at - self.rest[g, held]
            if np.any(shift):
                moved = (shift @ self.gradient[g, held]).T
            elif mu.min(initial=np.inf) <= TINY:
                is_open = (mu > TINY) | np.any(gradient != 0, axis=0)
                mu, gradient = mu[is_open], gradient[:, is_open]
            through, impossible = seen.through(is_open)
            step = Step.of(setup, others, self.rest[g, columns, None], terms)
            x[g, others], expected = step.taken(through, mu, gradient, moved)
            q[g] = poisson_q(through, expected, saturated)
            q[g, impossible] = np.inf
            if len(terms.index):
                q[g] += terms.value(x[g, others])


def _resting(
    setup: "Setup", moving: IndexArray, counts: FloatArray, mu: FloatArray, gradient: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return where the moving parameters rest (g, m), and μ (g, n), if the mean of all toys has its way."""
    rest = np.tile(setup.theta[moving], (len(mu), 1))
    is_free = np.isin(moving, setup.free)
    if not np.any(is_free):
        return rest, mu
    others = [int(np.flatnonzero(setup.free == i)[0]) for i in moving[is_free]]
    terms = ConstraintTerms.of(setup.constraints).keep(others)
    slope = gradient[:, is_free]
    for g in range(len(mu)):
        step = Step.of(setup, others, rest[g, is_free, None], terms)
        wanted, expected = step.taken(counts[:, None], mu[g], slope[g], None)
        # else the straight line has ended before
        if np.all(expected[mu[g] > 0] > FLOOR * mu[g, mu[g] > 0, None]):
            rest[g, is_free], mu[g] = wanted[:, 0], expected[:, 0]
    return rest, mu


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """Counts of the steps in which something is expected: beyond a wall all toys share an empty step."""

    counts: FloatArray
    memory: dict[bytes, tuple[FloatArray, IndexArray]] = field(init=False, default_factory=dict)

    def through(self, is_open: BoolArray | None) -> tuple[FloatArray, IndexArray]:
        """Return the counts of open steps, and the toys with counts elsewhere; None stands for all open."""
        if is_open is None:
            return self.counts, np.empty(0, dtype=np.intp)
        key = is_open.tobytes()
        if key not in self.memory:
            elsewhere = np.any(self.counts[~is_open] > 0, axis=0)
            self.memory[key] = self.counts[is_open], np.flatnonzero(elsewhere)
        return self.memory[key]
