"""Slices: a run cut into pieces of bounded memory, each found by its address (step, block, piece).

A block of signal photons spans an interval of its step; where much background falls into the interval it
is cut further. Truth is drawn per block, the detector acts per slice. Shards are runs of consecutive
slices; they depend on nothing but the run, so any number of workers may share them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.response import Detector, Photons, Record, StepConditions
from renp_sim.arrays import FloatArray
from renp_sim.generator.events import TruthBlock
from renp_sim.generator.generate import Generator, StepSignal
from renp_sim.production.event_rows import EventRows
from renp_sim.streams import BLOCK_EVENTS, Stage, name_key, stream

__all__ = [
    "Job",
    "Recorder",
    "Shard",
    "SliceRange",
    "StepTally",
    "expected_photons",
    "expected_rows",
    "plan_shards",
    "totals",
]

Columns = dict[str, NDArray[Any]]

SHARDS = 16
"""Shards of a run, if that keeps their rows in between the following."""

LEAST_SHARD_ROWS, MOST_SHARD_ROWS = 4 * BLOCK_EVENTS, 128 * BLOCK_EVENTS
"""A worker is worth starting for 10⁵ events, and 4·10⁶ are as much as one wants to lose."""


@dataclass(frozen=True, slots=True)
class SliceRange:
    """Slices first … last − 1 of a step."""

    step: int
    first: int
    last: int


Shard = tuple[SliceRange, ...]


@dataclass(slots=True)
class StepTally:
    """What was counted in some slices of a step."""

    step: int
    n_recorded: int = 0
    lost_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class StepSlices:
    """The slices of a step: block and piece of each, and where it begins and ends; shape (n,).

    An interval of a block is cut evenly so that a slice draws about a block of background at most.
    """

    block: NDArray[np.intp]
    piece: NDArray[np.intp]
    begin_s: FloatArray
    end_s: FloatArray
    expected_rows: FloatArray

    @classmethod
    def of(cls, boundaries_s: FloatArray, count: int, arrival_rate_hz: float) -> "StepSlices":
        """Cut a step of `count` signal photons, whose blocks end at the boundaries."""
        length = np.diff(boundaries_s)
        pieces = np.maximum(np.ceil(length * arrival_rate_hz / BLOCK_EVENTS), 1).astype(np.intp)
        block = np.repeat(np.arange(len(length)), pieces)
        piece = np.arange(len(block)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        begin = boundaries_s[block] + length[block] * (piece / pieces[block])
        end = np.append(begin[1:], boundaries_s[-1])
        signal = np.minimum(count - BLOCK_EVENTS * block, BLOCK_EVENTS) / pieces[block]
        return cls(block, piece, begin, end, signal + (end - begin) * arrival_rate_hz)

    def __len__(self) -> int:
        return len(self.block)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slice:
    """One slice: its truth, its interval, its random streams."""

    truth: TruthBlock
    interval_s: tuple[float, float]
    stream: Callable[[str], np.random.Generator]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """Everything that a worker needs to make the events of any part of a run; picklable.

    Parameters
    ----------
    generator, detector
        Truth, and what is recorded of it.
    conditions
        What the detector is told of each step.
    rows
        How an event is written down.
    """

    generator: Generator
    detector: Detector
    conditions: tuple[StepConditions, ...]
    rows: EventRows

    def step_slices(self, step: int) -> StepSlices:
        """Return how a step is cut."""
        rate_hz = self.detector.arrival_rate_hz(self.conditions[step])
        count = int(self.generator.counts[step])
        return StepSlices.of(self.generator.boundaries_s(step), count, rate_hz)


class Recorder:
    """Makes the rows of shards, in any order; one that follows on the last goes on from its state."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._step: StepRecorder | None = None

    def events(self, shard: Shard, tallies: list[StepTally]) -> Iterator[Columns]:
        """Yield the rows of each slice in time order, and append one tally per step."""
        for part in shard:
            tally = StepTally(part.step)
            tallies.append(tally)
            if self._step is None or self._step.step != part.step:
                self._step = StepRecorder(self._job, part.step)
            yield from self._step.rows(part.first, part.last, tally)


