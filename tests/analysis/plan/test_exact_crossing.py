"""Exposures by every outcome of one count, against scipy's tails of a Poisson distribution."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm, poisson

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.power import excluding, powers_between
from renp_sim.analysis.plan import exact_crossing
from renp_sim.analysis.plan.crossing import Crossings, reach_of
from renp_sim.analysis.plan.exact_crossing import _Points, by_outcomes
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from tests.analysis.infer.counting import counting_setup


def comparison(mu_truth: float, mu_alternative: float) -> Comparison:
    model = counting_setup(abs(mu_truth - mu_alternative), min(mu_truth, mu_alternative)).model
    more, less = (Setup.of(model, fix={"normalisation": value}) for value in (1.0, 0.0))
    truth, alternative = (more, less) if mu_truth > mu_alternative else (less, more)
    return Comparison.of(model.expected(truth.theta), truth, alternative)


def found(mu_truth: float, mu_alternative: float, sigma: float, power: float) -> Crossings:
    (crossings,), _ = by_outcomes(comparison(mu_truth, mu_alternative), float(norm.sf(sigma)), [power])
    return crossings


def wanted(mu_truth: float, mu_alternative: float, sigma: float, power: float) -> FloatArray:
    """Return all factors at which one count, that rejects on one side, has a power."""
    factors = np.geomspace(1e-3, 1e3, 1_000_001)
    truth, alternative = factors * mu_truth, factors * mu_alternative
    if mu_truth > mu_alternative:
        critical = poisson.isf(norm.sf(sigma), alternative) if mu_alternative else np.zeros(len(factors))
        is_enough = poisson.sf(critical, truth) >= power
    else:
        critical = poisson.ppf(norm.sf(sigma), alternative) - 1
        is_enough = poisson.cdf(critical, truth) >= power
    return factors[1:][is_enough[1:] != is_enough[:-1]]


@pytest.mark.parametrize(
    ("mu_truth", "mu_alternative", "sigma", "power"),
    [
        (2.918, 0.0558, 2.0, 0.5),
        (2.918, 0.0558, 2.0, 0.9),
        (3.0, 1e-3, 0.5, 0.5),
        (3.0, 1e-3, 3.0, 0.9),
        (3.0, 0.0, 3.0, 0.9),
        (1.0, 4.0, 3.0, 0.9),
        (0.0, 4.0, 3.0, 0.5),
        (60.0, 30.0, 3.0, 0.5),
        (5.0, 0.5, 1.0, 0.1),
        (30.0, 3.0, 6.0, 0.5),
    ],
)
def test_crossings_of_one_count(mu_truth: float, mu_alternative: float, sigma: float, power: float) -> None:
    """Near a wall, beyond it, of excesses and deficits; an odd number, so the last is upward and it stays."""
    exact, factors = (each(mu_truth, mu_alternative, sigma, power) for each in (found, wanted))
    assert len(exact.factors) % 2 == 1
    assert exact.status == ("reached" if len(factors) == 1 else "several")
    # the grid of scipy's
    assert_allclose(exact.factors, factors, rtol=3e-5)


def test_no_answer_is_outside_of_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin looks around an Asimov exposure: "never", or a last crossing that is downward."""
    numbers = (2.918, 0.0558, 2.0)

    def around_asimov(here: Comparison, p_value: float, power: float) -> tuple[float, float]:
        low, high = reach_of(p_value, [power])
        return low * 4 / here.delta_q, high * 4 / here.delta_q

    assert found(*numbers, 0.9).factors == pytest.approx([1.3332], rel=1e-3)
    assert found(*numbers, 0.5).factors == pytest.approx([0.2376, 0.4126, 0.5752], rel=1e-3)
    monkeypatch.setattr(exact_crossing, "window", around_asimov)
    assert found(*numbers, 0.9).status == "never"
    assert len(found(*numbers, 0.5).factors) == 2


def test_bounds_of_a_power_grow_and_hold() -> None:
    p_value = float(norm.sf(2.0))
    both = [comparison(2.918, 0.0558).longer(factor) for factor in np.geomspace(0.05, 5, 40).tolist()]
    least, most = np.transpose([powers_between(each, p_value) for each in both])
    power = np.array([np.sum(excluding(e, p_value).probabilities(e.expected[0])) for e in both])
    assert np.all(np.diff(least) >= -1e-8)
    assert np.all(np.diff(most) >= -1e-8)
    assert np.all((least <= power + 1e-8) & (power <= most + 1e-8))
    # the power itself does not grow
    assert np.any(np.diff(power) < -0.1)


def test_teeth_are_lost_without_halving(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin halves only cells that are passed from end to end."""
    numbers = (12.345427700722135, 7.6837123263775124, 6.0, 0.9)
    assert_allclose(found(*numbers).factors, wanted(*numbers), rtol=3e-5)
    monkeypatch.setattr(exact_crossing, "SAME_POWER", 1.0)
    assert len(found(*numbers).factors) < len(wanted(*numbers))


def test_six_sigma_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin leaves a billionth out, which is all of the p-value."""
    numbers = (160.0, 100.0, 6.5, 0.5)
    # a ten-thousandth of the p-value is left out
    assert_allclose(found(*numbers).factors, wanted(*numbers), rtol=1e-4)
    monkeypatch.setattr("renp_sim.analysis.infer.power.tail_of", lambda _: 1e-9)
    with pytest.raises(ConfigError, match="use toys"):
        found(*numbers)


def test_a_power_is_clear_between_its_teeth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Teeth that fall by 15 %, the last on its top; the twins take 0.99 for 1, or look at the last only."""
    factors = 1.0125 ** np.arange(40)
    teeth = 0.9 + 0.15 * (np.log(factors / factors[-1]) / 0.15 % 1 - 1)
    teeth[-1] = 0.9

    def is_clear(values: FloatArray, power: float) -> bool:
        return exact_crossing._is_clear(_Points(np.stack([factors, values], axis=1)), power)

    assert not is_clear(teeth, 0.85)
    assert is_clear(teeth, 0.4)
    assert is_clear(np.ones(40), 1 - 1e-12)
    assert not is_clear(np.full(40, 0.991), 0.995)
    monkeypatch.setattr(exact_crossing, "SURE", 1e-2)
    assert is_clear(np.full(40, 0.991), 0.995)
    monkeypatch.setattr(exact_crossing, "CLEAR", 1.02)
    assert is_clear(teeth, 0.85)


def test_never_is_of_what_expects_the_same() -> None:
    both = comparison(3.0, 1.0)
    (same,), curve = by_outcomes(Comparison.of(both.counts, both.truth, both.truth), 0.02, [0.5])
    assert same.status == "never"
    assert len(curve[0]) == 0
    with pytest.raises(ConfigError, match="too many"):
        found(1e6, 1e6 - 10, 3.0, 0.5)
