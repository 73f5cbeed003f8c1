"""Rates averaged over a Gaussian laser line of width σ: one integral for rates, generator and fits.

Each pair is integrated over the part of the line below its own threshold, with Gauss–Legendre points in
each panel of it (`renp_sim.physics.line_cuts`).
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.arrays import FloatArray
from renp_sim.errors import DomainError
from renp_sim.physics.kinematics import require_frequency
from renp_sim.physics.line_cuts import LINE_REACH, line_panels
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum, spectral_function

__all__ = ["LINE_REACH", "mean_spectral_function"]

BODY_NODES, FEATURE_NODES = 40, 48
"""Gauss–Legendre points in even panels and in those around thresholds and poles: 1e-11 over the Gaussian
(test_shortcut_is_the_quadrature), 1e-7 in lines with resonances of any width (test_random_line)."""


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
    averaged = _averaged(omega[..., broad], sigma[broad], emission)
    if np.all(broad):
        return averaged
    result = np.empty((*averaged.shape[:-3], omega.shape[-1], 3, 3))
    result[..., broad, :, :] = averaged
    result[..., ~broad, :, :] = spectral_function(omega[..., ~broad], emission)
    return result


def _averaged(omega_eV: FloatArray, sigma_eV: FloatArray, emission: Emission) -> FloatArray:
    lines = line_panels(omega_eV, sigma_eV, emission)
    total = np.zeros(())
    for panel in lines.panels:
        place, share = _rule(BODY_NODES if panel.scale_eV is None else FEATURE_NODES)
        points = lines.at(panel, place)
        bracket = checked_bracket(points.kinematics, emission)
        rate = pair_spectrum(points.kinematics, bracket, emission.target.atom.e_vg_eV)
        total = total + np.einsum("k,k...->...", share, points.density * points.slope_eV * rate)
    return total
