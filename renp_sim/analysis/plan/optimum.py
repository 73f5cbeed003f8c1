"""The cheapest schedule that excludes every alternative, with a certificate.

The times of candidate steps solve a linear programme whose conditions are points of the alternatives; where
a fit finds a point that is less well excluded, that becomes a condition too (Kelley's cutting planes). Each
programme is a lower bound on the cost of any schedule of the candidates; its times, made longer until the
worst fit is excluded, are an upper one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from renp_sim.analysis.plan.programme import Cuts, Plan, Programme
from renp_sim.analysis.plan.separation import GAP, MOST_MINIMA, Separation, Worst
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["Optimum", "Points", "cuts_of", "length_needed", "optimum"]

MOST_ROUNDS = 100
"""Of programmes, so that there is an end."""

LENGTHENINGS = 20
"""Most trials of a length; Δq is nearly proportional to it, so that three are enough as a rule and there
is an end."""

LENGTH_TOLERANCE = 1e-4
"""A last step of this size leaves the length known much better, since Δq is nearly proportional to it
(`test_a_length_is_what_makes_the_least_what_is_wanted`)."""

HOPELESS = 1e6
"""Times the cost of the first programme: what needs more would be separated by rounding errors only
(`test_what_only_rounding_separates_has_no_schedule`)."""

Points = tuple[tuple[int, FloatArray], ...]
"""Number of a separation, and θ of its alternative."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optimum:
    """A schedule and its certificate.

    Parameters
    ----------
    time
        Of each candidate, shape (K,): every alternative is excluded.
    cost
        Of it.
    bound
        No schedule of these candidates costs less.
    points
        Of the alternatives that are conditions, J of them.
    weight
        Dual of each, shape (J,).
    rate
        Σ_j weight_j rate_jk: what a unit of time at each candidate brings against the least favourable
        mixture of alternatives, shape (K,). It exceeds no price, and is it where time is spent.
    """

    time: FloatArray
    cost: float
    bound: float
    points: Points
    weight: FloatArray
    rate: FloatArray

    @property
    def gap_rel(self) -> float:
        """Return by what share of the cost another schedule of these candidates could be cheaper at most."""
        return max(0.0, 1 - self.bound / self.cost)


def cuts_of(separations: Sequence[Separation], points: Points) -> Cuts:
    """Return the conditions that points of alternatives are, in their order."""
    owner = np.array([which for which, _ in points], dtype=np.intp)
    parts, order = [], []
    for which in np.unique(owner).tolist():
        own = np.flatnonzero(owner == which)
        separation, theta = separations[which], np.stack([points[i][1] for i in own])
        truth = np.full(len(own), separation.truth, dtype=np.intp)
        parts.append(Cuts(rate=separation.rates(theta), term=separation.terms(theta), truth=truth))
        order.append(own)
    joined, back = parts[0].joined(*parts[1:]), np.argsort(np.concatenate(order))
    return Cuts(rate=joined.rate[back], term=joined.term[back], truth=joined.truth[back])


