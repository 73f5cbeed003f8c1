"""Errors by second derivatives, where expected counts were recorded: there they are those of Fisher."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood import fisher
from renp_sim.analysis.likelihood.fisher import fisher_errors, observed_covariance
from renp_sim.analysis.search.problem import Problem
from tests.analysis.toy_models import Onsets, Polynomial, interference

NONE = np.empty(0, dtype=np.intp)


def beside_an_onset() -> Problem:
    """Return a mass that stands thirty times nearer to a kink than its error is large."""
    thresholds = np.array([[0.49], [0.6], [0.8], [1.0], [1.2]])
    model = Onsets(thresholds=thresholds, weights=np.array([1.0]), strength=100.0, d=20.0)
    setup = Setup.of(model, free=("mass", "norm")).moved(np.array([0.7 - 5e-6, 1.0, 1.0]))
    return Problem.of(setup, model.expected(setup.theta)[None])


def test_they_are_those_of_fisher_in_a_polynomial() -> None:
    setup = Setup.of(interference(), free=("x", "norm", "background")).moved(np.array([1.5, 1.0, 1.0]))
    problem = Problem.of(setup, setup.model.expected(setup.theta)[None])
    covariance = observed_covariance(problem, NONE)
    assert covariance is not None
    assert_allclose(
        np.sqrt(np.diag(covariance)), fisher_errors(problem, np.ones(1, dtype=bool))[0], rtol=1e-6
    )
    held = observed_covariance(problem, np.array([0]))
    assert held is not None
    assert np.all(np.isnan(held[0]))
    assert np.all(np.diag(held)[1:] < np.diag(covariance)[1:])


def test_an_error_beside_an_onset_is_that_of_its_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin differences over a hundredth of an error, and loses a part of the curvature."""
    problem = beside_an_onset()
    right = fisher_errors(problem, np.ones(1, dtype=bool))[0]
    covariance = observed_covariance(problem, NONE)
    assert covariance is not None
    assert_allclose(np.sqrt(np.diag(covariance)), right, rtol=1e-4)
    monkeypatch.setattr(fisher, "STEP", 1e-2)
    twin = observed_covariance(problem, NONE)
    assert twin is None or np.max(np.abs(np.sqrt(np.diag(twin)) / right - 1)) > 1e-3


def test_what_no_count_tells_apart_has_no_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal of the shape of its background; the twin takes rounding for information."""
    shape, nothing = np.array([1.0, 0.7, 0.3]), np.zeros(3)
    model = Polynomial(a=shape, b=nothing, c=nothing, d=shape + np.array([1e-7, -1e-7, 0.0]), time=10.0)
    setup = Setup.of(model, free=("norm", "background"))
    problem = Problem.of(setup, model.expected(setup.theta)[None])
    every = np.ones(1, dtype=bool)
    assert observed_covariance(problem, NONE) is None
    assert np.all(np.isnan(fisher_errors(problem, every)))
    monkeypatch.setattr(fisher, "SINGULAR", -1.0)
    assert np.all(np.isfinite(fisher_errors(problem, every)))


def test_there_are_none_on_a_maximum() -> None:
    """Between the two signs of a coupling −2 ln L is highest."""
    setup = Setup.of(interference(), free=("x",)).moved(np.array([-0.7, 1.0, 1.0]))
    assert observed_covariance(Problem.of(setup, np.full((1, 6), 60.0)), NONE) is None
