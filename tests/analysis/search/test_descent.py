"""Descents over the pieces of two parameters whose kinks move with each other."""

import numpy as np
import pytest

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.search import descent
from renp_sim.analysis.search.descent import over_pieces
from renp_sim.analysis.search.problem import Solution
from tests.analysis.toy_models import TwoOnsets


def test_one_round_over_pieces_ends_above_the_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Along a valley between both parameters; a dense grid knows the minimum."""
    model = TwoOnsets(thresholds=np.linspace(0.3, 1.4, 9))
    setup = Setup.of(model, free=("m1", "m2"))
    counts = np.random.default_rng(3).poisson(model.expected(np.array([0.6, 0.9]))).astype(float)
    start = Solution.nowhere(np.array([[0.7, 0.8]]))
    axis = np.linspace(0.1, 1.5, 701)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    lowest = np.min(np.sum(poisson_deviance(counts, model.expected(grid)), axis=-1))
    assert over_pieces(setup, ("m1", "m2"), counts, start).q[0] <= lowest
    monkeypatch.setattr(descent, "ROUNDS", 1)
    assert over_pieces(setup, ("m1", "m2"), counts, start).q[0] > lowest + 1.0
