"""A model whose efficiency changes over the line: the same derivatives, forms and joints as any other."""

from dataclasses import replace

import numpy as np
import pytest

from detector.efficiency import TurnOn
from detector.resolution import Gaussian
from detector.response import Detector
from renp_sim.physics.interactions import VectorMediator
from renp_sim.physics.line import mean_efficiency, mean_recorded_spectrum
from renp_sim.prediction.joint import JointCounts
from tests.physics.gp23 import emission, matrix
from tests.prediction.exposures import GP23_S, exposure, place, start, yb_model

OMEGA = np.array([1.0693, 1.0708, 1.07164, 1.0717])
SIGMA = np.array([1e-4, 1e-5, 1e-4, 3e-5])
DETECTOR = Detector(
    efficiency=TurnOn(energy_eV=1.07, width_eV=0.002),
    resolution=Gaussian(sigma_eV=2e-5),
    energy_window_eV=(1.0692, 1.0717),
)
STEPS = exposure(
    OMEGA,
    linewidth_eV=SIGMA,
    efficiency=mean_efficiency(OMEGA, SIGMA, DETECTOR, emission()),
    efficiency_common_error=0.01,
    omega_common_error_eV=1e-5,
    live_time_s=1e4 * GP23_S,
)
MODEL = yb_model(STEPS, acceptances={1: DETECTOR})


def test_counts_are_the_rate_times_the_efficiency_over_the_line() -> None:
    for mass in (0.01, 0.04):
        by_hand = mean_recorded_spectrum(OMEGA, SIGMA, emission(lightest_mass_eV=mass), DETECTOR)
        got = MODEL.expected(start(MODEL, lightest_mass_eV=mass))
        np.testing.assert_allclose(got, 0.002 * 1e4 * GP23_S * by_hand.sum(axis=(1, 2)), rtol=1e-9)


def test_the_stated_efficiency_is_a_reference_only() -> None:
    """Files that state another one, such as that at the centre, have the same counts."""
    other = yb_model(
        exposure(
            OMEGA,
            linewidth_eV=SIGMA,
            efficiency=DETECTOR.efficiency_at(OMEGA),
            live_time_s=1e4 * GP23_S,
        ),
        acceptances={1: DETECTOR},
    )
    np.testing.assert_allclose(
        other.expected(start(other, lightest_mass_eV=0.03)),
        MODEL.expected(start(MODEL, lightest_mass_eV=0.03)),
        rtol=1e-12,
    )


@pytest.mark.parametrize("name", ["lightest_mass_eV", "frequency_offset_eV", "efficiency"])
def test_gradient_is_that_of_the_counts(name: str) -> None:
    theta, k = start(MODEL, lightest_mass_eV=0.012, frequency_offset_eV=1e-6), place(MODEL, name)
    h = {"lightest_mass_eV": 1e-6, "frequency_offset_eV": 1e-8, "efficiency": 1e-3}[name]
    up, down = theta.copy(), theta.copy()
    up[k], down[k] = theta[k] + h, theta[k] - h
    slope = (MODEL.expected(up) - MODEL.expected(down)) / (2 * h)
    scale = np.abs(slope).max()
    np.testing.assert_allclose(MODEL.gradient(theta)[:, k], slope, rtol=1e-4, atol=1e-5 * scale)


def test_couplings_are_still_a_quadratic_form() -> None:
    interaction = VectorMediator(mass_eV=1.0, g_electron=1e-9, g_left=matrix(e11=1e-14))
    model = yb_model(STEPS, acceptances={1: DETECTOR}, interaction=interaction)
    names = ("interaction.g_left.11", "interaction.g_left.33")
    form = model.quadratic(names, start(model))
    assert form is not None
    theta = start(model, interaction__g_left__11=3e-14, interaction__g_left__33=-2e-14)
    x = np.array([3e-14, -2e-14])
    by_form = form.constant + form.linear @ x + np.einsum("spq,p,q->s", form.square, x, x)
    np.testing.assert_allclose(by_form, model.expected(theta), rtol=1e-9)


