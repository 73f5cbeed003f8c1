"""Arrivals of several components are one run in time order."""

import numpy as np
import pytest

from detector.arrivals import Arrivals, merged


@pytest.mark.parametrize("n_second", [0, 1, 20, 499, 501, 5000])
def test_merging_is_a_stable_sort_of_both_runs(n_second: int) -> None:
    """Few arrivals are inserted, many sorted in; at equal times, of which there are many, `first` leads."""
    rng = np.random.default_rng(3)

    def arrivals(n: int, component: int) -> Arrivals:
        time_s = np.sort(rng.integers(0, 50, n)).astype(float)
        channel = rng.integers(0, 4, n).astype(np.int16)
        return Arrivals.of(time_s, rng.random(n), channel, np.arange(n), component)

    first, second = arrivals(2000, -1), arrivals(n_second, 2)
    order = np.argsort(np.concatenate([first.time_s, second.time_s]), kind="stable")
    for a, b, both in zip(first, second, merged(first, second), strict=True):
        assert np.asarray(both).dtype == np.asarray(a).dtype
        assert np.array_equal(both, np.concatenate([a, b])[order])
