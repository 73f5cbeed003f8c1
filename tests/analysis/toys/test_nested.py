"""An experiment that goes on: its counts are Poisson at each exposure, and add up."""

import numpy as np
import pytest
from scipy.stats import chisquare, poisson

from renp_sim.analysis.toys.nested import nested_counts, uniforms_of
from renp_sim.streams import BLOCK_TOYS

RISING = (np.array([0.4, 3.0, 0.0]), np.array([0.9, 7.5, 0.0]), np.array([2.0, 30.0, 0.3]))
FALLING = (np.array([0.9, 7.5, 2.0]), np.array([0.4, 3.0, 0.0]))
ALPHA = 1e-5
"""False-alarm probability of each test; the stream is fixed."""


def p_of_poisson(counts: np.ndarray, mean: float) -> float:
    """Return the χ² p-value of counts, cells of five and more expected."""
    edges = np.arange(poisson.ppf(0.005, mean), poisson.ppf(0.995, mean) + 1)
    cumulated = np.concatenate([[0.0], poisson.cdf(edges, mean), [1.0]])
    found = np.bincount(np.searchsorted(edges, counts), minlength=len(edges) + 1)
    expected = np.diff(cumulated) * len(counts)
    enough = expected >= 5
    rest = [found[~enough].sum()], [expected[~enough].sum()]
    if rest[1][0] < 5:
        rest = [], []
    seen, awaited = (np.concatenate([a[enough], r]) for a, r in zip((found, expected), rest, strict=True))
    return float(chisquare(seen, awaited * seen.sum() / awaited.sum()).pvalue)


@pytest.mark.parametrize("expected", [RISING, FALLING])
def test_each_exposure_alone_is_poisson(expected):
    found = nested_counts(uniforms_of(7, 3, 3, len(expected)), expected)
    for counts, mu in zip(found, expected, strict=True):
        assert counts.shape == (BLOCK_TOYS, 3)
        assert not counts[:, mu == 0].any()
        for n, mean in zip(counts.T[mu > 0], mu[mu > 0], strict=True):
            assert p_of_poisson(n, mean) > ALPHA


def test_a_wrong_mean_is_noticed():
    (counts,) = nested_counts(uniforms_of(7, 3, 1, 1), [np.array([7.5])])
    assert p_of_poisson(counts[:, 0], 7.5) > ALPHA > p_of_poisson(counts[:, 0], 8.0)


def test_what_is_counted_stays_counted_and_increments_are_independent():
    first, second, third = nested_counts(uniforms_of(7, 3, 3, 3), RISING)
    assert np.all(second >= first)
    assert np.all(third >= second)
    # the correlation of 4096 independent pairs is below 0.07 in all but 1e-5 of the cases
    assert abs(np.corrcoef(first[:, 1], (second - first)[:, 1])[0, 1]) < 0.07
    # twin: the whole second exposure is correlated with the first
    assert np.corrcoef(first[:, 1], second[:, 1])[0, 1] > 0.5


def test_thinned_counts_never_grow():
    first, second = nested_counts(uniforms_of(7, 3, 3, 2), FALLING)
    assert np.all(second <= first)
