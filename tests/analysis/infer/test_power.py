"""The power of a test: by toys with a weight under both hypotheses, by every outcome, and by counted toys."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer import weights
from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.power import Power, exact_power, weighted_power
from renp_sim.analysis.infer.toys import parts_of
from renp_sim.analysis.infer.weights import weighted_p_values
from tests.analysis.infer.counting import counting_setup


def comparison(signal: float, background: float, error_rel: float = 0.0) -> Comparison:
    """A signal or none, over a background."""
    model = counting_setup(signal, background, error_rel).model
    constrain = {"background.dark": None} if error_rel else {}
    truth, alternative = (
        Setup.of(model, fix={"normalisation": value}, constrain=constrain) for value in (1.0, 0.0)
    )
    return Comparison.of(model.expected(truth.theta), truth, alternative)


def by_weight(both: Comparison, n_toys: int, sigma: float, seed: int = 1) -> Power:
    (part,) = parts_of(seed, 0, n_toys, n_toys)
    toys = both.weighted_toys(part.uniforms(both.alternative, len(both.counts)))
    return weighted_power(*toys, float(ndtr(-sigma)))


def by_count(both: Comparison, n_toys: int, sigma: float, seed: int = 1) -> tuple[float, float]:
    """Return a power and its error from the toys of the alternative that are beyond a critical value."""
    (part,) = parts_of(seed, 0, n_toys, n_toys)
    uniforms = part.uniforms(both.alternative, len(both.counts))
    (under_alternative, under_truth), _ = both.weighted_toys(uniforms)
    critical = np.quantile(under_alternative, 1 - ndtr(-sigma), method="higher")
    power = float(np.mean(under_truth > critical))
    return power, np.sqrt(power * (1 - power) / n_toys)


@pytest.mark.parametrize("sigma", [1.0, 3.0, 5.0])
def test_a_few_toys_know_the_tail(sigma: float) -> None:
    """Of each of 20 seeds within four errors, 1e-3 false alarms; as many counted toys know nothing of 5σ."""
    both = comparison(3.5 * sigma + sigma**2 / 5, 8.0)
    exact = exact_power(both, float(ndtr(-sigma))).value
    assert 0.2 < exact < 0.8
    found = [by_weight(both, 2000, sigma, seed) for seed in range(20)]
    assert all(abs(power.value - exact) < 4 * power.error for power in found)
    assert np.mean([power.value for power in found]) == pytest.approx(exact, abs=0.01)
    assert max(power.error for power in found) < 0.04
    if sigma == 5.0:
        counted = [by_count(both, 2000, sigma, seed)[0] for seed in range(20)]
        assert abs(np.mean(counted) - exact) > 0.1


def test_errors_are_those_of_repetition() -> None:
    """Of 200 seeds; the error of a standard deviation is 5 %."""
    both = comparison(18.0, 8.0, 0.2)
    found = [by_weight(both, 1000, 3.0, seed) for seed in range(200)]
    spread = float(np.std([power.value for power in found]))
    assert 0.7 < np.mean([power.error for power in found]) / spread < 1.5


def test_what_others_measure_has_a_weight_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The background is constrained, and each hypothesis has its own; the twin forgets that."""
    both = comparison(18.0, 8.0, 0.2)
    counted = by_count(both, 400_000, 3.0)

    def is_like_counted() -> bool:
        weighted = by_weight(both, 20_000, 3.0)
        return abs(weighted.value - counted[0]) < 4 * np.hypot(weighted.error, counted[1])

    assert is_like_counted()

    class Forgetful:
        @staticmethod
        def of(*_: Any) -> Any:
            return type("Terms", (), {"value": staticmethod(lambda x: 0.0)})

    monkeypatch.setattr(weights, "ConstraintTerms", Forgetful)
    assert not is_like_counted()


def test_walls_have_finite_weights() -> None:
    """Of a truth that opens a step, and of one that closes it."""
    opened = comparison(3.0, 0.0)
    assert by_weight(opened, 4000, 3.0).value == pytest.approx(1 - np.exp(-3.0), abs=0.02)
    closed = replace(opened, counts=np.zeros(1), truth=opened.alternative, alternative=opened.truth)
    # no count has a probability of e⁻³ under the alternative: enough for 1 σ, and not for 3
    assert by_weight(closed, 4000, 1.0).value == 1.0
    assert by_weight(closed, 4000, 3.0).value == 0.0


def test_p_values_of_toys_are_even_where_nothing_is_told_apart() -> None:
    """Under the same hypothesis twice, and none of them is certain: they end at 8σ, and at one of them."""
    both = comparison(3.0, 8.0)
    same = replace(
        both, truth=both.alternative, counts=both.alternative.model.expected(both.alternative.theta)
    )
    (part,) = parts_of(1, 0, 4000, 4000)
    statistic = np.random.default_rng(1).random((2, 4000))
    _, ratio = same.weighted_toys(part.uniforms(same.alternative, 1))
    p = weighted_p_values(statistic, ratio, statistic[1])
    # Kolmogorov's distance of 4000 from 8000: 1e-4 false alarms
    assert np.max(np.abs(np.sort(p) - np.arange(1, 4001) / 4001)) < 2.2 / np.sqrt(4000)
    ends = weighted_p_values(statistic, ratio, np.array([-1.0, 2.0]))
    assert -ndtri(ends) == pytest.approx([ndtri(1 / 4000), 8.0], rel=1e-2)