def optimum(
    separations: Sequence[Separation],
    price: FloatArray,
    first: Points,
    *,
    shares: FloatArray | None = None,
    chosen: IndexArray | None = None,
    least: float = 0.0,
) -> Optimum:
    """Return the cheapest schedule; one of infinite cost where none separates a truth from its alternative.

    Parameters
    ----------
    separations
        Truths and their alternatives, on the same candidates; the same Δ(−2 ln L) is wanted of each.
    price
        Of a unit of time at each candidate, shape (K,).
    first
        Points of the alternatives to begin with.
    shares
        Prior of the truths, as for `renp_sim.analysis.plan.programme.Programme`.
    chosen, least
        As for `Programme.solve`.
    """
    points, wanted = first, separations[0].wanted
    programme = Programme(price=price, wanted=wanted, shares=shares, cuts=cuts_of(separations, first))
    time, cost, hopeless = np.zeros(len(price)), np.inf, np.inf
    for rounds in count(1):
        solved = programme.solve(chosen, least)
        if solved is None or solved.cost > hopeless:
            # the times of no schedule
            plan = Plan(time=np.zeros(len(price)), cost=np.inf, weight=np.zeros(len(points)))
            time, cost = plan.time, plan.cost
            break
        plan, hopeless = solved, min(hopeless, HOPELESS * solved.cost)
        is_last = rounds == MOST_ROUNDS
        known, worst = _followed(separations, plan.time, points, programme.cuts)
        # what is known is excluded but for rounding of the programme
        enough = min((1 - GAP / 2) * wanted, (1 - LENGTH_TOLERANCE) * _least_q(separations, known, shares))
        if is_last or _least_q(separations, worst, shares) >= enough:
            # only now that no point that is known leads to one that is excluded less all are searched
            worst = _searched(separations, plan.time, worst)
            length = np.inf
            # where it takes fits it is found when it may end the search
            if (
                is_last
                or _is_proportional(separations)
                or _least_q(separations, worst, shares) > (1 - GAP) * wanted
            ):
                length = length_needed(separations, plan.time, shares=shares, worst=worst)
            # a least time of a step stays one; without, the programme's times are never too long
            length = max(length, 1.0)
            if length * plan.cost < cost:
                time, cost = length * plan.time, length * plan.cost
            if is_last or 1 - plan.cost / cost <= GAP:
                break
        new = tuple((i, theta) for i, found in enumerate(worst) for theta in found.theta)
        points += new
        programme = programme.with_cuts(cuts_of(separations, new))
    n = len(plan.weight)
    return Optimum(
        time=time,
        cost=cost,
        bound=plan.cost,
        points=points[:n],
        weight=plan.weight,
        rate=plan.weight @ programme.cuts.rate[:n],
    )


def _followed(
    separations: Sequence[Separation], time: FloatArray, points: Points, cuts: Cuts
) -> tuple[list[Worst], list[Worst]]:
    """Return the points of each alternative that are excluded least, and where fits lead from them."""
    q, owner = cuts.rate @ time + cuts.term, np.array([which for which, _ in points], dtype=np.intp)
    known = []
    for which in range(len(separations)):
        own = np.flatnonzero(owner == which)
        lowest = own[np.argsort(q[own], kind="stable")[:MOST_MINIMA]]
        known.append(Worst(theta=np.stack([points[i][1] for i in lowest]), q=float(q[lowest[0]])))
    return known, [s.near(time, each.theta) for s, each in zip(separations, known, strict=True)]


def _searched(separations: Sequence[Separation], time: FloatArray, known: Sequence[Worst]) -> list[Worst]:
    return [s.worst(time, each.theta) for s, each in zip(separations, known, strict=True)]


def _is_proportional(separations: Sequence[Separation]) -> bool:
    """Return whether Δq grows like the time, since nothing else is known than counts."""
    return not any(separation.has_constraints for separation in separations)


def length_needed(
    separations: Sequence[Separation],
    time: FloatArray,
    *,
    shares: FloatArray | None = None,
    worst: Sequence[Worst] | None = None,
) -> float:
    """Return how many times as long times (K,) must be for every alternative to be excluded; ∞ where never.

    Where no other measurements are repeated with the counts, once is enough: Δq is proportional to the time.

    Parameters
    ----------
    separations, time, shares
        As for `optimum`.
    worst
        Of each separation at these times, if that is known.
    """
    wanted = separations[0].wanted
    worst = worst or [separation.worst(time) for separation in separations]
    length = 1.0
    for _ in range(LENGTHENINGS):
        step = 1.0
        for _ in range(LENGTHENINGS):
            q = _least_q(separations, worst, shares)
            if q <= 0:
                return np.inf
            step *= wanted / q
            if _is_proportional(separations) or abs(wanted / q - 1) < LENGTH_TOLERANCE:
                break
            times = length * step * time
            worst = [s.near(times, each.theta) for s, each in zip(separations, worst, strict=True)]
        length *= step
        if abs(step - 1) < GAP:
            break
        # so much longer another point may be the worst
        worst = _searched(separations, length * time, worst)
    return length


def _least_q(separations: Sequence[Separation], worst: Sequence[Worst], shares: FloatArray | None) -> float:
    """Return the Δq that counts: the least of all, or the mean over the truths of the least of each."""
    q = np.array([found.q for found in worst])
    if shares is None:
        return float(np.min(q))
    owner = np.array([s.truth for s in separations], dtype=np.intp)
    least = np.full(len(shares), np.inf)
    np.minimum.at(least, owner, q)
    return float(shares @ least)
