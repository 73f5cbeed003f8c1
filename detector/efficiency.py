"""Efficiency: the probability that a photon that reaches the detector is seen, before the energy window."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from detector import special
from detector.domain import Fraction, NotNegative, Positive, require_ranges, require_table
from detector.quadrature import step_breaks

__all__ = ["EFFICIENCIES", "Constant", "Efficiency", "Tabulated", "TurnOn"]

FloatArray = NDArray[np.float64]


class Efficiency(Protocol):
    """ε(E), with what an experimenter knows of it; its errors play no part in sampling."""

    kind: ClassVar[str]
    """What the run file calls it."""

    @property
    def common_error_rel(self) -> float:
        """Relative error that all steps share."""
        ...

    @property
    def step_error_rel(self) -> float:
        """Relative error that each step has for itself."""
        ...

    @property
    def is_perfect(self) -> bool:
        """Whether ε is 1 at every energy, so that nothing need be drawn."""
        ...

    @property
    def breaks_eV(self) -> tuple[float, ...]:
        """Points between which ε is smooth, for quadrature."""
        ...

    def at(self, energy_eV: FloatArray) -> FloatArray:
        """Return ε in [0, 1], of the shape of the energies."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """The same efficiency at every energy.

    Parameters
    ----------
    value
        ε.
    common_error_rel, step_error_rel
        As in `Efficiency`.

    Examples
    --------
    >>> Constant(value=0.2).at(np.array([1.0, 1.1]))
    array([0.2, 0.2])
    """

    value: Fraction
    common_error_rel: NotNegative = 0.0
    step_error_rel: NotNegative = 0.0

    kind: ClassVar[str] = "constant"

    def __post_init__(self) -> None:
        require_ranges(self)

    @property
    def is_perfect(self) -> bool:
        """Whether the value is 1."""
        return self.value == 1

    @property
    def breaks_eV(self) -> tuple[float, ...]:
        """None."""
        return ()

    def at(self, energy_eV: FloatArray) -> FloatArray:
        """Return the value, of the shape of the energies."""
        return np.full(np.shape(energy_eV), self.value, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOn:
    """A Gaussian step: plateau · ½(1 + erf((E − E₀)/(√2 w))).

    Parameters
    ----------
    plateau
        ε far above the step.
    energy_eV
        E₀, where ε is half of it, eV.
    width_eV
        w, the Gaussian σ of the step, eV.
    common_error_rel, step_error_rel
        As in `Efficiency`.
    """

    plateau: Fraction = 1.0
    energy_eV: NotNegative
    width_eV: Positive
    common_error_rel: NotNegative = 0.0
    step_error_rel: NotNegative = 0.0

    kind: ClassVar[str] = "turn_on"

    def __post_init__(self) -> None:
        require_ranges(self)

    @property
    def is_perfect(self) -> bool:
        """Never."""
        return False

    @property
    def breaks_eV(self) -> tuple[float, ...]:
        """Points around the step."""
        return step_breaks(self.energy_eV, self.width_eV)

    def at(self, energy_eV: FloatArray) -> FloatArray:
        """Return ε, of the shape of the energies."""
        step: FloatArray = special.ndtr((np.asarray(energy_eV) - self.energy_eV) / self.width_eV)
        return self.plateau * step


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabulated:
    """Linear between the points of a table, 0 outside it.

    Parameters
    ----------
    energies_eV
        Rising energies, eV.
    values
        ε at each of them.
    common_error_rel, step_error_rel
        As in `Efficiency`.
    """

    energies_eV: tuple[NotNegative, ...]
    values: tuple[Fraction, ...]
    common_error_rel: NotNegative = 0.0
    step_error_rel: NotNegative = 0.0

    kind: ClassVar[str] = "tabulated"

    def __post_init__(self) -> None:
        require_ranges(self)
        require_table(self.energies_eV, self.values)

    @property
    def is_perfect(self) -> bool:
        """Never: it ends where the table does."""
        return False

    @property
    def breaks_eV(self) -> tuple[float, ...]:
        """The points of the table."""
        return self.energies_eV

    def at(self, energy_eV: FloatArray) -> FloatArray:
        """Return ε, of the shape of the energies."""
        return np.asarray(np.interp(energy_eV, self.energies_eV, self.values, left=0.0, right=0.0))


EFFICIENCIES: tuple[type[Efficiency], ...] = (Constant, TurnOn, Tabulated)
"""Every efficiency a run file can name."""
