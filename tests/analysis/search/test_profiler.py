"""Fits of rows of a profile where there is nothing to be found."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.minimise.solution import Minimum, Status
from renp_sim.analysis.search.problem import Solution
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.arrays import FloatArray
from tests.analysis.toy_models import Onsets


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
