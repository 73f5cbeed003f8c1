"""The time of a step: run time, open time, and even time, in which coherent emission is uniform.

Everything of a step is drawn in open time, its windows one after the other; it begins where the step
begins, so that of a continuous laser it is run time. To run time it is turned where rows are made.
"""

from dataclasses import dataclass
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.arrays import FloatArray
from renp_sim.laser.pulses import Pulses

__all__ = ["Factor", "StepClock", "mean_factor"]

NODES = np.linspace(0.0, 1.0, 1025)
"""Of a table of what has drifted through; linear between them, 10 % are told to 1e-8."""

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(8)
POINTS, WEIGHTS = (1 + POINTS) / 2, WEIGHTS / 2
"""Of means over a step."""


class Factor(Protocol):
    """A drift."""

    def factor(self, share: FloatArray) -> FloatArray:
        """Return the factor after a share in [0, 1] of the run's wall time, of any shape; 1 at 0."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepClock:
    """The clock of one step, and what changes within it; times are of any shape, s.

    Parameters
    ----------
    start_s, duration_s
        When the step begins, and how long it takes, s of run time.
    run_duration_s
        Wall time of the whole run, s.
    pulses
        None: continuous.
    density, efficiency
        Drift of n_a and of the detector's efficiency over the run; None: none.
    """

    start_s: float
    duration_s: float
    run_duration_s: float
    pulses: Pulses | None = None
    density: Factor | None = None
    efficiency: Factor | None = None

    @property
    def open_time_s(self) -> float:
        """How long the step is open, s."""
        if self.pulses is None:
            return self.duration_s
        return float(self.pulses.open_s(np.array(self.duration_s)))

    @property
    def is_even(self) -> bool:
        """Whether even time is open time."""
        return self.density is None and (self.pulses is None or self.pulses.coherence_decay_s is None)

    def run_s(self, time_s: FloatArray) -> FloatArray:
        """Return the run time at an open time."""
        if self.pulses is None:
            return time_s
        passed = self.pulses.run_s(time_s - self.start_s)
        return self.start_s + np.minimum(passed, self.duration_s)

    def even_s(self, time_s: FloatArray, density_power: float) -> FloatArray:
        """Return ∫ η n_a^p dt up to an open time, scaled to take as long as the step is open."""
        if self.is_even:
            return time_s
        share = self._coherent(time_s)
        if self.density is not None:
            share = np.interp(share, NODES, self._drifted(self.density, density_power))
        return self.start_s + share * self.open_time_s

    def open_s(self, even_s: FloatArray, density_power: float) -> FloatArray:
        """Return the open time at an even time, the inverse of `even_s`."""
        if self.is_even:
            return even_s
        share = (even_s - self.start_s) / self.open_time_s
        if self.density is not None:
            share = np.interp(share, self._drifted(self.density, density_power), NODES)
        if self.pulses is None:
            return self.start_s + share * self.open_time_s
        whole = self.pulses.coherent_s(np.array(self.open_time_s))
        open_s = self.pulses.open_at_s(share * whole)
        return self.start_s + np.minimum(open_s, self.open_time_s)

    def efficiency_factor(self, time_s: FloatArray) -> FloatArray | float:
        """Return what the drift of the efficiency leaves at open times."""
        if self.efficiency is None:
            return 1.0
        # that open time is not run time matters within a period only
        return self.efficiency.factor(self._of_run((time_s - self.start_s) / self.open_time_s))

    def mean_density(self, power: float) -> float:
        """Return the mean of (n_a/n_a at the start of the run)^power over the step."""
        return float(mean_factor(self.density, power, self.start_s, self.duration_s, self.run_duration_s))

    def mean_efficiency(self, density_power: float = 0.0) -> float:
        """Return the mean of the efficiency's factor over photons whose rate follows n_a^power."""
        if self.efficiency is None:
            return 1.0
        share = self._of_run(POINTS)
        weight = WEIGHTS if self.density is None else WEIGHTS * self.density.factor(share) ** density_power
        return float(np.sum(weight * self.efficiency.factor(share)) / np.sum(weight))

    @property
    def shortest_s(self) -> float:
        """Time within which nothing changes much, s: τ of the coherence, or a window."""
        if self.pulses is None:
            return self.open_time_s
        return min(self.pulses.window_s, self.pulses.coherence_decay_s or inf)

    @property
    def _samples(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sample times: η/η(0) and share of the step, and their weights, shape (m,) each."""
        eta, weight = np.ones(1), np.ones(1)
        if self.pulses is not None:
            eta, weight = self.pulses.samples
        grid = (eta[:, None], self._of_run(POINTS)[None, :], weight[:, None] * WEIGHTS)
        eta, share, weight = (x.ravel() for x in np.broadcast_arrays(*grid))
        return eta, share, weight

    @property
    def relative_weight(self) -> FloatArray:
        """Share of the open time that each of m sample times stands for, shape (m,)."""
        return self._samples[2]

    def relative_rate(self, density_power: float | None, *, is_seen: bool) -> FloatArray:
        """Return a rate at the sample times, relative to its mean, shape (m,).

        It follows η n_a^power, or nothing (None), and the efficiency's drift if it `is_seen`.
        """
        eta, share, weight = self._samples
        rate = np.ones_like(eta)
        if density_power is not None:
            rate *= eta
            if self.density is not None:
                rate *= self.density.factor(share) ** density_power
        if is_seen and self.efficiency is not None:
            rate *= self.efficiency.factor(share)
        return rate / (weight @ rate)

    def _of_run(self, share: FloatArray) -> FloatArray:
        """Return the share of the run at a share of the step."""
        return (self.start_s + self.duration_s * share) / self.run_duration_s

    def _coherent(self, time_s: FloatArray) -> FloatArray:
        """Return the share of ∫ η dt up to an open time."""
        passed = time_s - self.start_s
        if self.pulses is None:
            return passed / self.open_time_s
        return self.pulses.coherent_s(passed) / self.pulses.coherent_s(np.array(self.open_time_s))

    def _drifted(self, density: Factor, power: float) -> FloatArray:
        """Return the share of ∫ n_a^power dt up to each node of the step, the last one 1."""
        rate = density.factor(self._of_run(NODES)) ** power
        total = np.concatenate([[0.0], np.cumsum(rate[1:] + rate[:-1])])
        return np.asarray(total / total[-1])


def mean_factor(
    drift: Factor | None, power: float, start_s: ArrayLike, duration_s: ArrayLike, run_duration_s: float
) -> FloatArray:
    """Return the mean of a drift's factor^power from one run time on, over a duration, both of one shape."""
    start, duration = np.asarray(start_s, dtype=np.float64), np.asarray(duration_s, dtype=np.float64)
    if drift is None:
        return np.ones_like(start)
    time_s = start[..., None] + duration[..., None] * POINTS
    return np.asarray(drift.factor(time_s / run_duration_s) ** power @ WEIGHTS)
