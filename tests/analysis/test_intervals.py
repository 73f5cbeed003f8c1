"""Regions below a level, against functions whose ends are known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2, norm

from renp_sim.analysis.intervals import Intervals, Method, Sided, delta_q_of_level, regions_below
from renp_sim.arrays import FloatArray


def regions(curve, low: float, high: float, points: int = 21, level: float = 1.0, fine: bool = True):  # type: ignore[no-untyped-def]
    x = np.linspace(low, high, points)
    return regions_below(curve, level, x, curve(x), fine=fine)


def test_level_and_delta_q() -> None:
    assert_allclose(delta_q_of_level(0.9), 2.705543, rtol=1e-6)
    # a one-sided level is that of the normal tail
    assert_allclose(np.sqrt(delta_q_of_level(0.9, Sided.ONE)), norm.ppf(0.9))
    for level, sided in ((0.0, Sided.TWO), (1.0, Sided.TWO), (0.5, Sided.ONE)):
        with pytest.raises(ValueError, match="must lie in"):
            delta_q_of_level(level, sided)


def test_parabola_ends_at_one_error() -> None:
    (region,) = regions(lambda x: ((x - 0.3) / 0.7) ** 2, -5, 5)
    assert_allclose([region.lower, region.upper], [-0.4, 1.0], atol=1e-5)
    assert not region.lower_open
    assert not region.upper_open


def test_two_minima_give_two_regions() -> None:
    found = regions(lambda x: (x**2 - 4) ** 2, -4, 4)
    ends = [end for region in found for end in (region.lower, region.upper)]
    assert_allclose(ends, [-np.sqrt(5), -np.sqrt(3), np.sqrt(3), np.sqrt(5)], atol=1e-5)


def test_a_region_between_two_points_is_found() -> None:
    """A narrow dip whose neighbours miss the level by less than 2."""
    curve = lambda x: np.minimum(2.5 + 0 * x, (x - 0.13) ** 2 / 0.05**2)  # noqa: E731
    (region,) = regions(curve, -1, 1, points=11)
    assert_allclose([region.lower, region.upper], [0.08, 0.18], atol=1e-5)
    assert regions(curve, -1, 1, points=11, fine=False) == ()


def test_ends_without_a_crossing_are_open() -> None:
    (region,) = regions(lambda x: 0 * x, 0, 1)
    assert (region.lower, region.upper, region.lower_open, region.upper_open) == (0.0, 1.0, True, True)
    (region,) = regions(lambda x: 4 * x**2, 0, 2)
    assert region.lower_open
    assert_allclose(region.upper, 0.5, atol=1e-5)


def test_a_wall_of_infinity_is_found_by_bisection() -> None:
    (region,) = regions(lambda x: np.where(x > 0.625, np.inf, 0.1), 0, 2)
    assert_allclose(region.upper, 0.625, atol=1e-4)


def test_a_kink_and_a_step_are_ends_too() -> None:
    (region,) = regions(lambda x: np.where(x < 0.5, 40.0, np.sqrt(np.abs(x - 1)) * 2), -1, 3)
    assert_allclose([region.lower, region.upper], [0.75, 1.25], atol=1e-4)


def test_one_minus_and_plus_are_found_in_few_calls() -> None:
    calls = []

    def curve(x: FloatArray) -> FloatArray:
        calls.append(len(x))
        return (x / 0.7) ** 2 * (1 + 0.1 * x)

    x = np.array([-2.0, 0.0, 2.0])
    regions_below(curve, 1.0, x, curve(x), fine=False)
    assert len(calls) < 9


@pytest.mark.parametrize("too_high", [0.0, 0.3])
def test_a_bound_saves_calls_and_moves_no_end(too_high: float) -> None:
    """One call confirms ends that are those of the profile; others are looked for."""
    calls = []

    def curve(x: FloatArray) -> FloatArray:
        calls.append(len(x))
        return bound(x) - too_high * x**2

    def bound(x: FloatArray) -> FloatArray:
        return (x / 0.7) ** 2 * (1 + 0.1 * x) + too_high * x**2

    x = np.array([-2.0, 0.0, 2.0])
    delta_q = curve(x)
    (plain,) = regions_below(curve, 1.0, x, delta_q, fine=False)
    calls.clear()
    (region,) = regions_below(curve, 1.0, x, delta_q, fine=False, bound=bound)
    assert_allclose([region.lower, region.upper], [plain.lower, plain.upper], atol=1e-5)
    assert (len(calls) == 1) == (too_high == 0)


def test_intervals_know_what_they_cover_at_a_bound() -> None:
    (region,) = regions(lambda x: 4 * x**2, 0, 2)
    intervals = Intervals.two_sided((region,), 0.9, Method.PROFILE)
    assert intervals.level_at_bound == pytest.approx(0.95)
    assert_allclose(intervals.delta_q, chi2.ppf(0.9, 1))
    assert intervals.valid
    assert not Intervals.two_sided((), 0.9, Method.PROFILE).valid
