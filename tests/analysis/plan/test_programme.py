"""The linear programme of a schedule against another solver, and its duals against what they certify."""

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest

from renp_sim.analysis.plan.programme import Cuts, Programme

WANTED = 9.0


def programme(seed: int, n_truths: int = 1, *, is_mean: bool = False) -> Programme:
    """Of 40 candidates and 12 points of alternatives."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.5, 2.0, size=(12, 40)) * (rng.random((12, 40)) < 0.7)
    return Programme(
        price=rng.uniform(0.5, 2.0, 40),
        wanted=WANTED,
        shares=np.full(n_truths, 1 / n_truths) if is_mean else None,
        cuts=Cuts(rate=rate, term=rng.uniform(0, 2, 12), truth=np.arange(12) % n_truths),
    )


def by_another_solver(asked: Programme, least: float = 0.0) -> float:
    """Return the cost by an interior-point solver, of the maximin problem as it is put in words."""
    time, cuts = cp.Variable(len(asked.price)), asked.cuts
    q = cuts.rate @ time + cuts.term
    if asked.shares is None:
        enough = cp.min(q) >= asked.wanted
    else:
        worst = [cp.min(q[np.flatnonzero(cuts.truth == g)]) for g in range(len(asked.shares))]
        enough = asked.shares @ cp.hstack(worst) >= asked.wanted
    problem = cp.Problem(cp.Minimize(asked.price @ time), [time >= least, enough])
    return float(problem.solve(solver=cp.CLARABEL))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("n_truths", "is_mean"), [(1, False), (3, False), (3, True)])
def test_costs_are_those_of_another_solver(seed: int, n_truths: int, is_mean: bool) -> None:
    asked = programme(seed, n_truths, is_mean=is_mean)
    plan = asked.solve()
    assert plan is not None
    assert plan.cost == pytest.approx(by_another_solver(asked), rel=1e-6)
    assert plan.cost == pytest.approx(asked.price @ plan.time, rel=1e-9)
    dwelling = asked.solve(least=0.01)
    assert dwelling is not None
    assert dwelling.cost == pytest.approx(by_another_solver(asked, 0.01), rel=1e-6)
    assert dwelling.cost > plan.cost


@pytest.mark.parametrize("seed", range(5))
def test_the_duals_are_a_certificate(seed: int) -> None:
    """No candidate brings more than its price, those with time bring it, and the bound follows from that."""
    asked = programme(seed)
    plan = asked.solve()
    assert plan is not None
    rate = plan.weight @ asked.cuts.rate
    assert np.all(plan.weight >= 0)
    assert np.all(rate <= asked.price * (1 + 1e-9))
    assert rate[plan.time > 0] == pytest.approx(asked.price[plan.time > 0], rel=1e-9)
    assert plan.weight @ (WANTED - asked.cuts.term) == pytest.approx(plan.cost, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_times_may_be_seconds_or_centuries(scale: float) -> None:
    asked = programme(3)
    scaled = replace(asked, cuts=replace(asked.cuts, rate=asked.cuts.rate * scale))
    plan, other = asked.solve(), scaled.solve()
    assert plan is not None
    assert other is not None
    assert other.time * scale == pytest.approx(plan.time, rel=1e-6)
    assert other.cost * scale == pytest.approx(plan.cost, rel=1e-9)
    assert other.weight * scale == pytest.approx(plan.weight, rel=1e-6)


def test_what_nothing_separates_has_no_plan() -> None:
    asked = programme(1)
    same = Cuts(rate=np.zeros((1, 40)), term=np.zeros(1), truth=np.zeros(1, dtype=np.intp))
    assert asked.with_cuts(same).solve() is None


def test_a_choice_of_candidates_costs_no_less() -> None:
    asked = programme(2)
    free, few = asked.solve(), asked.solve(np.arange(0, 40, 2))
    assert free is not None
    assert few is not None
    assert few.cost >= free.cost
    assert np.all(few.time[1::2] == 0)
