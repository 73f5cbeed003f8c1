"""Expected counts: GP23's numbers, limits, and that batching changes nothing."""

import pickle

import numpy as np
import pytest

from renp_sim.errors import ConfigError, DomainError
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.physics.rates import Emission
from renp_sim.prediction import signal
from tests.prediction.exposures import SIX_EV, exposure, known_exposure, place, start, yb_model


@pytest.mark.parametrize(
    ("ordering", "counts"),
    [(Ordering.NORMAL, [25.03, 19.47, 17.82, 0.60]), (Ordering.INVERTED, [21.50, 9.96, 8.58, 4.16])],
)
def test_events_of_gp23(ordering: Ordering, counts: list[float]) -> None:
    model = yb_model(exposure([1.0688, 1.0699, 1.0711, 1.07164]), ordering=ordering)
    # the source has two decimals
    np.testing.assert_allclose(model.expected(start(model)), counts, atol=5.1e-3)


def test_counts_are_the_line_average_times_everything(yb_emission: Emission) -> None:
    steps = known_exposure(linewidth_eV=[0, 1e-6, 2e-6, 1e-6, 0, 1e-6], coherence=0.7, live_time_s=1e5)
    model = yb_model(steps)
    averaged = [
        mean_spectral_function([omega], sigma, yb_emission).sum()
        for omega, sigma in zip(steps.omega_eV, steps.linewidth_eV, strict=True)
    ]
    signal = 0.002 * 0.7 * 0.2 * 1e5 * np.array(averaged)
    np.testing.assert_allclose(model.expected(start(model)), signal + steps.background_counts, rtol=1e-10)


def test_no_coherence_no_signal() -> None:
    kind = [0, 1, 2]
    steps = known_exposure(
        [1.0699] * 3,
        kind=kind,
        coherence=[1.0, 0.0, 0.0],
        background_present=[[True, True], [True, False], [True, False]],
    )
    model = yb_model(steps)
    mu = model.expected(start(model))
    assert mu[0] > steps.background_counts[0]
    np.testing.assert_array_equal(mu[1:], steps.background_counts[1:])
    assert np.all(model.gradient(start(model))[1:, place(model, "lightest_mass_eV")] == 0)


def test_steps_above_every_threshold_are_background_exactly() -> None:
    model = yb_model(known_exposure([1.0717, 1.9]))
    theta = start(model)
    np.testing.assert_array_equal(model.expected(theta), model.exposure.background_counts)
    gradient = model.gradient(theta)
    assert np.all(np.isfinite(gradient))
    assert np.all(gradient[:, : place(model, "background.dark")] == 0)


@pytest.mark.parametrize("sigma_eV", [0.0, 1e-6])
def test_a_batch_is_its_rows(sigma_eV: float) -> None:
    model = yb_model(known_exposure(linewidth_eV=sigma_eV), nature=Nature.MAJORANA)
    rng = np.random.default_rng(7)
    scale = np.array([p.scale for p in model.parameters])
    theta = start(model) + 0.3 * scale * rng.uniform(-1, 1, (2, 3, len(scale)))
    theta[1, 1] = theta[0, 0]
    batch, slopes = model.expected(theta), model.gradient(theta)
    assert batch.shape == (2, 3, 6)
    assert slopes.shape == (2, 3, 6, len(scale))
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(batch[index], model.expected(theta[index]), rtol=1e-13)
        np.testing.assert_allclose(slopes[index], model.gradient(theta[index]), rtol=1e-6, atol=1e-9)


def test_scaling_parameters_scale() -> None:
    model = yb_model(known_exposure())
    mu, background = model.expected(start(model)), model.exposure.background_counts
    signal = mu - background
    double = model.expected(start(model, normalisation=2.0))
    np.testing.assert_allclose(double - background, 2 * signal, rtol=1e-12)
    np.testing.assert_allclose(
        model.expected(start(model, efficiency=0.5)) - background, signal / 2, rtol=1e-12
    )
    third = model.expected(start(model, efficiency__3=0.5)) - background
    np.testing.assert_allclose(third / signal, [1, 1, 1, 0.5, 1, 1], rtol=1e-12)
    no_dark = mu - model.expected(start(model, background__dark=0.0))
    np.testing.assert_allclose(no_dark, 1e-4 * model.exposure.live_time_s, rtol=1e-10)


