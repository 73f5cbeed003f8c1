"""Resonances: widths, the narrow-width limit, where the treatment switches, and what nothing resolves."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.special import wofz

from renp_sim.constants import ELECTRON_MASS_EV, G_F_PER_EV2
from renp_sim.errors import DomainError, NumericsError
from renp_sim.physics import line_cuts
from renp_sim.physics.current import current
from renp_sim.physics.interactions import ScalarMediator, VectorMediator
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.line_cuts import line_panels
from renp_sim.physics.neutrino import Nature
from renp_sim.physics.propagator import Pole, propagator
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum, spectral_function
from tests.physics.gp23 import E_EG, YB, emission, kinematics, matrix
from tests.physics.line_by_force import averages

MASS = 0.0889
"""A pole near GP23's second frequency, eV."""
ON_POLE = (E_EG - MASS**2 / E_EG) / 2
SIGMA = 1e-6
ALL = np.ones((3, 3), dtype=bool)
Mediator = VectorMediator | ScalarMediator


def vector(coupling: float = 1e-14, **changes: object) -> VectorMediator:
    """Return a mediator with a fixed product g^e g_L, so that the coupling sets the width alone."""
    base = VectorMediator(
        mass_eV=MASS, g_electron=1e-26 / coupling, g_left=matrix(e11=coupling, e13=coupling)
    )
    return replace(base, **changes)


def scalar(coupling: float = 1e-13, **changes: object) -> ScalarMediator:
    base = ScalarMediator(
        mass_eV=MASS,
        y_electron=1e-19 / coupling,
        y_scalar=matrix(e11=coupling),
        y_pseudoscalar=matrix(e13=coupling),
    )
    return replace(base, **changes)


def width(mediator: Mediator, **world: object) -> float:
    (pole,) = mediator.poles(emission(**world).neutrinos)
    return float(pole.width_eV.item())


def resonant(mediator: Mediator, offsets: np.ndarray, sigma: float = SIGMA) -> np.ndarray:
    """Return what the mediator adds to the averaged rate at ω_pole + offset · σ."""
    omega = ON_POLE + offsets * sigma
    with_it, without = (
        mean_spectral_function(omega, sigma, emission(x)).sum(axis=(1, 2)) for x in (mediator, None)
    )
    return with_it - without


def test_widths_without_masses() -> None:
    heavy, g = 1e6, 0.3
    left = vector(mass_eV=heavy, g_left=matrix(e11=g))
    right = replace(left, g_left=matrix(), g_right=matrix(e12=[0.0, g]))
    assert width(left) == pytest.approx(g**2 * heavy / (24 * np.pi), rel=1e-9)
    assert width(right) == pytest.approx(2 * g**2 * heavy / (24 * np.pi), rel=1e-9)
    assert width(left, nature=Nature.MAJORANA) == pytest.approx(width(left), rel=1e-9)
    vectorlike = replace(left, g_right=matrix(e11=g))
    assert width(vectorlike) == pytest.approx(2 * width(left), rel=1e-9)
    assert width(vectorlike, nature=Nature.MAJORANA) == 0  # a Majorana neutrino has no vector current
    for entries in ({"y_scalar": matrix(e11=g)}, {"y_pseudoscalar": matrix(e11=g)}):
        light = ScalarMediator(mass_eV=heavy, y_electron=1.0, **entries)
        assert width(light) == pytest.approx(g**2 * heavy / (8 * np.pi), rel=1e-9)
        assert width(light, nature=Nature.MAJORANA) == pytest.approx(width(light) / 2, rel=1e-9)


def test_widths_with_masses() -> None:
    """Two-body widths written out: a vector (A = g²) and a scalar at rest."""
    m, g = emission().neutrinos.masses_eV[0], 1e-3
    momentum_share = np.sqrt(1 - 4 * m**2 / MASS**2)
    left = vector(g_left=matrix(e11=g))
    assert width(left) == pytest.approx(g**2 * momentum_share * (MASS**2 - m**2) / (24 * np.pi * MASS))
    even = scalar(y_scalar=matrix(e11=g), y_pseudoscalar=matrix())
    odd = scalar(y_scalar=matrix(), y_pseudoscalar=matrix(e11=g))
    assert width(even) == pytest.approx(g**2 * MASS * momentum_share**3 / (8 * np.pi))
    assert width(odd) == pytest.approx(g**2 * MASS * momentum_share / (8 * np.pi))


