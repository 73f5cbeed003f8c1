"""CLs against pyhf, and against what can be counted by hand."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import poisson

from renp_sim.analysis.infer import cls
from renp_sim.analysis.infer.band import BAND
from renp_sim.analysis.infer.cls import PValues, cls_limit
from renp_sim.analysis.infer.toys import Toys
from renp_sim.arrays import FloatArray
from tests.analysis.infer.counting import counting_setup

SIGNAL = 10.0


def pyhf_model(background: float, error_rel: float) -> Any:
    pyhf = pytest.importorskip("pyhf")
    modifiers = [{"name": "b", "type": "staterror", "data": [error_rel * background]}] if error_rel else []
    strength = [{"name": "mu", "type": "normfactor", "data": None}]
    samples = [
        {"name": "signal", "data": [SIGNAL], "modifiers": strength},
        {"name": "background", "data": [background], "modifiers": modifiers},
    ]
    channels = [{"name": "step", "samples": samples}]
    return pyhf.Model({"channels": channels}, poi_name="mu", validate=False)


@pytest.mark.parametrize(
    ("background", "error_rel", "n", "level"),
    [(50.0, 0.0, 55, 0.9), (50.0, 0.0, 44, 0.95), (50.0, 0.1, 45, 0.95), (20.0, 0.2, 25, 0.9)],
)
def test_pyhf_says_the_same(background: float, error_rel: float, n: int, level: float) -> None:
    """CLs falls by twice its relative change of a limit and more, so 1 % of it is better than 1 % of that."""
    pyhf = pytest.importorskip("pyhf")
    setup = counting_setup(SIGNAL, background, error_rel)
    found = cls_limit(setup, np.array([float(n)]), "normalisation", level, band=True)
    assert found.p_values is PValues.ASYMPTOTIC
    model = pyhf_model(background, error_rel)
    data = [float(n), *model.config.auxdata]
    cls = pyhf.infer.hypotest(found.limit.upper, data, model, test_stat="qtilde")
    assert float(cls) == pytest.approx(1 - level, rel=0.01, abs=0)
    assert found.limit.expected is not None
    for i, upper in enumerate(found.limit.expected):
        _, band = pyhf.infer.hypotest(upper, data, model, test_stat="qtilde", return_expected_set=True)
        assert float(band[i]) == pytest.approx(1 - level, rel=0.01, abs=0)


@pytest.mark.parametrize("background", [0.0, 1.0, 3.0])
@pytest.mark.parametrize(("level", "events"), [(0.9, np.log(10)), (0.95, np.log(20))])
def test_no_count_excludes_the_same_whatever_the_background(
    background: float, level: float, events: float
) -> None:
    setup = counting_setup(SIGNAL, background)
    found = cls_limit(setup, np.array([0.0]), "normalisation", level)
    assert found.p_values is PValues.EXACT
    assert found.limit.upper == pytest.approx(events / SIGNAL, rel=1e-6, abs=0)


def test_toys_agree_with_counted_outcomes() -> None:
    """By 40 000 toys, within four of the error that they state (6e-5 for a false alarm)."""
    setup = counting_setup(SIGNAL, 3.0)
    counts = np.array([4.0])
    exact = cls_limit(setup, counts, "normalisation", 0.9)
    many = Toys(seed=20261126, n=40_000)
    toys = cls_limit(setup, counts, "normalisation", 0.9, p_values=PValues.TOYS, toys=many)
    assert (exact.p_values, toys.p_values) == (PValues.EXACT, PValues.TOYS)
    assert exact.limit.upper_error is None
    assert toys.limit.upper_error is not None
    assert exact.limit.upper is not None
    assert toys.limit.upper is not None
    assert toys.limit.upper_error < 0.02 * exact.limit.upper
    assert abs(toys.limit.upper - exact.limit.upper) < 4 * toys.limit.upper_error


def test_fall_of_cls_is_taken_over_many_toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of no count CLs is exp(−S), so that it falls by S = ln 10 at 90 %; 1000 toys know it to 15 %.

    The twins are too near for the steps of toys, and too far for a slope.
    """
    n_toys, upper = 1000, float(np.log(10))
    relative = np.sqrt(2 * 0.9 / (0.1 * n_toys) + 1 / n_toys)

    def falls(factor: float) -> FloatArray:
        monkeypatch.setattr(cls, "NEARBY", factor)
        out = []
        for seed in range(40):
            uniform = np.random.default_rng(seed).random(n_toys)
            curve = lambda value, u=uniform: float(np.mean(u < np.exp(-value)))  # noqa: E731
            error = cls._error(curve, upper, 0.1, n_toys)
            out.append(0.0 if error is None else upper * relative / error)
        return np.array(out) / upper

    found = falls(cls.NEARBY)
    assert np.mean(found) == pytest.approx(1, abs=4 * 0.15 / np.sqrt(40))
    assert np.std(found) < 0.25
    assert np.std(falls(1.001)) > 1
    assert np.mean(falls(2.0)) > 1.06


def band_by_hand(background: float, level: float) -> list[float]:
    """Limits of one Poisson count by brentq, and the quantiles of those of background alone."""
    n = np.arange(60)

    def limit(count: int) -> float:
        def excess(strength: float) -> float:
            both, alone = (poisson.cdf(count, mu) for mu in (background + SIGNAL * strength, background))
            return float(both / alone - (1 - level))

        return float(brentq(excess, 1e-9, 1e3, xtol=1e-13))

    limits = [limit(count) for count in n.tolist()]
    share = np.cumsum(poisson.pmf(n, background))
    return [limits[int(np.searchsorted(share, ndtr(sigmas)))] for sigmas in BAND]


@pytest.mark.parametrize("background", [0.0, 0.4, 3.0])
def test_a_counted_band_is_that_of_background_alone(background: float) -> None:
    """The asymptotic one, the broken twin, has limits that no count gives."""
    setup = counting_setup(SIGNAL, background)
    counts = np.array([background])
    found = cls_limit(setup, counts, "normalisation", 0.9, band=True)
    assert found.p_values is PValues.EXACT
    wanted = band_by_hand(background, 0.9)
    assert found.limit.expected == pytest.approx(wanted, rel=1e-6)
    assert found.limit.upper == pytest.approx(found.limit.expected[2], rel=1e-6)
    twin = cls_limit(setup, counts, "normalisation", 0.9, band=True, p_values=PValues.ASYMPTOTIC)
    if background > 0:
        assert twin.limit.expected is not None
        assert twin.limit.expected[0] < 0.8 * wanted[0]


def test_a_drawn_band_is_the_counted_one() -> None:
    """Of 40 000 toys: a limit jumps from count to count, and each moves with p-values by a few per mille."""
    setup, counts = counting_setup(SIGNAL, 3.0), np.array([3.0])
    toys = Toys(seed=20261127, n=40_000)
    drawn = cls_limit(setup, counts, "normalisation", 0.9, band=True, p_values=PValues.TOYS, toys=toys).limit
    assert drawn.upper_error is not None
    assert drawn.expected == pytest.approx(band_by_hand(3.0, 0.9), rel=0.03)
