"""The best fit of one model to one set of counts, polished by MINUIT in the smooth piece it was found in."""

import math
from dataclasses import dataclass, replace

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.minuit import minuit_of, polished
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.likelihood.fisher import observed_covariance
from renp_sim.analysis.minimise.solution import TIE, Status
from renp_sim.analysis.search.grid import is_on_kink, kink_distance
from renp_sim.analysis.search.problem import Problem
from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["BestFit", "is_flat"]


KINK_DISTANCE = 2.0
"""A parabola reaches across a kink that is nearer than this many of its errors
(`test_a_constrained_mass_has_an_interval`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BestFit:
    """One model at its best fit.

    Parameters
    ----------
    setup
        What floats, at the best values.
    counts
        Shape (n,).
    q, status, calls
        −2 ln L, how the search ended, evaluations.
    seen, moves, at_bound
        Of the floating parameters, shape (f,): whether the profile knows them, whether −2 ln L varies where
        the best fit stands, whether they are at a bound.
    kinked
        Names of the floating parameters that have kinks.
    covariance
        Of second derivatives, shape (f, f), NaN in rows and columns of what could not be varied; None where
        −2 ln L has no minimum in the others.
    curve
        The profile from which the best fit was taken.
    """

    setup: Setup
    counts: FloatArray
    q: float
    status: Status
    calls: int
    seen: BoolArray
    moves: BoolArray
    at_bound: BoolArray
    kinked: tuple[str, ...]
    covariance: FloatArray | None
    curve: ProfileCurve

    @classmethod
    def of(cls, setup: Setup, counts: FloatArray, delta_q: float = 1.0) -> "BestFit":
        """Search, and polish inside the smooth piece that was found.

        The ends of a searched parameter at this Δq become known on the way.
        """
        curve = ProfileCurve.of(setup, counts, delta_q)
        setup, solution = curve.setup, curve.best
        x = setup.theta[setup.free]
        moves = _moves(setup)
        found = cls(
            setup=setup,
            counts=counts,
            q=float(solution.q[0]),
            status=_status(setup, Status(int(solution.status[0]))),
            calls=int(solution.calls[0]),
            seen=moves | _has_profile(curve, ~moves & np.isfinite(solution.q[0])),
            moves=moves,
            at_bound=(x <= setup.lower) | (x >= setup.upper),
            kinked=tuple(name for name in setup.names if name in setup.kinked),
            covariance=None,
            curve=curve,
        )
        if not np.all(found.seen):
            found = replace(found, status=max(found.status, Status.UNCONSTRAINED))
        if not math.isfinite(found.q):
            return found
        polish = found._polished()
        return replace(polish, curve=curve.around(polish.setup, polish.q))

    def _polished(self) -> "BestFit":
        setup, x = self.setup, self.setup.theta[self.setup.free]
        on_kink = np.array([n in self.kinked and kink_distance(setup, n) == 0 for n in setup.names], bool)
        on_plateau = np.array([n in self.kinked and _is_plateau(setup, n) for n in setup.names], bool)
        held = np.flatnonzero(self.at_bound | ~self.moves | on_kink | on_plateau)
        if len(held) == len(x):
            return self
        limits = {setup.names.index(n): _smooth_piece(setup, n) for n in self.kinked}
        minuit = minuit_of(setup, self.counts, x, limits=limits, held=tuple(held.tolist()))
        x, q, calls = polished(minuit, setup)
        if q < self.q:
            theta = setup.theta.copy()
            theta[setup.free] = np.clip(x, setup.lower, setup.upper)
            setup = setup.moved(setup.folded(theta[None])[0])
        covariance = observed_covariance(Problem.of(setup, self.counts[None]), held)
        return replace(self, setup=setup, q=min(q, self.q), covariance=covariance, calls=self.calls + calls)

    def errors(self) -> dict[str, float]:
        """Return the parabolic errors that mean something: not at a bound, no kink within reach."""
        if self.covariance is None:
            return {}
        out = {}
        for position, name in enumerate(self.setup.names):
            variance = self.covariance[position, position]
            if self.at_bound[position] or not (np.isfinite(variance) and variance > 0):
                continue
            error = math.sqrt(variance)
            if name in self.kinked and self.kink_distance(name) < KINK_DISTANCE * error:
                continue
            out[name] = error
        return out

    def correlation(self, errors: dict[str, float]) -> tuple[tuple[str, ...], FloatArray]:
        """Return the correlation matrix of the parameters that have an error."""
        names = tuple(n for n in self.setup.names if n in errors)
        if self.covariance is None or not names:
            return (), np.zeros((0, 0))
        keep = [self.setup.names.index(n) for n in names]
        sigma = np.array([errors[n] for n in names])
        return names, self.covariance[np.ix_(keep, keep)] / np.outer(sigma, sigma)

    def kink_distance(self, name: str) -> float:
        """Return how far the next kink of a parameter is."""
        return kink_distance(self.setup, name)


def _status(setup: Setup, found: Status) -> Status:
    """Return how a fit ended: also on a bound or a kink of what was held while the others were fitted."""
    x = setup.theta[setup.free]
    if is_on_kink(setup):
        return Status.AT_KINK if found is Status.NOT_CONVERGED else max(found, Status.AT_KINK)
    return max(found, Status.AT_BOUND) if np.any((x <= setup.lower) | (x >= setup.upper)) else found


def _moves(setup: Setup) -> BoolArray:
    """Return which floating parameters change −2 ln L where they stand, shape (f,).

    One does not if moving it by its typical step, either way, changes no expectation, and nothing else is
    known of it.
    """
    moves: BoolArray = _is_known(setup) | np.any(_changes(setup), axis=0)
    return moves


def is_flat(setup: Setup) -> BoolArray:
    """Return which floating parameters can leave where they stand, to a side, and fit as well, shape (f,)."""
    x = setup.theta[setup.free]
    is_inside = (x > setup.lower) & (x < setup.upper)
    return np.asarray(is_inside & ~_is_known(setup) & ~np.all(_changes(setup), axis=0))


def _is_known(setup: Setup) -> BoolArray:
    return np.array([constraint is not None for constraint in setup.constraints], dtype=bool)


def _changes(setup: Setup) -> BoolArray:
    """Return whether a typical step down and up changes any expectation, shape (2, f)."""
    n_free = len(setup.free)
    theta = np.tile(setup.theta, (2 * n_free, 1))
    for position, i in enumerate(setup.free):
        for row, side in ((position, -1), (n_free + position, 1)):
            moved = theta[row, i] + side * setup.scale[position]
            theta[row, i] = np.clip(moved, setup.lower[position], setup.upper[position])
    here = setup.model.expected(setup.theta)
    changed = np.any(np.abs(setup.model.expected(theta) - here) > 1e-12 * here, axis=1)
    return np.asarray(changed.reshape(2, n_free))


def _has_profile(curve: ProfileCurve, asked: BoolArray) -> BoolArray:
    """Return which of the floating parameters that are asked for have a profile that is not flat, shape (f,).

    Where the best fit stands no step may see one that has kinks, such as a mass where nothing is expected,
    though elsewhere all do.
    """
    setup, out = curve.setup, np.zeros(len(asked), dtype=bool)
    for position in np.flatnonzero(asked).tolist():
        name = setup.names[position]
        if curve.searched is not None and setup.searched == (name,):
            delta_q = curve.searched.q - np.min(curve.searched.q)
        elif name in setup.kinked:
            start = setup.model.parameters[setup.index(name)].value
            delta_q = curve.delta_q(name, np.array([*setup.limits(name), start]))
        else:
            continue
        out[position] = bool(np.any(delta_q > TIE))
    return out


def _is_plateau(setup: Setup, name: str) -> bool:
    """Return whether no expectation changes inside the smooth piece that a parameter is in."""
    inside = np.linspace(*_smooth_piece(setup, name), 5)[1:-1]
    theta = np.tile(setup.theta, (1 + len(inside), 1))
    theta[1:, setup.index(name)] = inside
    mu = setup.model.expected(theta)
    return bool(np.all(np.abs(mu - mu[0]) <= 1e-12 * mu[0]))


def _smooth_piece(setup: Setup, name: str) -> tuple[float, float]:
    """Return the ends of the smooth piece that a kinked parameter is in."""
    here = setup.theta[setup.index(name)]
    position = setup.names.index(name)
    kinks = setup.model.kinks(name, setup.theta)
    low = max([float(setup.lower[position]), *kinks[kinks < here].tolist()])
    high = min([float(setup.upper[position]), *kinks[kinks > here].tolist()])
    return low, high
