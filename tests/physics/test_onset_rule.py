"""The Gauss points of a line across a threshold, against quadrature by force."""

import numpy as np
import pytest

from renp_sim.physics import onset_rule as module
from renp_sim.physics.onset_rule import HIGHEST, LOWEST, onset_rule

PLACES = np.linspace(LOWEST, HIGHEST, 83)


def by_force(x: float, root: float) -> float:
    """Return the average of sqrt(w (w + root)) (1 + w/100) over a Gaussian at x, w > 0."""
    place, share = np.polynomial.legendre.leggauss(600)
    low, high = np.sqrt(max(0.0, x - 10)), np.sqrt(x + np.sqrt(100 + min(x, 0.0) ** 2))
    half = (high - low) / 2
    t = low + half * (place + 1)
    gauss = np.exp(-((t**2 - x) ** 2) / 2) / np.sqrt(2 * np.pi)
    return float(np.sum(share * half * 2 * t * gauss * np.sqrt(t**2 * (t**2 + root)) * (1 + t**2 / 100)))


def worst(root: float) -> float:
    points, weights = onset_rule(PLACES)
    values = np.sum(weights * np.sqrt(points * (points + root)) * (1 + points / 100), axis=0)
    return max(abs(value / by_force(x, root) - 1) for x, value in zip(PLACES.tolist(), values, strict=True))


@pytest.mark.parametrize("root", [3.0, 20.0, 1e4])
def test_onset_rule(root: float) -> None:
    assert worst(root) < 2e-12


def test_a_light_neutrino_is_noticed() -> None:
    # its root begins within the line, which the rule does not know
    assert worst(0.05) > 1e-7


def test_fewer_terms_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    module._table.cache_clear()
    monkeypatch.setattr(module, "TERMS", 5)
    try:
        assert worst(20.0) > 1e-9
    finally:
        module._table.cache_clear()
