"""Truth events against the bracket they are drawn from, and kinematics to the digit."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from renp_sim.generator.events import TruthBlock, draw_block, pair_momenta
from renp_sim.generator.sampling import CosineTable
from renp_sim.generator.source import Source, _cells, source_of
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.line import LINE_REACH, mean_spectral_function
from renp_sim.physics.line_cuts import line_panels
from renp_sim.physics.neutrino import Nature
from renp_sim.physics.rates import Emission, checked_bracket, spectral_function
from renp_sim.streams import Stage, stream
from tests.physics.test_line_reference import random_line

N_EVENTS = 400_000


def drawn(source: Source, seed: int = 1, n: int = N_EVENTS) -> TruthBlock:
    return draw_block(source, np.linspace(0, 1, n), 1.0, 100.0, stream(seed, Stage.EVENTS, 0, 0))


def pair_of(block: TruthBlock) -> tuple[np.ndarray, np.ndarray]:
    return block.source.nu_i[block.entry], block.source.nu_j[block.entry]


def p_value(counts: np.ndarray, expected: np.ndarray) -> float:
    return float(chi2.sf(np.sum((counts - expected) ** 2 / expected), len(counts) - 1))


def cosine_p_value(block: TruthBlock, emission: Emission, omega_eV: float, i: int, j: int) -> float:
    """χ² of cosθ* of one pair in 40 bins against its bracket."""
    kinematics = Kinematics.at(omega_eV, emission.neutrinos, e_eg_eV=emission.target.atom.e_eg_eV)
    a0, a1, a2 = (a[i - 1, j - 1] for a in checked_bracket(kinematics, emission))
    nu_i, nu_j = pair_of(block)
    cosine = block.cos_theta_star[(nu_i == i) & (nu_j == j)]
    edges = np.linspace(-1, 1, 41)
    primitive = a0 * edges + a1 * edges**2 / 2 + a2 * edges**3 / 3
    return p_value(np.histogram(cosine, edges)[0], len(cosine) * np.diff(primitive) / (2 * a0 + 2 * a2 / 3))


@pytest.mark.parametrize("pair", [(1, 2), (2, 2), (1, 3), (3, 3)])
@pytest.mark.parametrize("linewidth_eV", [0.0, 1e-6])
def test_cosine_follows_its_bracket(
    yb_emission: Emission, pair: tuple[int, int], linewidth_eV: float
) -> None:
    """False-alarm probability 1e-5 a case; a sampler blind to A2 or A1 (the twin) must fail."""
    omega = 1.05
    source = source_of(omega, linewidth_eV, yb_emission)
    assert cosine_p_value(drawn(source), yb_emission, omega, *pair) > 1e-5
    cosine = source.cosine
    flat = replace(source, cosine=CosineTable.of(cosine.a0, cosine.a1, np.zeros_like(cosine.a2)))
    assert cosine_p_value(drawn(flat), yb_emission, omega, *pair) < 1e-5


def test_linear_term_of_unequal_masses_is_sampled(yb_majorana_emission: Emission) -> None:
    """False-alarm probability 1e-5; flipping the sign of A1 (the twin) must fail."""
    omega = 1.069
    source = source_of(omega, 0.0, yb_majorana_emission)
    block = drawn(source, n=3_000_000)
    nu_i, nu_j = pair_of(block)
    assert np.all(nu_i <= nu_j)
    assert cosine_p_value(block, yb_majorana_emission, omega, 1, 3) > 1e-5
    mirrored = TruthBlock(
        **{name: getattr(block, name) for name in TruthBlock.__slots__ if name != "cos_theta_star"},
        cos_theta_star=-block.cos_theta_star,
    )
    assert cosine_p_value(mirrored, yb_majorana_emission, omega, 1, 3) < 1e-5


def energy_p_value(energy: np.ndarray, e_mean: float, b: float, bracket: tuple[float, float, float]) -> float:
    a0, a1, a2 = bracket
    edges = np.linspace(-1, 1, 41)
    primitive = a0 * edges + a1 * edges**2 / 2 + a2 * edges**3 / 3
    counts = np.histogram(energy, e_mean + b * edges)[0]
    return p_value(counts, len(energy) * np.diff(primitive) / (2 * a0 + 2 * a2 / 3))


def test_neutrino_energy_follows_the_bracket(yb_emission: Emission) -> None:
    """E_i = e_i + bc maps the bracket: false-alarm probability 1e-5; swapping E_i and E_j must fail."""
    omega = 1.07
    block = drawn(source_of(omega, 0.0, yb_emission), n=1_000_000)
    nu_i, nu_j = pair_of(block)
    chosen = (nu_i == 1) & (nu_j == 3)
    p = pair_momenta(block.source, block.entry, block.omega_emitted_eV, block.cos_theta_star, block.phi)
    k = Kinematics.at(omega, yb_emission.neutrinos, e_eg_eV=2.14349)
    bracket = tuple(float(a[0, 2]) for a in checked_bracket(k, yb_emission))
    e_mean = float(k.q0_eV[0, 0] * (1 + k.d[0, 2]) / 2)
    b = float(k.omega_eV[0, 0] * k.delta[0, 2] / 2)
    assert energy_p_value(p.nu_i_energy_eV[chosen], e_mean, b, bracket) > 1e-5
    assert energy_p_value(p.nu_j_energy_eV[chosen], e_mean, b, bracket) < 1e-5


@pytest.mark.parametrize("linewidth_eV", [0.0, 1e-6, 1e-5])
@pytest.mark.parametrize("omega", [1.0, 1.0692, 1.07164])
def test_momenta_balance_and_mass_shells(yb_emission: Emission, omega: float, linewidth_eV: float) -> None:
    """Sums exact to rounding of their terms, mass shells to 1e-12 E²."""
    block = drawn(source_of(omega, linewidth_eV, yb_emission), n=100_000)
    p = pair_momenta(block.source, block.entry, block.omega_emitted_eV, block.cos_theta_star, block.phi)
    e_eg = yb_emission.target.atom.e_eg_eV
    assert np.all(np.abs(p.nu_i_energy_eV + p.nu_j_energy_eV + block.omega_emitted_eV - e_eg) <= 1e-15 * e_eg)
    assert np.all(np.abs(p.nu_i_pz_eV + p.nu_j_pz_eV + block.omega_emitted_eV) <= 1e-15 * e_eg)
    assert np.array_equal(p.nu_i_px_eV, -p.nu_j_px_eV)
    assert np.array_equal(p.nu_i_py_eV, -p.nu_j_py_eV)
    masses = yb_emission.neutrinos.masses_eV
    for which, number in zip("ij", pair_of(block), strict=True):
        energy, px, py, pz = (getattr(p, f"nu_{which}_{name}_eV") for name in ("energy", "px", "py", "pz"))
        shell = energy**2 - px**2 - py**2 - pz**2 - masses[number - 1] ** 2
        assert np.max(np.abs(shell) / energy**2) < 1e-12


def pair_p_value(block: TruthBlock, spectrum: np.ndarray) -> float:
    nu_i, nu_j = pair_of(block)
    counts = np.bincount(3 * (nu_i - 1) + nu_j - 1, minlength=9)
    open_pairs = spectrum.ravel() > 0
    assert not np.any(counts[~open_pairs])
    expected = len(block) * spectrum.ravel() / spectrum.sum()
    return p_value(counts[open_pairs], expected[open_pairs])


@pytest.mark.parametrize("linewidth_eV", [0.0, 1e-5])
def test_pairs_follow_their_rates(yb_emission: Emission, linewidth_eV: float) -> None:
    """False-alarm probability 1e-5; 2 % more of one pair (the twin) must fail. One pair is at threshold."""
    omega = 1.07158
    spectrum = mean_spectral_function([omega], linewidth_eV, yb_emission)[0]
    block = drawn(source_of(omega, linewidth_eV, yb_emission))
    assert pair_p_value(block, spectrum) > 1e-5
    twin = spectrum.copy()
    twin[0, 1] *= 1.02
    assert pair_p_value(block, twin) < 1e-5


def test_majorana_states_are_unordered(yb_majorana_emission: Emission) -> None:
    """False-alarm probability 1e-5 for the folded weights I_ij + I_ji."""
    spectrum = spectral_function(1.068, yb_majorana_emission)
    folded = np.triu(spectrum) + np.triu(spectrum.T, 1)
    assert yb_majorana_emission.neutrinos.nature is Nature.MAJORANA
    assert pair_p_value(drawn(source_of(1.068, 0.0, yb_majorana_emission)), folded) > 1e-5


def line_p_value(omega_emitted: np.ndarray, edges: np.ndarray, density: np.ndarray) -> float:
    counts = np.histogram(omega_emitted, edges)[0]
    keep = density * len(omega_emitted) > 20
    expected = density * len(omega_emitted)
    rest = len(omega_emitted) - expected[keep].sum()
    return p_value(
        np.append(counts[keep], len(omega_emitted) - counts[keep].sum()),
        np.append(expected[keep], max(rest, 1e-300)) if rest > 1 else np.append(expected[keep], 1.0),
    )


@pytest.mark.parametrize("offset", [-30.0, -1.0, 0.0, 1.5])
def test_emitted_frequency_follows_line_times_rate(yb_emission: Emission, offset: float) -> None:
    """ω_11 cuts the line: false-alarm probability 1e-5; a plain Gaussian (the twin) must fail there."""
    sigma = 1e-6
    threshold = float(yb_emission.neutrinos.thresholds_eV(2.14349)[0, 0])
    omega = threshold + offset * sigma
    block = drawn(source_of(omega, sigma, yb_emission))
    assert np.max(block.omega_emitted_eV) <= np.nextafter(threshold, 2)
    edges = np.linspace(omega - 5 * sigma, omega + 5 * sigma, 101)
    fine = 64
    points = (np.arange(100 * fine) + 0.5) / fine * (edges[1] - edges[0]) + edges[0]
    gauss = np.exp(-(((points - omega) / sigma) ** 2) / 2)
    rate = spectral_function(points, yb_emission).sum(axis=(-2, -1)) * gauss
    # what lies between 5σ and 8σ is 6e-7 of the whole
    density = rate.reshape(100, fine).sum(axis=1) / rate.sum()
    assert line_p_value(block.omega_emitted_eV, edges, density) > 1e-5
    if abs(offset) < LINE_REACH:
        plain = gauss.reshape(100, fine).sum(axis=1) / gauss.sum()
        assert line_p_value(block.omega_emitted_eV, edges, plain) < 1e-5


def exact_shares(omega: float, sigma: float, edges: np.ndarray, emission: Emission) -> np.ndarray:
    """Return the shares of photons in bins of ω: Gauss–Legendre sums of G(ω) I(ω), with nothing between."""
    place, weight = np.polynomial.legendre.leggauss(6)
    half = np.diff(edges)[:, None] / 2
    points = edges[:-1, None] + half * (place + 1)
    rate = spectral_function(points.ravel(), emission).sum(axis=(-2, -1)).reshape(points.shape)
    gauss = np.exp(-(((points - omega) / sigma) ** 2) / 2) / (np.sqrt(2 * np.pi) * sigma)
    return (
        np.sum(rate * gauss * weight * half, axis=1) / mean_spectral_function([omega], sigma, emission).sum()
    )


def inside_cells_p_value(block: TruthBlock, omega: float, sigma: float, emission: Emission) -> float:
    """χ² of ω in bins of a quarter of a cell, out to 3.5σ."""
    edges = omega + sigma * np.linspace(-3.5, 3.5, 449)
    counts = np.histogram(block.omega_emitted_eV, edges)[0]
    return p_value(counts, len(block) * exact_shares(omega, sigma, edges, emission))


def staircase(source: Source) -> TruthBlock:
    """Return the broken twin: 4e6 events, each anywhere in its cell."""
    block = drawn(source, n=4_000_000)
    anywhere = stream(2, Stage.EVENTS, 0, 0).random(len(block))
    root = source.root_eV[block.entry] + source.root_width_eV[block.entry] * anywhere
    q2 = root**2 + source.s_plus_eV2[block.entry]
    return replace(block, omega_emitted_eV=(source.e_eg_eV - q2 / source.e_eg_eV) / 2)


@pytest.mark.parametrize("omega", [1.0688, 1.0711])
def test_line_is_no_staircase(yb_emission: Emission, omega: float) -> None:
    """4e6 events: false-alarm probability 1e-5; cells of even density (the twin) must fail."""
    source = source_of(omega, 1e-6, yb_emission)
    assert inside_cells_p_value(drawn(source, n=4_000_000), omega, 1e-6, yb_emission) > 1e-5
    assert inside_cells_p_value(staircase(source), omega, 1e-6, yb_emission) < 1e-5


def test_onset_inside_the_line_is_no_staircase(yb_emission: Emission) -> None:
    """ω_11 in the middle of the line, 4e6 events: false-alarm probability 1e-5.

    Bins are even in sqrt(ω_11 − ω), a quarter of a cell; cells of even density (the twin) must fail.
    """
    sigma = 1e-6
    threshold = float(yb_emission.neutrinos.thresholds_eV(2.14349)[0, 0])
    edges = threshold - sigma * np.linspace(1.8, 0.1, 700) ** 2

    def p(block: TruthBlock) -> float:
        counts = np.histogram(block.omega_emitted_eV, edges)[0]
        return p_value(counts, 4_000_000 * exact_shares(threshold, sigma, edges, yb_emission))

    source = source_of(threshold, sigma, yb_emission)
    assert p(drawn(source, n=4_000_000)) > 1e-5
    assert p(staircase(source)) < 1e-5


def cell_weights(omega: float, sigma: float, emission: Emission) -> np.ndarray:
    lines = line_panels(np.array([omega]), np.array([sigma]), emission)
    ends = [part.weight for panel in lines.panels for part in _cells(lines, panel)]
    return np.sum(np.concatenate(ends), axis=0)


def test_line_cells_sum_to_the_line_average(yb_emission: Emission) -> None:
    """The weights of the sampler and the rate are one thing."""
    omega, sigma = 1.07162, 5e-6
    spectrum = mean_spectral_function([omega], sigma, yb_emission)[0]
    assert np.allclose(cell_weights(omega, sigma, yb_emission), spectrum, rtol=1e-8, atol=1e-20)


@pytest.mark.parametrize("seed", range(30))
def test_cells_of_resonances_sum_to_the_line_average(seed: int) -> None:
    """The random lines of the tests of the average, with poles and thresholds inside them."""
    emission, omega, sigma = random_line(seed)
    spectrum = mean_spectral_function([omega], sigma, emission)[0]
    assert np.allclose(cell_weights(omega, sigma, emission), spectrum, rtol=1e-6, atol=1e-12 * spectrum.sum())


@pytest.mark.parametrize("sigma", [1e-7, 1e-4])
def test_cells_are_an_eighth_of_the_line(yb_emission: Emission, sigma: float) -> None:
    """Widest where a threshold is 8 σ above the centre; twin: a sixteenth is too little to say."""
    e_eg = yb_emission.target.atom.e_eg_eV
    threshold = yb_emission.neutrinos.thresholds_eV(e_eg)[0, 0]
    widest = []
    for below in np.linspace(-12, 40, 53):
        source = source_of(threshold - below * sigma, sigma, yb_emission)
        own = (source.nu_i == 1) & (source.nu_j == 1)
        first, last = source.root_eV[own], (source.root_eV + source.root_width_eV)[own]
        widest.append(np.max(np.abs(last**2 - first**2)) / (2 * e_eg * sigma))
    assert 1 / 16 < max(widest) <= 1 / 8


def test_angles_and_vertex_are_uniform(yb_emission: Emission) -> None:
    """KS tests with false-alarm probability 1e-5 each, and a twin (r uniform instead of r²) that fails."""
    block = drawn(source_of(1.0, 0.0, yb_emission))
    assert kstest(block.phi / (2 * np.pi), "uniform").pvalue > 1e-5
    assert kstest(block.z_cm / 100.0, "uniform").pvalue > 1e-5
    r2 = block.x_cm.astype(float) ** 2 + block.y_cm.astype(float) ** 2
    assert kstest(r2, "uniform").pvalue > 1e-5
    assert kstest(np.sqrt(r2), "uniform").pvalue < 1e-5
    assert kstest(np.arctan2(block.y_cm, block.x_cm) / (2 * np.pi) + 0.5, "uniform").pvalue > 1e-5


def test_no_open_pair_gives_no_event(yb_emission: Emission) -> None:
    assert source_of(1.0719, 0.0, yb_emission).choice is None
    assert source_of(1.0719, 1e-6, yb_emission).choice is None
