"""CLs against pyhf, and against what can be counted by hand."""

import numpy as np
import pytest

from renp_sim.analysis.infer.cls import PValues, cls_limit
from renp_sim.analysis.infer.outcomes import Uniforms
from tests.analysis.infer.counting import counting_setup

SIGNAL = 10.0


def pyhf_limit(background: float, error_rel: float, n: int, level: float) -> tuple[float, list[float]]:
    pyhf = pytest.importorskip("pyhf")
    modifiers = [{"name": "b", "type": "staterror", "data": [error_rel * background]}] if error_rel else []
    model = pyhf.Model(
        {
            "channels": [
                {
                    "name": "step",
                    "samples": [
                        {
                            "name": "signal",
                            "data": [SIGNAL],
                            "modifiers": [{"name": "mu", "type": "normfactor", "data": None}],
                        },
                        {"name": "background", "data": [background], "modifiers": modifiers},
                    ],
                }
            ]
        },
        poi_name="mu",
        validate=False,
    )
    scan = np.linspace(0.05, 6, 240)
    observed, expected = pyhf.infer.intervals.upper_limits.upper_limit(
        [float(n), *model.config.auxdata], model, scan, 1 - level
    )
    return float(observed), [float(e) for e in expected]


@pytest.mark.parametrize(
    ("background", "error_rel", "n", "level"),
    [(50.0, 0.0, 55, 0.9), (50.0, 0.0, 44, 0.95), (50.0, 0.1, 45, 0.95), (20.0, 0.2, 25, 0.9)],
)
def test_pyhf_says_the_same(background: float, error_rel: float, n: int, level: float) -> None:
    setup = counting_setup(SIGNAL, background, error_rel)
    found = cls_limit(setup, np.array([float(n)]), "normalisation", level, band=True)
    observed, expected = pyhf_limit(background, error_rel, n, level)
    assert found.p_values is PValues.ASYMPTOTIC
    assert found.limit.upper == pytest.approx(observed, rel=5e-3)
    assert found.limit.expected == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize("background", [0.0, 1.0, 3.0])
@pytest.mark.parametrize(("level", "events"), [(0.9, np.log(10)), (0.95, np.log(20))])
def test_no_count_excludes_the_same_whatever_the_background(
    background: float, level: float, events: float
) -> None:
    setup = counting_setup(SIGNAL, background)
    found = cls_limit(setup, np.array([0.0]), "normalisation", level)
    assert found.p_values is PValues.EXACT
    assert found.limit.upper == pytest.approx(events / SIGNAL, rel=1e-6)


def test_toys_agree_with_counted_outcomes() -> None:
    """CLs at the exact limit is 0.1; toys give it within four of their errors (6e-5 for a false alarm)."""
    setup = counting_setup(SIGNAL, 3.0)
    counts = np.array([4.0])
    exact = cls_limit(setup, counts, "normalisation", 0.9).limit.upper
    uniforms = Uniforms.of(setup, 1, seed=20261126, n_toys=40_000)
    toys = cls_limit(setup, counts, "normalisation", 0.9, uniforms=uniforms)
    assert toys.p_values is PValues.TOYS
    assert exact is not None
    # CLs falls by about its own size per 2.3 counts; 40 000 toys know its 0.1 to 0.2 %
    assert toys.limit.upper == pytest.approx(exact, rel=0.02)
