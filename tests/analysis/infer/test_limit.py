"""Limits of a coupling whose minimum is narrow, and of one whose sign nothing depends on."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer import profile_regions
from renp_sim.analysis.infer.limit import LimitStatus, profile_limit
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.model import Constraint
from renp_sim.analysis.search.curve import refined
from renp_sim.analysis.search.problem import Solution
from renp_sim.arrays import FloatArray
from tests.analysis.toy_models import squared

TRUTH = 60.0
KNOWN: dict[str, Constraint | None] = {"norm": Constraint(value=1.0, error=0.05)}


def large(
    constrain: dict[str, Constraint | None], free: tuple[str, ...] = ("x",)
) -> tuple[Setup, FloatArray]:
    """Return what floats, x at 0, and the expectation of a million photons at x = 60."""
    model = replace(squared(), time=20.0)
    counts = model.expected(np.array([TRUTH, 1.0, 1.0]))
    assert counts.sum() > 5e5
    return Setup.of(model, free=free, constrain=constrain), counts


def test_a_minimum_narrower_than_any_grid_is_found() -> None:
    """Its half width is 1e-3 of it; both signs are listed, and the truth is held."""
    setup, counts = large({})
    found = profile_limit(setup, counts, "x", 0.9)

    def excess(x: float) -> float:
        mu = setup.model.expected(np.array([x, 1.0, 1.0]))
        return float(2 * np.sum(mu - counts - counts * np.log(mu / counts))) - 2.705543

    low, high = brentq(excess, TRUTH - 1, TRUTH), brentq(excess, TRUTH, TRUTH + 1)
    ends = [end for region in found.regions for end in (region.lower, region.upper)]
    assert ends == pytest.approx([-high, -low, low, high], rel=1e-6)
    assert (found.lower, found.upper) == pytest.approx((-high, high), rel=1e-6)


def test_a_known_normalisation_widens_it_by_half_of_its_error() -> None:
    """μ ≈ N c x²: 5 % of N are 2.5 % of x, 1.645 of them at 90 %."""
    found = profile_limit(*large(KNOWN), "x", 0.9)
    assert len(found.regions) == 2
    assert abs(found.best) == pytest.approx(TRUTH, rel=1e-3)
    assert found.upper == pytest.approx(TRUTH * (1 + 1.645 * 0.025), rel=5e-3)
    wider = profile_limit(*large(KNOWN), "x", 0.99)
    assert wider.upper is not None
    assert found.upper is not None
    assert wider.upper - TRUTH > 1.4 * (found.upper - TRUTH)


def test_the_twin_that_does_not_divide_misses_one_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    def once(evaluate, values, kinks, levels=(), scale=1.0, tolerance=0.0):  # type: ignore[no-untyped-def]
        return refined(evaluate, values, kinks, (), scale, tolerance=np.inf)

    monkeypatch.setattr(profile_regions, "refined", once)
    assert len(profile_limit(*large({}), "x", 0.9).regions) < 2


def test_no_point_of_a_profile_is_fitted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every point has a search of its own they are what costs."""
    curve, asked = ProfileCurve.of(*large({})), list[float]()
    fits = ProfileCurve.fits

    def counted(self: ProfileCurve, names: tuple[str, ...], values: FloatArray) -> Solution:
        asked.extend(values[:, 0].tolist())
        return fits(self, names, values)

    monkeypatch.setattr(ProfileCurve, "fits", counted)
    regions, points, _ = profile_regions.regions_of(curve, "x", 1.0, 1.0)
    assert len(regions) == 2
    assert len(asked) == len(set(asked)) == len(points) - 1


def test_what_any_normalisation_makes_up_for_is_not_limited() -> None:
    found = profile_limit(*large({}, ("x", "norm")), "x", 0.9)
    assert (found.status, found.lower, found.upper) == (LimitStatus.UNBOUNDED, None, None)
