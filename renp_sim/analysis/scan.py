"""Where to look for the minimum: points of scanned parameters that all toys share.

At a point the other parameters move in one step of weighted least squares from where they rest, which is
linear in the counts and exact enough to tell which pieces of a scan are worth a fit.
"""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.likelihood import TINY, poisson_q, saturated_q
from renp_sim.analysis.newton import solve_positive

if TYPE_CHECKING:
    from renp_sim.analysis.constraint import ConstraintTerms
    from renp_sim.analysis.setup import Setup

__all__ = ["Scan", "bent_names", "bent_points", "kinked_names", "kinked_points", "scan"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

SIGNIFICANCE_STEP = 1.0
"""Distance of the scan points of a coupling, in standard deviations of the counts."""

MOST_POINTS = 40

FLOOR = 1e-6
"""The straight line in the other parameters may lower μ to this fraction, which is as good as excluded."""


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


def kinked_names(setup: "Setup") -> tuple[str, ...]:
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


def bent_names(setup: "Setup") -> tuple[str, ...]:
    """Return the floating parameters that enter squared, so that −2 ln L may have two minima."""
    return tuple(name for name in setup.names if _enters_squared(setup, name))


def _enters_squared(setup: "Setup", name: str) -> bool:
    quadratic = setup.model.quadratic((name,), setup.theta)
    return quadratic is not None and bool(np.any(quadratic.square != 0))


def kinked_points(
    setup: "Setup", name: str, *, lower: float = -np.inf, upper: float = np.inf
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return scan points of a kinked parameter and which are kinks: ends, kinks, and points between.

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
    # two kinks within rounding are one
    kinks = kinks[np.diff(kinks, prepend=-np.inf) > 1e-9 * parameter.scale]
    inner = kinks if len(kinks) else np.array([setup.theta[setup.index(name)]])
    low = low if np.isfinite(low) else float(inner[0]) - 10 * parameter.scale
    high = high if np.isfinite(high) else float(inner[-1]) + 10 * parameter.scale
    ends = np.concatenate([[low], kinks, [high]])
    pieces = []
    for a, b in itertools.pairwise(ends):
        between = 1 + min(15, int(2 * (b - a) / parameter.scale))
        u = np.arange(between + 1) / (between + 1)
        pieces.append(a + (b - a) * np.sin(np.pi * u / 2) ** 2)
    points = np.concatenate([*pieces, ends[-1:]])
    return points, np.isin(points, kinks)


def bent_points(setup: "Setup", name: str, counts: FloatArray) -> FloatArray:
    """Return scan points of a coupling that enters squared, over what all toys may want.

    They reach two standard deviations beyond the values that explain the lowest and the highest total of
    all toys, and are equally spaced in significance ∫√(Σ μ'²/μ) dx. A fit may leave their range.

    Parameters
    ----------
    setup
        The other parameters stand where it says.
    name
        Of the coupling.
    counts
        Shape (n, b).
    """
    quadratic = setup.model.quadratic((name,), setup.theta)
    assert quadratic is not None
    c, b, a = quadratic.constant, quadratic.linear[:, 0], quadratic.square[:, 0, 0]
    position = setup.names.index(name)
    total = np.sum(counts, axis=0)
    most = max(float(np.max(total, initial=0.0)), float(np.sum(c))) + 1
    centre = -np.sum(b) / (2 * np.sum(a))
    reach = np.sqrt(max(centre**2 + (most + 2 * np.sqrt(most) - np.sum(c)) / np.sum(a), 0.0))
    low = max(setup.lower[position], centre - reach)
    high = min(setup.upper[position], centre + reach)
    fine = np.linspace(low, high, 1001)[:, None]
    slope = b + 2 * fine * a
    density = np.sqrt(np.sum(slope**2 / np.maximum(c + fine * (b + fine * a), 0.1), axis=1))
    reached = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(fine[:, 0]))])
    n_points = int(np.clip(np.ceil(reached[-1] / SIGNIFICANCE_STEP), 8, MOST_POINTS))
    return np.interp(np.linspace(0, reached[-1], n_points), reached, fine[:, 0])


