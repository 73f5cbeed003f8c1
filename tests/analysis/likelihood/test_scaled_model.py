"""A model of a longer exposure against the model itself."""

import numpy as np
import pytest

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.likelihood.scaled_model import ScaledModel
from renp_sim.analysis.model import Constraint
from tests.analysis.toy_models import Onsets, exposure, interference, orderings

FACTOR = 7.5


def test_every_answer_is_that_of_the_longer_exposure() -> None:
    """The model's own exposure, multiplied, is the independent way."""
    model = interference()
    scaled = ScaledModel(model=model, factor=FACTOR)
    longer = model.at(exposure(len(model.a), live_time_s=FACTOR * np.asarray(model.time)))
    theta = np.array([0.3, 1.2, 0.8])
    assert scaled.expected(theta) == pytest.approx(longer.expected(theta), rel=1e-14)
    assert scaled.gradient(theta) == pytest.approx(longer.gradient(theta), rel=1e-14)
    for names in (("x",), ("norm", "background")):
        one, other = scaled.quadratic(names, theta), longer.quadratic(names, theta)
        assert one is not None
        assert other is not None
        for field in ("constant", "linear", "square"):
            assert getattr(one, field) == pytest.approx(getattr(other, field), rel=1e-14)
    assert scaled.quadratic(("x", "norm"), theta) is None


@pytest.mark.parametrize("constrained", [False, True])
def test_longer_comparison_is_the_comparison_of_a_longer_exposure(constrained: bool) -> None:
    """Where something is constrained the fits move with the exposure; a twin that leaves them is wrong."""
    models = orderings()

    def setup(model: Onsets) -> Setup:
        constrain = {"norm": Constraint(value=1.0, error=0.02)} if constrained else {}
        free = ["mass"] if constrained else ["mass", "norm"]
        return Setup.of(model, free=free, constrain=constrain)

    def compared(time: float) -> Comparison:
        truth, other = (
            setup(model.at(exposure(len(model.expected(np.zeros(len(model.parameters)))), live_time_s=time)))
            for model in models.values()
        )
        return Comparison.of(truth.model.expected(truth.theta), truth, other)

    here, there = compared(1.0).longer(FACTOR), compared(FACTOR)
    assert here.counts == pytest.approx(there.counts, rel=1e-12)
    assert here.delta_q == pytest.approx(there.delta_q, rel=1e-6, abs=1e-9)
    assert here.alternative.theta == pytest.approx(there.alternative.theta, rel=1e-3, abs=1e-6)
    is_proportional = here.delta_q == pytest.approx(FACTOR * compared(1.0).delta_q, rel=1e-3)
    assert is_proportional is not constrained
