"""Couplings that set the width of their mediator are found from where they are looked for."""

import pytest

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.search import curve
from renp_sim.app.experiment import hypothesis_of_run
from renp_sim.app.fitting import model_of
from tests.app.test_limit_width import NAME, subject


def test_a_narrow_minimum_between_two_couplings_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 4e5 counts, of a coupling between two of the points; the twin is a fit from the best of these."""
    experiment = subject(0.11241, 1e-18).experiment
    model = model_of(experiment, hypothesis_of_run(experiment))
    theta = experiment.theta_true(model)
    theta[[p.name for p in model.parameters].index(NAME)] = 0.125
    setup, counts = Setup.of(model, free=(NAME,)), model.expected(theta)
    assert setup.amplitudes == (NAME,)
    assert ProfileCurve.of(setup, counts, 1.0).q_min == pytest.approx(0.0, abs=1e-6)
    monkeypatch.setattr(curve, "ROUNDS", 1)
    assert ProfileCurve.of(setup, counts, 1.0).q_min > 0.1
