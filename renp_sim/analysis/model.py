"""What an analysis asks of a model of the expectation; `renp_sim.prediction` implements it.

Nothing here knows neutrinos.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray

__all__ = ["Constraint", "Model", "Parameter", "Quadratic", "Shape"]


class Shape(StrEnum):
    """Shape of a constraint."""

    GAUSSIAN = "gaussian"
    LOG_NORMAL = "log_normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """An external measurement of a parameter: value ± error.

    Parameters
    ----------
    value
        What was measured.
    error
        Its standard deviation in the unit of the parameter; where log-normal, the relative error e of a
        factor 1+e per standard deviation, so that ln θ is normal around ln(value) with width ln(1+e).
    shape
        Gaussian or log-normal.

    Raises
    ------
    ValueError
        If the error is not positive, or the value of a log-normal is not.
    """

    value: float
    error: float
    shape: Shape = Shape.GAUSSIAN

    def __post_init__(self) -> None:
        if not self.error > 0:
            raise ValueError(f"the error of a constraint must be > 0, got {self.error}")
        if self.shape is Shape.LOG_NORMAL and not self.value > 0:
            raise ValueError(f"the value of a log-normal constraint must be > 0, got {self.value}")

    def randomised(self, truth: float, pulls: FloatArray) -> FloatArray:
        """Return what other measurements of this error give where the truth is another, shape of `pulls`."""
        if self.shape is Shape.LOG_NORMAL:
            return np.asarray(truth * (1 + self.error) ** pulls)
        return np.asarray(truth + self.error * pulls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a model.

    Parameters
    ----------
    name
        With its unit, as in `lightest_mass_eV`; dots separate sections.
    value
        Where it stands if nothing is said.
    lower, upper
        Bounds, inclusive.
    scale
        A typical step, in the unit of the parameter.
    constraint
        External knowledge, if any.
    period
        Values that differ by it are the same, if it is an angle; then the bounds are half of it away.
    harmonics
        Of an angle: μ is a sum of cosines and sines of up to so many times its share of a turn.
    is_amplitude
        Whether it is a coupling, whose size may be of any order.

    Examples
    --------
    >>> Parameter(name="delta_cp_deg", value=232.0, period=360.0).folded(-90.0)
    270.0
    """

    name: str
    value: float
    lower: float = -np.inf
    upper: float = np.inf
    scale: float = 1.0
    constraint: Constraint | None = None
    period: float | None = None
    harmonics: int = 0
    is_amplitude: bool = False

    def folded(self, value: float) -> float:
        """Return the same value of a periodic parameter, nearest to where it stands; of others, as it is."""
        if self.period is None:
            return value
        return self.value + math.remainder(value - self.value, self.period)

    def bounds(self, constraint: Constraint | None) -> tuple[float, float]:
        """Return within what a fit moves it: an angle goes on over the end of its turn."""
        if self.period is None:
            return self.lower, self.upper
        if constraint is None:
            return self.lower - self.period / 2, self.upper + self.period / 2
        return constraint.value - self.period / 2, constraint.value + self.period / 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quadratic:
    """μ_k = constant_k + Σ_p linear_kp x_p + Σ_pq square_kpq x_p x_q; shapes (n,), (n, p), (n, p, p)."""

    constant: FloatArray
    linear: FloatArray
    square: FloatArray


class Model(Protocol):
    """Expected counts per step as a function of parameters."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, in the order of the last axis of θ."""
        ...

    def expected(self, theta: FloatArray) -> FloatArray:
        """Return expected counts, shape (..., n), for θ of shape (..., p)."""
        ...

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Return ∂μ/∂θ, shape (..., n, p)."""
        ...

    def kinks(
        self, parameter: str, theta: FloatArray, low: float = -np.inf, high: float = np.inf
    ) -> FloatArray:
        """Return the sorted values of a parameter at which a step crosses a threshold, the rest at θ.

        Shape (k,) for θ of shape (p,); (b, k) for (b, p), NaN at the end where a row has fewer. Values
        outside of low … high may be left out.
        """
        ...

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        """Return the coefficients where μ is quadratic in these parameters, the rest at θ (p,); else None."""
        ...

    def tabled(self, names: Sequence[str]) -> Self:
        """Return a model with μ to 1e-8 that is cheaper while only these parameters move, or this one.

        Its derivatives are those in these parameters only.
        """
        ...

    def at(self, exposure: Exposure) -> Self:
        """Return the same model for another exposure."""
        ...
