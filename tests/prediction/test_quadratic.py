"""The quadratic form in couplings gives what the model gives."""

import numpy as np
import pytest

from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import (
    ElectromagneticMoments,
    Interaction,
    ScalarMediator,
    StandardModel,
    VectorMediator,
)
from renp_sim.physics.neutrino import Nature
from renp_sim.prediction.expected_counts import ExpectedCounts
from tests.prediction.exposures import SIX_EV, exposure, known_exposure, place, start, yb_model

FRESH = CouplingMatrix.from_elements({"11": 1e-11, "12": [2e-12, -3e-12]})
REAL = CouplingMatrix.from_elements({"12": 1e-11})

CASES: list[tuple[Interaction, Nature]] = [
    (VectorMediator(mass_eV=1.0, g_electron=1e-12, g_right=FRESH), Nature.DIRAC),
    (VectorMediator(mass_eV=1.0, g_electron=1e-12, g_right=FRESH, longitudinal=True), Nature.MAJORANA),
    (ScalarMediator(mass_eV=1.0, y_electron=1e-6, y_scalar=FRESH), Nature.DIRAC),
    (ScalarMediator(mass_eV=1.0, y_electron=1e-6, y_pseudoscalar=REAL), Nature.MAJORANA),
    (ElectromagneticMoments(magnetic_muB=FRESH), Nature.DIRAC),
    (ElectromagneticMoments(electric_muB=REAL), Nature.MAJORANA),
]


def couplings(model: ExpectedCounts) -> tuple[str, ...]:
    return tuple(p.name for p in model.parameters if p.name.startswith("interaction."))


@pytest.mark.parametrize(("interaction", "nature"), CASES)
@pytest.mark.parametrize("sigma_eV", [0.0, 1e-6])
def test_form_is_the_model(interaction: Interaction, nature: Nature, sigma_eV: float) -> None:
    model = yb_model(known_exposure(linewidth_eV=sigma_eV), interaction=interaction, nature=nature)
    names = (*couplings(model)[:4], "background.dark")
    form = model.quadratic(names, start(model))
    assert form is not None
    where = [place(model, name) for name in names]
    scale = np.array([model.parameters[i].scale for i in where])
    for x in scale * np.random.default_rng(3).normal(size=(5, len(names))) * 3:
        theta = start(model)
        theta[where] = x
        mu = form.constant + form.linear @ x + np.einsum("kpq,p,q->k", form.square, x, x)
        np.testing.assert_allclose(mu, model.expected(theta), rtol=1e-11)
        slope = form.linear + 2 * form.square @ x
        np.testing.assert_allclose(slope * x, model.gradient(theta)[:, where] * x, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(("interaction", "nature"), CASES)
def test_the_parameters_reproduce_the_given_couplings(interaction: Interaction, nature: Nature) -> None:
    given = yb_model(exposure(SIX_EV), interaction=interaction, nature=nature)
    plain = yb_model(exposure(SIX_EV), nature=nature)
    zero = {name.replace(".", "__"): 0.0 for name in couplings(given)}
    np.testing.assert_allclose(given.expected(start(given, **zero)), plain.expected(start(plain)), rtol=1e-12)
    assert np.any(np.abs(given.expected(start(given)) / plain.expected(start(plain)) - 1) > 1e-4)


def test_a_resonance_with_its_own_width_is_not_quadratic() -> None:
    e_eg_eV = 2.14349
    mass_eV = 0.09
    on_the_pole = (e_eg_eV - mass_eV**2 / e_eg_eV) / 2
    steps = exposure([on_the_pole, 1.0688], linewidth_eV=1e-6)
    auto = yb_model(steps, interaction=VectorMediator(mass_eV=mass_eV, g_electron=1e-12))
    fixed = yb_model(steps, interaction=VectorMediator(mass_eV=mass_eV, g_electron=1e-12, width_eV=1e-9))
    name = "interaction.g_left.11"
    assert auto.quadratic((name,), start(auto)) is None
    assert fixed.quadratic((name,), start(fixed)) is not None


def test_what_multiplies_is_not_quadratic_together() -> None:
    model = yb_model(known_exposure(), interaction=ElectromagneticMoments())
    theta = start(model)
    for names in (
        ("normalisation", "interaction.magnetic_muB.11"),
        ("normalisation", "efficiency"),
        ("efficiency", "efficiency.0"),
        ("lightest_mass_eV",),
        ("frequency_offset_eV", "background.dark"),
    ):
        assert model.quadratic(names, theta) is None


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("normalisation", "background.dark", "background.qed"),
        ("efficiency",),
        ("efficiency.0", "efficiency.3"),
    ],
)
def test_linear_parameters(names: tuple[str, ...]) -> None:
    model = yb_model(known_exposure())
    form = model.quadratic(names, start(model))
    assert form is not None
    assert not np.any(form.square)
    x = 1 + 0.3 * np.arange(len(names))
    theta = start(model)
    theta[[place(model, name) for name in names]] = x
    np.testing.assert_allclose(form.constant + form.linear @ x, model.expected(theta), rtol=1e-12)


def test_a_coupling_without_effect_has_no_coefficients() -> None:
    # with f_L = 0 the scalar does nothing at all
    model = yb_model(exposure(SIX_EV), interaction=ScalarMediator(mass_eV=1.0, y_electron=1e-6), f_l=0.0)
    form = model.quadratic(("interaction.y_scalar.11",), start(model))
    assert form is not None
    assert not np.any(form.linear)
    assert not np.any(form.square)


def test_the_standard_model_has_no_couplings() -> None:
    assert couplings(yb_model(exposure(SIX_EV), interaction=StandardModel())) == ()
