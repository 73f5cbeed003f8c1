"""Couplings that set the width of their mediator are found from where they are looked for."""

import pytest

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.search import amplitudes
from renp_sim.app.experiment import hypothesis_of_run
from renp_sim.app.fitting import model_of
from tests.app.test_limit_width import NAME, subject


def test_few_couplings_a_decade_miss_the_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts that a coupling of 1 makes have −2 ln L of 0 there; the twin has one a decade."""
    experiment = subject(0.12, 1e-18).experiment
    model = model_of(experiment, hypothesis_of_run(experiment))
    theta = experiment.theta_true(model)
    theta[[p.name for p in model.parameters].index(NAME)] = 1.0
    setup, counts = Setup.of(model, free=(NAME,)), model.expected(theta)
    assert setup.amplitudes == (NAME,)
    assert ProfileCurve.of(setup, counts, 1.0).q_min == pytest.approx(0.0, abs=1e-6)
    monkeypatch.setattr(amplitudes, "A_DECADE", 1)
    assert ProfileCurve.of(setup, counts, 1.0).q_min > 1.0
