"""Drift: a factor that moves slowly over a run, 1 as it starts; truth that nobody need know."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from detector.domain import Range, require_ranges

__all__ = ["DRIFTS", "Drift", "Exponential", "Linear"]

FloatArray = NDArray[np.float64]

Change = Annotated[float, Range(-1, 100, is_open=True)]


class Drift(Protocol):
    """A positive factor over a run."""

    kind: ClassVar[str]
    """What the run file calls it."""

    @property
    def total_rel(self) -> float:
        """Change from the start of the run to its end."""
        ...

    def factor(self, share: FloatArray) -> FloatArray:
        """Return the factor after a share in [0, 1] of the run's wall time, of any shape; 1 at 0."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A factor that moves evenly.

    Parameters
    ----------
    total_rel
        Change from the start of the run to its end, where the factor is 1 + this.

    Examples
    --------
    >>> Linear(total_rel=-0.1).factor(np.array([0.0, 0.5, 1.0])).tolist()
    [1.0, 0.95, 0.9]
    """

    total_rel: Change = 0.0

    kind: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        require_ranges(self)

    def factor(self, share: FloatArray) -> FloatArray:
        """Return 1 + total_rel · share."""
        return 1 + self.total_rel * share


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """A factor that moves by equal ratios in equal times.

    Parameters
    ----------
    total_rel
        Change from the start of the run to its end, where the factor is 1 + this.

    Examples
    --------
    >>> Exponential(total_rel=-0.19).factor(np.array([0.0, 0.5, 1.0])).round(12).tolist()
    [1.0, 0.9, 0.81]
    """

    total_rel: Change = 0.0

    kind: ClassVar[str] = "exponential"

    def __post_init__(self) -> None:
        require_ranges(self)

    def factor(self, share: FloatArray) -> FloatArray:
        """Return (1 + total_rel)^share."""
        return np.asarray(np.exp(np.log1p(self.total_rel) * share))


DRIFTS: tuple[type[Drift], ...] = (Linear, Exponential)
"""Every drift a run file can name."""
