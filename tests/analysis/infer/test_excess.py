"""Excesses anywhere: trial factors against exact ones, and p-values that are what they say."""

import numpy as np
import pytest
from scipy.stats import poisson

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer import excess
from renp_sim.analysis.infer.excess import chance_of, excess_of, largest_likely, scan_of_excess
from renp_sim.analysis.infer.outcomes import Uniforms
from renp_sim.analysis.likelihood.template_model import WithTemplate
from tests.analysis.toy_models import Polynomial

N_STEPS = 12
LEVELS = np.linspace(4.0, 9.0, N_STEPS)
"""Expected counts of the steps."""
N_TOYS = 20_000


def steps(levels=LEVELS) -> Polynomial:
    """Return a model with `norm` × levels."""
    none = np.zeros_like(levels)
    return Polynomial(a=levels, b=none, c=none, d=none)


def known(levels=LEVELS, free=()) -> Setup:
    """Return a set-up in which nothing else floats, at a normalisation of 1."""
    setup = Setup.of(steps(levels), free=free)
    return setup.moved(np.array([0.0, 1.0, 0.0]))


def local_delta_q(counts, mu):
    """Return Δ(−2 ln L) of more counts than expected in a step, by hand."""
    n = np.maximum(counts, mu)
    return np.where(counts > mu, 2 * (mu - n + counts * np.log(n / mu)), 0.0)


def exact_p_anywhere(delta_q: float, mu) -> float:
    """Return the probability that any of independent steps has so large an excess."""
    k = np.arange(200)
    quiet = [np.sum(poisson.pmf(k, m)[local_delta_q(k, m) < delta_q - 1e-9]) for m in mu]
    return 1 - float(np.prod(quiet))


def test_scan_of_single_steps_is_the_formula() -> None:
    counts = poisson.rvs(LEVELS, size=(50, N_STEPS), random_state=3).astype(float)
    delta_q, strengths = scan_of_excess(known(), np.eye(N_STEPS), counts)
    assert delta_q == pytest.approx(local_delta_q(counts, LEVELS), rel=1e-7, abs=1e-9)
    assert strengths == pytest.approx(np.maximum(counts - LEVELS, 0), rel=1e-5, abs=1e-6)


def test_trial_factor_of_independent_steps() -> None:
    """Toys within four binomial errors of the product of the steps' own probabilities (6e-5).

    The broken twin, which looks at one place only, is off by the trial factor.
    """
    counts = LEVELS.round()
    counts[5] += 8
    found, _, chance = excess_of(known(), np.eye(N_STEPS), counts, seed=20261126, n_toys=N_TOYS)
    assert found.place == 5
    largest = float(found.delta_q[5])
    exact = exact_p_anywhere(largest, LEVELS)
    assert abs(found.anywhere.p_value - exact) < 4 * np.sqrt(exact / N_TOYS)
    one_place = exact_p_anywhere(largest, LEVELS[5:6])
    assert abs(one_place - exact) > 20 * np.sqrt(exact / N_TOYS)
    assert found.trial_factor > 5
    assert chance.bound(largest) > 0.5 * exact


def test_upcrossings_bound_what_toys_reach() -> None:
    """Overlapping templates along a scan: the bound holds and is no more than three times as large."""
    mu = np.full(60, 50.0)
    place = np.arange(60.0)
    templates = np.exp(-((place[:, None] - place) ** 2) / 18)
    setup = known(mu)
    chance = chance_of(setup, templates, Uniforms.of(setup, 60, seed=7, n_toys=N_TOYS))
    for delta_q in (6.0, 9.0):
        p, error = chance.p_value(delta_q)
        assert p - 4 * error < chance.bound(delta_q) < 3 * p
    assert largest_likely(chance, 0.01) == pytest.approx(float(np.quantile(chance.largest, 0.99)))
    assert chance.bound(largest_likely(chance, 1e-7)) == pytest.approx(1e-7, rel=1e-6, abs=0)
    assert chance.bound(0.0) == 1.0


def test_few_toys_know_the_number_of_upcrossings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound by 50 toys, of 20 seeds; the twin counts at a level that few of them reach."""
    mu, place = np.full(30, 50.0), np.arange(30.0)
    templates, setup = np.exp(-((place[:, None] - place) ** 2) / 18), known(mu)

    def spread() -> float:
        toys = [Uniforms.of(setup, 30, seed=seed, n_toys=50) for seed in range(20)]
        bounds = [chance_of(setup, templates, each).bound(20.0) for each in toys]
        return float(np.std(bounds) / np.mean(bounds))

    assert spread() < 0.15
    monkeypatch.setattr(excess, "LOW_LEVEL", 6.0)
    assert spread() > 0.3


def test_p_values_are_uniform_where_there_is_nothing() -> None:
    """Of 200 experiments with a normalisation that floats, 38–83 have p < 0.3 (3 in 1e5 outside)."""
    setup = known(free=["norm"])
    uniforms = Uniforms.of(setup, N_STEPS, seed=11, n_toys=200)
    experiments = uniforms.outcomes(setup, LEVELS, setup.theta).counts
    chance = chance_of(setup, np.eye(N_STEPS), Uniforms.of(setup, N_STEPS, seed=12, n_toys=N_TOYS))
    largest = np.max(scan_of_excess(setup, np.eye(N_STEPS), experiments)[0], axis=1)
    low = sum(chance.p_value(q)[0] < 0.3 for q in largest.tolist())
    assert 38 <= low <= 83
    # the broken twin looks at one place: almost all of them seem improbable
    assert sum(exact_p_anywhere(q, LEVELS[:1]) < 0.3 for q in largest.tolist()) > 120


def test_model_with_a_template_is_a_model() -> None:
    model = Polynomial(
        a=np.array([1.0, 2.0, 3.0]),
        b=np.array([0.5, 0.1, 0.0]),
        c=np.array([0.0, 0.2, 1.0]),
        d=np.array([1.0, 1.0, 0.0]),
    )
    template = np.array([0.0, 4.0, 1.0])
    both = WithTemplate(model=model, template=template)
    theta = np.array([1.5, 0.7, 2.0, 0.25])
    assert both.expected(theta) == pytest.approx(model.expected(theta[:3]) + 0.25 * template)
    step = 1e-6
    numeric = [
        (both.expected(theta + step * e) - both.expected(theta - step * e)) / (2 * step) for e in np.eye(4)
    ]
    assert both.gradient(theta) == pytest.approx(np.array(numeric).T, abs=1e-8)
    names = tuple(p.name for p in both.parameters)
    for chosen in (names[1:], names[:1], names[3:], (names[3], names[0])):
        form = both.quadratic(chosen, theta)
        assert form is not None
        x = np.array([theta[names.index(name)] for name in chosen])
        by_form = form.constant + form.linear @ x + np.einsum("npq,p,q->n", form.square, x, x)
        assert by_form == pytest.approx(both.expected(theta))
