"""The detector: true photons in, recorded ones out, and their mean from the very same objects.

The order is that of the apparatus: efficiency thins the photons, resolution smears their energies, the
window cuts on the reconstructed energy, background joins in time order, and dead time takes its share, of
afterpulses of what is recorded as well.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detector.afterpulse import Afterpulse, mean_chain, require_mean, with_afterpulses
from detector.arrivals import NO_ARRIVALS, Arrivals, in_order, merged
from detector.background import Background, arrival_times
from detector.channels import Channels, reached, seen_by
from detector.conditions import SIGNAL_POWER, StepConditions
from detector.dead_time import DeadTime, NonParalysable, Paralysable
from detector.efficiency import Constant, Efficiency
from detector.record import Expectation, Photons, Record
from detector.resolution import Gaussian, Resolution
from detector.spectrum import Line

__all__ = ["Detector", "Expectation", "Photons", "Record", "StepConditions", "Stream"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
ChannelArray = NDArray[np.int16]
Stream = Callable[[str], np.random.Generator]
"""Gives the random generator that belongs to a name, each time from its start."""

EVERY_PHOTON = Constant(value=1.0)
EXACT = Gaussian(sigma_eV=0.0)
NEVER_DEAD = NonParalysable(tau_s=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """As it stands without arguments it records every photon up to 10 eV as it is, in one channel.

    Parameters
    ----------
    efficiency
        That of the one channel, or several of them; they share resolution, window and dead time.
    resolution, dead_time, afterpulse
        As in their modules.
    energy_window_eV
        Closed window on the reconstructed energy.
    backgrounds
        The components, each with a name of its own.

    Raises
    ------
    ValueError
        If the window is empty, two backgrounds share a name, or afterpulses have no mean.
    """

    efficiency: Efficiency | Channels = EVERY_PHOTON
    resolution: Resolution = EXACT
    energy_window_eV: tuple[float, float] = (0.0, 10.0)
    backgrounds: tuple[Background, ...] = ()
    dead_time: DeadTime = NEVER_DEAD
    afterpulse: Afterpulse | None = None

    def __post_init__(self) -> None:
        low, high = self.energy_window_eV
        if not 0 <= low < high < inf:
            raise ValueError(f"energy_window_eV = [{low}, {high}]: must be finite with 0 ≤ low < high")
        names = [component.name for component in self.backgrounds]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"backgrounds: {names.count(name)} components are called {name!r}; rename")
        if self.afterpulse is not None and isinstance(self.dead_time, Paralysable):
            raise ValueError("afterpulse: has no mean where dead time is paralysable; leave one of them out")

    @property
    def counts_per_pulse(self) -> float:
        """Counts that a recorded pulse stands for: itself, and in the mean the afterpulses that it causes."""
        return 1.0 if self.afterpulse is None else mean_chain(self.afterpulse, self.dead_time)

    def efficiency_at(self, energy_eV: ArrayLike) -> FloatArray:
        """Return the probability that photons of these energies pass efficiency and window, same shape.

        With afterpulses it is the mean number of counts that a photon makes, which may be above 1.
        """
        energy = np.asarray(energy_eV, dtype=np.float64)
        seen = self.efficiency.at(energy) * self.resolution.accepted(energy, self.energy_window_eV)
        return self.counts_per_pulse * seen

    @property
    def breaks_eV(self) -> tuple[float, ...]:
        """Points between which `efficiency_at` is smooth, for quadrature."""
        return self.efficiency.breaks_eV + self.resolution.breaks_eV(self.energy_window_eV)

    def cuts_eV(self, sigma_eV: float) -> tuple[float, ...]:
        """Return the breaks that a rule for Gaussians of this σ needs: none of steps as wide as that."""
        cuts = Channels.of(self.efficiency).cuts_eV(sigma_eV)
        if getattr(self.resolution, "sigma_eV", 0.0) < sigma_eV:
            cuts += self.resolution.breaks_eV(self.energy_window_eV)
        return cuts

    def efficiency_of_line(self, energy_eV: float, sigma_eV: float) -> float:
        """Return the mean of `efficiency_at` over a Gaussian line; σ = 0 is a sharp one."""
        return Line(energy_eV=energy_eV, sigma_eV=sigma_eV).mean(self.efficiency_at, self.breaks_eV)

    def arrival_rate_hz(self, conditions: StepConditions) -> float:
        """Return the rate of background arrivals that `record` has to draw, s⁻¹, before the detector."""
        return float(sum(component.arrival_rate_hz(conditions) for component in self.backgrounds))

    def background_rates_hz(self, conditions: StepConditions) -> FloatArray:
        """Return recorded rates before dead time, s⁻¹, shape (c,); 0 where not present."""
        rates = np.zeros(len(self.backgrounds))
        for k, component in enumerate(self.backgrounds):
            rates[k] = component.arrival_rate_hz(conditions)
            if component.is_photon and rates[k]:
                spectrum = component.energies(conditions, self.energy_window_eV)
                rates[k] *= spectrum.mean(self.efficiency_at, self.breaks_eV)
                rates[k] *= conditions.mean_efficiency(component.density_power)
            else:
                rates[k] *= self.counts_per_pulse
        return rates

    def expected(
        self, conditions: StepConditions, signal_rate_hz: float, efficiency: float | None = None
    ) -> Expectation:
        """Return the mean of what `record` gives, for a constant rate of signal photons.

        Parameters
        ----------
        conditions
            The step.
        signal_rate_hz
            Rate of true photons that reach the detector, s⁻¹ of open time.
        efficiency
            Mean of `efficiency_at` over their energies; None for those of the laser line. A drift of the
            efficiency comes on top, in the mean over photons that follow n_a².

        Raises
        ------
        ValueError
            If afterpulses have no mean that is right to 1 %.

        Examples
        --------
        >>> detector = Detector(efficiency=Constant(value=0.2), dead_time=NonParalysable(tau_s=0.01))
        >>> detector.expected(StepConditions(omega_eV=1.07, duration_s=60.0), 500.0).signal_counts
        3000.125
        """
        if efficiency is None:
            efficiency = self.efficiency_of_line(conditions.omega_eV, conditions.linewidth_eV)
        efficiency *= conditions.mean_efficiency(SIGNAL_POWER)
        recorded_hz = efficiency * signal_rate_hz
        background_hz = self.background_rates_hz(conditions)
        rate_hz = recorded_hz + float(background_hz.sum())
        live_time_s = self.dead_time.live_time_s(rate_hz, conditions.duration_s)
        if self.afterpulse is not None:
            require_mean(self.afterpulse, self.dead_time, live_time_s, conditions.duration_s)
        return Expectation(
            efficiency=efficiency,
            signal_rate_hz=recorded_hz,
            background_rate_hz=background_hz,
            live_time_s=live_time_s,
        )

    def record(
        self,
        photons: Photons,
        interval: tuple[float, float],
        conditions: StepConditions,
        stream: Stream,
        *,
        busy_until_s: float = -inf,
        pending: Arrivals = NO_ARRIVALS,
    ) -> Record:
        """Return what is recorded in the slice [start, stop) of a step.

        Parameters
        ----------
        photons
            The true photons of the slice; the record may share their arrays.
        interval
            Start and stop of the slice, s of open time.
        conditions
            The step.
        stream
            Gives the generator of a name: `efficiency`, `resolution`, `background.<name>`, `afterpulse` are
            asked for, each only where it is needed and once a slice, so that no part moves the numbers of
            another.
        busy_until_s, pending
            State that the slice before left.

        Raises
        ------
        ValueError
            If the slice ends before it starts.
        """
        arrivals = self._arrivals(photons, interval, conditions, stream)
        if self.afterpulse is None:
            keep = self.dead_time.recorded(arrivals.time_s, busy_until_s)
            causing_s = self.dead_time.causing(arrivals.time_s, keep)
            if not np.all(keep):
                arrivals = arrivals.take(np.flatnonzero(keep))
        else:
            rules = (self.afterpulse, self.dead_time, stream("afterpulse"))
            together = in_order([arrivals, pending])
            arrivals, pending = with_afterpulses(together, interval[1], busy_until_s, *rules)
            causing_s = arrivals.time_s
        return Record(
            **arrivals._asdict(),
            causing_s=causing_s,
            pending=pending,
            busy_until_s=self.dead_time.busy_after(causing_s, busy_until_s),
        )

    def never_dead(self) -> Self:
        """Return the detector without dead time, and without the afterpulses that it always hides."""
        afterpulse = self.afterpulse and self.afterpulse.beyond(self.dead_time.tau_s)
        return replace(self, dead_time=NEVER_DEAD, afterpulse=afterpulse)

    def settled(
        self, photons: Photons, interval: tuple[float, float], conditions: StepConditions, stream: Stream
    ) -> float | None:
        """Return the state that the slice leaves if the state before it cannot matter, else None.

        With it slices can be recorded in any order, if there are no afterpulses. A detector that is free at
        the end is −∞, which the next slice cannot tell from `busy_until_s`. Parameters as in `record`.
        """
        if self.dead_time.tau_s == 0:
            return -inf
        time_s = self._arrivals(photons, interval, conditions, stream).time_s
        return self.dead_time.settled(time_s, interval)

    def _arrivals(
        self, photons: Photons, interval: tuple[float, float], conditions: StepConditions, stream: Stream
    ) -> Arrivals:
        """Return everything but dead time."""
        if not interval[0] <= interval[1]:
            raise ValueError(f"interval = {interval}: must not end before it starts")
        streams = (lambda: stream("efficiency"), lambda: stream("resolution"))
        seen, energy_eV, channel = self._seen(photons, conditions, *streams)
        time_s = photons.time_s if len(seen) == len(photons.time_s) else photons.time_s.take(seen)
        parts = [Arrivals.of(time_s, energy_eV, channel, seen)]
        for k, component in enumerate(self.backgrounds):
            rate_hz = component.arrival_rate_hz(conditions)
            if not rate_hz * (interval[1] - interval[0]):
                continue
            rng = stream(f"background.{component.name}")
            time_s, energy_eV, channel = self._background(component, rate_hz, interval, conditions, rng)
            if len(time_s):
                parts.append(Arrivals.of(time_s, energy_eV, channel, component=k))
        signal, *backgrounds = parts
        return merged(signal, in_order(backgrounds)) if backgrounds else signal

    def _background(
        self,
        component: Background,
        rate_hz: float,
        interval: tuple[float, float],
        conditions: StepConditions,
        rng: np.random.Generator,
    ) -> tuple[FloatArray, FloatArray, ChannelArray]:
        """Return times, reconstructed energies and channels of one component."""
        time_s = arrival_times(component, rate_hz, interval, conditions, rng)
        if not len(time_s):
            return time_s, time_s, np.empty(0, dtype=np.int16)
        energy_eV = component.energies(conditions, self.energy_window_eV).sample(len(time_s), rng)
        if component.is_photon:
            arriving = Photons(time_s=time_s, energy_eV=energy_eV)
            seen, energy_eV, channel = self._seen(arriving, conditions, lambda: rng, lambda: rng)
            return time_s.take(seen), energy_eV, channel
        return time_s, energy_eV, reached(self.efficiency, len(time_s), rng)

    def _seen(
        self,
        photons: Photons,
        conditions: StepConditions,
        thinning: Callable[[], np.random.Generator],
        smearing: Callable[[], np.random.Generator],
    ) -> tuple[IntArray, FloatArray, ChannelArray]:
        """Return which photons pass efficiency and window, their reconstructed energies and channels."""
        energy_eV = photons.energy_eV
        seen, channel = np.arange(len(energy_eV)), np.zeros(len(energy_eV), dtype=np.int16)
        if not len(seen):
            return seen, energy_eV, channel
        if conditions.course is not None or not self.efficiency.is_perfect:
            chance = thinning().random(len(seen)) / conditions.efficiency_factor(photons.time_s)
            channel = seen_by(self.efficiency, energy_eV, chance)
            seen = np.flatnonzero(channel >= 0)
            energy_eV, channel = energy_eV.take(seen), channel.take(seen)
        if len(seen) and not self.resolution.is_perfect:
            energy_eV = self.resolution.smear(energy_eV, smearing())
        low, high = self.energy_window_eV
        inside = (energy_eV >= low) & (energy_eV <= high)
        if np.all(inside):
            return seen, energy_eV, channel
        kept = np.flatnonzero(inside)
        return seen.take(kept), energy_eV.take(kept), channel.take(kept)
