"""Fits with coefficients ≥ 0: the conditions of a constrained minimum."""

import numpy as np
import pytest

from renp_sim.analysis.spectrum.positive_fit import fit_positive

K = 16
X = np.linspace(0.0, 1.0, K)
SHAPES = np.stack([np.ones(K), X, X**2, np.sqrt(np.maximum(0.6 - X, 0)), np.sqrt(np.maximum(0.4 - X, 0))], 1)


@pytest.mark.parametrize("scale", [0.3, 30.0, 3e4])
def test_minimum_of_a_convex_function(scale: float) -> None:
    """Karush, Kuhn and Tucker: no slope in a free coefficient, an upward one in a coefficient at 0."""
    rng = np.random.default_rng(5)
    truth = rng.uniform(0, 1, (200, 5)) * (rng.random((200, 5)) < 0.6)
    background = np.repeat(rng.choice([0.5, 3.0], 200)[:, None], K, axis=1)
    counts = rng.poisson(scale * truth @ SHAPES.T + background).astype(float)
    fit = fit_positive(np.repeat(SHAPES[None], 200, axis=0), counts, background)
    assert np.all(fit.converged)
    mu = fit.coefficients @ SHAPES.T + background
    slope = 2 * np.einsum("kp,gk->gp", SHAPES, 1 - counts / mu)
    at_zero = fit.coefficients <= 0
    assert np.any(at_zero)
    # in units of what one coefficient can change: its error is of order 1/sqrt(curvature)
    curvature = 2 * np.einsum("kp,gk->gp", SHAPES**2, np.maximum(counts, 1e-3) / mu**2)
    assert np.max(np.abs(slope / np.sqrt(curvature))[~at_zero]) < 1e-3
    assert np.min((slope / np.sqrt(curvature))[at_zero]) > -1e-3
    np.testing.assert_allclose(fit.q, np.sum(2 * (mu - counts) + 2 * _n_log(counts, mu), axis=1), rtol=1e-9)


def _n_log(counts: np.ndarray, mu: np.ndarray) -> np.ndarray:
    return np.where(counts > 0, counts * np.log(np.where(counts > 0, counts, 1.0) / mu), 0.0)


def test_nothing_counted_is_nothing_fitted() -> None:
    for background in (0.0, 2.0):
        fit = fit_positive(SHAPES[None], np.zeros((1, K)), np.full((1, K), background))
        np.testing.assert_allclose(fit.coefficients, 0.0, atol=1e-9)
        assert fit.q[0] == pytest.approx(2 * K * background, abs=1e-6)


def test_expectations_are_given_back() -> None:
    truth = np.array([[3.0, 0.0, 5.0, 100.0, 0.0]])
    fit = fit_positive(SHAPES[None], truth @ SHAPES.T + 1.0, np.ones((1, K)))
    np.testing.assert_allclose(fit.coefficients, truth, atol=1e-3)
    assert fit.q[0] < 1e-7