def test_runs_of_different_detectors_have_their_own() -> None:
    edge = Detector(energy_window_eV=(1.0716, 1.2))
    both = exposure(
        np.tile(OMEGA, 2),
        linewidth_eV=np.tile(SIGMA, 2),
        run=np.repeat([1, 2], 4),
        step=[0, 1, 2, 3] * 2,
        efficiency=np.concatenate([mean_efficiency(OMEGA, SIGMA, d, emission()) for d in (DETECTOR, edge)]),
    )
    model = yb_model(both, acceptances={1: DETECTOR, 2: edge})
    joint = JointCounts(exposure=both, models=(model,), model_of_run={1: 0, 2: 0})
    by_hand = [mean_recorded_spectrum(OMEGA, SIGMA, emission(), d).sum(axis=(1, 2)) for d in (DETECTOR, edge)]
    for made in (model, joint):
        got = made.offering(("lightest_mass_eV",)).expected(np.array([0.01]))
        np.testing.assert_allclose(got, 0.002 * GP23_S * np.concatenate(by_hand), rtol=1e-9, atol=1e-12)


def test_an_even_efficiency_changes_nothing() -> None:
    """Twin: the detector of the fine scan, whose resolution leaves its window open, to the bit."""
    even = Detector(
        efficiency=TurnOn(plateau=0.4, energy_eV=0.8, width_eV=0.01),
        resolution=Gaussian(sigma_eV=0.03),
        energy_window_eV=(0.9, 1.2),
    )
    steps = exposure([1.0693, 1.07164], linewidth_eV=1e-6, efficiency=0.4)
    with_it, without = yb_model(steps, acceptances={1: even}), yb_model(steps)
    assert np.array_equal(with_it.expected(start(with_it)), without.expected(start(without)))
    assert with_it._signal.settings.acceptances == (None, None)


@pytest.mark.parametrize("place_in_widths", [-8.5, -4.5, -2.5, -1.5, -0.5, 0.5, 3.0])
def test_five_points_average_a_gentle_acceptance(place_in_widths: float) -> None:
    """A turn-on of 40 σ to 400 σ at every place of it, steps far from thresholds."""
    omega, sigma = np.array([1.0699, 1.0704]), np.full(2, 1e-6)
    for width_eV in (4e-5, 1e-4, 4e-4):
        seen = Detector(efficiency=TurnOn(energy_eV=1.0699 - place_in_widths * width_eV, width_eV=width_eV))
        stated = mean_efficiency(omega, sigma, seen, emission())
        model = yb_model(exposure(omega, linewidth_eV=sigma, efficiency=stated), acceptances={1: seen})
        whole = mean_recorded_spectrum(omega, sigma, emission(), seen).sum(axis=(1, 2))
        got = model.expected(start(model))
        np.testing.assert_allclose(got, 0.002 * GP23_S * whole, rtol=1e-9, atol=0)


def test_five_points_are_not_enough_for_an_edge() -> None:
    """Twin of the test above: an edge in the line, if it were taken for gentle, is 3 % off and more."""
    omega, sigma = np.array([1.0699]), np.array([1e-6])
    edge = Detector(energy_window_eV=(1.0699005, 1.2))
    stated = mean_efficiency(omega, sigma, edge, emission())
    model = yb_model(exposure(omega, linewidth_eV=sigma, efficiency=stated), acceptances={1: edge})
    whole = 0.002 * GP23_S * mean_recorded_spectrum(omega, sigma, emission(), edge).sum()
    assert model.expected(start(model)) == pytest.approx(whole, rel=1e-9)
    settings = model._signal.settings
    assert settings.is_gentle.tolist() == [False]
    careless = replace(model._signal, settings=replace(settings, is_gentle=np.array([True])))
    rows = model._signal.layout.values[None, : model._signal.layout.n_physics]
    assert abs(careless.spectrum_of(rows) / model._signal.spectrum_of(rows) - 1).max() > 0.03


def test_a_sharp_line_beside_an_edge_does_not_jump() -> None:
    """An offset that carries it over the edge is followed by a line of some width only."""
    edge = Detector(energy_window_eV=(1.069904, 1.2))
    for sigma_eV, followed in ((0.0, None), (1e-7, edge)):
        steps = exposure(1.0699, linewidth_eV=sigma_eV, omega_common_error_eV=1e-6)
        assert yb_model(steps, acceptances={1: edge})._signal.settings.acceptances == (followed,)
