from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from renp_sim.generator.sampling import AliasTable, CosineTable, invert_by_newton
from renp_sim.generator.source import source_of
from renp_sim.physics.rates import Emission


def random_brackets(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Brackets of every shape, nearly flat to nearly zero somewhere, all ≥ 0 on [−1, 1]."""
    a1 = rng.normal(size=n) * rng.choice([0, 1e-9, 1e-3, 1], n)
    a2 = rng.normal(size=n) * rng.choice([0, 1e-9, 1e-3, 1], n)
    x = np.linspace(-1, 1, 2001)
    lowest = np.min(a1[:, None] * x + a2[:, None] * x**2, axis=1)
    a0 = rng.choice([1e-6, 0.1, 1, 100], n) * (np.abs(a1) + np.abs(a2) + 1e-3) - lowest
    return a0, a1, a2


def cumulated(c: np.ndarray, a0: np.ndarray, a1: np.ndarray, a2: np.ndarray) -> np.ndarray:
    return (c + 1) * (a0 + a1 * (c - 1) / 2 + a2 * (c**2 - c + 1) / 3)


def test_inverse_gives_back_the_probability() -> None:
    """|F(c) − uZ| ≤ 1e-14 Z, a few roundings of a cubic, for closed form and Newton alike."""
    rng = np.random.default_rng(1)
    brackets = random_brackets(20_000, rng)
    table = CosineTable.of(*brackets)
    assert 0.02 < table.is_closed_form.mean() < 0.98
    uniform = rng.random(20_000)
    uniform[:2] = 0.0, 1 - 2**-53
    c = table.invert(np.arange(20_000), uniform)
    total = 2 * brackets[0] + 2 * brackets[2] / 3
    assert np.all(np.abs(c) <= 1)
    assert np.max(np.abs(cumulated(c, *brackets) - uniform * total) / total) < 1e-14


def test_closed_form_is_used_only_where_it_is_safe() -> None:
    """Twin of the test above: the closed form forced everywhere is wrong or NaN."""
    brackets = random_brackets(2_000, np.random.default_rng(2))
    table = CosineTable.of(*brackets)
    k0, k1, k2 = brackets[0], -brackets[1], -brackets[2]
    assert np.all(table.is_closed_form == ((k2 >= 1e-3 * k0) & (k1**2 <= 10 * k0 * k2)))
    # a bracket with K2 < 0: its naive closed form does not invert
    with np.errstate(invalid="ignore"):
        alpha, gamma = -0.3, -1.0
        r = np.sqrt(-(gamma / alpha) / 3)
    assert np.isnan(r)


@pytest.mark.parametrize("omega", [0.2, 1.0, 1.0688, 1.0711, 1.0715])
def test_newton_needs_twelve_steps_for_physical_brackets(
    yb_emission: Emission, omega: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transverse brackets, for which the closed form fails, open to 1e-14 in 12 steps."""
    monkeypatch.setattr("renp_sim.generator.sampling.MAX_NEWTON_STEPS", 13)
    transverse = replace(yb_emission, target=replace(yb_emission.target, f_l=0.0))
    cosine = source_of(omega, 0.0, transverse).cosine
    assert not np.any(cosine.is_closed_form)
    uniform = np.random.default_rng(3).random(20_000)
    for a0, a1, a2 in zip(cosine.a0, cosine.a1, cosine.a2, strict=True):
        bracket = tuple(np.full(20_000, a) for a in (a0, a1, a2))
        c = invert_by_newton(*bracket, uniform)
        total = 2 * a0 + 2 * a2 / 3
        assert np.max(np.abs(cumulated(c, *bracket) / total - uniform)) < 1e-14


def alias_chi2(weight: np.ndarray, drawn: np.ndarray) -> float:
    counts = np.bincount(drawn, minlength=len(weight))
    assert not np.any(counts[weight == 0])
    positive = weight > 0
    expected = len(drawn) * weight[positive] / weight.sum()
    statistic = np.sum((counts[positive] - expected) ** 2 / expected)
    return float(chi2.sf(statistic, positive.sum() - 1))


def test_alias_table_draws_with_its_weights() -> None:
    """False-alarm probability 1e-6; drawing with the wrong weights (the twin) must fail."""
    rng = np.random.default_rng(4)
    weight = rng.random(500) ** 3
    weight[::7] = 0
    drawn = AliasTable.of(weight).draw(rng.random(1_000_000))
    assert alias_chi2(weight, drawn) > 1e-6
    twin = weight.copy()
    twin[1] *= 0.5
    twin[2] *= 1.05
    assert alias_chi2(weight, AliasTable.of(twin).draw(rng.random(1_000_000))) < 1e-6


@pytest.mark.parametrize("weight", [[1.0], [0.0, 1.0, 0.0], [1e-300, 1.0], [1.0] * 17])
def test_alias_table_of_extreme_weights(weight: list[float]) -> None:
    w = np.array(weight)
    drawn = AliasTable.of(w).draw(np.random.default_rng(5).random(100_000))
    assert not np.any(w[drawn] == 0)
    assert drawn.max() < len(w)
