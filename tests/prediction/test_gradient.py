"""Gradients: the integral of a derivative is the difference of its ends."""

import numpy as np
import pytest

from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import ElectromagneticMoments, VectorMediator
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.prediction import derivatives
from renp_sim.prediction.expected_counts import ExpectedCounts
from tests.prediction.exposures import SIX_EV, exposure, known_exposure, place, start, yb_model

NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)

MODELS = {
    "sharp": yb_model(known_exposure()),
    "line": yb_model(known_exposure(linewidth_eV=1e-6), nature=Nature.MAJORANA, ordering=Ordering.INVERTED),
    "masses": yb_model(exposure(SIX_EV), masses_eV=(0.01, 0.015, 0.05)),
    "vector": yb_model(
        exposure(SIX_EV),
        interaction=VectorMediator(
            mass_eV=1.0, g_electron=1e-12, g_left=CouplingMatrix.from_elements({"11": 3e-11, "12": 1e-11})
        ),
    ),
    "moments": yb_model(exposure(SIX_EV), interaction=ElectromagneticMoments()),
}


def worst(model: ExpectedCounts) -> float:
    """Return the largest |∫ ∂μ/∂θ dθ − Δμ| over any parameter and step, in counts."""
    out = 0.0
    centre = start(model)
    for i, parameter in enumerate(model.parameters):
        half = 0.2 * parameter.scale
        kinks = model.kinks(parameter.name, centre)
        if len(kinks):  # a segment around the start that holds none
            half = min(half, 0.5 * float(np.min(np.abs(kinks - centre[i]))))
        theta = np.repeat(centre[None, :], len(NODES) + 2, axis=0)
        theta[:, i] += half * np.concatenate([NODES, [-1.0, 1.0]])
        mu = model.expected(theta)
        integral = half * WEIGHTS @ model.gradient(theta[:-2])[..., i]
        out = max(out, float(np.max(np.abs(integral - (mu[-1] - mu[-2])))))
    return out


@pytest.mark.parametrize("name", list(MODELS))
def test_gradient_integrates_to_the_difference(name: str) -> None:
    # counts are about 100, rounding of the spectrum 1e-13 of them and a step 2e-5 of what Ī changes on
    assert worst(MODELS[name]) < 1e-8


def test_a_coarse_difference_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derivatives, "STEP", 0.01)
    # a model of its own: MODELS remembers slopes
    assert worst(MODELS["sharp"].at(MODELS["sharp"].exposure)) > 1e-8


def test_gradient_at_a_massless_neutrino_is_one_sided() -> None:
    # with Majorana neutrinos m_1 enters linearly, through m_i m_j
    model = yb_model(exposure([1.0688, 1.0716]), nature=Nature.MAJORANA)
    i = place(model, "lightest_mass_eV")
    at_zero = model.gradient(start(model, lightest_mass_eV=0.0))[:, i]
    nearby = model.gradient(start(model, lightest_mass_eV=1e-9))[:, i]
    assert np.all(np.abs(at_zero) > 0.5)
    np.testing.assert_allclose(at_zero, nearby, rtol=1e-4)


def test_gradient_beside_an_onset_is_that_of_a_square_root() -> None:
    e_eg_eV = 2.14349
    for below_eV in (1e-6, 1e-8, 1e-10):
        steps = exposure(e_eg_eV / 2 - 2 * 0.01**2 / e_eg_eV - below_eV)
        model = yb_model(steps)
        theta = start(model)
        slope = model.gradient(theta)[0, place(model, "frequency_offset_eV")]
        # only ν1ν1 is open and I ∝ sqrt(ω_11 − ω) up to corrections of order (ω_11 − ω) E_eg/m²
        assert slope == pytest.approx(-model.expected(theta)[0] / (2 * below_eV), rel=6e4 * below_eV + 1e-5)


def test_gradient_on_a_kink_is_finite() -> None:
    model = yb_model(exposure(SIX_EV))
    kink = model.kinks("lightest_mass_eV", start(model))[3]
    assert np.all(np.isfinite(model.gradient(start(model, lightest_mass_eV=float(kink)))))