def scan(
    setup: "Setup",
    counts: FloatArray,
    terms: "ConstraintTerms",
    template: FloatArray,
    scanned: tuple[int, ...],
    points: FloatArray,
) -> Scan:
    """Return −2 ln L at each point.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (n, b).
    terms
        Constraints of the free parameters.
    template
        All parameters, shape (p,), or (b, p) where they differ from toy to toy.
    scanned
        Positions among the free parameters, shape (s,).
    points
        Their values, shape (g, s).
    """
    others = [i for i in range(len(setup.free)) if i not in scanned]
    rows = np.atleast_2d(template)
    theta = np.repeat(rows[None], len(points), axis=0)
    theta[..., setup.free[list(scanned)]] = points[:, None, :]
    mu, jacobian = _expectations(setup, theta, others)
    saturated = saturated_q(counts)
    own = terms.keep(list(scanned))
    q = np.empty((len(points), counts.shape[1]))
    x = np.empty((len(points), len(setup.free), counts.shape[1]))
    x[:, list(scanned)] = points[..., None]
    if not others and len(rows) == 1 and mu.min() > TINY:
        # nothing else moves: −2 ln L is linear in the counts, and one product of matrices
        q[:] = np.log(mu[..., 0]) @ counts
        q *= -2
        q += saturated + 2 * np.sum(mu, axis=1)
    else:
        step = _Step(setup=setup, others=others, rest=rows[:, setup.free[others]].T, terms=terms.keep(others))
        for g in range(len(points)):
            x[g, others], expected = step.taken(counts, mu[g], jacobian[:, g])
            q[g] = poisson_q(counts, expected, saturated)
            if len(step.terms.index):
                q[g] += step.terms.value(x[g, others])
    if len(own.index):
        q += np.stack([own.value(x_g[list(scanned)]) for x_g in x])
    return Scan(x=x, q=q)


def _expectations(setup: "Setup", theta: FloatArray, others: list[int]) -> tuple[FloatArray, FloatArray]:
    """Return μ (g, n, r) and its derivatives (l, g, n, r) for all parameters of shape (g, r, p)."""
    mu = np.ascontiguousarray(setup.model.expected(theta).transpose(0, 2, 1))
    if not others:
        return mu, np.empty((0, *mu.shape))
    gradient = setup.model.gradient(theta)[..., setup.free[others]]
    return mu, np.ascontiguousarray(gradient.transpose(3, 0, 2, 1))


class _Step:
    """One step of weighted least squares of the parameters that are not scanned, from where they rest."""

    def __init__(
        self, setup: "Setup", others: list[int], rest: FloatArray, terms: "ConstraintTerms"
    ) -> None:
        self.rest = rest
        self.terms = terms
        self.lower = setup.lower[others, None]
        self.upper = setup.upper[others, None]
        columns = max(rest.shape[1], terms.centre.shape[1] if len(terms.index) else 1)
        here = np.broadcast_to(rest, (len(others), columns))
        self.pull = np.zeros(here.shape)
        self.stiffness = np.zeros((len(others), *here.shape))
        if len(terms.index):
            terms.add_derivatives(here, self.pull, self.stiffness)

    def taken(
        self, counts: FloatArray, mu: FloatArray, jacobian: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return parameters (l, b) and μ (n, b) for μ (n, r) and ∂μ (l, n, r) at rest, r being 1 or b."""
        if not len(jacobian):
            return np.empty((0, counts.shape[1])), np.broadcast_to(mu, counts.shape)
        weighted = 2 * jacobian * np.where(mu > TINY, 1 / np.maximum(mu, TINY), 0.0)
        matrix = np.einsum("pkr,qkr->pqr", weighted, jacobian) + self.stiffness
        if matrix.shape[2] == 1:
            # all toys share the matrix, so the step is one product with the counts
            right = np.concatenate([weighted[..., 0], weighted[..., 0] @ mu + self.pull], axis=1)
            table, _ = solve_positive(matrix, right)
            step = table[:, :-1] @ counts - table[:, -1:]
        else:
            right = np.sum(weighted * (counts - mu), axis=1)
            step, _ = solve_positive(matrix, right - self.pull)
        x = np.clip(self.rest + step, self.lower, self.upper)
        step = x - self.rest
        if mu.shape[1] == 1:
            change = jacobian[..., 0].T @ step
        else:
            change = np.einsum("lkb,lb->kb", jacobian, step)
        change += mu
        # where μ is not linear in the others, a straight line may fall below 0
        return x, np.maximum(change, FLOOR * mu, out=change)
