"""Phases are cosines and sines: a few values of the model say all, whatever interacts."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.functions import Angle, functions_of
from renp_sim.analysis.likelihood.lattice import Lattice
from renp_sim.analysis.likelihood.row_mean import RowMean
from renp_sim.analysis.model import Parameter, Quadratic
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import problem_of
from renp_sim.app.question import Normalisation, Question, Treatment
from renp_sim.arrays import FloatArray
from renp_sim.runfile.run import load
from tests.analysis.toy_models import Polynomial

PHASES = ("delta_cp_deg", "alpha21_deg", "alpha31_deg")
COUPLED = "{11=3e-17, 12=[6e-17, 3e-17], 23=[3e-17, 1e-17]}"
VECTOR = f"interaction={{model='vector_mediator', mass_eV=1.0, g_electron=1e-7, g_left={COUPLED}}}"
MOMENTS = "interaction={model='em_moments', magnetic_muB={12=1e-10, 13=2e-10, 23=1e-10}}"
INTERACTIONS = {"none": "run.seed=1", "vector": VECTOR, "moments": MOMENTS}


def of_phases(interaction: str, *free: str) -> Setup:
    settings = (
        "neutrino.nature=majorana",
        "laser.scan[0].omegas_eV=[1.03, 1.05, 1.065, 1.067, 1.0705, 1.0708]",
        "background=[{kind='dark_counts', name='dark', rate_hz=0.001, error_rel=0.1}]",
        interaction,
    )
    experiment = Experiment.of(load("gp23_six_frequencies", settings))
    asked = Question(treatment=Treatment(free=(*PHASES, *free)), normalisation=Normalisation.FREE)
    return Setup.of(*problem_of(experiment, asked, hypothesis_of_run(experiment)))


@pytest.mark.parametrize("interaction", INTERACTIONS.values(), ids=INTERACTIONS)
def test_values_are_those_of_the_model_at_any_angle(interaction: str) -> None:
    setup = of_phases(interaction)
    rest = setup.without(*setup.kinked)
    theta = np.tile(setup.theta, (4, 1))
    theta[:, setup.index("lightest_mass_eV")] = [0.0, 0.01, 0.02, 0.03]
    lattice = Lattice.of(setup.model, rest.names, theta[1:2], rest.scale)
    assert lattice is not None
    mean = RowMean.of(setup.model, theta, rest.free, lattice)
    x = np.random.default_rng(1).uniform(0.5, 2.0, (len(rest.names), 4))
    for position, name in enumerate(rest.names):
        x[position] *= 300.0 if name in PHASES else 1.0
    theta[:, rest.free] = x.T
    expected = setup.model.expected(theta).T
    assert_allclose(mean.value(x), expected, rtol=1e-11)
    flat = theta.copy()
    flat[:, [setup.index(name) for name in PHASES]] = 0.0
    # if phases did nothing here nothing would be shown
    assert np.max(np.abs(setup.model.expected(flat).T / expected - 1)) > 1e-4


class Turning(Polynomial):
    """The term in x is of the sine of an angle, which stands at 0."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return *super().parameters, Parameter(name="angle_deg", value=0.0, period=360.0, harmonics=1)

    def expected(self, theta: FloatArray) -> FloatArray:
        x, norm, background = (theta[..., i, None] for i in range(3))
        return norm * (self.a + x * self.b * np.sin(np.deg2rad(theta[..., 3, None]))) + background * self.d

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        if "angle_deg" in parameters:
            return None
        seen = Polynomial(a=self.a, b=self.b * np.sin(np.deg2rad(theta[3])), c=self.c, d=self.d)
        return seen.quadratic(parameters, theta[:3])


def turning() -> tuple[FloatArray, FloatArray]:
    """Return values of the monomials and of the model."""
    model = Turning(a=np.ones(3), b=np.array([1.0, -1.0, 0.5]), c=np.zeros(3), d=np.ones(3))
    setup = Setup.of(model, free=("x", "angle_deg"))
    lattice = Lattice.of(model, setup.names, setup.theta[None], setup.scale)
    assert lattice is not None
    x = np.array([[0.3, 0.2], [90.0, 40.0]])
    theta = np.array([[0.3, 1.0, 1.0, 90.0], [0.2, 1.0, 1.0, 40.0]])
    return RowMean.of(model, theta, setup.free, lattice).value(x), model.expected(theta).T


def test_a_term_that_vanishes_where_an_angle_stands_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_allclose(*turning(), rtol=1e-12)
    monkeypatch.setattr("renp_sim.analysis.likelihood.lattice.ASIDE", 0.0)
    values, right = turning()
    assert np.max(np.abs(values - right)) > 0.1


@pytest.mark.parametrize("interaction", INTERACTIONS.values(), ids=INTERACTIONS)
def test_a_turn_leaves_all_rates_as_they_are(interaction: str) -> None:
    """Beside couplings to pairs 360° of a Majorana phase are the other sign of these: a turn is 720°."""
    setup = of_phases(interaction)
    for name in PHASES:
        (parameter,) = (p for p in setup.model.parameters if p.name == name)
        assert parameter.period is not None
        theta = np.tile(setup.theta, (2, 1))
        theta[:, setup.index(name)] = 40.0, 40.0 + parameter.period
        once, again = setup.model.expected(theta)
        assert_allclose(again, once, rtol=1e-12)
        assert (parameter.period == 720.0) == ("run" not in interaction and "alpha" in name)


def test_half_a_turn_beside_couplings_does_not() -> None:
    """The broken twin of 720°."""
    setup = of_phases(VECTOR)
    theta = np.tile(setup.theta, (2, 1))
    theta[:, setup.index("alpha21_deg")] = 40.0, 400.0
    once, again = setup.model.expected(theta)
    assert np.max(np.abs(again / once - 1)) > 0.1


@pytest.mark.parametrize("angle", [None, Angle(period=360.0, harmonics=2)])
def test_derivatives_of_functions_are_their_differences(angle: Angle | None) -> None:
    x, h = np.array([0.3, 1.7, -2.0]), 1e-5
    for order in (0, 1):
        up, down = (functions_of(x + by, 5, order, angle) for by in (h, -h))
        assert_allclose(functions_of(x, 5, order + 1, angle), (up - down) / (2 * h), rtol=1e-6, atol=1e-8)
