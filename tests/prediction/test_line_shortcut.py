"""The cheap average over the line against the full quadrature."""

import numpy as np
import pytest

from renp_sim.physics.interactions import VectorMediator
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target
from renp_sim.prediction import spectrum
from renp_sim.prediction.spectrum import is_smooth, mean_spectrum


def rows_of(emission: Emission, masses_eV: list[float], nature: Nature) -> Emission:
    oscillation = Oscillation.nufit(
        Ordering.NORMAL, sin2_theta12=np.full(len(masses_eV), 0.303), alpha21_deg=70.0
    )
    return Emission(
        target=Target(atom=emission.target.atom),
        neutrinos=Neutrinos.from_lightest_mass(np.array(masses_eV), oscillation, nature),
        interaction=emission.interaction,
    )


def worst(emission: Emission, sigma_eV: float, nature: Nature) -> float:
    """Return the largest relative difference around and between the thresholds of several masses."""
    out = 0.0
    for mass in (0.0, 1e-3, 0.01, 0.05):
        rows = rows_of(emission, [mass], nature)
        thresholds = np.unique(rows.neutrinos.thresholds_eV(rows.target.atom.e_eg_eV))
        around = thresholds[:, None] + sigma_eV * np.linspace(-40.5, 40.5, 109)
        omega = np.concatenate([np.linspace(1.066, 1.0716, 101), around.ravel()])
        full = mean_spectral_function(omega, sigma_eV, rows).sum(axis=(-2, -1))
        omega, full = omega[full[0] > 0], full[:, full[0] > 0]
        width = np.full(len(omega), sigma_eV)
        used = mean_spectrum(omega[None, :], width, lambda _, rows=rows: repeated(rows, len(_)))
        out = max(out, float(np.max(np.abs(used / full - 1))))
    return out


def repeated(rows: Emission, n: int) -> Emission:
    nu = rows.neutrinos
    neutrinos = Neutrinos(
        masses_eV=np.repeat(nu.masses_eV, n, axis=0),
        differences_eV2=np.repeat(nu.differences_eV2, n, axis=0),
        electron_row=np.repeat(nu.electron_row, n, axis=0),
        nature=nu.nature,
    )
    return Emission(target=rows.target, neutrinos=neutrinos, interaction=rows.interaction)


@pytest.mark.parametrize("nature", list(Nature))
@pytest.mark.parametrize("sigma_eV", [1e-7, 1e-6, 1e-5])
def test_shortcut_is_the_quadrature(yb_emission: Emission, sigma_eV: float, nature: Nature) -> None:
    # 1e-10: the full quadrature itself moves by 7e-12 with its nodes
    assert worst(yb_emission, sigma_eV, nature) < 1e-10


def test_shortcut_taken_too_near_a_threshold_is_noticed(
    yb_emission: Emission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectrum, "SMOOTH_BEYOND_THRESHOLD", 4.0)
    assert worst(yb_emission, 1e-6, Nature.DIRAC) > 1e-6


def test_onset_rule_taken_for_a_light_neutrino_is_noticed(
    yb_emission: Emission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectrum, "HEAVY", -1.0)
    assert worst(yb_emission, 1e-6, Nature.DIRAC) > 1e-6


def test_thresholds_and_poles_are_not_smooth(yb_emission: Emission) -> None:
    e_eg_eV = yb_emission.target.atom.e_eg_eV
    mass_eV = 0.09
    pole_eV = (e_eg_eV - mass_eV**2 / e_eg_eV) / 2
    rows = rows_of(yb_emission, [0.01], Nature.DIRAC)
    (threshold,) = rows.neutrinos.thresholds_eV(e_eg_eV)[:, 2, 2]
    omega = np.array([[threshold, threshold + 14e-6, threshold - 16e-6, pole_eV, pole_eV + 31e-6]])
    assert is_smooth(omega, np.full(5, 1e-6), rows).tolist() == [[False, False, True, True, True]]
    resonant = Emission(
        target=rows.target,
        neutrinos=rows.neutrinos,
        interaction=VectorMediator(mass_eV=mass_eV, g_electron=1e-12),
    )
    assert is_smooth(omega, np.full(5, 1e-6), resonant).tolist() == [[False, False, True, False, True]]
