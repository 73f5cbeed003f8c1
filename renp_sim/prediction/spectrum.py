"""I(ω) averaged over the laser line, for many parameter points at once.

Each item is a frequency with the neutrinos it is asked for. Where a resonance, or the threshold of a pair
with a light neutrino, is inside the line's reach the adapted quadrature of `renp_sim.physics.line` is needed;
at another threshold the ten points of `renp_sim.physics.onset_rule` do the same, elsewhere five Gauss–Hermite
points. What sees the photons, where it changes over the line, stands in the integrand; then thresholds need
the adapted quadrature.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.physics.acceptance import Acceptance
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.line import mean_recorded_spectrum, mean_spectral_function
from renp_sim.physics.onset_rule import HIGHEST, LOWEST, N_POINTS, onset_rule
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum, spectral_function

__all__ = ["is_resonant", "is_smooth", "mean_spectrum"]


SMOOTH_BEYOND_THRESHOLD = 15.0
"""Line widths to the next threshold from where Gauss–Hermite is as good as the full quadrature.

Measured for Yb, both natures, f_L in {0, 1/3, 1}, σ from 1e-7 to 3e-5 eV, masses up to 0.3 eV: within
7e-12 relative, which is the accuracy of the full quadrature itself.
"""

SMOOTH_BEYOND_POLE = 30.0
"""Line widths to a resonance: the error of the rule on (ω − ω_M)⁻² is 1320/30¹⁰ there."""

HEAVY = 3.0
"""4 m_i m_j of a pair in line widths of q² from where on its onset is a root and no more: 2e-13
(test_onset_rule_taken_for_a_light_neutrino_is_noticed)."""

_Rule = Callable[[FloatArray, float, Emission], FloatArray]

HERMITE_NODES = 5
CHUNK = 64
"""Items in one call of the quadrature: its temporaries of 40 × 9 numbers an item stay in the cache."""
SHARP_CHUNK = 256
ONSET_CHUNK = 128


def is_smooth(omega_eV: FloatArray, linewidth_eV: FloatArray, emission: Emission) -> BoolArray:
    """Return where no threshold and no resonance is near the line, shape (u, n).

    Parameters
    ----------
    omega_eV, linewidth_eV
        Shapes (u, n) and (n,), eV.
    emission
        Neutrinos with one leading axis, (u,).
    """
    reach = 2 * emission.target.atom.e_eg_eV * linewidth_eV
    kinematics = Kinematics.at(omega_eV, emission.neutrinos, e_eg_eV=emission.target.atom.e_eg_eV)
    nearest = np.min(np.abs(kinematics.signed_excess_eV2), axis=(-2, -1))
    smooth: BoolArray = nearest > SMOOTH_BEYOND_THRESHOLD * reach
    return smooth & ~is_resonant(omega_eV, linewidth_eV, emission)


def is_resonant(omega_eV: FloatArray, linewidth_eV: FloatArray, emission: Emission) -> BoolArray:
    """Return where a resonance is near the line, shape (u, n)."""
    e_eg_eV = emission.target.atom.e_eg_eV
    q2 = e_eg_eV * (e_eg_eV - 2 * omega_eV)
    near = np.zeros(omega_eV.shape, dtype=np.bool_)
    for pole in emission.interaction.poles(emission.neutrinos):
        mass, width = pole.mass_eV[..., None], pole.width_eV[..., None]
        near |= np.hypot(q2 - mass**2, mass * width) <= SMOOTH_BEYOND_POLE * 2 * e_eg_eV * linewidth_eV
    return near


def mean_spectrum(
    omega_eV: FloatArray,
    linewidth_eV: FloatArray,
    emission_of: Callable[[IndexArray], Emission],
    smooth: BoolArray | None = None,
    acceptances: Sequence[Acceptance | None] | None = None,
) -> FloatArray:
    """Return Ī = Σ_ij I_ij averaged over the line, shape (u, n).

    Parameters
    ----------
    omega_eV
        Line centres, shape (u, n), eV.
    linewidth_eV
        Gaussian σ, shape (n,), eV; 0 is a sharp line.
    emission_of
        What emits at some of the u points, given by index (repeated ones among them).
    smooth
        Where five points do; None: what `is_smooth` says.
    acceptances
        What sees the photons of each of the n lines, and goes into their average; None: every photon is seen.

    Raises
    ------
    DomainError
        If a line reaches out of 0 < ω < E_eg.
    """
    if smooth is None and not np.any(linewidth_eV):
        smooth = np.ones(omega_eV.shape, dtype=np.bool_)
    elif smooth is None:
        smooth = is_smooth(omega_eV, linewidth_eV, emission_of(np.arange(len(omega_eV))))
    heavy = np.zeros_like(smooth) if np.all(smooth) else _is_heavy(omega_eV, linewidth_eV, emission_of)
    result = np.empty(omega_eV.shape)
    for sigma, acceptance, lines in _kinds(linewidth_eV, acceptances):
        here = np.broadcast_to(lines, omega_eV.shape)
        rules: list[tuple[BoolArray, _Rule, int]]
        if acceptance is not None and sigma > 0:
            rules = [
                (here & smooth, partial(_hermite, acceptance=acceptance), SHARP_CHUNK),
                (here & ~smooth, partial(_recorded, acceptance=acceptance), CHUNK),
            ]
        elif sigma == 0:
            rules = [(here, partial(_sharp, acceptance=acceptance), SHARP_CHUNK)]
        else:
            onset = here & ~smooth & heavy
            rules = [
                (here & smooth, _hermite, SHARP_CHUNK),
                (onset, _onset, ONSET_CHUNK),
                (here & ~smooth & ~onset, _adapted, CHUNK),
            ]
        for mask, rule, chunk in rules:
            # by frequency: items of a chunk see the same thresholds and poles
            column, row = np.nonzero(mask.T)
            for i in range(0, len(row), chunk):
                r, c = row[i : i + chunk], column[i : i + chunk]
                result[r, c] = rule(omega_eV[r, c], float(sigma), emission_of(r))
    return result


def _is_heavy(
    omega_eV: FloatArray, linewidth_eV: FloatArray, emission_of: Callable[[IndexArray], Emission]
) -> BoolArray:
    """Return where no pole is near, and all thresholds that are belong to pairs without a light neutrino."""
    emission = emission_of(np.arange(len(omega_eV)))
    e_eg_eV = emission.target.atom.e_eg_eV
    kinematics = Kinematics.at(omega_eV, emission.neutrinos, e_eg_eV=e_eg_eV)
    s = (2 * e_eg_eV * linewidth_eV)[:, None, None]
    far = np.abs(kinematics.signed_excess_eV2) > HIGHEST * s
    heavy: BoolArray = np.all(far | (4 * kinematics.mass_product_eV2 > HEAVY * s), axis=(-2, -1))
    return heavy & ~is_resonant(omega_eV, linewidth_eV, emission)


def _kinds(
    linewidth_eV: FloatArray, acceptances: Sequence[Acceptance | None] | None
) -> list[tuple[float, Acceptance | None, BoolArray]]:
    """Return which of n lines are alike, shape (n,), by width and by what sees them."""
    seen = [None] * len(linewidth_eV) if acceptances is None else acceptances
    known = {id(acceptance): acceptance for acceptance in seen}
    ids = np.array([id(acceptance) for acceptance in seen])
    return [
        (sigma, acceptance, lines)
        for sigma in np.unique(linewidth_eV).tolist()
        for key, acceptance in known.items()
        if np.any(lines := (linewidth_eV == sigma) & (ids == key))
    ]


def _sharp(
    omega_eV: FloatArray, sigma_eV: float, emission: Emission, acceptance: Acceptance | None = None
) -> FloatArray:
    total: FloatArray = np.sum(spectral_function(omega_eV[:, None], emission), axis=(-3, -2, -1))
    return total if acceptance is None else total * acceptance.efficiency_at(omega_eV)


@cache
def _hermite_rule(n_nodes: int) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(n_nodes)
    return nodes, weights / np.sum(weights)


def _hermite(
    omega_eV: FloatArray, sigma_eV: float, emission: Emission, acceptance: Acceptance | None = None
) -> FloatArray:
    nodes, weights = _hermite_rule(HERMITE_NODES)
    points_eV = omega_eV[:, None] + sigma_eV * nodes
    recorded = np.sum(spectral_function(points_eV, emission), axis=(-2, -1))
    if acceptance is not None:
        recorded = recorded * acceptance.efficiency_at(points_eV)
    averaged: FloatArray = recorded @ weights
    return averaged


def _onset(omega_eV: FloatArray, sigma_eV: float, emission: Emission) -> FloatArray:
    target, neutrinos = emission.target, emission.neutrinos
    s = 2 * target.atom.e_eg_eV * sigma_eV
    centre = Kinematics.at(omega_eV[:, None], neutrinos, e_eg_eV=target.atom.e_eg_eV)
    x = centre.signed_excess_eV2 / s
    nodes, shares = _hermite_rule(N_POINTS)
    column = (-1, *(1,) * x.ndim)
    # pairs far above their threshold see none, and those far below nothing
    points, weights = x + nodes.reshape(column), np.where(x > 0, shares.reshape(column), 0.0)
    near = (x >= LOWEST) & (x <= HIGHEST)
    points[:, near], weights[:, near] = onset_rule(x[near])
    kinematics = Kinematics.at_excess(s * points, neutrinos, e_eg_eV=target.atom.e_eg_eV, f_l=target.f_l)
    rate = pair_spectrum(kinematics, checked_bracket(kinematics, emission), target.atom.e_vg_eV)
    total: FloatArray = np.einsum("k...ij,k...ij->...", weights, rate)[:, 0]
    return total


def _adapted(omega_eV: FloatArray, sigma_eV: float, emission: Emission) -> FloatArray:
    total: FloatArray = np.sum(
        mean_spectral_function(omega_eV[:, None], sigma_eV, emission), axis=(-3, -2, -1)
    )
    return total


def _recorded(
    omega_eV: FloatArray, sigma_eV: float, emission: Emission, acceptance: Acceptance
) -> FloatArray:
    average = mean_recorded_spectrum(omega_eV[:, None], np.array([sigma_eV]), emission, acceptance)
    total: FloatArray = np.sum(average, axis=(-3, -2, -1))
    return total
