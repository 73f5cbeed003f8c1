"""Rates averaged over a Gaussian laser line of width σ: one integral for rates, generator and fits.

Each pair is integrated over the part of the line below its own threshold, with Gauss–Legendre points in
each panel of it (`renp_sim.physics.line_cuts`). What sees the photons, where it changes over the line, stands
in the integrand, and the panels are cut where it is not smooth.
"""

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.arrays import FloatArray
from renp_sim.errors import DomainError
from renp_sim.physics.acceptance import Acceptance, varies_over
from renp_sim.physics.kinematics import require_frequency
from renp_sim.physics.line_cuts import LINE_REACH, PANELS_REACH, line_panels
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum, spectral_function

__all__ = ["LINE_REACH", "mean_efficiency", "mean_recorded_spectrum", "mean_spectral_function"]

BODY_NODES, FEATURE_NODES = 40, 48
"""Gauss–Legendre points in even panels and in those around thresholds and poles: 1e-11 over the Gaussian
(test_shortcut_is_the_quadrature), 1e-7 in lines with resonances of any width (test_random_line)."""


SHORT, SHORT_NODES = 2.0, 16
"""Line widths up to which a stretch between two cuts of an acceptance needs no more points, to 1e-8
(test_cuts_and_points_are_enough)."""

CHUNK = 256
"""Lines that are averaged at a time: their points stay in the cache, and the memory is bounded."""


@cache
def _rule(nodes: int) -> tuple[FloatArray, FloatArray]:
    return np.polynomial.legendre.leggauss(nodes)


def mean_spectral_function(omega_eV: ArrayLike, linewidth_eV: ArrayLike, emission: Emission) -> FloatArray:
    """Return I_ij averaged over the laser line, shape (..., n, 3, 3).

    Parameters
    ----------
    omega_eV
        Line centres, shape (..., n).
    linewidth_eV
        Gaussian σ, shape (n,) or scalar; 0 is a sharp line.
    emission
        Target, neutrinos and interaction.

    Raises
    ------
    DomainError
        If a line reaches out of 0 < ω < E_eg, or σ is negative.
    NumericsError
        If an open pair reaches a pole that neither its width nor the line resolves.
    """
    omega = np.atleast_1d(require_frequency(omega_eV, emission.target.atom.e_eg_eV))
    sigma = np.broadcast_to(np.asarray(linewidth_eV, dtype=np.float64), omega.shape[-1:])
    if not np.all((sigma >= 0) & np.isfinite(sigma)):
        raise DomainError(f"linewidth_eV = {sigma}: must be finite and not negative")
    broad = sigma > 0
    if not np.any(broad):
        return spectral_function(omega, emission)
    averaged = _in_chunks(omega[..., broad], sigma[broad], emission)
    if np.all(broad):
        return averaged
    result = np.empty((*averaged.shape[:-3], omega.shape[-1], 3, 3))
    result[..., broad, :, :] = averaged
    result[..., ~broad, :, :] = spectral_function(omega[..., ~broad], emission)
    return result


def mean_recorded_spectrum(
    omega_eV: FloatArray, linewidth_eV: FloatArray, emission: Emission, acceptance: Acceptance
) -> FloatArray:
    """Return I_ij · ε averaged over lines of finite width, shape (..., n, 3, 3).

    Parameters
    ----------
    omega_eV, linewidth_eV
        Line centres, shape (..., n), and Gaussian σ > 0, shape (n,).
    emission, acceptance
        What emits the photons, and ε, what sees them.

    Raises
    ------
    DomainError, NumericsError
        As `mean_spectral_function`.
    """
    low, high = (omega_eV + side * PANELS_REACH * linewidth_eV for side in (-1, 1))
    cuts = np.unique(acceptance.cuts_eV(float(linewidth_eV.max())))
    cuts = cuts[(cuts > low.min()) & (cuts < high.max())]
    parts = []
    for first, last in pairwise([0.0, *cuts.tolist(), np.inf]):
        reaches = (low < last) & (high > first)
        here = np.flatnonzero(reaches.any(axis=tuple(range(reaches.ndim - 1))))
        if len(here):
            lines = omega_eV[..., here], linewidth_eV[here]
            parts.append((here, _integral(*lines, emission, acceptance, (first, last))))
    lead = np.broadcast_shapes(*(part.shape[:-3] for _, part in parts))
    total = np.zeros((*lead, omega_eV.shape[-1], 3, 3))
    for here, part in parts:
        total[..., here, :, :] += part
    return total


def mean_efficiency(
    omega_eV: FloatArray, linewidth_eV: FloatArray, acceptance: Acceptance, emission: Emission | None = None
) -> FloatArray:
    """Return the probability to record a photon of each line, shape (n,): ⟨I ε⟩/⟨I⟩ where ε changes over it.

    Parameters
    ----------
    omega_eV, linewidth_eV
        Line centres and Gaussian σ, shape (n,).
    acceptance
        ε, what sees the photons.
    emission
        What emits them; None, or a line without an open pair, has the mean of ε over its Gaussian.
    """
    efficiency = acceptance.efficiency_at(omega_eV)
    reach = LINE_REACH * linewidth_eV
    varying = np.flatnonzero(varies_over(acceptance, omega_eV - reach, omega_eV + reach))
    if not len(varying):
        return efficiency
    lines, which = np.unique(np.stack([omega_eV, linewidth_eV])[:, varying], axis=1, return_inverse=True)
    means = np.full(lines.shape[1], np.nan)
    if emission is not None:
        for start in range(0, len(means), CHUNK):
            part = slice(start, start + CHUNK)
            omega, sigma = lines[:, part]
            every = mean_spectral_function(omega, sigma, emission).sum(axis=(-2, -1))
            seen = mean_recorded_spectrum(omega, sigma, emission, acceptance).sum(axis=(-2, -1))
            np.divide(seen, every, out=means[part], where=every > 0)
    for k in np.flatnonzero(np.isnan(means)):
        means[k] = acceptance.efficiency_of_line(*lines[:, k].tolist())
    efficiency[varying] = means[which.ravel()]
    return efficiency


def _in_chunks(omega_eV: FloatArray, sigma_eV: FloatArray, emission: Emission) -> FloatArray:
    parts = [slice(start, start + CHUNK) for start in range(0, len(sigma_eV), CHUNK)]
    return np.concatenate([_integral(omega_eV[..., p], sigma_eV[p], emission) for p in parts], axis=-3)


def _integral(
    omega_eV: FloatArray,
    sigma_eV: FloatArray,
    emission: Emission,
    acceptance: Acceptance | None = None,
    between_eV: tuple[float, float] | None = None,
) -> FloatArray:
    lines = line_panels(omega_eV, sigma_eV, emission, between_eV)
    is_short = between_eV is not None and between_eV[1] - between_eV[0] < SHORT * np.min(sigma_eV)
    total = np.zeros(lines.centre_eV2.shape)
    for panel in lines.panels:
        if between_eV is not None and not np.any(panel.high_eV > panel.low_eV):
            continue
        even = SHORT_NODES if is_short else BODY_NODES
        place, share = _rule(even if panel.scale_eV is None else FEATURE_NODES)
        points = lines.at(panel, place)
        bracket = checked_bracket(points.kinematics, emission)
        rate = pair_spectrum(points.kinematics, bracket, emission.target.atom.e_vg_eV)
        weight = points.density * points.slope_eV
        if acceptance is not None:
            weight = weight * acceptance.efficiency_at(points.kinematics.omega_eV)
        total = total + np.einsum("k,k...->...", share, weight * rate)
    return total
