"""The drawn spectrum is the fit: times counts per unit, with the background, it is what each step expects."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import (
    ElectromagneticMoments,
    Interaction,
    ScalarMediator,
    StandardModel,
    VectorMediator,
)
from renp_sim.physics.neutrino import Nature
from renp_sim.prediction.drawn_spectrum import drawn_spectrum
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts
from tests.prediction.exposures import exposure, known_exposure, place, start, yb_model
from tests.prediction.test_joint import pair

INTERACTIONS: list[Interaction] = [
    StandardModel(),
    VectorMediator(mass_eV=1e-3, g_electron=1.0, g_left=CouplingMatrix.from_elements({"11": 1e-26})),
    ScalarMediator(mass_eV=1.0, y_electron=1e-10, y_scalar=CouplingMatrix.from_elements({"11": 1e-10})),
    ElectromagneticMoments(magnetic_muB=CouplingMatrix.from_elements({"12": 1e-9})),
]
OMEGAS_EV = [1.0685, 1.07, 1.0708, 1.0712, 1.0712, 1.07163]
"""Two steps of one frequency, and a control step below."""


def steps() -> Exposure:
    """Return steps of every kind of stated uncertainty that differ in time, efficiency and background."""
    return known_exposure(
        [*OMEGAS_EV, 1.071],
        linewidth_eV=1e-6,
        run=[1, 1, 1, 1, 2, 2, 2],
        live_time_s=2.3 * 86400 * np.array([1, 2, 3, 1, 4, 2, 1]),
        efficiency=np.array([0.2, 0.3, 0.2, 0.1, 0.2, 0.2, 0.2]),
        gamma0_hz=[0.002] * 6 + [0.0],
    )


MODELS = [
    yb_model(steps(), interaction=interaction, nature=nature)
    for interaction, nature in zip(INTERACTIONS, [Nature.MAJORANA, Nature.DIRAC] * 2, strict=True)
] + [yb_model(steps(), masses_eV=(0.01, 0.0132, 0.051))]


def expected_of_points(model: ExpectedCounts | JointCounts, theta: FloatArray) -> tuple[FloatArray, ...]:
    """Return ω, expected counts, background and counts per unit, the steps of one frequency summed."""
    e = model.exposure
    seen = e.counts_per_unit > 0
    omega, which = np.unique(e.omega_eV[seen], return_inverse=True)
    columns = (model.expected(theta), e.background_counts, e.counts_per_unit)
    return omega, *(np.bincount(which, column[seen]) for column in columns)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: f"{m.interaction.name}-{len(m.masses_eV)}")
def test_at_every_step_it_is_the_fit_whichever_parameter_has_moved(model: ExpectedCounts) -> None:
    everything = np.ones(model.exposure.n_steps, dtype=bool)
    for parameter in model.parameters:
        theta = start(model)
        theta[place(model, parameter.name)] += 0.7 * parameter.scale
        omega, mu, background, unit = expected_of_points(model, theta)
        drawn = drawn_spectrum(model, theta, omega, everything)
        assert_allclose(drawn * unit + background, mu, rtol=1e-9, err_msg=parameter.name)


def test_at_every_step_of_two_atoms_it_is_the_fit() -> None:
    whole, _, _ = pair(0.5)
    for parameter in whole.parameters:
        theta = start(whole)
        theta[place(whole, parameter.name)] += 0.7 * parameter.scale
        for run in (1, 2):
            chosen = whole.exposure.run == run
            omega = np.sort(whole.exposure.omega_eV[chosen])
            order = np.flatnonzero(chosen)[np.argsort(whole.exposure.omega_eV[chosen])]
            drawn = drawn_spectrum(whole, theta, omega, chosen)
            counts = drawn * whole.exposure.counts_per_unit[order] + whole.exposure.background_counts[order]
            assert_allclose(counts, whole.expected(theta)[order], rtol=1e-9, err_msg=parameter.name)


def test_between_steps_alike_it_is_the_spectrum() -> None:
    model = yb_model(exposure([1.0685, 1.0716], linewidth_eV=1e-6), offered=("lightest_mass_eV",))
    omega, theta = np.linspace(1.068, 1.0718, 301), np.array([0.02])
    many = model.at(exposure(omega, linewidth_eV=1e-6))
    drawn = drawn_spectrum(model, theta, omega, np.ones(2, dtype=bool))
    assert_allclose(drawn, many.expected(theta) / many.exposure.counts_per_unit, rtol=1e-12)


def test_passes_of_one_frequency_cost_no_more_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan of a thousand passes has the curve of its sum."""
    one = known_exposure(OMEGAS_EV[:4], omega_step_error_eV=0.0, efficiency_step_error=0.0)
    rows = np.tile(np.arange(4), 1000)
    many = replace(one.take(rows), live_time_s=one.live_time_s[rows] / 1000)
    omega = np.linspace(1.0685, 1.0712, 50)
    curves: list[FloatArray] = []
    sizes: list[int] = []
    at = ExpectedCounts.at

    def counted(model: ExpectedCounts, steps: Exposure) -> ExpectedCounts:
        sizes.append(steps.n_steps)
        return at(model, steps)

    monkeypatch.setattr(ExpectedCounts, "at", counted)
    for known in (one, many):
        model = yb_model(known, offered=("lightest_mass_eV", "background.dark"))
        curves.append(drawn_spectrum(model, np.array([0.01, 1.5]), omega, np.ones(known.n_steps, dtype=bool)))
    assert_allclose(*curves, rtol=1e-12)
    assert sizes[1] - many.n_steps == sizes[0] - one.n_steps
