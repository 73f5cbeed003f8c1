"""Events of every interaction against the bracket they are drawn from, and resonances inside a line."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import simpson

from renp_sim.generator.events import TruthBlock, pair_momenta
from renp_sim.generator.source import Source, sharp_sources, source_of
from renp_sim.physics import line_cuts
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import (
    ElectromagneticMoments,
    Interaction,
    ScalarMediator,
    StandardModel,
    VectorMediator,
)
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation
from renp_sim.physics.rates import Emission, spectral_function
from renp_sim.physics.target import Target
from tests.generator.test_events import cosine_p_value, drawn, p_value, pair_of, pair_p_value

E_EG = 2.14349
OMEGA = 1.067
SIGMA = 1e-6
MASS = 0.0889
ON_POLE = (E_EG - MASS**2 / E_EG) / 2


def matrix(**elements: object) -> CouplingMatrix:
    return CouplingMatrix.from_elements({name[1:]: value for name, value in elements.items()})


# couplings whose interference with the weak current is as large as positivity lets it be
CASES = {
    "vector": VectorMediator(
        mass_eV=0.02,
        g_electron=1e-13,
        g_left=matrix(e12=[2e-14, 3e-14], e13=[2e-14, 2e-14]),
        g_right=matrix(e12=[0.0, -3e-14], e13=-2e-14),
        longitudinal=True,
    ),
    "scalar": ScalarMediator(
        mass_eV=1e-3,
        y_electron=1e-6,
        y_scalar=matrix(e12=[0.0, 3e-13], e23=[2e-13, 2e-13]),
        y_pseudoscalar=matrix(e13=3e-13),
    ),
    "moments": ElectromagneticMoments(
        magnetic_muB=matrix(e12=5e-11, e33=5e-11), electric_muB=matrix(e13=[0.0, 5e-11])
    ),
}
PAIRS = [(1, 2), (2, 1), (1, 3)]
LEANING = {"vector": [(1, 3), (3, 1)], "scalar": [(1, 2), (2, 1)], "moments": [(1, 2), (2, 1)]}


def with_interaction(interaction: Interaction | None, lightest_mass_eV: float = 0.05) -> Emission:
    oscillation = Oscillation.nufit(Ordering.NORMAL)
    return Emission(
        target=Target(atom=known_atoms()["Yb"]),
        neutrinos=Neutrinos.from_lightest_mass(lightest_mass_eV, oscillation),
        interaction=interaction or StandardModel(),
    )


@pytest.mark.parametrize("linewidth_eV", [0.0, 1e-5])
@pytest.mark.parametrize("name", CASES)
def test_pairs_and_cosines_follow_the_interaction(name: str, linewidth_eV: float) -> None:
    """Four χ² per case, false-alarm probability 1e-5 each; the Standard Model (the twin) must fail in all."""
    emission = with_interaction(CASES[name])
    block = drawn(source_of(OMEGA, linewidth_eV, emission), n=1_000_000)
    standard = with_interaction(None)
    spectra = [mean_spectral_function([OMEGA], linewidth_eV, e)[0] for e in (emission, standard)]
    assert pair_p_value(block, spectra[0]) > 1e-5
    assert pair_p_value(block, spectra[1]) < 1e-5
    for pair in PAIRS:
        assert cosine_p_value(block, emission, OMEGA, *pair) > 1e-5, pair
        assert cosine_p_value(block, standard, OMEGA, *pair) < 1e-5, pair


def asymmetry(block: TruthBlock, i: int, j: int) -> tuple[float, float]:
    """Return (forward − backward)/all of cosθ* of a pair, and its statistical error."""
    nu_i, nu_j = pair_of(block)
    cosine = block.cos_theta_star[(nu_i == i) & (nu_j == j)]
    return float(np.mean(np.sign(cosine))), 1 / np.sqrt(len(cosine))


@pytest.mark.parametrize("name", CASES)
def test_interference_is_an_asymmetry_of_the_truth(name: str) -> None:
    """Where interference is odd in c, pairs lean apart from the Standard Model by 10 standard errors."""
    leaning, plain = (
        drawn(source_of(OMEGA, 0.0, with_interaction(interaction)), n=2_000_000)
        for interaction in (CASES[name], None)
    )
    for pair in LEANING[name]:
        (got, error), (standard, standard_error) = asymmetry(leaning, *pair), asymmetry(plain, *pair)
        assert abs(got - standard) > 10 * np.hypot(error, standard_error), pair


def test_asymmetry_reaches_the_momenta() -> None:
    """⟨E_i⟩ of a pair moves with ⟨c⟩ by ωΔ/2, since E_i = e_i + bc."""
    source = source_of(OMEGA, 0.0, with_interaction(CASES["scalar"]))
    block = drawn(source)
    chosen = np.logical_and(*(nu == n for nu, n in zip(pair_of(block), (1, 2), strict=True)))
    momenta = pair_momenta(source, block.entry, block.omega_emitted_eV, block.cos_theta_star, block.phi)
    cosine, energy = block.cos_theta_star[chosen], momenta.nu_i_energy_eV[chosen]
    slope, _ = np.polyfit(cosine, energy, 1)
    m1, m2 = with_interaction(None).neutrinos.masses_eV[:2]
    q2 = E_EG * (E_EG - 2 * OMEGA)
    delta = np.sqrt((q2 - (m1 + m2) ** 2) * (q2 - (m1 - m2) ** 2)) / q2
    assert slope == pytest.approx(OMEGA * delta / 2, rel=1e-9)


def resonant(half_width: float, coupling: float) -> Emission:
    """Return a vector whose resonance is as wide as `half_width` line widths."""
    mediator = VectorMediator(
        mass_eV=MASS,
        g_electron=1e-12,
        g_left=matrix(e11=coupling, e12=[0.5 * coupling, 0.5 * coupling]),
        width_eV=half_width * 2 * E_EG * SIGMA / MASS,
    )
    return with_interaction(mediator, lightest_mass_eV=0.01)


NARROW = 0.01
"""Half width of a resonance that sums can still follow, in line widths."""


def shares(emission: Emission, omega_eV: float, edges_eV: np.ndarray) -> np.ndarray:
    """Return the shares of photons below, between and above frequencies: sums of G(ω) I(ω) with a sharp D."""
    ends = np.concatenate([[omega_eV - 9 * SIGMA], edges_eV, [omega_eV + 9 * SIGMA]])
    scale = NARROW * SIGMA
    u = np.linspace(*(np.arcsinh((end - ON_POLE) / scale) for end in (ends[:-1], ends[1:])), 401)
    omega = ON_POLE + scale * np.sinh(u)
    rate = spectral_function(omega.ravel(), emission).sum(axis=(1, 2)).reshape(omega.shape)
    between = simpson(rate * np.exp(-(((omega - omega_eV) / SIGMA) ** 2) / 2) * np.cosh(u), x=u, axis=0)
    return between / between.sum()


@pytest.mark.parametrize("offset", [0.0, 1.5, -2.5])
def test_photons_pile_up_at_a_resonance(offset: float) -> None:
    """A pole a hundred times narrower than the line, interference included: false-alarm probability 1e-5.

    The twins must fail: photons spread as without the resonance, and a peak without the interference.
    """
    emission = resonant(NARROW, 2e-18)
    omega = ON_POLE + offset * SIGMA
    block = drawn(source_of(omega, SIGMA, emission))
    half = np.array([0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 50, 100])  # in half widths of the resonance
    edges = ON_POLE + NARROW * SIGMA * np.concatenate([-half[::-1], [0], half])
    counts = np.histogram(block.omega_emitted_eV, np.concatenate([[0.0], edges, [2.0]]))[0]

    def p(hypothesis: Emission) -> float:
        expected = len(block) * shares(hypothesis, omega, edges)
        seen = expected > 20
        merged = np.append(expected[seen], expected[~seen].sum() + 1e-9)
        found = np.append(counts[seen], counts[~seen].sum())
        return p_value(found[merged > 1], merged[merged > 1])

    assert p(emission) > 1e-5
    assert p(with_interaction(None, lightest_mass_eV=0.01)) < 1e-5
    assert isinstance(emission.interaction, VectorMediator)
    left = emission.interaction.g_left
    apart = replace(emission.interaction, g_left=CouplingMatrix(), g_right=left)
    assert p(replace(emission, interaction=apart)) < 1e-5


def test_resonance_is_no_staircase(monkeypatch: pytest.MonkeyPatch) -> None:
    """4e6 events in 200 bins even in asinh of the distance to the pole: false-alarm probability 1e-5.

    The twin must fail: cells even over the line, linear inside.
    """
    emission = resonant(NARROW, 2e-18)
    edges = ON_POLE + NARROW * SIGMA * np.sinh(np.linspace(-5, 5, 201))
    expected = 4_000_000 * shares(emission, ON_POLE, edges)[1:-1]

    def p() -> float:
        block = drawn(source_of(ON_POLE, SIGMA, emission), n=4_000_000)
        return p_value(np.histogram(block.omega_emitted_eV, edges)[0], expected)

    assert p() > 1e-5
    monkeypatch.setattr(line_cuts, "FEATURE_REACH", 0.0)
    assert p() < 1e-5


@pytest.mark.parametrize("offset", [0.0, 1.5])
def test_share_at_the_pole(offset: float) -> None:
    """Photons within ±50 half widths against the sums, within 5 standard errors (6e-7)."""
    emission, omega = resonant(NARROW, 2e-18), ON_POLE + offset * SIGMA
    reach = 50 * NARROW * SIGMA
    block = drawn(source_of(omega, SIGMA, emission))
    found = np.mean(np.abs(block.omega_emitted_eV - ON_POLE) < reach)
    _, wanted, _ = shares(emission, omega, ON_POLE + np.array([-reach, reach]))
    error = np.sqrt(wanted * (1 - wanted) / len(block))
    assert abs(found - wanted) < 5 * error
    # the twin: photons of the averaged rate, spread over the line
    _, spread, _ = shares(with_interaction(None, 0.01), omega, ON_POLE + np.array([-reach, reach]))
    assert abs(spread - wanted) > 20 * error


@pytest.mark.parametrize("offset", [0.0, 3.0, 8.5])
def test_resonance_too_narrow_for_floats_is_a_line(offset: float) -> None:
    """Γ = 1e-26 eV: all that the mediator adds sits at one frequency; 5 standard errors (6e-7)."""
    width, emission = 1e-26, resonant(NARROW, 1e-17)
    omega = ON_POLE + offset * SIGMA
    standard = with_interaction(None, 0.01)
    without = mean_spectral_function([omega], SIGMA, standard).sum()

    def at(g_electron: float) -> tuple[Emission, float]:
        mediator = replace(emission.interaction, width_eV=width, g_electron=g_electron)
        made = replace(emission, interaction=mediator)
        return made, float(mean_spectral_function([omega], SIGMA, made).sum())

    # a coupling with which the resonance gives about half of the photons
    _, strong = at(1e-12)
    chosen, total = at(1e-12 * np.sqrt(without / strong))
    wanted = 1 - without / total
    assert 0.2 < wanted < 0.8
    block = drawn(source_of(omega, SIGMA, chosen))
    at_pole = np.abs(block.omega_emitted_eV - ON_POLE) < 1e-15
    assert abs(at_pole.mean() - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / len(block))
    nu_i, nu_j = pair_of(block)
    assert set(zip(nu_i[at_pole].tolist(), nu_j[at_pole].tolist(), strict=True)) == {(1, 1), (1, 2), (2, 1)}
    momenta = pair_momenta(block.source, block.entry, block.omega_emitted_eV, block.cos_theta_star, block.phi)
    q2 = (momenta.nu_i_energy_eV + momenta.nu_j_energy_eV) ** 2 - block.omega_emitted_eV**2
    assert np.allclose(q2[at_pole], MASS**2, rtol=1e-12, atol=0)


@pytest.mark.parametrize("half_width", [1e-20, NARROW, 1.0])
def test_pairs_at_a_resonance_follow_the_averaged_rate(half_width: float) -> None:
    """False-alarm probability 1e-5; the Standard Model (the twin) must fail."""
    coupling = 3e-17 * np.sqrt(half_width)
    emission = resonant(half_width, float(coupling))
    omega = ON_POLE + SIGMA
    block = drawn(source_of(omega, SIGMA, emission))
    assert pair_p_value(block, mean_spectral_function([omega], SIGMA, emission)[0]) > 1e-5
    standard = with_interaction(None, 0.01)
    assert pair_p_value(block, mean_spectral_function([omega], SIGMA, standard)[0]) < 1e-5


@pytest.mark.parametrize(
    ("interaction", "nature"),
    [(None, Nature.MAJORANA), *((each, Nature.DIRAC) for each in (None, *CASES.values()))],
    ids=["majorana", "standard", *CASES],
)
def test_sharp_lines_together_are_those_alone_bit_by_bit(
    interaction: Interaction | None, nature: Nature
) -> None:
    emission = with_interaction(interaction)
    emission = replace(emission, neutrinos=replace(emission.neutrinos, nature=nature))
    # from all pairs to none
    omegas = np.concatenate([np.linspace(1.02, 1.0715, 61), [1.0719]])
    for omega, source in zip(omegas.tolist(), sharp_sources(omegas, emission), strict=True):
        alone = source_of(omega, 0.0, emission)
        assert source.is_sharp
        assert repr(source) == repr(alone)
        for one, other in zip(arrays_of(source), arrays_of(alone), strict=True):
            assert one.tobytes() == other.tobytes()


def arrays_of(source: Source) -> list[np.ndarray]:
    parts: list[Any] = [source, source.cosine, *([] if source.choice is None else [source.choice])]
    values = [getattr(part, name) for part in parts for name in part.__slots__]
    return [value for value in values if isinstance(value, np.ndarray)]
