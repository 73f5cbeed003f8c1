"""Asimov sets and toys."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from renp_sim.prediction.pseudo_data import asimov, toys
from tests.prediction.exposures import SIX_EV, exposure, start, yb_model

N_TOYS = 4000


def p_value(counts: NDArray[np.float64], mu: NDArray[np.float64]) -> float:
    """Return the χ² p-value of the mean counts of the steps."""
    return float(chi2.sf(np.sum((counts.mean(axis=0) - mu) ** 2 / (mu / len(counts))), mu.size))


def test_asimov_is_the_expectation() -> None:
    model = yb_model(exposure(SIX_EV))
    data = asimov(model, start(model))
    assert data.exposure is model.exposure
    np.testing.assert_array_equal(data.counts, model.expected(start(model)))


def test_toys_are_poisson() -> None:
    """False-alarm probability 1e-6; toys of 5 % more than the expectation must fail."""
    model = yb_model(exposure(SIX_EV))
    theta = start(model)
    data = toys(model, theta, np.random.default_rng(11), N_TOYS)
    assert data.counts.shape == (N_TOYS, 6)
    assert p_value(data.counts, model.expected(theta)) > 1e-6
    wrong = toys(model, start(model, normalisation=1.05), np.random.default_rng(11), N_TOYS)
    assert p_value(wrong.counts, model.expected(theta)) < 1e-6


def test_the_first_toys_do_not_change_with_their_number() -> None:
    model = yb_model(exposure(SIX_EV))
    few = toys(model, start(model), np.random.default_rng(3), 10).counts
    many = toys(model, start(model), np.random.default_rng(3), 1000).counts
    np.testing.assert_array_equal(few, many[:10])


def test_each_toy_may_have_its_own_truth() -> None:
    model = yb_model(exposure(SIX_EV)).offering(("normalisation",))
    counts = toys(model, np.array([[0.0], [50.0]]), np.random.default_rng(3), 2).counts
    assert np.all(counts[0] == 0)
    assert np.all(counts[1] > 0)
