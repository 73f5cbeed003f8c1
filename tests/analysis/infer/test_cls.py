"""CLs against pyhf, and against what can be counted by hand."""

from typing import Any

import numpy as np
import pytest

from renp_sim.analysis.infer.cls import PValues, cls_limit
from renp_sim.analysis.infer.toys import Toys
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
    toys = cls_limit(setup, counts, "normalisation", 0.9, toys=Toys(seed=20261126, n=40_000))
    assert (exact.p_values, toys.p_values) == (PValues.EXACT, PValues.TOYS)
    assert exact.limit.upper_error is None
    assert toys.limit.upper_error is not None
    assert exact.limit.upper is not None
    assert toys.limit.upper is not None
    assert toys.limit.upper_error < 0.02 * exact.limit.upper
    assert abs(toys.limit.upper - exact.limit.upper) < 4 * toys.limit.upper_error
