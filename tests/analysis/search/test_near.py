"""Fits that begin at those without a template have the minima of fits from scratch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.template_model import WithTemplate
from renp_sim.analysis.search import near as near_module
from renp_sim.analysis.search.near import Near
from renp_sim.analysis.search.search import search
from tests.analysis.toy_models import ShiftedOnsets

THRESHOLDS = np.linspace(0.5, 1.0, 12)[:, None]
"""Away from 0, where the mass rests: in the window of the offset there is no kink."""
N_TOYS = 40


def setup(strength: float = 30.0) -> Setup:
    """Return a set-up in which the offset floats, the mass at rest at 0 and kinks far away."""
    model = ShiftedOnsets(thresholds=THRESHOLDS, weights=np.array([1.0]), error=0.06, strength=strength)
    return Setup.of(model, constrain={"offset": None}).moved(np.zeros(2))


def test_the_series_is_that_of_the_model() -> None:
    """Same −2 ln L to 1e-6 and strengths as a search from scratch, constraints randomised."""
    null, template = setup(), np.linspace(1.0, 0.0, len(THRESHOLDS))
    random = np.random.default_rng(20261127)
    counts = random.poisson(null.model.expected(null.theta), (N_TOYS, len(THRESHOLDS))).astype(float)
    values = random.normal(0.0, 0.06, (N_TOYS, 1))
    without = search(null, counts, constraint_values=values)
    near = Near.of(null, without.theta)
    assert near.mean is not None
    both = np.concatenate([values, np.zeros((N_TOYS, 1))], axis=1)
    found = near.with_template(template, counts, both)
    scratch = search(WithTemplate.floating(null, template), counts, constraint_values=both)
    assert_allclose(found.q, scratch.q, atol=1e-6)
    assert_allclose(found.theta[:, -1], scratch.theta[:, -1], atol=2e-3)
    assert np.any(found.q < without.q - 1.0)


def test_a_fit_that_leaves_the_window_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the variable of the window they creep towards its end; the twin waits until they are there."""
    null, template = setup(300.0), np.linspace(1.0, 0.0, len(THRESHOLDS))
    expected = null.model.expected(np.array([0.0, -0.3]))
    counts = np.random.default_rng(7).poisson(expected, (N_TOYS, len(THRESHOLDS))).astype(float)
    near = Near.of(null, np.zeros((N_TOYS, 2)))
    assert near.low == pytest.approx(-0.12)
    scratch = search(WithTemplate.floating(null, template), counts)
    assert_allclose(near.with_template(template, counts, None).q, scratch.q, atol=1e-6)
    monkeypatch.setattr(near_module, "EDGE", 0.0)
    assert np.max(near.with_template(template, counts, None).q - scratch.q) > 0.1
