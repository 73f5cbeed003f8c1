"""Means over a spectrum by Gauss–Legendre points between the places where the integrand is not smooth."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["EnergyFunction", "integral", "step_breaks"]

FloatArray = NDArray[np.float64]
EnergyFunction = Callable[[FloatArray], FloatArray]

NODES = 16
"""Exact to rounding for a Gaussian step between its breaks."""
STEP_BREAKS = (-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0)
"""Where to break a Gaussian step ½(1 + erf(x/√2)): beyond 8 it is flat to 1e-15."""


def step_breaks(centre_eV: float, width_eV: float) -> tuple[float, ...]:
    """Return the points that break a Gaussian step of this width, or a sharp one of width 0."""
    return tuple(centre_eV + x * width_eV for x in STEP_BREAKS) if width_eV else (centre_eV,)


@cache
def _legendre() -> tuple[FloatArray, FloatArray]:
    x, w = np.polynomial.legendre.leggauss(NODES)
    return x, w


def integral(function: EnergyFunction, low: float, high: float, breaks: tuple[float, ...]) -> float:
    """Return ∫ function from low to high, smooth between the breaks; those outside are ignored.

    Examples
    --------
    >>> round(integral(lambda x: np.abs(x - 1), 0.0, 3.0, (1.0, 7.0)), 12)
    2.5
    """
    edges = np.unique(np.clip([low, high, *breaks], low, high))
    half = np.diff(edges)[:, None] / 2
    x, w = _legendre()
    return float(np.sum(w * half * function(edges[:-1, None] + half * (1 + x))))
