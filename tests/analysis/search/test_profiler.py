"""Fits of rows of a profile where there is nothing to be found."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.minimise.solution import Minimum, Status
from renp_sim.analysis.search import axis, profiler
from renp_sim.analysis.search.problem import Solution
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.arrays import FloatArray
from tests.analysis.toy_models import Onsets, ShiftedOnsets


def test_rows_that_no_piece_allows_stay_where_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts where nothing ever is expected; the twin tells what memory held before."""
    model = Onsets(thresholds=np.array([[0.25], [1.0], [-1.0]]), weights=np.array([30.0]))
    setup, counts = Setup.of(model, free=("mass", "norm")), np.array([10.0, 20.0, 1.0])
    theta = np.array([[0.3, 1.0, 0.0], [0.7, 1.1, 0.0]])
    found = Profiler.of(setup, counts).lowest(theta)
    assert_array_equal(found.theta, theta)
    assert_array_equal(found.status, Status.IMPOSSIBLE)
    assert np.all(np.isinf(found.q))

    def anywhere(theta: FloatArray) -> Solution:
        none = Minimum.empty(1, len(theta))
        return Solution(theta=theta + np.inf, q=none.q + np.inf, status=none.status, calls=none.calls)

    monkeypatch.setattr(Solution, "nowhere", anywhere)
    assert np.all(np.isinf(Profiler.of(setup, counts).lowest(theta).theta))


OFFSETS = ShiftedOnsets(
    thresholds=np.linspace(0.5, 1.0, 12)[:, None] + np.array([0.0, 0.11]), weights=np.ones(2), error=0.06
)


def rows_with_an_offset(strength: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """−2 ln L of rows with a mass held; that of the model where they end, and its least on a dense grid."""
    model = replace(OFFSETS, strength=strength)
    setup = Setup.of(model, free=("mass",), constrain={"offset": None})
    counts = np.random.default_rng(2).poisson(model.expected(np.array([0.3, 0.2]))).astype(float)
    masses = np.linspace(0.0, 0.8, 9)
    found = Profiler.of(setup, counts, ("mass",)).lowest(np.stack([masses, np.zeros(9)], axis=1))

    def q(theta: FloatArray) -> FloatArray:
        pull = theta[..., 1] / model.error
        return np.asarray(np.sum(poisson_deviance(counts, model.expected(theta)), axis=-1) + pull**2)

    grid = np.stack(np.broadcast_arrays(masses[:, None], np.linspace(-0.6, 0.6, 10_001)), axis=-1)
    return found.q, q(found.theta), np.min(q(grid), axis=1)


@pytest.mark.parametrize("strength", [3.0, 30.0, 300.0])
def test_rows_with_an_offset_have_what_the_model_has(
    strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To 1e-6, and none is above a dense grid; the twin has half of the nodes."""
    found, of_model, on_grid = rows_with_an_offset(strength)
    assert_allclose(found, of_model, rtol=0, atol=1e-6)
    assert np.all(of_model < on_grid + 1e-6)
    monkeypatch.setattr(profiler, "WINDOW_NODES", profiler.WINDOW_NODES // 2)
    found, of_model, _ = rows_with_an_offset(strength)
    assert np.max(np.abs(found - of_model)) > 2e-6


def test_a_window_with_a_kink_needs_its_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin takes any series for one that ends."""
    monkeypatch.setattr(axis, "TAIL", np.inf)
    found, of_model, on_grid = rows_with_an_offset(30.0)
    assert np.max(np.abs(found - of_model)) > 0.05
    assert np.max(of_model - on_grid) > 1.0