def test_closed_channels_have_no_width() -> None:
    assert width(vector(mass_eV=0.019)) == 0
    assert width(vector(mass_eV=0.021)) > 0


def test_given_width_is_taken() -> None:
    for mediator in (vector(width_eV=0.0), scalar(width_eV=1e-3)):
        (pole,) = mediator.poles(emission().neutrinos)
        assert pole.mass_eV == MASS
        assert pole.width_eV == mediator.width_eV
        assert np.array_equal(pole.couples, [[True, False, True], [False] * 3, [True, False, False]])


def narrow_width(mediator: Mediator) -> float:
    """Return ∫dω I where |D|² = π δ(q² − M²)/(MΓ) and ω enters through q² = E_eg(E_eg − 2ω)."""
    emitted = emission(mediator)
    k = kinematics(ON_POLE, emitted)
    if isinstance(mediator, VectorMediator):
        left = np.abs(matrix_of(mediator.g_left)) ** 2
        a0, _, a2 = current(k, left, left)
        bracket = mediator.g_electron**2 / (2 * G_F_PER_EV2**2) * (a0 + a2 / 3)
    else:
        densities = np.abs(matrix_of(mediator.y_scalar)) ** 2 * (k.q2_eV2 - k.s_plus_eV2)
        densities = densities + np.abs(matrix_of(mediator.y_pseudoscalar)) ** 2 * (k.q2_eV2 - k.s_minus_eV2)
        bracket = (mediator.y_electron * ON_POLE / (ELECTRON_MASS_EV * G_F_PER_EV2)) ** 2 / 24 * densities
    flux = np.where(k.is_open, k.delta, 0.0) / (YB.e_vg_eV - ON_POLE) ** 2
    return float(np.sum(flux * bracket) * np.pi / (MASS * width(mediator)) / (2 * E_EG))


def matrix_of(couplings: object) -> np.ndarray:
    full = np.zeros((3, 3))
    for name, value in couplings.entries:  # type: ignore[attr-defined]
        i, j = int(name[0]) - 1, int(name[1]) - 1
        full[i, j] = full[j, i] = value.real
    return full


@pytest.mark.parametrize("mediator", [vector(), vector(1e-5), scalar(), scalar(1e-6)])
@pytest.mark.parametrize("sigma", [1e-7, 1e-5])
def test_scan_across_the_pole_is_the_narrow_width_result(mediator: Mediator, sigma: float) -> None:
    offsets = np.linspace(-10, 10, 801)
    rate = resonant(mediator, offsets, sigma)
    assert np.all(np.isfinite(rate))
    assert np.all(rate > 0)
    assert simpson(rate, x=offsets * sigma) == pytest.approx(narrow_width(mediator), rel=0.01)


@pytest.mark.parametrize("coupling", [1e-14, 1e-10, 1e-6, 1e-4])
@pytest.mark.parametrize("make", [vector, scalar])
def test_treatment_switches_smoothly(make: type, coupling: float) -> None:
    """No jump of 1e-3 anywhere from 7 to 18 line widths, where the panels of the pole come and go."""
    offsets = np.arange(7.0, 18.0, 5e-3)
    for side in (-1, 1):
        bend = np.diff(np.log(resonant(make(coupling), side * offsets)), n=2)
        assert np.max(np.abs(bend)) < 1e-3


