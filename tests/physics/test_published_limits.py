"""90 % CL limits on single couplings: Poisson χ² = 2.706 of the Standard Model's Asimov counts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from renp_sim.physics.interactions import ElectromagneticMoments, Interaction, ScalarMediator, VectorMediator
from renp_sim.physics.rates import spectral_function
from tests.physics.gp23 import DAY_S, SCAN_EV, SEVEN_EV, emission, matrix


def counts(interaction: Interaction | None, omegas: np.ndarray, days: float) -> np.ndarray:
    emitted = emission(interaction)
    rate: Any = emitted.target.gamma0_hz * spectral_function(omegas, emitted).sum(axis=(1, 2))
    return rate * days * DAY_S


def limit(
    make: Callable[[float], Interaction], guess: float, omegas: np.ndarray = SCAN_EV, days: float = 2.3
) -> float:
    """Return the coupling at which χ² = 2.706, within a factor 3 of the guess."""
    data = counts(None, omegas, days)

    def excess(factor: float) -> float:
        mu = counts(make(factor * guess), omegas, days)
        return float(2 * np.sum(mu - data + data * np.log(data / mu))) - 2.706

    return guess * float(brentq(excess, 1 / 3, 3, rtol=1e-6))


@pytest.mark.parametrize(
    ("mass", "sign", "published", "digit"),
    [
        (1e-3, 1, 1.4e-26, 0.1e-26),
        (1e-3, -1, 3.0e-26, 0.1e-26),
        (1.0, 1, 9.4e-24, 0.1e-24),
        (1.0, -1, 3.4e-24, 0.1e-24),
        (1e4, 1, 9.5e-16, 0.1e-16),
        (1e4, -1, 3.5e-16, 0.1e-16),
    ],
)
def test_vector(mass: float, sign: int, published: float, digit: float) -> None:
    def make(product: float) -> VectorMediator:
        g_left = matrix(e11=sign * product * 1e10)
        return VectorMediator(mass_eV=mass, g_electron=1e-10, g_left=g_left, width_eV=0.0)

    assert limit(make, published) == pytest.approx(published, abs=digit / 2)


@pytest.mark.parametrize(
    ("mass", "published", "digit"),
    [(1e-3, 2.48e-19, 0.01e-19), (1.0, 3.86e-17, 0.01e-17), (1e4, 3.9e-9, 0.1e-9)],
)
def test_scalar(mass: float, published: float, digit: float) -> None:
    def make(product: float) -> ScalarMediator:
        y_scalar = matrix(e11=product * 1e5)
        return ScalarMediator(mass_eV=mass, y_electron=1e-5, y_scalar=y_scalar, width_eV=0.0)

    assert limit(make, published) == pytest.approx(published, abs=digit / 2)


@pytest.mark.parametrize(
    ("days", "kind", "element", "published", "digit"),
    [
        (10, "magnetic_muB", "e11", 1.78, 0.01),
        (10, "magnetic_muB", "e12", 1.71, 0.01),
        (10, "magnetic_muB", "e33", 3.46, 0.01),
        (10, "electric_muB", "e11", 2.93, 0.01),
        (10, "electric_muB", "e33", 9.81, 0.01),
        (100, "magnetic_muB", "e11", 0.945, 0.001),
        (100, "magnetic_muB", "e12", 0.952, 0.001),
        (100, "electric_muB", "e12", 1.19, 0.01),
        (1000, "magnetic_muB", "e11", 0.520, 0.001),
    ],
)
def test_moments(days: float, kind: str, element: str, published: float, digit: float) -> None:
    def make(moment: float) -> ElectromagneticMoments:
        return ElectromagneticMoments(**{kind: matrix(**{element: moment * 1e-11})})

    assert limit(make, published, SEVEN_EV, days) == pytest.approx(published, abs=digit / 2)
