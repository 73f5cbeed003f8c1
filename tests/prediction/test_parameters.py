"""What the model offers: names, constraints, and answers to shared uncertainties."""

import numpy as np
import pytest

from renp_sim.analysis.model import Constraint, Model, Parameter
from renp_sim.errors import ConfigError
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import ElectromagneticMoments, ScalarMediator, VectorMediator
from renp_sim.physics.neutrino import Nature, Ordering, Oscillation
from renp_sim.prediction.couplings import coupling_parameters
from renp_sim.prediction.expected_counts import ExpectedCounts
from tests.prediction.exposures import exposure, known_exposure, start, yb_model


def named(model: ExpectedCounts) -> dict[str, Parameter]:
    return {p.name: p for p in model.parameters}


def test_names_in_order() -> None:
    model: Model = yb_model(known_exposure([1.07, 1.071]))
    assert [p.name for p in model.parameters] == [
        "lightest_mass_eV",
        "sin2_theta12",
        "sin2_theta13",
        "dm2_21_eV2",
        "dm2_3l_eV2",
        "delta_cp_deg",
        "frequency_offset_eV",
        "frequency_offset_eV.0",
        "frequency_offset_eV.1",
        "normalisation",
        "efficiency",
        "efficiency.0",
        "efficiency.1",
        "background.dark",
        "background.qed",
    ]


def test_constraints_are_what_was_stated() -> None:
    parameters = named(yb_model(known_exposure([1.07, 1.071]), ordering=Ordering.INVERTED))
    assert parameters["dm2_3l_eV2"].constraint == Constraint(value=-2.486e-3, error=2.7e-5)
    assert parameters["sin2_theta13"].constraint == Constraint(value=0.02223, error=0.00058)
    assert parameters["frequency_offset_eV"].constraint == Constraint(value=0.0, error=5e-6)
    assert parameters["frequency_offset_eV.1"].constraint == Constraint(value=0.0, error=1e-6)
    for name, error in (("efficiency", 0.05), ("efficiency.0", 0.02), ("background.qed", 0.2)):
        constraint = parameters[name].constraint
        assert constraint is not None
        assert constraint.value == 1.0
        assert constraint.error == pytest.approx(error, rel=1e-12)
    for name in ("lightest_mass_eV", "normalisation", "delta_cp_deg"):
        assert parameters[name].constraint is None


def test_a_value_of_ones_own_is_the_centre_of_its_constraint() -> None:
    oscillation = Oscillation.nufit(Ordering.NORMAL, sin2_theta12=0.31)
    parameter = named(yb_model(exposure(1.07), oscillation=oscillation))["sin2_theta12"]
    assert parameter.constraint == Constraint(value=0.31, error=0.012)


def test_what_is_not_stated_is_not_constrained() -> None:
    parameters = named(yb_model(exposure([1.07, 1.071])))
    assert "efficiency.0" not in parameters
    assert "frequency_offset_eV.0" not in parameters
    assert parameters["efficiency"].constraint is None
    assert parameters["frequency_offset_eV"].constraint is None


def test_values_lie_inside_bounds_and_bounds_inside_the_domain() -> None:
    for ordering in Ordering:
        for masses in ((0.01,), (0.01, 0.02, 0.06)):
            model = yb_model(known_exposure(linewidth_eV=1e-6), ordering=ordering, masses_eV=masses)
            assert all(p.lower <= p.value <= p.upper and p.scale > 0 for p in model.parameters)
            ends = np.array([[p.lower, p.upper] for p in model.parameters])
            # one parameter at one of its ends in each row
            theta = np.tile(start(model), (ends.size, 1))
            at_end = np.repeat(np.eye(len(ends), dtype=bool), 2, axis=0)
            theta[at_end] = np.where(np.isfinite(ends), ends, start(model)[:, None]).ravel()
            assert np.all(np.isfinite(model.expected(theta)))
            assert np.all(np.isfinite(model.gradient(theta)))


def test_phases_belong_to_majorana_neutrinos() -> None:
    assert "alpha31_deg" not in named(yb_model(exposure(1.07)))
    assert "alpha31_deg" in named(yb_model(exposure(1.07), nature=Nature.MAJORANA))


def test_runs_with_different_errors_share_one_efficiency() -> None:
    model = yb_model(exposure([1.07] * 3, efficiency_common_error=[0.04, 0.01, 0.0]))
    assert named(model)["efficiency"].constraint == Constraint(value=1.0, error=0.04)
    ratio = model.expected(start(model, efficiency=0.5)) / model.expected(start(model))
    np.testing.assert_allclose(ratio, [0.5, 0.875, 1.0], rtol=1e-12)


def test_two_components_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"background: names .* must differ"):
        yb_model(exposure(1.07, components=("dark", "dark")))


def test_two_masses_are_refused() -> None:
    with pytest.raises(ConfigError, match="must be one or three"):
        yb_model(exposure(1.07), masses_eV=(0.01, 0.02))


def test_coupling_names_follow_the_nature() -> None:
    def names(interaction: VectorMediator | ScalarMediator, nature: Nature) -> list[str]:
        return [p.name.removeprefix("interaction.") for p in coupling_parameters(interaction, nature)]

    vector = VectorMediator(mass_eV=1.0, g_electron=1.0)
    assert names(vector, Nature.DIRAC)[:4] == ["g_left.11", "g_left.12.re", "g_left.12.im", "g_left.13.re"]
    assert len(names(vector, Nature.DIRAC)) == len(names(vector, Nature.MAJORANA)) == 18
    scalar = ScalarMediator(mass_eV=1.0, y_electron=1.0)
    assert len(names(scalar, Nature.DIRAC)) == 18
    assert len(names(scalar, Nature.MAJORANA)) == 12


@pytest.mark.parametrize(
    ("nature", "element", "value"),
    [(Nature.DIRAC, "12", 2 - 1j), (Nature.MAJORANA, "12", -2 + 0j)],
)
def test_an_element_given_by_its_partner(nature: Nature, element: str, value: complex) -> None:
    """21 = 2 + i is 12 = 2 − i in a hermitian matrix; 21 = 2 is 12 = −2 in an antisymmetric one."""
    partner = [2.0, 1.0] if nature is Nature.DIRAC else 2.0
    moments = ElectromagneticMoments(magnetic_muB=CouplingMatrix.from_elements({"21": partner}))
    values = {p.name: p.value for p in coupling_parameters(moments, nature)}
    assert values[f"interaction.magnetic_muB.{element}.re"] == value.real
    assert values.get(f"interaction.magnetic_muB.{element}.im", 0.0) == value.imag