def test_switch_at_ten_widths_would_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: a resonance this narrow shines through the tail of the line at 10 widths."""
    monkeypatch.setattr(line_cuts, "FEATURE_REACH", 10.0)
    inside, outside = resonant(vector(1e-14), np.array([10 - 1e-6, 10 + 1e-6]))
    assert inside / outside > 1e3


@pytest.mark.parametrize("nature", Nature)
@pytest.mark.parametrize("kind", ["vector", "longitudinal", "scalar"])
def test_resolvable_pole_in_a_line(kind: str, nature: Nature) -> None:
    """Rate and c-asymmetry beside a pole as wide as the line, interference included, against fine sums."""
    width_eV = 2 * E_EG * SIGMA / MASS
    left, right = matrix(e11=3e-17, e12=[2e-17, 1e-17]), matrix(e12=[-1e-17, 3e-17], e13=2e-17)
    even, odd = matrix(e11=2e-16, e12=1e-16), matrix(e12=-2e-16, e13=3e-16)
    if kind == "scalar":
        mediator: Mediator = scalar(y_electron=1e-6, y_scalar=even, y_pseudoscalar=odd, width_eV=width_eV)
    else:
        mediator = vector(g_electron=1e-12, g_left=left, g_right=right, width_eV=width_eV)
        mediator = replace(mediator, longitudinal=kind == "longitudinal")
    emitted = emission(mediator, nature=nature)
    xi = np.linspace(-8, 8, 4001)
    for offset in (0.0, 1.5):
        omega = ON_POLE + offset * SIGMA
        sharp = np.stack(checked_bracket(kinematics(omega + xi * SIGMA, emitted), emitted))
        gauss = np.exp(-(xi**2) / 2) / np.sqrt(2 * np.pi)
        fine = simpson(sharp * gauss[:, None, None], x=xi, axis=1)
        assert np.allclose(
            mean_bracket(omega, emitted), fine, rtol=0, atol=1e-9 * np.max(np.abs(fine), axis=0)
        )


def mean_bracket(omega: float, emitted: Emission) -> np.ndarray:
    """Return ⟨A0⟩, ⟨A1⟩, ⟨A2⟩ over the line, shape (3, 3, 3)."""
    lines = line_panels(np.array([omega]), np.array([SIGMA]), emitted)
    place, share = np.polynomial.legendre.leggauss(48)
    total = np.zeros((3, 3, 3))
    for panel in lines.panels:
        points = lines.at(panel, place)
        bracket = np.stack(checked_bracket(points.kinematics, emitted), axis=1)
        density = points.density * points.slope_eV
        total += np.einsum("k,kaij,kij->aij", share, bracket[:, :, 0], density[:, 0])
    return total


def pole_of(mass_eV: float, width_eV: float) -> Pole:
    return Pole(mass_eV=np.array(mass_eV), width_eV=np.array(width_eV), couples=~ALL)


@pytest.mark.parametrize("mass", [MASS, 1.9])
@pytest.mark.parametrize("ulps", [3, 1000, 10**6])
def test_distance_to_the_pole_keeps_its_digits(ulps: int, mass: float) -> None:
    """Also where E_eg − 2ω is rounded itself, at ω far below E_eg/2."""
    omega = (E_EG - mass**2 / E_EG) / 2 * (1 + ulps * 2.0**-52)
    y = Fraction(E_EG) * (Fraction(E_EG) - 2 * Fraction(omega)) - Fraction(mass) ** 2
    width_eV = 0.3 * abs(float(y)) / mass
    k = kinematics(omega, emission())
    got = propagator(k, pole_of(mass, width_eV), "test").item()
    assert got == pytest.approx(1 / (float(y) + 1j * mass * width_eV), rel=1e-14)


def test_steps_near_and_far_and_toys_are_independent() -> None:
    """One batch with steps on, beside and far from the pole, sharp and broad, over masses and widths."""
    masses, widths = np.array([MASS, 0.05, 1.0]), np.array([1e-20, 1e-12, 1e-3])
    omega = ON_POLE + np.array([0.0, 5e-6, -1.05e-5, 1e-3, 3e-4])
    sigma = np.array([1e-6, 1e-6, 1e-6, 1e-6, 0.0])
    batch = mean_spectral_function(
        omega, sigma, emission(vector(mass_eV=masses, width_eV=widths), lightest_mass_eV=np.full(3, 0.01))
    )
    for n in range(3):
        alone = emission(vector(mass_eV=float(masses[n]), width_eV=float(widths[n])))
        for s in range(5):
            one = mean_spectral_function(omega[s], sigma[s], alone)[0]
            assert np.allclose(batch[n, s], one, rtol=1e-12, atol=0)


@pytest.mark.parametrize("make", [vector, scalar])
def test_unresolved_poles_are_errors_that_name_the_frequency(make: type) -> None:
    says = f"{make().name}: ω = 1.069.* eV sits on the pole.* Γ = 0.0 eV.*move the step"
    for offset in (0.0, -9.9, 9.9):
        with pytest.raises(NumericsError, match=says):
            resonant(make(width_eV=0.0), np.array([30.0, offset]))
    assert np.all(np.isfinite(resonant(make(width_eV=0.0), np.array([-10.1, 10.1]))))
    near = E_EG / 2 - MASS**2 * (1 + 0.9e-9) / (2 * E_EG)
    for narrow in (0.0, 0.9e-9 * MASS):
        with pytest.raises(NumericsError, match="sits on the pole"):
            spectral_function(near, emission(make(width_eV=narrow)))
    for fine in (
        spectral_function(near, emission(make(width_eV=1.1e-9 * MASS))),
        spectral_function(E_EG / 2 - MASS**2 * (1 + 1.1e-9) / (2 * E_EG), emission(make(width_eV=0.0))),
    ):
        assert np.all(np.isfinite(fine))


@pytest.mark.parametrize("sigma", [0.0, SIGMA])
def test_pole_that_no_open_pair_reaches_is_no_error(sigma: float) -> None:
    standard = mean_spectral_function(ON_POLE, sigma, emission())
    for idle in (vector(g_left=matrix()), vector(g_electron=0.0)):
        got = mean_spectral_function(ON_POLE, sigma, emission(idle))
        assert np.allclose(got, standard, rtol=1e-12, atol=0)
    # 33 is closed where q² = M²
    closed = emission(vector(g_left=matrix(e33=1e-14), width_eV=0.0))
    assert np.allclose(mean_spectral_function(ON_POLE, sigma, closed), standard, rtol=1e-12, atol=0)
    lightest = emission(vector(mass_eV=0.015))  # lighter than any pair
    assert np.all(mean_spectral_function((E_EG - 0.015**2 / E_EG) / 2, sigma, lightest) == 0)


@pytest.mark.parametrize("width_eV", [0.0, 1e-30, 1e-9])
@pytest.mark.parametrize("below", [1e-8, 0.01, 1.0, 5.0])
def test_pole_below_a_threshold_inside_the_line_is_no_pole(below: float, width_eV: float) -> None:
    """Nothing is on shell: finite whatever the width, and 1e-6 from the integral by force."""
    s = 2 * E_EG * SIGMA
    m_1 = emission().neutrinos.masses_eV[0]
    mass = float(np.sqrt(4 * m_1**2 - below * s))
    emitted = emission(vector(mass_eV=mass, width_eV=width_eV, g_left=matrix(e11=1e-14)))
    omega = (E_EG - mass**2 / E_EG) / 2 - 0.5 * SIGMA
    assert np.allclose(
        mean_spectral_function(omega, SIGMA, emitted)[0], averages(emitted, omega, SIGMA), rtol=1e-6, atol=0
    )


def test_pole_without_a_width_on_a_threshold_is_an_error() -> None:
    """M = m_1 + m_2 to the digit: the rate would be infinite there."""
    m = emission().neutrinos.masses_eV
    mass = float(m[0] + m[1])
    on_threshold = vector(mass_eV=mass, width_eV=0.0, g_left=matrix(e12=1e-14))
    with pytest.raises(NumericsError, match="sits on the pole"):
        mean_spectral_function((E_EG - mass**2 / E_EG) / 2, SIGMA, emission(on_threshold))


def test_widths_beyond_the_floats_are_none() -> None:
    with pytest.raises(NumericsError, match=r"Γ = .*e-1\d\d eV"):
        resonant(vector(1e-80), np.array([0.0]))


def textbook(mediator: VectorMediator, omega: float, sigma: float) -> float:
    """Return I_11 with ⟨D⟩ = −i sqrt(π/2) w(z)/s and ⟨|D|²⟩ = sqrt(π/2) Re w(z)/(s g), z = (x + ig)/(√2 s).

    For one real coupling I = A + B Re D + C |D|², with the factors of the centre of the line.
    """
    s, g = 2 * E_EG * sigma, mediator.mass_eV * mediator.width_eV
    k = kinematics(np.array([omega]), emission())

    def rate(interaction: VectorMediator | None, offset: float) -> float:
        at = replace(k, pole_offset_eV2=np.full((1, 1, 1), offset))
        return float(pair_spectrum(at, checked_bracket(at, emission(interaction)), YB.e_vg_eV)[0, 0, 0])

    unit = s / 10
    plus, minus = (rate(replace(mediator, width_eV=0.0), y) for y in (unit, -unit))
    alone = rate(None, unit)
    linear, square = (plus - minus) / 2 * unit, ((plus + minus) / 2 - alone) * unit**2
    x = E_EG * (E_EG - 2 * omega) - mediator.mass_eV**2
    w = complex(wofz((x + 1j * g) / (np.sqrt(2) * s)))
    mean, mean_square = -1j * np.sqrt(np.pi / 2) * w / s, np.sqrt(np.pi / 2) * w.real / (s * g)
    return alone + linear * mean.real + square * mean_square


@pytest.mark.parametrize("offset", [0.0, 1.0, -3.0])
def test_far_from_thresholds_the_average_is_the_faddeeva_function(offset: float) -> None:
    """With the threshold 2e6 line widths away, and interference as large as the resonance: 1e-5."""
    sigma = 1e-9
    mediator = vector(g_electron=1e-18, g_left=matrix(e11=1e-14), width_eV=1e-11)
    omega = ON_POLE + offset * sigma
    got = mean_spectral_function(omega, sigma, emission(mediator))[0, 0, 0]
    assert got == pytest.approx(textbook(mediator, omega, sigma), rel=1e-5)


def test_near_a_threshold_the_textbook_counts_the_closed_half() -> None:
    """The broken twin: a pole 1.5 line widths below ω_11 while the line is centred 3 widths above it."""
    m_1, s = emission().neutrinos.masses_eV[0], 2 * E_EG * SIGMA
    mass = float(np.sqrt(4 * m_1**2 + 1.5 * s))
    mediator = vector(mass_eV=mass, g_electron=1e-14, g_left=matrix(e11=1e-14), width_eV=1e-9)
    omega = (E_EG - mass**2 / E_EG) / 2 + 1.4 * SIGMA
    got = mean_spectral_function(omega, SIGMA, emission(mediator))[0, 0, 0]
    assert got == pytest.approx(averages(emission(mediator), omega, SIGMA)[0, 0], rel=1e-6)
    assert abs(textbook(mediator, omega, SIGMA) / got - 1) > 0.1


@pytest.mark.parametrize("f_l", [0.3, 1.0])
def test_longitudinal_part_of_a_resonance_cancels_without_a_trace(f_l: float) -> None:
    """On the pole (−g_μν + q_μ q_ν/M²) leaves nothing along q, which next to a threshold is nearly all.

    An axial current of one Majorana neutrino is then
    I = Δ |X g|² (q² − s₊)(1 + f_L ω²/q²)/(3 (E_vg − ω)²); current and exchange added up would be 1e-9
    off, or negative.
    """
    m = emission(nature=Nature.MAJORANA).neutrinos.masses_eV[0]
    excess = 1e-9 * m**2
    mass = float(np.sqrt(4 * m**2 + excess))
    mediator = vector(
        mass_eV=mass, g_electron=1e-3, g_left=matrix(e11=1e-10), width_eV=1e-12, longitudinal=True
    )
    emitted = emission(mediator, nature=Nature.MAJORANA, f_l=f_l)
    omega = (E_EG - mass**2 / E_EG) / 2
    k = replace(kinematics(np.array([omega]), emitted), pole_offset_eV2=np.zeros((1, 1, 1)))
    got = pair_spectrum(k, checked_bracket(k, emitted), YB.e_vg_eV)[0, 0, 0]
    x_g = mediator.g_electron * 1e-10 / (np.sqrt(2) * G_F_PER_EV2 * mass * 1e-12)
    flux = k.delta[0, 0, 0] / (YB.e_vg_eV - omega) ** 2
    shape = k.excess_eV2[0, 0, 0] * (1 + f_l * omega**2 / k.q2_eV2[0, 0, 0])
    assert got == pytest.approx(flux * x_g**2 / 3 * shape, rel=1e-12)


def test_mass_of_one_eV_is_no_pole_of_closed_pairs() -> None:
    """Closed pairs hold q² = 1 eV² as a harmless number."""
    one = vector(mass_eV=1.0, width_eV=0.0)
    for sigma in (0.0, 1e-6):
        assert np.all(mean_spectral_function(np.array([1.0711, 1.0719]), sigma, emission(one)) >= 0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mass_eV": 0.0}, "interaction.mass_eV = 0.0: must be positive and finite"),
        ({"mass_eV": np.inf}, "interaction.mass_eV"),
        ({"width_eV": -1.0}, r'interaction.width_eV = -1\.0: must be "auto".* or a number ≥ 0'),
        ({"width_eV": "automatic"}, "interaction.width_eV = 'automatic'"),
        ({"width_eV": np.nan}, "interaction.width_eV"),
    ],
)
@pytest.mark.parametrize("make", [vector, scalar])
def test_impossible_mediators_are_refused(make: type, change: dict[str, object], says: str) -> None:
    with pytest.raises(DomainError, match=says):
        make(**change)


def test_coupling_to_the_electron_must_be_finite() -> None:
    with pytest.raises(DomainError, match=r"interaction\.g_electron = nan: must be finite"):
        vector(g_electron=np.nan)
    with pytest.raises(DomainError, match=r"interaction\.y_electron = inf"):
        scalar(y_electron=np.inf)
