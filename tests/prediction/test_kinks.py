"""Kinks: the values of a parameter at which a step sits on a threshold."""

import numpy as np
import pytest

from renp_sim.physics.neutrino import Neutrinos, Ordering, Oscillation
from tests.prediction.exposures import SIX_EV, exposure, known_exposure, place, start, yb_model

E_EG = 2.14349


@pytest.mark.parametrize("ordering", list(Ordering))
def test_every_step_and_pair_has_its_mass(ordering: Ordering) -> None:
    model = yb_model(exposure(SIX_EV), ordering=ordering)
    kinks = model.kinks("lightest_mass_eV", start(model))
    oscillation = Oscillation.nufit(ordering)
    thresholds = Neutrinos.from_lightest_mass(kinks, oscillation).thresholds_eV(E_EG)
    distance = np.abs(thresholds[:, None] - np.array(SIX_EV)[:, None, None])
    np.testing.assert_allclose(distance.min(axis=(1, 2, 3)), 0, atol=1e-15)
    # ω_ij falls with m_l, so each pair that is open at m_l = 0 closes once
    open_at_zero = Neutrinos.from_lightest_mass(0.0, oscillation).thresholds_eV(E_EG)[..., None] > SIX_EV
    assert len(kinks) == np.sum(open_at_zero[np.triu_indices(3)])


def test_kink_of_the_first_neutrino_in_closed_form() -> None:
    model = yb_model(exposure([1.0716]))
    kinks = model.kinks("lightest_mass_eV", start(model))
    assert np.min(np.abs(kinks - np.sqrt(E_EG * (E_EG - 2 * 1.0716)) / 2)) < 1e-16


def test_kinks_of_one_of_three_masses() -> None:
    model = yb_model(exposure([1.0711]), masses_eV=(0.01, 0.015, 0.05))
    q = np.sqrt(E_EG * (E_EG - 2 * 1.0711))
    expected = sorted([q / 2, q - 0.01, q - 0.015])
    np.testing.assert_allclose(model.kinks("m3_eV", start(model)), expected, atol=1e-15)


def test_kinks_of_an_offset_are_the_distances_to_thresholds() -> None:
    model = yb_model(known_exposure([1.07164]))
    thresholds = np.unique(
        Neutrinos.from_lightest_mass(0.01, Oscillation.nufit(Ordering.NORMAL)).thresholds_eV(E_EG)
    )
    common = model.parameters[place(model, "frequency_offset_eV")]
    expected = [t - 1.07164 for t in thresholds if common.lower < t - 1.07164 < common.upper]
    assert len(expected) == 2
    np.testing.assert_allclose(model.kinks("frequency_offset_eV", start(model)), expected, atol=1e-14)
    # the offset moves with the mass that is asked for
    at_zero = model.kinks("frequency_offset_eV", start(model, lightest_mass_eV=0.0101))
    assert np.all(np.abs(at_zero[:, None] - expected) > 1e-7)


def test_splittings_have_kinks_and_mixing_has_none() -> None:
    model = yb_model(known_exposure([1.07088, 1.0716]))
    theta = start(model)
    (kink,) = model.kinks("dm2_3l_eV2", theta)
    moved = Oscillation.nufit(Ordering.NORMAL, dm2_3l_eV2=kink)
    thresholds = Neutrinos.from_lightest_mass(0.01, moved).thresholds_eV(E_EG)
    assert thresholds[0, 2] == pytest.approx(1.07088, abs=1e-15)
    for name in ("sin2_theta12", "delta_cp_deg", "normalisation", "background.dark", "efficiency.0"):
        assert len(model.kinks(name, theta)) == 0


def test_no_signal_no_kinks() -> None:
    model = yb_model(exposure([1.07, 1.0716], coherence=0.0))
    assert len(model.kinks("lightest_mass_eV", start(model))) == 0
