"""Three free masses with the sum of two of them as a parameter: the sum alone fixes their threshold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.model import Parameter, Quadratic
from renp_sim.arrays import FloatArray
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts

__all__ = ["MassSum"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MassSum:
    """The model `whole` with m_i replaced by m_i + m_j, called `m{i}{j}_eV`; m_j stays a parameter.

    A difference below zero is mirrored, m_i = |sum − m_j|, so that every point has masses.

    Parameters
    ----------
    whole
        Offers m1_eV, m2_eV and m3_eV.
    i, j
        The pair, 1 … 3, i ≠ j.
    """

    whole: ExpectedCounts | JointCounts
    i: int
    j: int

    @property
    def name(self) -> str:
        """Name of the sum."""
        return f"m{self.i}{self.j}_eV"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the whole, with the sum in the place of m_i."""
        found = {p.name: p for p in self.whole.parameters}
        first, second = found[f"m{self.i}_eV"], found[f"m{self.j}_eV"]
        total = replace(
            first, name=self.name, value=first.value + second.value, upper=first.upper + second.upper
        )
        return tuple(total if p.name == first.name else p for p in self.whole.parameters)

    def expected(self, theta: FloatArray) -> FloatArray:
        """Return μ, shape (..., n)."""
        return self.whole.expected(self._masses(theta))

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Return ∂μ/∂θ, shape (..., n, p)."""
        a, b = self._places()
        slopes = self.whole.gradient(self._masses(theta)).copy()
        sign = np.where(theta[..., a] >= theta[..., b], 1.0, -1.0)[..., None]
        slopes[..., a] *= sign
        slopes[..., b] -= slopes[..., a]
        return slopes

    def kinks(
        self, parameter: str, theta: FloatArray, low: float = -np.inf, high: float = np.inf
    ) -> FloatArray:
        """Return where steps cross thresholds, and a few places more where the other pairs of m_i would."""
        a, b = self._places()
        masses = self._masses(theta)
        first = self.whole.kinks(f"m{self.i}_eV", masses)
        if parameter == self.name:
            return np.sort(first + theta[..., b, None], axis=-1)
        own = self.whole.kinks(parameter, masses, low, high)
        if parameter != f"m{self.j}_eV":
            return own
        mirrored = theta[..., a, None] - first
        both = np.concatenate([own, np.where(mirrored > 0, mirrored, np.nan)], axis=-1)
        return np.sort(both, axis=-1) if theta.ndim > 1 else np.unique(both[~np.isnan(both)])

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        """Return what the whole says; None where a mass is among the parameters."""
        if self.name in parameters:
            return None
        return self.whole.quadratic(parameters, self._masses(theta))

    def tabled(self, names: Sequence[str]) -> Self:
        """Return itself where the sum moves; else the same model with μ from tables, if that is cheaper."""
        return self if self.name in names else replace(self, whole=self.whole.tabled(names))

    def at(self, exposure: Exposure) -> Self:
        """Return the same model for another exposure."""
        return replace(self, whole=self.whole.at(exposure))

    def _places(self) -> tuple[int, int]:
        names = [p.name for p in self.whole.parameters]
        return names.index(f"m{self.i}_eV"), names.index(f"m{self.j}_eV")

    def _masses(self, theta: FloatArray) -> FloatArray:
        """Return θ of the whole."""
        a, b = self._places()
        masses = np.array(theta, dtype=np.float64)
        masses[..., a] = np.abs(masses[..., a] - masses[..., b])
        return masses
