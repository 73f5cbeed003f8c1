"""Moments: GP23 Eq. (14) from the integrated bracket, and what is added to it."""

import numpy as np
import pytest

from renp_sim.constants import G_F_PER_EV2, MU_B_PER_EV
from renp_sim.errors import ConfigError
from renp_sim.physics.interactions import ElectromagneticMoments
from renp_sim.physics.neutrino import Nature
from renp_sim.physics.rates import spectral_function
from tests.physics.gp23 import E_EG, SEVEN_EV, YB, emission, kinematics, matrix

MOMENT = 1e-11


def equation_14(omega: float, i: int, j: int, sign: int) -> float:
    """Return GP23 Eq. (14) at a moment of 1e-11 μ_B, expanded in masses; +1 is magnetic, −1 electric."""
    neutrinos = emission().neutrinos
    m_i, m_j = neutrinos.masses_eV[i], neutrinos.masses_eV[j]
    q2 = E_EG * (E_EG - 2 * omega)
    delta2 = (q2 - (m_i + m_j) ** 2) * (q2 - (m_i - m_j) ** 2) / q2**2
    if q2 <= (m_i + m_j) ** 2:
        return 0.0
    rest = q2 * (q2 + m_i**2 + m_j**2 + sign * 6 * m_i * m_j) - 2 * (m_i**2 - m_j**2) ** 2
    flux = np.sqrt(delta2) / (YB.e_vg_eV - omega) ** 2
    coupling = (MOMENT * MU_B_PER_EV) ** 2 * MU_B_PER_EV**2 / G_F_PER_EV2**2
    return float(flux * coupling * omega**2 / (9 * q2**2) * rest)


@pytest.mark.parametrize("omega", SEVEN_EV)
def test_totals_are_equation_14(omega: float) -> None:
    standard = spectral_function(omega, emission())
    k = kinematics(omega, emission())
    for sign, key in ((1, "magnetic_muB"), (-1, "electric_muB")):
        for i in range(3):
            for j in range(i, 3):
                moments = ElectromagneticMoments(**{key: matrix(**{f"e{i + 1}{j + 1}": MOMENT})})
                more = spectral_function(omega, emission(moments)) - standard
                expected = equation_14(omega, i, j, sign)
                assert more[i, j] == pytest.approx(expected, rel=1e-9, abs=1e-16)
                assert more[j, i] == more[i, j]
                assert np.count_nonzero(np.abs(more) > 0) == (1 if i == j else 2) * k.is_open[i, j]


def test_size_of_a_unit_moment() -> None:
    for key in ("magnetic_muB", "electric_muB"):
        moments = ElectromagneticMoments(**{key: matrix(e11=MOMENT)})
        more = (spectral_function(1.07, emission(moments)) - spectral_function(1.07, emission())).sum()
        assert 2e-4 < more < 1e-3


def test_phase_of_a_moment_changes_no_rate() -> None:
    rates = [
        spectral_function(1.0711, emission(ElectromagneticMoments(magnetic_muB=matrix(e12=value))))
        for value in (MOMENT, -MOMENT, [0.0, MOMENT], [0.6 * MOMENT, 0.8 * MOMENT])
    ]
    for rate in rates[1:]:
        assert np.allclose(rate, rates[0], rtol=1e-13, atol=0)


def test_longitudinal_spin_sees_no_moment() -> None:
    moments = ElectromagneticMoments(magnetic_muB=matrix(e11=1e-9))
    assert np.array_equal(
        spectral_function(1.07, emission(moments, f_l=1.0)), spectral_function(1.07, emission(f_l=1.0))
    )


def test_majorana_counts_each_state_once() -> None:
    """Half per ordered pair, where (ij) and (ji) are the same state."""
    x = matrix(e12=MOMENT)
    more = {
        nature: spectral_function(1.07, emission(ElectromagneticMoments(magnetic_muB=x), nature=nature))
        - spectral_function(1.07, emission(nature=nature))
        for nature in Nature
    }
    assert np.allclose(more[Nature.MAJORANA], more[Nature.DIRAC] / 2, rtol=0, atol=1e-17)


def test_dirac_interference_is_odd_in_the_moment_and_leaves_the_rate() -> None:
    plus, minus = (
        ElectromagneticMoments(magnetic_muB=matrix(e11=s * MOMENT), electric_muB=matrix(e13=s * MOMENT))
        for s in (1, -1)
    )
    k, neutrinos = kinematics(1.0688, emission()), emission().neutrinos
    up, down = plus.bracket(k, neutrinos), minus.bracket(k, neutrinos)
    assert np.array_equal(up[0], down[0])
    assert np.array_equal(up[2], down[2])
    assert np.max(np.abs(up[1] - down[1])) > 1e-3 * np.max(up[0])


def test_diagonal_majorana_moment_cannot_exist() -> None:
    moments = ElectromagneticMoments(magnetic_muB=matrix(e22=1e-11), electric_muB=matrix(e12=[0.0, 1e-11]))
    assert moments.problems(Nature.DIRAC) == []
    diagonal, phased = moments.problems(Nature.MAJORANA)
    assert "interaction.magnetic_muB.22 = 1e-11: a Majorana neutrino is its own" in diagonal
    assert "CPT" in diagonal
    assert "interaction.electric_muB.12" in phased
    with pytest.raises(ConfigError, match="CPT"):
        spectral_function(1.07, emission(moments, nature=Nature.MAJORANA))
