"""Energy resolution: from the true energy of a photon to the reconstructed one."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from detector import special
from detector.domain import NotNegative, require_ranges
from detector.quadrature import step_breaks

__all__ = ["RESOLUTIONS", "Gaussian", "Resolution"]

FloatArray = NDArray[np.float64]
End = float | FloatArray


class Resolution(Protocol):
    """The distribution of the reconstructed energy of a photon."""

    kind: ClassVar[str]
    """What the run file calls it."""

    @property
    def is_perfect(self) -> bool:
        """Whether the reconstructed energy is the true one, so that nothing need be drawn."""
        ...

    @property
    def width_eV(self) -> float:
        """On which scale of the energy it smears, as its standard deviation does; 0 is perfect."""
        ...

    def breaks_eV(self, window_eV: tuple[float, float]) -> tuple[float, ...]:
        """Return the points between which `accepted` is smooth, for quadrature."""
        ...

    def accepted(self, energy_eV: FloatArray, window_eV: tuple[End, End]) -> FloatArray:
        """Return the probability that the reconstructed energy lies in the closed window.

        The ends of the window are numbers, or one for each of the energies.
        """
        ...

    def smear(self, energy_eV: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return reconstructed energies, eV."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaussian:
    """A Gaussian of the same σ at every energy.

    Parameters
    ----------
    sigma_eV
        σ, eV; 0 is perfect.

    Examples
    --------
    >>> Gaussian(sigma_eV=0.1).accepted(np.array([1.0, 1.1]), (0.9, 1.1)).round(4)
    array([0.6827, 0.4772])
    """

    sigma_eV: NotNegative = 0.0

    kind: ClassVar[str] = "gaussian"

    def __post_init__(self) -> None:
        require_ranges(self)

    @property
    def is_perfect(self) -> bool:
        """Whether σ is 0."""
        return self.sigma_eV == 0

    @property
    def width_eV(self) -> float:
        """σ."""
        return self.sigma_eV

    def breaks_eV(self, window_eV: tuple[float, float]) -> tuple[float, ...]:
        """Return points around both edges of the window."""
        low, high = window_eV
        return step_breaks(low, self.sigma_eV) + step_breaks(high, self.sigma_eV)

    def accepted(self, energy_eV: FloatArray, window_eV: tuple[End, End]) -> FloatArray:
        """Return the probability that the reconstructed energy lies in the closed window."""
        low, high = window_eV
        energy = np.asarray(energy_eV, dtype=np.float64)
        if self.is_perfect:
            return ((energy >= low) & (energy <= high)).astype(np.float64)
        a, b = (low - energy) / self.sigma_eV, (high - energy) / self.sigma_eV
        # below the window it is a difference of upper tails, which keeps its digits only when mirrored
        mirrored = a > 0
        upper, lower = np.where(mirrored, -a, b), np.where(mirrored, -b, a)
        probability: FloatArray = special.ndtr(upper) - special.ndtr(lower)
        return probability

    def smear(self, energy_eV: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return reconstructed energies, eV; they may be negative, for the window to reject."""
        reconstructed = rng.standard_normal(len(energy_eV))
        reconstructed *= self.sigma_eV
        reconstructed += energy_eV
        return reconstructed


RESOLUTIONS: tuple[type[Resolution], ...] = (Gaussian,)
"""Every resolution a run file can name."""
