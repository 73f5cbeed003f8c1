"""Rates averaged over a Gaussian laser line of width σ.

A pair's rate has one point that is not smooth, the square-root onset at its own threshold. With
ω = ω_ij − t² the integrand is smooth everywhere below it, so Gauss–Legendre points in t converge; plain
Gauss–Hermite would be 2 % off on a threshold.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.arrays import FloatArray
from renp_sim.errors import DomainError
from renp_sim.physics.kinematics import Kinematics, require_frequency
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum, spectral_function

__all__ = ["LINE_REACH", "LinePoints", "line_points", "mean_spectral_function"]


LINE_REACH = 8.0
"""The line ends at ±8σ: what is beyond is 1e-15 of it."""

NODES = 40
"""Gauss–Legendre points; 1e-6 relative on and off thresholds needs 32."""


@dataclass(frozen=True, slots=True)
class LinePoints:
    """Quadrature points inside laser lines, each pair with its own.

    Parameters
    ----------
    kinematics
        Arrays of shape (points, ..., n, 3, 3).
    weight
        Of the same shape, including the Gaussian: Σ weight · f(ω) is the line average of f where open.
    """

    kinematics: Kinematics
    weight: FloatArray


@cache
def _rule(nodes: int) -> tuple[FloatArray, FloatArray]:
    return np.polynomial.legendre.leggauss(nodes)


def line_points(
    omega_eV: FloatArray, sigma_eV: FloatArray, emission: Emission, nodes: int = NODES
) -> LinePoints:
    """Return the points of lines centred at ω (shape (..., n)) with σ > 0 (shape (n,)).

    Raises
    ------
    DomainError
        If a line reaches out of 0 < ω < E_eg.
    """
    e_eg_eV = emission.target.atom.e_eg_eV
    if np.any(omega_eV <= LINE_REACH * sigma_eV) or np.any(omega_eV + LINE_REACH * sigma_eV >= e_eg_eV):
        raise DomainError(
            f"linewidth_eV up to {np.max(sigma_eV)}: ω ± {LINE_REACH:g}σ must lie in "
            f"0 < ω < E_eg = {e_eg_eV} eV"
        )
    centre, sigma = omega_eV[..., None, None], sigma_eV[:, None, None]
    # q² − s₊ at the ends of the line: it falls with ω, and t = sqrt of it is the smooth variable
    centre_excess = Kinematics.at(omega_eV, emission.neutrinos, e_eg_eV=e_eg_eV).signed_excess_eV2
    reach = 2 * e_eg_eV * LINE_REACH * sigma
    low = np.sqrt(np.maximum(centre_excess - reach, 0.0))
    high = np.sqrt(np.maximum(centre_excess + reach, 0.0))
    x, w = _rule(nodes)
    shape = (nodes,) + (1,) * centre_excess.ndim
    t = low + (high - low) * (x.reshape(shape) + 1) / 2
    xi = (centre_excess - t**2) / (2 * e_eg_eV * sigma)
    density = np.exp(-(xi**2) / 2) / (np.sqrt(2 * np.pi) * sigma)
    jacobian = t / e_eg_eV * (high - low) / 2  # |dω/dt| dt/dx
    kinematics = Kinematics.at_excess(
        t**2,
        emission.neutrinos,
        e_eg_eV=e_eg_eV,
        f_l=emission.target.f_l,
        line_omega_eV=centre,
        line_sigma_eV=sigma,
    )
    return LinePoints(kinematics, w.reshape(shape) * jacobian * density)


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
    """
    omega = np.atleast_1d(require_frequency(omega_eV, emission.target.atom.e_eg_eV))
    sigma = np.broadcast_to(np.asarray(linewidth_eV, dtype=np.float64), omega.shape[-1:])
    if not np.all((sigma >= 0) & np.isfinite(sigma)):
        raise DomainError(f"linewidth_eV = {sigma}: must be finite and not negative")
    broad = sigma > 0
    if not np.any(broad):
        return spectral_function(omega, emission)
    points = line_points(omega[..., broad], sigma[broad], emission)
    bracket = checked_bracket(points.kinematics, emission)
    averaged: FloatArray = np.sum(
        points.weight * pair_spectrum(points.kinematics, bracket, emission.target.atom.e_vg_eV), axis=0
    )
    if np.all(broad):
        return averaged
    result = np.empty((*averaged.shape[:-3], omega.shape[-1], 3, 3))
    result[..., broad, :, :] = averaged
    result[..., ~broad, :, :] = spectral_function(omega[..., ~broad], emission)
    return result
