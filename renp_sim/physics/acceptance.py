"""What sees the photons of a laser line: a probability that may change inside it."""

from typing import Protocol

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["Acceptance", "is_gentle_over", "varies_over"]

EVEN = 1e-7
"""Relative change over a line below which an acceptance counts as even, and is taken at the centre."""

GENTLE = 2.0
"""Ratio over ±17 line widths up to which five Gauss–Hermite points average a smooth acceptance, to 1e-9
(test_five_points_average_a_gentle_acceptance)."""

GRID = np.linspace(0.0, 1.0, 5)
"""Places that show a change between two breaks."""


class Acceptance(Protocol):
    """The probability that an emitted photon is recorded, as a function of its energy; a detector is one."""

    @property
    def breaks_eV(self) -> tuple[float, ...]:
        """Points between which the probability is smooth, for quadrature."""
        ...

    def cuts_eV(self, sigma_eV: float) -> tuple[float, ...]:
        """Return those of them between which a rule that resolves a Gaussian of this σ resolves it too."""
        ...

    def efficiency_at(self, energy_eV: FloatArray) -> FloatArray:
        """Return the probability at energies, same shape."""
        ...

    def efficiency_of_line(self, energy_eV: float, sigma_eV: float) -> float:
        """Return the mean over a Gaussian line."""
        ...


def varies_over(acceptance: Acceptance, low_eV: FloatArray, high_eV: FloatArray) -> BoolArray:
    """Return whether the probability changes between two energies by more than 1e-7 of it, shape (n,)."""
    least, most, _ = _range(acceptance, low_eV, high_eV)
    return np.asarray(most - least > EVEN * most)


def is_gentle_over(acceptance: Acceptance, low_eV: FloatArray, high_eV: FloatArray) -> BoolArray:
    """Return whether it is smooth between two energies and changes by less than a factor 2, shape (n,)."""
    least, most, is_smooth = _range(acceptance, low_eV, high_eV)
    return np.asarray(is_smooth & (most < GENTLE * least))


def _range(
    acceptance: Acceptance, low_eV: FloatArray, high_eV: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the least and the largest value between two energies, and whether there is no break."""
    at_grid = acceptance.efficiency_at(low_eV + GRID[:, None] * (high_eV - low_eV))
    least, most = at_grid.min(axis=0), at_grid.max(axis=0)
    # np.unique would load masked arrays, which nothing here needs
    breaks = np.array(sorted(set(acceptance.breaks_eV)), dtype=np.float64)
    at_breaks = acceptance.efficiency_at(breaks)
    first, last = np.searchsorted(breaks, low_eV), np.searchsorted(breaks, high_eV, side="right")
    for k in np.flatnonzero(last > first):
        inside = at_breaks[first[k] : last[k]]
        least[k], most[k] = min(least[k], inside.min()), max(most[k], inside.max())
    return least, most, last == first
