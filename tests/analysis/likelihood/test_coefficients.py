"""Coefficients of μ as a polynomial, against μ itself, and what they cost."""

import numpy as np
import pytest

from renp_sim.analysis.likelihood.coefficients import coefficients_of
from renp_sim.analysis.model import Quadratic
from renp_sim.prediction.expected_counts import ExpectedCounts
from tests.prediction.exposures import SIX_EV, known_exposure, place, start, yb_model

OMEGAS_EV = np.linspace(1.069, 1.0716, 12)


def free_of(model: ExpectedCounts) -> tuple[str, ...]:
    """Return normalisation, common efficiency, backgrounds and the efficiency of each step."""
    names = [p.name for p in model.parameters]
    return tuple(n for n in names if n == "normalisation" or n.startswith(("efficiency", "background.")))


@pytest.mark.parametrize("omegas_eV", [SIX_EV, OMEGAS_EV])
def test_they_give_what_the_model_expects(omegas_eV: list[float]) -> None:
    model = yb_model(known_exposure(omegas_eV))
    free = free_of(model)
    assert len(free) == len(omegas_eV) + 4
    terms = coefficients_of(model, free, start(model))
    assert terms is not None
    rng = np.random.default_rng(1)
    theta = np.tile(start(model), (20, 1))
    columns = [place(model, name) for name in free]
    theta[:, columns] = rng.uniform(0.5, 1.5, (20, len(free)))
    powers = [np.prod(theta[:, columns] ** np.array(exponents), axis=1) for exponents in terms]
    found = np.einsum("mb,mn->bn", powers, list(terms.values()))
    assert found == pytest.approx(model.expected(theta), rel=1e-9, abs=0)


def test_factors_of_single_steps_do_not_multiply_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """They were taken one by one, three calls for each inside three for the one before: 3^12 here."""
    model = yb_model(known_exposure(OMEGAS_EV))
    asked, calls = ExpectedCounts.quadratic, []

    def counted(self: ExpectedCounts, names: tuple[str, ...], theta: np.ndarray) -> Quadratic | None:
        calls.append(names)
        return asked(self, names, theta)

    monkeypatch.setattr(ExpectedCounts, "quadratic", counted)
    assert coefficients_of(model, free_of(model), start(model)) is not None
    assert len(calls) < 200
