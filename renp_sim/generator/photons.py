"""Signal photons of a schedule: counts per step, and blocks that are found by address.

The blocks of a step are consecutive in time, which is the open time of `renp_sim.laser.clock`. Where they
end is drawn first, from a stream of its own (order statistics of the emission times); times inside a block
are cumulated exponentials, sorted by construction. So a block can be drawn alone.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray
from renp_sim.generator.events import TruthBlock, draw_block, empty_block
from renp_sim.generator.source import Source, sharp_sources, source_of
from renp_sim.laser.clock import StepClock
from renp_sim.laser.schedule import Schedule
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.rates import Emission
from renp_sim.streams import BLOCK_EVENTS, Stage, stream

__all__ = ["SignalPhotons", "StepPhotons", "StepTimes", "block_boundaries_s"]


DENSITY_POWER = 2.0
"""The signal is macro-coherent: its rate follows n_a²."""

AHEAD = 64
"""Steps whose sharp lines are looked at together: alone each takes five times as long."""

MOST_KEPT = 1 << 18
"""Entries of sources that are kept for later steps of the same line, 25 MB; making one takes up to 5 ms."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SignalPhotons:
    """Signal photons of a run; nothing is drawn before it is asked for.

    Parameters
    ----------
    schedule, emission
        The laser steps as they truly were, and what they shine on.
    seed
        The one seed of the run.
    n_events
        None: Poisson counts. Otherwise the total, shared among the steps in proportion to their
        expectation.
    """

    schedule: Schedule
    emission: Emission
    seed: int
    n_events: int | None = None

    @cached_property
    def spectrum(self) -> FloatArray:
        """⟨I⟩ of each step, the spectral function averaged over its line, shape (n,)."""
        every = np.stack([self.schedule.omega_eV, self.schedule.linewidth_eV])
        lines, which = np.unique(every, axis=1, return_inverse=True)
        mean = mean_spectral_function(lines[0], lines[1], self.emission).sum(axis=(-2, -1))
        return np.asarray(mean[which.ravel()])

    @property
    def rate_hz(self) -> FloatArray:
        """Γ₀ η ⟨I⟩: signal photons per second of open time, shape (n,)."""
        target, schedule = self.emission.target, self.schedule
        return (
            target.gamma0_hz * target.coherence * schedule.coherence * schedule.gamma0_factor * self.spectrum
        )

    @cached_property
    def expected(self) -> FloatArray:
        """Expected signal photons while a step is open, N = Γ₀ η ⟨I⟩ T, Eq. (9) of GP23, shape (n,)."""
        return self.rate_hz * self.schedule.duration_s * self.schedule.live_fraction

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Generated signal photons per step, shape (n,)."""
        if self.n_events is None:
            draws = [
                stream(self.seed, Stage.COUNTS, k).poisson(mean) if mean > 0 else 0
                for k, mean in enumerate(self.expected.tolist())
            ]
            return np.array(draws, dtype=np.int64)
        total = self.expected.sum()
        if total <= 0:
            return np.zeros(self.schedule.n_steps, dtype=np.int64)
        rng = stream(self.seed, Stage.ALLOCATION, 0)
        return rng.multinomial(self.n_events, self.expected / total).astype(np.int64)

    @property
    def weight(self) -> float:
        """Weight that restores the expectation when the number of events was fixed; 1 otherwise."""
        if self.n_events is None or self.n_events == 0:
            return 1.0
        return float(self.expected.sum()) / self.n_events

    def boundaries_s(self, step: int) -> FloatArray:
        """Return where the blocks of a step begin and end, shape (n_blocks + 1,), s of open time."""
        return self.step_times(step).boundaries_s

    def step_times(self, step: int) -> "StepTimes":
        """Return when the photons of a step are emitted."""
        clock = self.schedule.clock(step)
        return StepTimes(
            clock=clock,
            even_s=block_boundaries_s(
                self.seed, step, int(self.counts[step]), clock.start_s, clock.open_time_s
            ),
        )

    def step(self, step: int) -> "StepPhotons":
        """Return the signal of one step, from which any block can be drawn."""
        return StepPhotons(
            seed=self.seed,
            step=step,
            count=int(self.counts[step]),
            source=self._source(step),
            times=self.step_times(step),
            radius_cm=self.emission.target.radius_cm,
            length_cm=self.emission.target.length_cm,
        )

    @cached_property
    def _sources(self) -> "_Sources":
        return _Sources()

    def _source(self, step: int) -> Source:
        """Return what a step is drawn from: in a scan of many passes most have been there before."""
        schedule, kept = self.schedule, self._sources
        line = float(schedule.omega_eV[step]), float(schedule.linewidth_eV[step])
        if line in kept:
            return kept[line]
        if self.counts[step] == 0 and kept:
            # nothing is drawn from it
            return next(iter(kept.values()))
        if line[1] > 0:
            source = source_of(*line, self.emission)
        else:
            if line[0] not in kept.ahead:
                omegas_eV = self._sharp_from(step)
                kept.ahead = dict(
                    zip(omegas_eV.tolist(), sharp_sources(omegas_eV, self.emission), strict=True)
                )
            source = kept.ahead[line[0]]
        kept.keep(line, source)
        return source

    def _sharp_from(self, step: int) -> FloatArray:
        """Return the frequencies of this sharp step and of the next ones that something is drawn from."""
        schedule, near = self.schedule, slice(step + 1, step + AHEAD)
        is_drawn = (self.counts[near] > 0) & (schedule.linewidth_eV[near] == 0)
        return np.unique(np.append(schedule.omega_eV[step], schedule.omega_eV[near][is_drawn]))


class _Sources(dict[tuple[float, float], Source]):
    """Line (ω, σ) → source; the first ones stay, since the last ones of a long cycle are never found.

    `ahead` has those of the next sharp lines by their ω.
    """

    entries = 0
    ahead: dict[float, Source]

    def __init__(self) -> None:
        super().__init__()
        self.ahead = {}

    def keep(self, line: tuple[float, float], source: Source) -> None:
        if self.entries + len(source) <= MOST_KEPT:
            self[line] = source
            self.entries += len(source)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepPhotons:
    """Signal photons of one step, in blocks.

    Parameters
    ----------
    seed, step
        Address of its random streams.
    count
        Signal photons of the step.
    source
        What they are drawn from.
    times
        When they are emitted.
    radius_cm, length_cm
        The cylinder of the target.
    """

    seed: int
    step: int
    count: int
    source: Source
    times: "StepTimes"
    radius_cm: float
    length_cm: float

    @property
    def n_blocks(self) -> int:
        """Number of blocks, at least 1: a step without events is one empty block."""
        return len(self.times.even_s) - 1

    @property
    def boundaries_s(self) -> FloatArray:
        """Where its blocks begin and end, s of open time, shape (n_blocks + 1,)."""
        return self.times.boundaries_s

    def block(self, block: int) -> TruthBlock:
        """Return one block, the same whenever and wherever it is drawn."""
        size = min(BLOCK_EVENTS, self.count - block * BLOCK_EVENTS)
        if size <= 0:
            return empty_block(self.source)
        rng = stream(self.seed, Stage.EVENTS, self.step, block)
        times = self.times.of_block(block, size, rng)
        return draw_block(self.source, times, self.radius_cm, self.length_cm, rng)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepTimes:
    """When the signal photons of a step are emitted: drawn in even time, given in open time.

    Parameters
    ----------
    clock
        Of the step.
    even_s
        Where its blocks begin and end, s of even time, shape (n_blocks + 1,).
    """

    clock: StepClock
    even_s: FloatArray

    @property
    def boundaries_s(self) -> FloatArray:
        """Where its blocks begin and end, s of open time, shape (n_blocks + 1,)."""
        return self.clock.open_s(self.even_s, DENSITY_POWER)

    def of_block(self, block: int, size: int, rng: np.random.Generator) -> FloatArray:
        """Return the sorted times of the photons of a block, shape (size,), s of open time."""
        begin, end = self.even_s[block : block + 2]
        is_last = block == len(self.even_s) - 2
        gaps = rng.standard_exponential(size + is_last)
        times = np.cumsum(gaps, out=gaps)
        times *= (end - begin) / times[-1]
        times += begin
        # rounding must not carry an event over the end of its block
        np.minimum(times, end, out=times)
        if not self.clock.is_even:
            low, high = self.boundaries_s[block : block + 2]
            times = np.maximum.accumulate(np.clip(self.clock.open_s(times, DENSITY_POWER), low, high))
        return times[:size]


def block_boundaries_s(seed: int, step: int, count: int, start_s: float, duration_s: float) -> FloatArray:
    """Return where the blocks of a step begin and end, shape (n_blocks + 1,), s of even time.

    The gaps between n sorted uniform times are n + 1 exponentials over their sum; a block of B events
    takes B of them, a Gamma(B) number; the last block has the gap behind its last event too.
    """
    n_blocks = max(1, -(-count // BLOCK_EVENTS))
    if n_blocks == 1:
        return np.array([start_s, start_s + duration_s])
    sizes = np.full(n_blocks, float(BLOCK_EVENTS))
    sizes[-1] = count - BLOCK_EVENTS * (n_blocks - 1) + 1
    ends = np.cumsum(stream(seed, Stage.BOUNDARIES, step).standard_gamma(sizes))
    return np.concatenate([[start_s], start_s + duration_s * (ends[:-1] / ends[-1]), [start_s + duration_s]])
