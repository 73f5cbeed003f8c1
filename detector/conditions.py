"""What the detector is told of one laser step."""

from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
from numpy.typing import NDArray

from detector.domain import Fraction, NotNegative, Positive, Range, require_ranges

__all__ = ["SIGNAL_POWER", "Course", "StepConditions"]

FloatArray = NDArray[np.float64]

SIGNAL_POWER = 2.0
"""Power of n_a that the signal follows."""


class Course(Protocol):
    """What changes within a step; times are of any shape, s of open time, and a power is that of n_a."""

    def even_s(self, time_s: FloatArray, density_power: float) -> FloatArray:
        """Return ∫ η n_a^power dt up to a time, scaled so that the step takes as long."""
        ...

    def open_s(self, even_s: FloatArray, density_power: float) -> FloatArray:
        """Return the inverse of `even_s`."""
        ...

    def efficiency_factor(self, time_s: FloatArray) -> FloatArray | float:
        """Return what the efficiency is multiplied with."""
        ...

    def mean_density(self, power: float) -> float:
        """Return the mean of n_a^power over the step, relative to the stated density."""
        ...

    @property
    def shortest_s(self) -> float:
        """Time within which nothing changes much, s."""
        ...

    @property
    def relative_weight(self) -> FloatArray:
        """Share of the open time that each of m sample times stands for, shape (m,)."""
        ...

    def relative_rate(self, density_power: float | None, *, is_seen: bool) -> FloatArray:
        """Return a rate at the sample times, relative to its mean, shape (m,).

        It follows η n_a^power, or nothing (None), and the efficiency's drift if it `is_seen`.
        """
        ...

    def mean_efficiency(self, density_power: float = 0.0) -> float:
        """Return the mean of `efficiency_factor` over photons whose rate follows n_a^power."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepConditions:
    """One laser step, as far as a detector can tell steps apart.

    Parameters
    ----------
    omega_eV
        Centre of the laser line, eV.
    duration_s
        Open time of the step: wall time × live_fraction, s. Rates and times of the detector are those of
        open time.
    laser_on
        False in dark steps.
    coherence
        η in [0, 1], averaged over the open time; 0 in control and dark steps.
    density_cm3, photon_density_cm3
        n_a at the start of the run and n_γ, cm⁻³.
    live_fraction
        Duty cycle of the laser's windows, in (0, 1]; duration_s has it already.
    linewidth_eV
        Gaussian σ of the laser line, eV; 0 is sharp.
    end_eV
        E_eg/2 of the target, where coherent emission ends, eV; None where nobody needs it.
    course
        What changes within the step; None: nothing.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    omega_eV: Positive
    duration_s: NotNegative
    laser_on: bool = True
    coherence: Fraction = 1.0
    density_cm3: Positive = 1e21
    photon_density_cm3: Positive = 1e21
    live_fraction: Annotated[float, Range(0, 1, is_open=True)] = 1.0
    linewidth_eV: NotNegative = 0.0
    end_eV: Positive | None = None
    course: Course | None = None

    def __post_init__(self) -> None:
        require_ranges(self)

    def efficiency_factor(self, time_s: FloatArray) -> FloatArray | float:
        """Return what the drift of the efficiency leaves at times of the step, s of open time."""
        return 1.0 if self.course is None else self.course.efficiency_factor(time_s)

    def mean_efficiency(self, density_power: float | None) -> float:
        """Return its mean over photons whose rate follows η n_a^power, or is even (None)."""
        return 1.0 if self.course is None else self.course.mean_efficiency(density_power or 0.0)
