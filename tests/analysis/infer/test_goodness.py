"""The p-value of a fit from toys: uniform where the model is right, 0 where it is not."""

import math

import numpy as np
import pytest
from scipy.special import chdtrc
from scipy.stats import kstest, poisson

from renp_sim.analysis.infer.goodness import asymptotic_p_value, goodness_of_fit, moments_of_deviance
from renp_sim.analysis.infer.outcomes import Uniforms
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.errors import ConfigError
from tests.analysis.infer.counting import counting_setup
from tests.prediction.exposures import exposure, yb_model

SEED = 20261126


def test_without_anything_floating_it_is_the_tail_of_a_poisson() -> None:
    """One step of 5 expected: of 20 000 toys, within four errors."""
    setup = counting_setup(5.0, 0.0).without("normalisation")
    n = 9.0
    q = 2 * (5 - n + n * np.log(n / 5))
    found = goodness_of_fit(setup, q, seed=SEED, n_toys=20_000)
    k = np.arange(40)
    own = 2 * (5 - k + k * np.log(np.where(k > 0, k, 1) / 5))
    exact = float(np.sum(poisson.pmf(k, 5)[own >= q - 1e-9]))
    assert abs(found.p_value - exact) < 4 * found.p_error
    assert found.n_failed == 0
    assert not found.is_bound
    worst = goodness_of_fit(setup, 200.0, seed=SEED, n_toys=100)
    assert (worst.p_value, worst.is_bound) == (1 / 101, True)


@pytest.mark.parametrize(("factor", "is_right"), [(1.0, True), (1.5, False)])
def test_p_values_are_uniform_where_the_model_is_right(factor: float, is_right: bool) -> None:
    """200 experiments of six steps, a free normalisation; a step of 1.5 times its expectation is the twin.

    p of the Kolmogorov–Smirnov test above 1e-4 for the right model, below for the wrong one.
    """
    model = yb_model(exposure([1.069, 1.07, 1.0705, 1.0708, 1.0712, 1.0714])).offering(("normalisation",))
    from renp_sim.analysis.floating import Setup

    setup = Setup.of(model, free=["normalisation"])
    mu = model.expected(setup.theta)
    wrong = mu.copy()
    wrong[2] *= factor
    counts = Uniforms.of(setup, len(mu), seed=SEED, n_toys=200).outcomes(setup, wrong, setup.theta).counts
    data = Statistic.of(setup, "normalisation", Kind.TWO_SIDED, counts)
    found = [
        goodness_of_fit(setup.moved(theta), float(q), seed=SEED + 1, n_toys=400).p_value
        for theta, q in zip(data.best.theta, data.best.q, strict=True)
    ]
    assert bool(kstest(found, "uniform").pvalue > 1e-4) is is_right


def test_a_number_of_toys_that_is_none() -> None:
    with pytest.raises(ConfigError, match="--toys"):
        goodness_of_fit(counting_setup(5.0, 0.0), 1.0, seed=1, n_toys=0)


@pytest.mark.parametrize("mu", [1e-12, 0.3, 1.0, 2.0, 20.0, 99.9, 100.0, 400.0])
def test_moments_of_a_step_are_those_of_its_outcomes(mu: float) -> None:
    n = np.arange(0, 1000)
    weight, deviance = poisson.pmf(n, mu), poisson_deviance(n, np.full(len(n), mu))
    mean = float(np.sum(weight * deviance))
    variance = float(np.sum(weight * (deviance - mean) ** 2))
    found = [float(each[0]) for each in moments_of_deviance(np.array([mu]))]
    assert found == pytest.approx([mean, variance], rel=2e-4, abs=1e-13)


@pytest.mark.parametrize("mu", [0.5, 1.4, 3.0, 100.0])
def test_p_values_of_many_steps_are_even(mu: float) -> None:
    """Of 4000 experiments of 600 steps; the twin, a plain χ², would call most of the sparse ones wrong."""
    expected = np.full(600, mu)
    counts = np.random.default_rng(20261127).poisson(expected, (4000, 600))
    q = np.sum(poisson_deviance(counts, expected), axis=1)
    p = np.array([asymptotic_p_value(each, expected, 0, 600) for each in q.tolist()])
    # false alarms of 6e-5 each
    for level in (0.01, 0.1, 0.5):
        assert abs(np.mean(p < level) - level) < 4 * np.sqrt(level * (1 - level) / 4000) + 0.1 * level
    plain = chdtrc(600, q)
    assert bool(np.mean(plain < 0.1) > 0.4) is (mu in (1.4, 3.0))


def test_a_sum_of_fewer_terms_has_no_p_value() -> None:
    assert asymptotic_p_value(1.0, np.ones(3), 0, 0) is None
    assert asymptotic_p_value(math.inf, np.ones(3), 0, 2) is None