class StepRecorder:
    """Records the slices of one step, carrying the dead time from one to the next."""

    def __init__(self, job: Job, step: int) -> None:
        self.step = step
        self._job = job
        self._signal: StepSignal = job.generator.step(step)
        self._conditions = job.conditions[step]
        self._slices = job.step_slices(step)
        self._drawn: tuple[int, TruthBlock] | None = None
        self._next, self._busy_until_s = 0, -np.inf

    def rows(self, first: int, last: int, tally: StepTally) -> Iterator[Columns]:
        """Yield the rows of slices first … last − 1."""
        detector, end_s = self._job.detector, float(self._slices.end_s[-1])
        if first != self._next:
            self._busy_until_s = self._busy_before(first)
        for number in range(first, last):
            piece = self._slice(number)
            record = self._record(piece, self._busy_until_s)
            self._next, self._busy_until_s = number + 1, record.busy_until_s
            tally.n_recorded += len(record.time_s)
            tally.lost_s += detector.dead_time.lost_s(record.time_s, end_s)
            if len(record.time_s) or (len(piece.truth) and self._job.rows.keep_undetected):
                yield self._job.rows.of(piece.truth, record, detector, self.step)

    def _record(self, piece: Slice, busy_until_s: float) -> Record:
        return self._job.detector.record(
            _photons(piece.truth), piece.interval_s, self._conditions, piece.stream, busy_until_s=busy_until_s
        )

    def _slice(self, number: int) -> Slice:
        slices, seed = self._slices, self._job.generator.seed
        block, piece = int(slices.block[number]), int(slices.piece[number])
        interval = (float(slices.begin_s[number]), float(slices.end_s[number]))
        if self._drawn is None or self._drawn[0] != block:
            self._drawn = (block, self._signal.block(block))
        return Slice(
            truth=_between(self._drawn[1], interval, is_first=piece == 0),
            interval_s=interval,
            stream=lambda name: stream(seed, Stage.DETECTOR, self.step, block, piece, name_key(name)),
        )

    def _busy_before(self, first: int) -> float:
        """Return until when the detector is dead as slice `first` begins; every step begins alive.

        The slices before it are drawn again, from the last one back, until one whose end does not depend
        on how it began; nearly always that is the first one tried.
        """
        state, number = -np.inf, first
        if self._job.detector.dead_time.tau_s == 0:
            return state
        while number > 0:
            number -= 1
            piece = self._slice(number)
            settled = self._job.detector.settled(
                _photons(piece.truth), piece.interval_s, self._conditions, piece.stream
            )
            if settled is not None:
                state = settled
                number += 1
                break
        for again in range(number, first):
            state = self._record(self._slice(again), state).busy_until_s
        return state


def plan_shards(job: Job) -> list[Shard]:
    """Cut a run into shards of about equal numbers of rows; a long step is cut, short ones share one.

    A slice is never cut, and the number of rows is that expected before the detector, so that the plan
    is the same whoever makes it.
    """
    sizes = [job.step_slices(step).expected_rows for step in range(job.generator.schedule.n_steps)]
    most = min(max(expected_rows(job) / SHARDS, LEAST_SHARD_ROWS), MOST_SHARD_ROWS)
    shards: list[list[SliceRange]] = [[]]
    rows = 0.0
    for step, slices in enumerate(sizes):
        first = 0
        for number, size in enumerate(slices.tolist()):
            if rows + size > most and rows > 0:
                if number > first:
                    shards[-1].append(SliceRange(step, first, number))
                shards.append([])
                first, rows = number, 0.0
            rows += size
        shards[-1].append(SliceRange(step, first, len(slices)))
    return [tuple(shard) for shard in shards]


def expected_photons(job: Job) -> float:
    """Return the number of signal and background photons expected, nothing being drawn."""
    generator = job.generator
    signal = float(generator.expected.sum()) if generator.n_events is None else generator.n_events
    rates_hz = [job.detector.arrival_rate_hz(conditions) for conditions in job.conditions]
    return signal + float(np.dot(rates_hz, generator.schedule.duration_s))


def expected_rows(job: Job) -> float:
    """Return the number of rows expected before the detector."""
    steps = range(job.generator.schedule.n_steps)
    return float(sum(job.step_slices(step).expected_rows.sum() for step in steps))


def totals(tallies: list[StepTally], n_steps: int) -> tuple[NDArray[np.int64], FloatArray]:
    """Return recorded photons and dead time of each step, shape (n,)."""
    recorded, lost_s = np.zeros(n_steps, dtype=np.int64), np.zeros(n_steps)
    for tally in tallies:
        recorded[tally.step] += tally.n_recorded
        lost_s[tally.step] += tally.lost_s
    return recorded, lost_s


def _photons(truth: TruthBlock) -> Photons:
    return Photons(time_s=truth.emission_time_s, energy_eV=truth.omega_emitted_eV)


def _between(truth: TruthBlock, interval_s: tuple[float, float], *, is_first: bool) -> TruthBlock:
    """Return the events of a block in (begin, end], the first slice with its begin; views, not copies.

    The last event of a block lies on its end, which must not fall out.
    """
    low = 0 if is_first else int(np.searchsorted(truth.emission_time_s, interval_s[0], side="right"))
    high = int(np.searchsorted(truth.emission_time_s, interval_s[1], side="right"))
    if low == 0 and high == len(truth):
        return truth
    names = [name for name in TruthBlock.__slots__ if name != "source"]
    return TruthBlock(source=truth.source, **{name: getattr(truth, name)[low:high] for name in names})
