"""Asimov sets and toys."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2, kstest

from renp_sim.analysis.model import Constraint, Parameter, Shape
from renp_sim.errors import ConfigError
from renp_sim.prediction.pseudo_data import asimov, measured_values, toys
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
    data = toys(model, theta, seed=11, n_toys=N_TOYS)
    assert data.counts.shape == (N_TOYS, 6)
    assert p_value(data.counts, model.expected(theta)) > 1e-6
    wrong = toys(model, start(model, normalisation=1.05), seed=11, n_toys=N_TOYS)
    assert p_value(wrong.counts, model.expected(theta)) < 1e-6


@pytest.mark.parametrize("cuts", [(0, 1, 10_000), (0, 4095, 4097, 8192, 10_000), (0, 5000, 5000, 10_000)])
def test_a_slice_of_toys_is_the_same_whoever_draws_it(cuts: tuple[int, ...]) -> None:
    model = yb_model(exposure(SIX_EV))
    theta = start(model)
    whole = toys(model, theta, seed=3, n_toys=10_000).counts
    parts = [toys(model, theta, seed=3, start=a, n_toys=b - a).counts for a, b in pairwise(cuts)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert len(np.unique(whole[:, 0])) > 10
    # blocks and seeds differ
    assert np.any(whole[:4096] != whole[4096:8192])
    assert np.any(toys(model, theta, seed=4, n_toys=10_000).counts != whole)


def test_each_toy_may_have_its_own_truth() -> None:
    model = yb_model(exposure(SIX_EV)).offering(("normalisation",))
    truth = np.linspace(0.0, 50.0, 5000)[:, None]
    counts = toys(model, truth, seed=3, n_toys=5000).counts
    assert np.all(counts[0] == 0)
    assert np.all(counts[-1] > 0)
    last = toys(model, truth[4096:], seed=3, start=4096, n_toys=904).counts
    np.testing.assert_array_equal(last, counts[4096:])
    with pytest.raises(ConfigError, match="multiple of 4096"):
        toys(model, truth[4000:], seed=3, start=4000, n_toys=1000)
    with pytest.raises(ConfigError, match="5000 rows for 2 toys"):
        toys(model, truth, seed=3, n_toys=2)


def test_numbers_of_toys_have_a_range() -> None:
    model = yb_model(exposure(SIX_EV))
    assert toys(model, start(model), seed=3, n_toys=0).counts.shape == (0, 6)
    for options in ({"start": -1, "n_toys": 1}, {"n_toys": -1}, {"start": 4096 * 2**32, "n_toys": 1}):
        with pytest.raises(ConfigError, match="numbers must lie in"):
            toys(model, start(model), seed=3, **options)


@pytest.mark.parametrize("shape", Shape)
def test_measured_values_scatter_around_the_truth(shape: Shape) -> None:
    """KS test of the pulls, false-alarm probability 1e-6; an error of half the size (the twin) must fail."""
    constraint = Constraint(value=1.0, error=0.1, shape=shape)
    values = measured_values(
        Parameter(name="x", value=1.0, constraint=constraint), 1.2, seed=5, start=1, n_toys=9999
    )
    is_log = shape is Shape.LOG_NORMAL
    pulls = np.log(values / 1.2) / np.log(1.1) if is_log else (values - 1.2) / 0.1
    assert kstest(pulls, "norm").pvalue > 1e-6
    assert kstest(2 * pulls, "norm").pvalue < 1e-6


def test_measured_values_are_addressed_by_name_and_number() -> None:
    constraint = Constraint(value=0.0, error=1.0)
    x, y = (Parameter(name=name, value=0.0, constraint=constraint) for name in ("x", "y"))
    whole = measured_values(x, 0.0, seed=5, n_toys=6000)
    np.testing.assert_array_equal(measured_values(x, 0.0, seed=5, start=4000, n_toys=2000), whole[4000:])
    assert np.all(measured_values(y, 0.0, seed=5, n_toys=6000) != whole)
    with pytest.raises(ConfigError, match="'x': has no constraint"):
        measured_values(Parameter(name="x", value=0.0), 0.0, seed=5, n_toys=1)
