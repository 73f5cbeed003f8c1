"""The band of toys against the ends of each of them."""

import numpy as np
import pytest
from scipy.optimize import brentq

from renp_sim.analysis.infer import toy_band
from renp_sim.analysis.infer.band import band_of
from renp_sim.analysis.infer.toys import Toys
from renp_sim.analysis.intervals import delta_q_of_level
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from tests.analysis.infer.counting import counting_setup

SIGNAL, BACKGROUND = 10.0, 5.0
DELTA_Q = delta_q_of_level(0.9)


def upper_end(n: float) -> float:
    """Return the strength above the best at which −2 ln L of n counts has risen by its quantile."""
    lowest = poisson_deviance(n, max(n, BACKGROUND))

    def excess(mu: float) -> float:
        return float(poisson_deviance(n, mu) - lowest) - DELTA_Q

    return (float(brentq(excess, max(n, BACKGROUND), 200.0)) - BACKGROUND) / SIGNAL


def test_a_band_of_toys_is_that_of_their_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the values at which toys are asked √Δq is straight; in the twin these are too far apart."""
    setup, toys = counting_setup(SIGNAL, BACKGROUND), Toys(seed=1, n=400)
    truth = setup.theta.copy()
    truth[setup.index("normalisation")] = 1.0
    drawn = [part.outcomes(setup, truth).counts[:, 0] for part in toys.parts]
    wanted = band_of(np.array([upper_end(n) for n in np.concatenate(drawn).tolist()]))

    def found() -> tuple[float | None, ...]:
        far = upper_end(SIGNAL + BACKGROUND)
        return toy_band.toy_band(setup, "normalisation", truth, far, DELTA_Q, toys)

    assert found() == pytest.approx(wanted, rel=2e-4)
    monkeypatch.setattr(toy_band, "POINTS", 17)
    assert found() != pytest.approx(wanted, rel=2e-3)
