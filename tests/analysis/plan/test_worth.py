"""What rows are worth to a plan, against powers of single Poisson counts."""

from math import log

import numpy as np
import pytest
from scipy.stats import norm, poisson

from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.plan.worth import Worth
from renp_sim.arrays import FloatArray

SIGMAS = [0.3, 1.0, 3.0, 5.0]


def worth(counts: FloatArray, mu: FloatArray, significance: float) -> Worth:
    return Worth(counts=counts, mu=mu[None], wanted=significance**2)


def power(n: float, mu: float, significance: float) -> float:
    """Probability that a Poisson count of the truth has a p-value of so many standard deviations."""
    outcomes = np.arange(200)
    p = poisson.sf(outcomes - 1, mu) if mu < n else poisson.cdf(outcomes, mu)
    return float(np.sum(poisson.pmf(outcomes, n)[p <= norm.sf(significance) * (1 + 1e-9)]))


@pytest.mark.parametrize("significance", SIGMAS)
@pytest.mark.parametrize("ratio", [0.0, 1e-12, 1e-5])
def test_a_step_that_the_alternative_nearly_forbids_needs_a_count(ratio: float, significance: float) -> None:
    """The twin takes Δ(−2 ln L) as it is: of an almost-wall so little time that nothing is recorded."""
    n, mu = np.array([1.0]), np.array([ratio])
    # at 5σ a step that expects 7e-6 counts is no wall
    if ratio * log(2) < norm.sf(significance):
        time = significance**2 / float(worth(n, mu, significance).q[0, 0])
        assert time == pytest.approx(log(2), rel=1e-12)
        assert power(time, ratio * time, significance) == pytest.approx(0.5, rel=1e-6)
        twin = significance**2 / float(poisson_deviance(n, mu)[0])
        if significance <= 1:
            assert power(twin, ratio * twin, significance) < 0.3


@pytest.mark.parametrize("significance", SIGMAS)
def test_silence_needs_what_makes_it_improbable(significance: float) -> None:
    """The twin, twice what is missing, is too short for that."""
    n, mu = np.array([0.0]), np.array([1.0])
    time = significance**2 / float(worth(n, mu, significance).q[0, 0])
    assert np.exp(-time) == pytest.approx(norm.sf(significance), rel=1e-9)
    assert np.exp(-(significance**2) / 2) > norm.sf(significance)


def test_many_counts_are_worth_what_poisson_says() -> None:
    n, mu = np.array([1.0, 1.0, 50.0]), np.array([0.5, 2.0, 40.0])
    rows = worth(n, mu, 3.0)
    assert rows.q[0] == pytest.approx(poisson_deviance(n, mu), rel=1e-12)
    assert np.all(rows.share == 1)


def test_a_fit_has_the_rows_that_are_worth_a_single_outcome_in_part() -> None:
    """No part of a wall, whose worth is a constant, and of silence what it is worth of a Poisson count."""
    rows = worth(np.array([1.0, 0.0, 0.0, 1.0]), np.array([1e-9, 1.0, 0.0, 1.0]), 3.0)
    silent = 9 / -norm.logsf(3.0) / 2
    assert rows.share[0] == pytest.approx([0.0, silent, 1.0, 1.0])
