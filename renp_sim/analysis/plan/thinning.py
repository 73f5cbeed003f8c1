"""A schedule of few steps: those that are not worth their place leave, the others change places.

Every trial is a linear programme of the conditions that are known; what stays is then solved in full.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from renp_sim.analysis.plan.optimum import Optimum, cuts_of, optimum
from renp_sim.analysis.plan.programme import Programme
from renp_sim.analysis.plan.separation import GAP, Separation
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["thinned"]

FEW = 12
"""Steps of which each is tried in turn, and with which the search for fewer begins: of more, trials
would grow with the square."""

SHORTLIST, LITTLE = 60, 0.3
"""Candidates that are tried in the place of a step, and how much they bring, of what the best does."""

NEAR = 8
"""Candidates to either side of a step that are tried in its place at last, wherever that leads
(`test_one_step_for_two_is_between_theirs`)."""

TIE = 1e-6
"""Of what steps would cost without a least time: of those that it makes cost the same the best are taken
(`test_of_steps_of_a_least_time_the_best_is_taken`)."""

MOST_ROUNDS = 4
"""Searches for steps, each with what the fits of the one before found, so that there is an end."""

Cost = Callable[[IndexArray], float]
"""Of a schedule of these candidates."""


def thinned(
    found: Optimum,
    separations: Sequence[Separation],
    price: FloatArray,
    *,
    most_steps: int | None = None,
    least: float = 0.0,
    shares: FloatArray | None = None,
) -> Optimum:
    """Return a schedule of few steps that costs hardly more; its bound is still that of all candidates.

    Its cost is infinite where so few steps answer nothing.

    Parameters
    ----------
    found
        The optimum of all candidates.
    separations, price, shares
        Those of which it is the optimum.
    most_steps
        How many there may be; None: as many as are worth it.
    least
        Least time of a step.
    """
    wanted, points, best = separations[0].wanted, found.points, replace(found, cost=np.inf)
    support = np.flatnonzero(found.time > 0)
    support = support[np.argsort(-found.time[support], kind="stable")]
    for _ in range(MOST_ROUNDS):
        programme = Programme(price=price, wanted=wanted, shares=shares, cuts=cuts_of(separations, points))

        def cost(chosen: IndexArray, programme: Programme = programme) -> float:
            plan, freely = programme.solve(chosen, least), programme.solve(chosen) if least > 0 else None
            needed = 0.0 if freely is None else freely.cost
            return np.inf if plan is None else plan.cost + TIE * needed

        # a step is worth its place if the others alone cost more than is known
        allowed = found.cost * (1 + GAP)
        steps = _fewer(cost, support, allowed, most_steps)
        # where each step has a least time, fewer of them may be cheaper, which are not those of the optimum
        sizes = range(1, len(steps) + 1) if least > 0 else [len(steps)] if len(steps) == most_steps else []
        shortlist = _shortlist(found.rate / price, support)
        trials = [_exchanged(cost, _fewer(cost, steps, allowed, size), shortlist) for size in sizes]
        trials = [_moved(cost, each, len(price)) for each in trials]
        steps = min([steps, *trials], key=cost)
        expected = cost(steps)
        kept = optimum(separations, price, points, shares=shares, chosen=steps, least=least)
        points = kept.points
        best = min(best, kept, key=lambda each: each.cost)
        # what costs more than was expected is looked at again, with what is known now
        if not np.isfinite(expected) or kept.cost <= expected * (1 + GAP):
            break
    if least > 0 and (most_steps is None or len(support) <= most_steps):
        # fits may find out one single step after the other; the steps of the optimum are enough in any case
        whole = optimum(separations, price, points, shares=shares, chosen=support, least=least)
        best = min(best, whole, key=lambda each: each.cost * (1 + GAP * (each is whole)))
    return replace(found, time=best.time, cost=best.cost)


def _fewer(cost: Cost, steps: IndexArray, allowed: float, most_steps: int | None) -> IndexArray:
    """Return the steps, longest first, without those that are not worth it, and no more than there may be."""
    n = 1
    while n < len(steps) and cost(steps[:n]) > allowed:
        n *= 2
    steps = steps[:n]
    if most_steps is not None:
        steps = steps[: max(most_steps, FEW)]
    while len(steps) > 1:
        # of many the shortest is tried, of few each
        places = range(len(steps)) if len(steps) <= FEW else (len(steps) - 1,)
        left = [np.delete(steps, i) for i in places]
        costs = [cost(each) for each in left]
        is_forced = most_steps is not None and len(steps) > most_steps
        if not is_forced and min(costs) > max(allowed, cost(steps)):
            break
        steps = left[int(np.argmin(costs))]
    return steps


def _shortlist(worth: FloatArray, support: IndexArray) -> IndexArray:
    """Return candidates that bring something against the least favourable, from all over, and the longest."""
    good = np.flatnonzero(worth >= LITTLE * np.max(worth))
    spread = good[np.unique(np.linspace(0, len(good) - 1, SHORTLIST).astype(int))]
    return np.union1d(spread, support[:FEW])


def _neighbours(steps: IndexArray, n_candidates: int) -> IndexArray:
    """Return the candidates beside some."""
    near = steps[:, None] + np.arange(-NEAR, NEAR + 1)
    return np.unique(np.clip(near, 0, n_candidates - 1))


def _moved(cost: Cost, steps: IndexArray, n_candidates: int) -> IndexArray:
    """Return the steps after every exchange for a neighbour that makes them cheaper, as far as that leads."""
    lowest = np.inf
    while (now := cost(steps)) < lowest:
        lowest, steps = now, _exchanged(cost, steps, _neighbours(steps, n_candidates))
    return steps


def _exchanged(cost: Cost, steps: IndexArray, shortlist: IndexArray) -> IndexArray:
    """Return the steps after every exchange of one for another candidate that makes them cheaper."""
    lowest, is_moving = cost(steps), True
    while is_moving:
        is_moving = False
        for place in range(len(steps)):
            trials = [np.append(np.delete(steps, place), c) for c in shortlist if c not in steps]
            costs = [cost(each) for each in trials]
            if costs and min(costs) < lowest * (1 - 1e-9):
                steps, lowest, is_moving = np.sort(trials[int(np.argmin(costs))]), min(costs), True
    return steps
