"""A schedule of few steps: those that are not worth their place leave, the others change places.

Every trial is a linear programme of the conditions that are known; what stays is then solved in full.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from renp_sim.analysis.plan.optimum import GAP, Optimum, cuts_of, optimum
from renp_sim.analysis.plan.programme import Programme
from renp_sim.analysis.plan.separation import Separation
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["thinned"]

WORTH = 2e-3
"""A step is worth its place if the others alone cost so much more, relative."""

SHORTLIST = 60
"""Candidates that are tried in the place of a step: those that bring most against the least favourable."""

MOST_ROUNDS = 8

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

    Raises
    ------
    FitError
        If so few steps answer nothing.
    """
    wanted, points, kept = separations[0].wanted, found.points, found
    steps = np.flatnonzero(found.time > 0)
    steps = steps[np.argsort(-found.time[steps], kind="stable")]
    for _ in range(MOST_ROUNDS):
        programme = Programme(price=price, wanted=wanted, shares=shares, cuts=cuts_of(separations, points))

        def cost(chosen: IndexArray, programme: Programme = programme) -> float:
            plan = programme.solve(chosen, least)
            return np.inf if plan is None else plan.cost

        steps = _fewer(cost, steps, found.cost * (1 + WORTH), most_steps)
        if most_steps is not None and len(steps) == most_steps:
            steps = _exchanged(cost, steps, found.rate / price)
        expected = cost(steps)
        kept = optimum(separations, price, points, shares=shares, chosen=steps, least=least)
        points = kept.points
        if kept.cost <= expected * (1 + GAP):
            break
    return replace(found, time=kept.time, cost=kept.cost, rounds=found.rounds + kept.rounds)


def _fewer(cost: Cost, steps: IndexArray, allowed: float, most_steps: int | None) -> IndexArray:
    """Return the steps, longest first, without those that are not worth it, and no more than there may be."""
    n = 1
    while n < len(steps) and cost(steps[:n]) > allowed:
        n *= 2
    steps = steps[:n]
    while len(steps) > 1:
        left = [np.delete(steps, i) for i in range(len(steps))]
        costs = [cost(each) for each in left]
        is_forced = most_steps is not None and len(steps) > most_steps
        if not is_forced and min(costs) > max(allowed, cost(steps)):
            break
        steps = left[int(np.argmin(costs))]
    return steps


def _exchanged(cost: Cost, steps: IndexArray, worth: FloatArray) -> IndexArray:
    """Return the steps after every exchange of one for another candidate that makes them cheaper."""
    shortlist = np.argsort(-worth, kind="stable")[:SHORTLIST]
    lowest, is_moving = cost(steps), True
    while is_moving:
        is_moving = False
        for place in range(len(steps)):
            trials = [np.append(np.delete(steps, place), c) for c in shortlist if c not in steps]
            costs = [cost(each) for each in trials]
            if costs and min(costs) < lowest * (1 - 1e-9):
                steps, lowest, is_moving = np.sort(trials[int(np.argmin(costs))]), min(costs), True
    return steps
