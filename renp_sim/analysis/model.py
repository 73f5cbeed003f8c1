"""What an analysis needs to know: the exposure of each step, its counts, and a model of the expectation.

Nothing here knows neutrinos. `Exposure` and `Observation` are filled from a file or from a model, and
`Model` is what `renp_sim.prediction` implements.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["Constraint", "Exposure", "Model", "Observation", "Parameter", "Quadratic", "Shape"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exposure:
    """What is known of n steps before a photon is counted; several runs may be concatenated.

    Parameters
    ----------
    run, step
        Key of each row, shape (n,).
    kind
        0 signal, 1 control (laser on, no coherence), 2 dark (laser off), shape (n,).
    omega_eV, linewidth_eV
        Set laser frequency and Gaussian σ, eV.
    omega_common_error_eV, omega_step_error_eV
        Stated calibration errors, eV.
    live_time_s
        Open time less dead time, s.
    coherence
        η averaged over the live windows.
    gamma0_hz
        Γ₀ without η, s⁻¹.
    efficiency, efficiency_common_error, efficiency_step_error
        Probability to record a signal photon and its absolute errors.
    components
        Names of the c background components.
    background_rate_hz, background_error_hz
        Stated rates of recorded background and their errors, shape (n, c), s⁻¹.
    background_present
        Whether a component is there in this kind of step, shape (n, c).
    """

    run: NDArray[np.int64]
    step: NDArray[np.int64]
    kind: NDArray[np.int8]
    omega_eV: FloatArray
    linewidth_eV: FloatArray
    omega_common_error_eV: FloatArray
    omega_step_error_eV: FloatArray
    live_time_s: FloatArray
    coherence: FloatArray
    gamma0_hz: FloatArray
    efficiency: FloatArray
    efficiency_common_error: FloatArray
    efficiency_step_error: FloatArray
    components: tuple[str, ...]
    background_rate_hz: FloatArray
    background_error_hz: FloatArray
    background_present: BoolArray

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return len(self.omega_eV)

    @property
    def background_counts(self) -> FloatArray:
        """Expected background counts of the stated rates, shape (n,)."""
        rate: FloatArray = np.sum(np.where(self.background_present, self.background_rate_hz, 0.0), axis=1)
        return rate * self.live_time_s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """Recorded photons per step, shape (n,), or (toys, n), with the exposure they belong to.

    Counts are integers in data; an Asimov set has the expectation itself.
    """

    exposure: Exposure
    counts: FloatArray


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
    """

    name: str
    value: float
    lower: float = -np.inf
    upper: float = np.inf
    scale: float = 1.0
    constraint: Constraint | None = None


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

    def kinks(self, parameter: str, theta: FloatArray) -> FloatArray:
        """Return the sorted values of a parameter at which a step crosses a threshold, the rest at θ (p,)."""
        ...

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        """Return the coefficients where μ is quadratic in these parameters, the rest at θ (p,); else None."""
        ...

    def at(self, exposure: Exposure) -> Self:
        """Return the same model for another exposure."""
        ...
