"""Fits leave saddles and tops, where a slope does not say where to."""

import numpy as np
import pytest

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.minimise import step as steps
from renp_sim.analysis.minimise.newton import minimise
from renp_sim.analysis.minimise.step import step_off_saddle
from renp_sim.analysis.search.problem import Problem
from tests.analysis.toy_models import squared


def from_a_barrier() -> tuple[float, float]:
    """−2 ln L at 0, between the minima of both signs of a coupling, and where a fit from there ends."""
    model = squared()
    setup = Setup.of(model, free=("x",))
    problem = Problem.of(setup, model.expected(np.array([1.5, *setup.theta[1:]]))[None])
    likelihood, top = problem.likelihood(), np.zeros((1, 1))
    slope, bend = likelihood.derivatives(top)
    assert slope == 0
    assert bend < 0
    found = minimise(likelihood, top, *problem.bounds())
    return float(likelihood.value(top)[0]), float(found.q[0])


def test_a_fit_leaves_a_barrier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: by the expected Hessian alone it stays on the top, where there is no slope to follow."""
    top, found = from_a_barrier()
    assert found < top - 5.0
    assert found == pytest.approx(0.0, abs=1e-6)
    monkeypatch.setattr(steps, "step_off_saddle", lambda _, slope, __: (0 * slope, slope[0] != slope[0]))
    assert from_a_barrier()[1] == pytest.approx(top)


@pytest.mark.parametrize("turn", [0.0, 0.4, 1.1])
def test_steps_go_down_on_both_sides_of_a_saddle(turn: float) -> None:
    """To the bottom of what is convex, and as far up the other way as its curvature says."""
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    hessian = rotation @ np.diag([8.0, -2.0]) @ rotation.T
    slope = rotation @ np.array([4.0, 1.0])
    step, is_saddle = step_off_saddle(hessian[..., None], slope[:, None], np.zeros(1))
    assert is_saddle.tolist() == [True]
    change = slope @ step[:, 0] + step[:, 0] @ hessian @ step[:, 0] / 2
    # turned, sizes of the parameters are others, and so are the ways that cross; all lead down
    assert change < -1.0
    if turn == 0.0:
        assert step[:, 0] == pytest.approx([-0.5, -0.5])


def test_what_has_no_curvature_is_no_saddle() -> None:
    """Counts of 0: their expectation is a straight line."""
    _, is_saddle = step_off_saddle(np.zeros((2, 2, 1)), np.ones((2, 1)), np.zeros(1))
    assert is_saddle.tolist() == [False]


def test_numbers_that_overflow_do_not_end_the_fits_of_others() -> None:
    hessian = np.stack([np.full((2, 2), np.inf), np.diag([1.0, -1.0])], axis=2)
    step, is_saddle = step_off_saddle(hessian, np.ones((2, 2)), np.zeros(2))
    assert is_saddle.tolist() == [False, True]
    assert np.all(np.isfinite(step[:, 1]))
