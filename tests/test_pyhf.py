"""The same counts, model and constraint in pyhf: best fit, discovery and exclusion agree.

pyhf's `normsys` with interpolation code 1 scales a background by (1+e)^α with a unit normal α, which is our
log-normal constraint of relative error e. Test statistics are compared, so no asymptotic formula enters.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyhf
import pytest
from scipy.optimize import brentq

from renp_sim.analysis.data import Observation
from renp_sim.analysis.infer.profile import profile
from renp_sim.analysis.model import Constraint, Shape
from renp_sim.prediction.expected_counts import ExpectedCounts
from tests.prediction.exposures import exposure, yb_model

BACKGROUND_ERROR = 0.2
ONE_SIDED_95 = 1.6448536269514722**2
"""q of a one-sided 95 % limit, where q follows ½χ²₀ + ½χ²₁."""

PER_CENT = 0.01

MODEL: ExpectedCounts = yb_model(
    exposure(
        [1.069, 1.0705, 1.0712, 1.0716, 1.0718],
        components=("dark",),
        background_rate_hz=[[1e-4], [1e-4], [1e-4], [1e-4], [3e-4]],
    )
).offering(("normalisation", "background.dark"))
"""Signal falls from step to step; the last one lies above every threshold."""

OBSERVED = {
    "excess": [40.0, 41.0, 35.0, 27.0, 55.0],
    "few": [24.0, 25.0, 19.0, 22.0, 66.0],
    "deficit": [15.0, 17.0, 21.0, 18.0, 57.0],
}


@dataclass(frozen=True, kw_only=True)
class Results:
    """What both programs compute."""

    signal: float
    background: float
    q0: float
    limit: float


def of_limit(q_mu: Callable[[float], float], signal: float) -> float:
    """Return the strength above the best one at which a one-sided test excludes it at 95 %."""
    return float(brentq(lambda mu: q_mu(mu) - ONE_SIDED_95, signal + 1e-3, 8.0, xtol=1e-6))


def ours(counts: list[float], shape: Shape = Shape.LOG_NORMAL) -> Results:
    data = Observation(exposure=MODEL.exposure, counts=np.array(counts))
    dark = Constraint(value=1.0, error=BACKGROUND_ERROR, shape=shape)

    def curve(mu: float):
        return profile(data, MODEL, {"normalisation": [mu]}, constrain={"background.dark": dark})

    # the best strength is where the profile is lowest: the zero of its slope, or the bound
    grid = np.linspace(0.0, 4.0, 401)
    rough = profile(data, MODEL, {"normalisation": grid}, constrain={"background.dark": dark})
    k = int(np.argmin(rough.q))
    if 0 < k < len(grid) - 1:
        bend = np.polyfit(grid[k - 1 : k + 2] - grid[k], rough.q[k - 1 : k + 2], 2)
        signal = float(grid[k] - bend[1] / (2 * bend[0]))
    else:
        signal = float(grid[k])
    best = curve(signal)
    return Results(
        signal=signal,
        background=float(best.theta[0, 1]),
        q0=float(rough.q[0] - rough.q_min),
        limit=of_limit(lambda mu: float(curve(mu).delta_q[0]), signal),
    )


def pyhf_model() -> pyhf.Model:
    signal = MODEL.expected(np.array([1.0, 0.0]))
    background = MODEL.expected(np.array([0.0, 1.0]))
    normsys = {"hi": 1 + BACKGROUND_ERROR, "lo": 1 / (1 + BACKGROUND_ERROR)}
    samples = [
        {
            "name": "pairs",
            "data": signal.tolist(),
            "modifiers": [{"name": "mu", "type": "normfactor", "data": None}],
        },
        {
            "name": "dark",
            "data": background.tolist(),
            "modifiers": [{"name": "scale", "type": "normsys", "data": normsys}],
        },
    ]
    return pyhf.Model(
        {"channels": [{"name": "scan", "samples": samples}]},
        poi_name="mu",
        modifier_settings={"normsys": {"interpcode": "code1"}},
        validate=False,  # its schema is checked by a call that jsonschema deprecates
    )


def theirs(counts: list[float]) -> Results:
    model = pyhf_model()
    data = counts + model.config.auxdata
    start, bounds, fixed = (
        model.config.suggested_init(),
        model.config.suggested_bounds(),
        model.config.suggested_fixed(),
    )
    best = dict(zip(model.config.par_names, pyhf.infer.mle.fit(data, model), strict=True))
    statistics = pyhf.infer.test_statistics

    def q_tilde(mu: float) -> float:
        return float(statistics.qmu_tilde(mu, data, model, start, bounds, fixed))

    signal = float(best["mu"])
    return Results(
        signal=signal,
        background=float((1 + BACKGROUND_ERROR) ** best["scale"]),
        q0=float(statistics.q0(0.0, data, model, start, bounds, fixed)),
        limit=of_limit(q_tilde, signal),
    )


def agree(ours: Results, theirs: Results) -> bool:
    """Within 1 %; where the best signal is 0, within a thousandth of the limit."""
    floor = 1e-3 * theirs.limit
    return (
        ours.signal == pytest.approx(theirs.signal, rel=PER_CENT, abs=floor)
        and ours.background == pytest.approx(theirs.background, rel=PER_CENT)
        and ours.q0 == pytest.approx(theirs.q0, rel=PER_CENT, abs=1e-4)
        and ours.limit == pytest.approx(theirs.limit, rel=PER_CENT)
    )


@pytest.mark.parametrize("name", list(OBSERVED))
def test_agrees_with_pyhf(name: str) -> None:
    assert agree(ours(OBSERVED[name]), theirs(OBSERVED[name]))


def test_the_expectation_is_the_same() -> None:
    model = pyhf_model()
    mu, alpha = 1.3, -0.8
    theta = {"mu": mu, "scale": alpha}
    expected = model.expected_actualdata([theta[name] for name in model.config.par_names])
    own = MODEL.expected(np.array([mu, (1 + BACKGROUND_ERROR) ** alpha]))
    np.testing.assert_allclose(expected, own, rtol=1e-12)


def test_another_shape_of_the_constraint_is_noticed() -> None:
    assert not agree(ours(OBSERVED["excess"], Shape.GAUSSIAN), theirs(OBSERVED["excess"]))
