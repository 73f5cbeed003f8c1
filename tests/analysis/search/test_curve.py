"""A curve finds every minimum that its grid brackets, and ends to where they are."""

from collections.abc import Callable

import numpy as np
import pytest

from renp_sim.analysis.search import curve as curve_module
from renp_sim.analysis.search.curve import Curve, refined
from renp_sim.analysis.search.problem import Solution
from renp_sim.arrays import FloatArray, IndexArray


def fits(q: FloatArray, values: FloatArray) -> Solution:
    n = len(values)
    return Solution(theta=values[:, None], q=q, status=np.zeros(n, np.int8), calls=np.ones(n, np.int32))


def cusp(at: FloatArray) -> FloatArray:
    """A cusp at 0.3 that is the lowest, a smooth valley at 0.7, a wall beyond 0.9."""
    q = np.minimum(1 + 40 * np.sqrt(np.abs(at - 0.3)), 1.5 + 900 * (at - 0.7) ** 2)
    return np.where(at > 0.9, np.inf, q)


def curve(levels: tuple[float, ...] = (1.0,), *, points: int = 12) -> Curve:
    def evaluate(owner: IndexArray, values: FloatArray) -> Solution:
        return fits(cusp(values), values)

    (found,) = refined(evaluate, [np.linspace(0, 1, points)], [np.empty(0)], levels)
    return found


def test_a_search_among_ripples_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parabola that is off by 1e-8 from point to point; each round of the twin doubles its points."""
    monkeypatch.setattr(curve_module, "ROUNDS", 12)

    def points(ripple: float) -> int:
        def evaluate(_: IndexArray, values: FloatArray) -> Solution:
            # as good as random
            off = 1e-8 * np.sin(1e15 * values)
            return fits(50 * (1 + off) + 100 * (values - 0.4) ** 2, values)

        (found,) = refined(evaluate, [np.linspace(0, 1, 12)], [np.empty(0)], tolerance=0.0, ripple=ripple)
        return len(found.values)

    assert points(2e-8) < 50
    assert 200 < points(0.0) < 1000
    monkeypatch.setattr(curve_module, "MOST_MINIMA", 10**6)
    assert points(0.0) > 10_000


def test_the_lowest_cusp_is_found() -> None:
    best = curve().lowest()
    assert best.q[0] == pytest.approx(1.0, abs=2e-4)
    assert best.theta[0, 0] == pytest.approx(0.3, abs=1e-10)


def test_ends_are_where_the_curve_crosses() -> None:
    regions = curve().regions(1.0, 1.0)
    assert len(regions) == 2
    assert (regions[0].lower, regions[0].upper) == pytest.approx((0.3 - 1 / 1600, 0.3 + 1 / 1600), abs=1e-8)
    half = np.sqrt(0.5 / 900)
    assert (regions[1].lower, regions[1].upper) == pytest.approx((0.7 - half, 0.7 + half), abs=1e-8)
    assert not any(region.lower_open or region.upper_open for region in regions)


def test_a_gap_that_rounding_makes_is_none() -> None:
    """Frozen fit `missed_offset`: −2 ln L flickers over the level among neighbouring numbers."""
    values = np.array([0.0, 0.1, 0.2, 0.2 + 1e-14, 0.2 + 2e-14, 0.3, 0.4, 0.5, 0.6])
    q = np.array([9.0, 0.0, 0.9, 1.1, 0.9, 0.0, 9.0, 0.0, 9.0])
    flickering = Curve(values=values, fits=fits(q, values))
    assert len(flickering.regions(1.0, 0.0)) == 3
    assert [region.upper for region in flickering.regions(1.0, 0.0, 1e-9)] == pytest.approx([1 / 3, 8 / 15])


def test_a_gap_that_rounding_makes_beside_a_far_point_is_none() -> None:
    """Of an end that is known to the last bit one point may be above the level, and the next one be far."""
    values, q = np.array([0.0, 1.0, 1.0 + 1e-15, 1.1, 2.0]), np.array([9.0, 1 - 1e-15, 1 + 1e-15, 0.5, 0.0])
    found = Curve(values=values, fits=fits(q, values))
    assert len(found.regions(1.0, 0.0, 1e-12)) == 1
    assert len(found.regions(1.0, 0.0)) == 2


def test_a_wall_is_an_end() -> None:
    (_, right) = curve(levels=(36.0,)).regions(1e6, 1.0)[-1:] * 2
    assert right.upper == pytest.approx(0.9, abs=1e-6)


def test_curves_in_step_are_curves_alone() -> None:
    shift = np.array([0.0, 0.05])

    def evaluate(owner: IndexArray, values: FloatArray) -> Solution:
        return fits(cusp(values - shift[owner]), values)

    grid = np.linspace(0, 1, 12)
    both = refined(evaluate, [grid, grid + 0.05], [np.empty(0)] * 2, (1.0,))
    for found, by in zip(both, shift, strict=True):
        assert found.lowest().theta[0, 0] == pytest.approx(0.3 + by, abs=1e-10)


def test_the_twin_that_is_not_refined_misses() -> None:
    grid = np.linspace(0, 1, 12)
    assert np.min(cusp(grid)) > 1.4


def walled(at: FloatArray) -> FloatArray:
    """A valley of depth 0 at 0.2, a slope that ends at a wall at 0.9, and beside it 36 above the valley."""
    return np.where(at > 0.9, np.inf, np.minimum(400 * (at - 0.2) ** 2, 36 + 90 * (0.9 - at)))


def looks_at(q: Callable[[FloatArray], FloatArray]) -> tuple[Curve, int]:
    """Return a curve, and at how many values it was evaluated."""

    def evaluate(owner: IndexArray, values: FloatArray) -> Solution:
        return fits(q(values), values)

    (found,) = refined(evaluate, [np.linspace(0, 1, 12)], [np.empty(0)])
    return found, len(found.values)


def test_a_minimum_at_a_wall_that_cannot_be_the_lowest_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin, which takes a cell to hide as much however small it is, goes on to the last bit."""
    found, looks = looks_at(walled)
    assert found.lowest().theta[0, 0] == pytest.approx(0.2, abs=1e-4)
    monkeypatch.setattr(curve_module, "KEEP", 1e30)
    assert looks_at(walled)[1] > 1.5 * looks


