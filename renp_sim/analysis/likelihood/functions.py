"""What sums of products are made of in one parameter: its powers, or of an angle cosines and sines."""

import math
from dataclasses import dataclass

import numpy as np

from renp_sim.arrays import FloatArray

__all__ = ["Angle", "functions_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Angle:
    """A parameter in which μ is a sum of cosines and sines.

    Parameters
    ----------
    period
        A turn.
    harmonics
        Cosines and sines of up to so many times the share of a turn.
    """

    period: float
    harmonics: int

    @property
    def n_functions(self) -> int:
        """Number of functions, 1 among them."""
        return 2 * self.harmonics + 1

    def points(self) -> FloatArray:
        """Return values that fix the coefficients of all functions."""
        return np.arange(self.n_functions) * self.period / self.n_functions


def functions_of(x: FloatArray, n_functions: int, order: int, angle: Angle | None = None) -> FloatArray:
    """Return a derivative of 1, x, x² …, of an angle of 1, cos, sin, cos 2, sin 2 …, shape (n_functions, b).

    Parameters
    ----------
    x
        Values, shape (b,).
    n_functions
        How many.
    order
        Of the derivative.
    angle
        What x is, if it is an angle.
    """
    out = np.zeros((n_functions, len(x)))
    if angle is None:
        for power in range(order, n_functions):
            # the derivative of x^power
            out[power] = math.perm(power, order) * (x if power - order == 1 else x ** (power - order))
        return out
    out[0] = 1.0 if order == 0 else 0.0
    for k in range(1, (n_functions + 1) // 2 + 1):
        rate = 2 * np.pi * k / angle.period
        turned = rate * x + order * np.pi / 2
        for at, wave in ((2 * k - 1, np.cos), (2 * k, np.sin)):
            if at < n_functions:
                out[at] = rate**order * wave(turned)
    return out
