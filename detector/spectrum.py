"""Energy spectra of background: each can be sampled and averaged over."""

from dataclasses import dataclass
from math import inf, pi, sqrt
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from detector import special
from detector.domain import NotNegative, Positive, require_ranges, require_table
from detector.quadrature import EnergyFunction, integral, step_breaks

__all__ = ["LINE_REACH", "SPECTRA", "Exponential", "Flat", "Line", "Spectrum", "Tabulated"]

FloatArray = NDArray[np.float64]

LINE_REACH = 8.0
"""Half the extent of a Gaussian line, in σ: beyond it there is 1e-15 of it."""


class Spectrum(Protocol):
    """A normalised distribution f(E) of photon energies."""

    kind: ClassVar[str]
    """What the run file calls it."""

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n energies, eV."""
        ...

    def mean(self, function: EnergyFunction, breaks_eV: tuple[float, ...]) -> float:
        """Return ∫ f(E) function(E) dE for a function that is smooth between the breaks."""
        ...


def _require_band(low_eV: float, high_eV: float) -> None:
    if not low_eV < high_eV:
        raise ValueError(f"high_eV = {high_eV}: must be above low_eV = {low_eV}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The line of the laser: a Gaussian of width σ, of which only the part below `high_eV` may be left."""

    energy_eV: float
    sigma_eV: float = 0.0
    high_eV: float = inf

    kind: ClassVar[str] = "line"

    @property
    def share(self) -> float:
        """What is left of the whole Gaussian."""
        if self.sigma_eV == 0:
            return float(self.energy_eV <= self.high_eV)
        return float(special.ndtr((self.high_eV - self.energy_eV) / self.sigma_eV))

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n energies, eV; a sharp line draws nothing."""
        if self.sigma_eV == 0:
            return np.full(n, self.energy_eV)
        if self.high_eV > self.energy_eV + LINE_REACH * self.sigma_eV:
            return self.energy_eV + self.sigma_eV * rng.standard_normal(n)
        # 1 − u is never 0
        energy: FloatArray = self.energy_eV + self.sigma_eV * special.ndtri(self.share * (1 - rng.random(n)))
        return np.minimum(energy, self.high_eV)

    def mean(self, function: EnergyFunction, breaks_eV: tuple[float, ...]) -> float:
        """Return the mean of the function over what is left of the line."""
        if self.sigma_eV == 0:
            return float(function(np.array([self.energy_eV]))[0])

        def weighted(energy_eV: FloatArray) -> FloatArray:
            return np.exp(-(((energy_eV - self.energy_eV) / self.sigma_eV) ** 2) / 2) * function(energy_eV)

        reach = LINE_REACH * self.sigma_eV
        high = min(self.energy_eV + reach, self.high_eV)
        # of a line that lies beyond its end its last σ is left, and less
        low = min(self.energy_eV, high) - reach
        own = step_breaks(self.energy_eV, self.sigma_eV) + step_breaks(high, self.sigma_eV)
        total = integral(weighted, low, high, (*own, *breaks_eV))
        return total / (self.sigma_eV * sqrt(2 * pi) * self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """A constant density between two energies.

    Parameters
    ----------
    low_eV
        Where it begins, eV.
    high_eV
        Where it ends, eV.
    """

    low_eV: NotNegative
    high_eV: Positive

    kind: ClassVar[str] = "flat"

    def __post_init__(self) -> None:
        require_ranges(self)
        _require_band(self.low_eV, self.high_eV)

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n energies, eV."""
        return rng.uniform(self.low_eV, self.high_eV, n)

    def mean(self, function: EnergyFunction, breaks_eV: tuple[float, ...]) -> float:
        """Return the mean of the function over the band.

        Examples
        --------
        >>> round(Flat(low_eV=1.0, high_eV=2.0).mean(lambda energy: energy, ()), 12)
        1.5
        """
        return integral(function, self.low_eV, self.high_eV, breaks_eV) / (self.high_eV - self.low_eV)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """A density that falls exponentially between two energies.

    Parameters
    ----------
    low_eV
        Where it begins, eV.
    high_eV
        Where it ends, eV.
    scale_eV
        Over which it falls by a factor e, eV.
    """

    low_eV: NotNegative
    high_eV: Positive
    scale_eV: Positive

    kind: ClassVar[str] = "exponential"

    def __post_init__(self) -> None:
        require_ranges(self)
        _require_band(self.low_eV, self.high_eV)

    @property
    def _share(self) -> float:
        """What the band holds of the exponential that starts at low_eV."""
        return float(-np.expm1(-(self.high_eV - self.low_eV) / self.scale_eV))

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n energies, eV, by inversion."""
        energy: FloatArray = self.low_eV - self.scale_eV * np.log1p(-self._share * rng.random(n))
        return energy

    def mean(self, function: EnergyFunction, breaks_eV: tuple[float, ...]) -> float:
        """Return the mean of the function under the density."""

        def weighted(energy_eV: FloatArray) -> FloatArray:
            return np.exp((self.low_eV - energy_eV) / self.scale_eV) * function(energy_eV)

        # so that a long tail takes no points from where the photons are
        own = tuple(self.low_eV + 2.0**k * self.scale_eV for k in range(7))
        total = integral(weighted, self.low_eV, self.high_eV, (*own, *breaks_eV))
        return total / (self.scale_eV * self._share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabulated:
    """A density through the points of a table, linear between them and 0 outside.

    Parameters
    ----------
    energies_eV
        Rising energies, eV.
    values
        The density at each of them, of any norm.
    """

    energies_eV: tuple[NotNegative, ...]
    values: tuple[NotNegative, ...]

    kind: ClassVar[str] = "tabulated"

    def __post_init__(self) -> None:
        require_ranges(self)
        require_table(self.energies_eV, self.values)
        if not any(self.values):
            raise ValueError(f"values = {self.values}: one must be positive")

    def _cumulated(self) -> FloatArray:
        value = np.asarray(self.values, dtype=np.float64)
        return np.cumsum(np.diff(self.energies_eV) * (value[1:] + value[:-1]) / 2)

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n energies, eV, by inversion: the area is quadratic between two points."""
        energy, value = np.asarray(self.energies_eV, dtype=np.float64), np.asarray(self.values)
        area = self._cumulated()
        target = rng.random(n) * area[-1]
        k = np.searchsorted(area, target, side="right")
        rest = target - np.concatenate([[0.0], area])[k]
        width = np.diff(energy)
        slope = np.diff(value) / width
        root = np.sqrt(np.maximum(value[k] ** 2 + 2 * slope[k] * rest, 0.0))
        # this form of the root has no cancellation; 0/0 only at the foot of a rising segment
        step = 2 * rest / np.maximum(value[k] + root, np.finfo(np.float64).tiny)
        sampled: FloatArray = energy[k] + np.minimum(step, width[k])
        return sampled

    def mean(self, function: EnergyFunction, breaks_eV: tuple[float, ...]) -> float:
        """Return the mean of the function under the density."""

        def weighted(energy_eV: FloatArray) -> FloatArray:
            return np.interp(energy_eV, self.energies_eV, self.values) * function(energy_eV)

        low, high = self.energies_eV[0], self.energies_eV[-1]
        total = integral(weighted, low, high, (*self.energies_eV, *breaks_eV))
        return total / float(self._cumulated()[-1])


SPECTRA: tuple[type[Spectrum], ...] = (Flat, Exponential, Tabulated)
"""Every spectrum a run file can name."""