def test_an_offset_is_a_shift_of_the_frequency() -> None:
    model = yb_model(known_exposure())
    shifted = yb_model(known_exposure(np.add(SIX_EV, 4e-6)))
    np.testing.assert_allclose(
        model.expected(start(model, frequency_offset_eV=4e-6)), shifted.expected(start(shifted)), rtol=1e-9
    )
    one = model.expected(start(model, frequency_offset_eV__2=4e-6))
    expected = np.where(np.arange(6) == 2, shifted.expected(start(shifted)), model.expected(start(model)))
    np.testing.assert_allclose(one, expected, rtol=1e-9)


def test_three_masses_are_the_lightest_one_and_the_splittings() -> None:
    one = yb_model(exposure(SIX_EV))
    masses = (0.01, np.sqrt(1e-4 + 7.41e-5), np.sqrt(1e-4 + 2.507e-3))
    three = yb_model(exposure(SIX_EV), masses_eV=masses)
    names = [p.name for p in three.parameters]
    assert names[:3] == ["m1_eV", "m2_eV", "m3_eV"]
    assert "dm2_21_eV2" not in names
    np.testing.assert_allclose(three.expected(start(three)), one.expected(start(one)), rtol=1e-9)


def test_offering_fewer_parameters_changes_no_count() -> None:
    model = yb_model(known_exposure())
    few = model.offering(("normalisation", "lightest_mass_eV"))
    theta = start(model, normalisation=1.2, lightest_mass_eV=0.02)
    np.testing.assert_array_equal(few.expected(np.array([1.2, 0.02])), model.expected(theta))
    wanted = [place(model, "normalisation"), place(model, "lightest_mass_eV")]
    np.testing.assert_allclose(
        few.gradient(np.array([1.2, 0.02])), model.gradient(theta)[:, wanted], rtol=1e-12
    )
    with pytest.raises(
        ConfigError, match=r"'normalization': not one of this model; did you mean 'normalisation'"
    ):
        model.offering(("normalization",))


def test_another_exposure_is_another_model() -> None:
    model = yb_model(known_exposure())
    longer = known_exposure(live_time_s=1e6)
    np.testing.assert_array_equal(
        model.at(longer).expected(start(model)), yb_model(longer).expected(start(model))
    )


def test_pickle() -> None:
    model = yb_model(known_exposure())
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.expected(start(model)), model.expected(start(model)))


def test_a_scan_in_many_passes_repeats_its_counts() -> None:
    model = yb_model(exposure(SIX_EV * 20, linewidth_eV=1e-6))
    once = yb_model(exposure(SIX_EV, linewidth_eV=1e-6))
    np.testing.assert_array_equal(model.expected(start(model)), np.tile(once.expected(start(once)), 20))


def test_no_points_and_wrong_shapes() -> None:
    model = yb_model(known_exposure())
    assert model.expected(np.empty((0, len(model.parameters)))).shape == (0, 6)
    with pytest.raises(ValueError, match="last axis must hold the"):
        model.expected(np.zeros(3))
    with pytest.raises(DomainError, match="masses must be finite and not negative"):
        model.expected(start(model, lightest_mass_eV=-0.01))


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = yb_model(known_exposure(linewidth_eV=1e-6)).offering(("lightest_mass_eV", "frequency_offset_eV"))
    theta = np.stack([np.linspace(0.0, 0.05, 40), np.linspace(-1e-6, 1e-6, 40)], axis=1)
    whole, slopes = model.expected(theta), model.gradient(theta)
    monkeypatch.setattr(signal, "BLOCK_ITEMS", 50)
    np.testing.assert_allclose(model.expected(theta), whole, rtol=1e-13)
    np.testing.assert_allclose(model.gradient(theta), slopes, rtol=1e-6, atol=1e-9)