def test_a_minimum_that_hides_beside_a_wall_is_found() -> None:
    """It is lower than the valley, and narrower than the grid."""
    found, _ = looks_at(
        lambda at: np.minimum(walled(at), np.where(at > 0.9, np.inf, 5e3 * (at - 0.895) ** 2 - 1)) + 1
    )
    assert found.lowest().theta[0, 0] == pytest.approx(0.895, abs=1e-4)


def test_a_minimum_of_which_its_neighbours_say_little_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of depth 7 and between two points of the grid; the twin looks beside the lower valley alone."""

    def narrow(at: FloatArray) -> FloatArray:
        beside = np.minimum(1 + 2e4 * (at - 0.296) ** 2, 8 + 10 * np.abs(at - 0.296))
        return np.minimum(beside, 3 + 40 * (at - 0.75) ** 2)

    found, _ = looks_at(narrow)
    assert found.lowest().q[0] == pytest.approx(1.0, abs=1e-6)
    monkeypatch.setattr(curve_module, "KEEP", 0.0)
    found, _ = looks_at(narrow)
    assert found.lowest().q[0] == pytest.approx(3.0, abs=1e-6)


@pytest.mark.parametrize("narrower", [64, 1], ids=["as it is", "twin"])
def test_a_smooth_curve_takes_few_points(narrower: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minimum to 1e-8 and two ends to 1e-6 of a curve with a third power; the twin only halves cells."""
    monkeypatch.setattr(curve_module, "NARROWER", narrower)

    def evaluate(owner: IndexArray, values: FloatArray) -> Solution:
        return fits(900 * (values - 0.31) ** 2 + 500 * (values - 0.31) ** 3, values)

    (found,) = refined(evaluate, [np.linspace(0, 1, 12)], [np.empty(0)], (1.0,))
    assert found.lowest().q[0] < 1e-8
    (region,) = found.regions(1.0, 0.0)
    end = 0.31 + 1 / 30
    assert region.upper == pytest.approx(end - 500 * (1 / 30) ** 3 / 60, abs=3e-5)
    assert (len(found.values) < 80) == (narrower > 1)
