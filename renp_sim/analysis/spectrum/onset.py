"""An onset: where a spectrum begins to grow towards lower ω, and what it may look like."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, gamma, pbdv

from renp_sim.analysis.intervals import Interval
from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["ROUNDINGS", "Onset", "onset_shape", "onset_shapes"]


ASYMPTOTIC = 12.0
"""Line widths from which the average of the square root is its series to 1e-6
(`test_onset_shape_is_the_average_of_the_root`)."""

ROUNDINGS = (0.0, 0.1, 0.3, 1.0, 3.0, np.inf)
"""Settings below ω_t after which an onset levels off; 0 is a step, inf a square root for ever
(`test_onsets_between_steps_with_many_counts_are_found`)."""

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
"""For the average over the line, to 1e-3 of what is averaged (`test_shapes_are_averages_over_the_line`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """An onset that was found.

    Parameters
    ----------
    position_eV
        ω_t, eV.
    intervals
        Where −2 ln L is within 1 of its minimum in the onset's window, with the level below and the shape of
        the onset fitted anew at every place.
    size
        What the onset adds to Î one setting below ω_t, over the root of that distance, eV^(−1/2): the
        coefficient of a square root.
    delta_q
        −2 ln L of the best smooth level less that with the onset, in its window, all other onsets kept.
    """

    position_eV: float
    intervals: tuple[Interval, ...]
    size: float
    delta_q: float

    @property
    def local_p_value(self) -> float:
        """Bound ½ P(χ²₁ > Δq) on the probability of such a Δ(−2 ln L) at this one place, without an onset.

        Asymptotic; the level without it has as many parameters, so that fewer exceed Δq than of a χ².
        Local: the place was chosen by the data among many, and this does not count them. Toys do.
        """
        return float(chdtrc(1, max(self.delta_q, 0.0))) / 2


def onset_shape(below_eV: FloatArray, sigma_eV: FloatArray) -> FloatArray:
    """Return sqrt(max(0, ω_t − ω)) averaged over a Gaussian line, for ω_t − ω and σ, eV^(1/2).

    ⟨sqrt(max(0, x + σξ))⟩ = sqrt(σ) Γ(3/2)/sqrt(2π) e^{−z²/4} D_{−3/2}(−z) with z = x/σ and D the parabolic
    cylinder function.

    Examples
    --------
    >>> onset_shape(np.array([4.0, -1.0]), np.zeros(2)).tolist()
    [2.0, 0.0]
    >>> float(onset_shape(np.array(0.0), np.array(1.0)).round(6))  # Γ(3/4) 2^(1/4) / sqrt(π) / 2
    0.411089
    """
    below, sigma = np.broadcast_arrays(below_eV, sigma_eV)
    sharp: FloatArray = np.sqrt(np.maximum(below, 0.0))
    z = np.where(sigma > 0, below / np.where(sigma > 0, sigma, 1.0), np.copysign(np.inf, below))
    is_near = np.abs(z) < ASYMPTOTIC
    near = np.where(is_near, z, 0.0)
    average = gamma(1.5) / np.sqrt(2 * np.pi) * np.exp(-(near**2) / 4) * pbdv(-1.5, -near)[0]
    # above the onset the tail of the line is below 1e-30 here, and below it the series is the square root
    far = np.where(is_near, ASYMPTOTIC, z) ** -2.0
    return np.where(is_near, np.sqrt(sigma) * average, sharp * (1 - far / 8 - 15 * far**2 / 128))


def onset_shapes(
    below_eV: FloatArray, sigma_eV: FloatArray, spacing_eV: FloatArray, roundings: tuple[float, ...]
) -> FloatArray:
    """Return what an onset may look like, averaged over the line, one shape a rounding and the line x.

    With x = ω_t − ω in units of the spacing they are sqrt(x/(1 + x/w)) for each rounding w (a step where it
    is 0) and x. The phase space of a pair goes like sqrt(x (x + 2 m_i m_j/E_eg))/(x + w) with
    w = (m_i + m_j)²/2E_eg: a root that levels off after w, a straight line where one mass vanishes, a step
    where both do. Positive sums of the shapes are close to those, and to several pairs between two settings.

    Parameters
    ----------
    below_eV, sigma_eV
        ω_t − ω and the width of the line.
    spacing_eV
        Distance of settings around ω_t.
    roundings
        In units of the spacing.
    """
    below, sigma, spacing = np.broadcast_arrays(below_eV, sigma_eV, spacing_eV)
    is_near: BoolArray = (sigma > 0) & (np.abs(below) < ASYMPTOTIC * sigma)
    shapes = _sharp(np.maximum(below, 0.0) / spacing, roundings)
    x, width, unit = (values[is_near][:, None] for values in (below, sigma, spacing))
    # in the root of the distance all shapes are smooth
    low, high = (np.sqrt(np.maximum(x + side * 9 * width, 0.0)) for side in (-1, 1))
    root = low + (high - low) * (NODES + 1) / 2
    weight = WEIGHTS * (high - low) * root * np.exp(-(((root**2 - x) / width) ** 2) / 2)
    weight /= np.sqrt(2 * np.pi) * width
    shapes[is_near] = np.einsum("nk,nks->ns", weight, _sharp(root**2 / unit, roundings))
    return shapes


def _sharp(below: FloatArray, roundings: tuple[float, ...]) -> FloatArray:
    rounded = [np.sqrt(below / (1 + below / width)) if width else (below > 0) * 1.0 for width in roundings]
    return np.stack([*rounded, below], axis=-1)
