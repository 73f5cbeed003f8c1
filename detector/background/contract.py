"""What a background is: a rate of independent arrivals, a presence, and a spectrum."""

from enum import IntEnum
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from detector.conditions import StepConditions
from detector.domain import require_ranges
from detector.spectrum import Spectrum

__all__ = [
    "REFERENCE_DENSITY_CM3",
    "Background",
    "Origin",
    "arrival_times",
    "poisson_times",
    "require_component",
]

FloatArray = NDArray[np.float64]

LONGEST_NAME = 100

REFERENCE_DENSITY_CM3 = 1e21
"""Of atoms and photons, at which rates are stated."""


class Origin(IntEnum):
    """Where a recorded photon comes from; the numbers are those of the ntuple."""

    SIGNAL = 0
    DARK = 1
    CONTINUUM = 2
    QED = 3
    LEAKAGE = 4


class Background(Protocol):
    """A frozen component of independent arrivals, at a rate that is constant or follows the coherence."""

    kind: ClassVar[str]
    """What the run file calls it."""
    origin: ClassVar[Origin]
    is_photon: ClassVar[bool]
    """Whether its arrivals are subject to efficiency, resolution and window; else all are recorded."""

    @property
    def name(self) -> str:
        """Name of the component and of its random stream."""
        ...

    @property
    def density_power(self) -> float | None:
        """Power p of a rate that follows η n_a^p within a step; None: of one that is even in open time."""
        ...

    @property
    def rate_hz(self) -> float:
        """Stated rate under reference conditions, s⁻¹."""
        ...

    @property
    def error_rel(self) -> float:
        """Relative error of the rate, as an experimenter knows it; plays no part in sampling."""
        ...

    def present(self, conditions: StepConditions) -> bool:
        """Return whether this kind of step has the component."""
        ...

    def arrival_rate_hz(self, conditions: StepConditions) -> float:
        """Return the rate of arrivals before the detector, s⁻¹; 0 where not present."""
        ...

    def energies(self, conditions: StepConditions, window_eV: tuple[float, float]) -> Spectrum:
        """Return the spectrum of the arrivals."""
        ...


def poisson_times(rate_hz: float, interval_s: tuple[float, float], rng: np.random.Generator) -> FloatArray:
    """Return the times of a Poisson process in [start, stop), s, sorted by construction."""
    start, stop = interval_s
    n = int(rng.poisson(rate_hz * (stop - start)))
    if n == 0:
        return np.empty(0)
    cumulated = np.cumsum(rng.standard_exponential(n + 1))
    time: FloatArray = start + (stop - start) * (cumulated[:-1] / cumulated[-1])
    # rounding may reach the end, which belongs to the next slice
    return np.minimum(time, np.nextafter(stop, start))


def arrival_times(
    component: Background,
    rate_hz: float,
    interval: tuple[float, float],
    conditions: StepConditions,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the sorted times of a component at its mean rate, in [start, stop), s of open time."""
    course, power = conditions.course, component.density_power
    if course is None or power is None:
        return poisson_times(rate_hz, interval, rng)
    start, stop = course.even_s(np.array(interval), power).tolist()
    time_s = course.open_s(poisson_times(rate_hz, (start, stop), rng), power)
    # rounding may leave the interval, whose end belongs to the next slice
    return np.clip(time_s, interval[0], np.nextafter(interval[1], interval[0]))


def require_component(component: Background) -> None:
    """Raise ValueError, with a line for each, if a number is out of range or the name cannot be shown."""
    require_ranges(component)
    if not (0 < len(component.name) <= LONGEST_NAME and component.name.isprintable()):
        raise ValueError(f"name = {component.name!r}: must have 1 to {LONGEST_NAME} printable characters")
