"""Coverage of limits with few toys: a catastrophe would be seen, and a broken twin is.

`python -m benchmarks.coverage` has the campaign. Of 200 toys of a 90 % interval fewer than 155 hold the truth
with a probability of 1e-7.
"""

import numpy as np
import pytest

from renp_sim.analysis.infer.coverage import Coverage, accepted_by_profile
from renp_sim.analysis.infer.outcomes import Uniforms
from renp_sim.analysis.infer.statistic import Kind, Statistic
from tests.analysis.infer.counting import counting_setup

TOYS, LEAST = 200, 155


def test_a_limit_that_is_too_tight_is_seen() -> None:
    """Counts of which a part is lost: an efficiency of 0.8 taken for 1 holds the truth rarely."""
    setup = counting_setup(100.0, 3.0)
    mu = setup.model.expected(np.array([0.8, 1.0]))
    counts = Uniforms.of(setup, 1, seed=20261126, n_toys=TOYS).outcomes(setup, mu, setup.theta).counts
    toys = Statistic.of(setup, "normalisation", Kind.TWO_SIDED, counts)
    assert Coverage.of(accepted_by_profile(toys.at(1.0), 0.9)).covered < LEAST


def test_interval_of_clopper_and_pearson() -> None:
    """Its ends are where the tails of the binomial are half of what is left."""
    from scipy.stats import binom

    low, high = Coverage(covered=180, n=200).interval(0.9)
    assert binom.sf(179, 200, low) == pytest.approx(0.05)
    assert binom.cdf(180, 200, high) == pytest.approx(0.05)
    assert Coverage(covered=0, n=10).interval()[0] == 0.0
    assert Coverage(covered=10, n=10).interval()[1] == 1.0
