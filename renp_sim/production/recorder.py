"""The events of a job: truth is drawn per block, the detector acts per slice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detector.arrivals import NO_ARRIVALS, Arrivals
from detector.response import Photons, Record
from renp_sim.arrays import Columns, FloatArray
from renp_sim.generator.events import TruthBlock
from renp_sim.generator.photons import StepPhotons
from renp_sim.production.job import Job
from renp_sim.production.slices import PlannedShard, StepSlices
from renp_sim.streams import Stage, name_key, stream

__all__ = ["Recorder", "RowSource", "StepTally", "totals"]

FEW_ROWS = 4096
"""Slices of fewer rows are handed on together: wherever it goes, a block takes half a millisecond."""


@dataclass(slots=True)
class StepTally:
    """What was counted in some slices of a step."""

    step: int
    n_recorded: int = 0
    lost_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slice:
    """One slice: its truth, its interval, its random streams."""

    truth: TruthBlock
    interval_s: tuple[float, float]
    stream: Callable[[str], np.random.Generator]

    @property
    def photons(self) -> Photons:
        """What reaches the detector."""
        return Photons(time_s=self.truth.emission_time_s, energy_eV=self.truth.omega_emitted_eV)


class RowSource(Protocol):
    """Where the rows of shards come from: made, kept, or made by others."""

    def events(self, shard: PlannedShard, tallies: list[StepTally]) -> Iterator[Columns]:
        """Yield the rows of a shard in time order, in blocks of any size, and append a tally per step."""
        ...


class Recorder:
    """Makes the rows of shards, in any order; one that follows on the last goes on from its state."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._step: StepRecorder | None = None

    def events(self, shard: PlannedShard, tallies: list[StepTally]) -> Iterator[Columns]:
        """Yield the rows in time order, and append one tally per step."""
        yield from _together(self._slices(shard, tallies))

    def _slices(self, shard: PlannedShard, tallies: list[StepTally]) -> Iterator[Columns]:
        for part in shard.parts:
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
        self._signal: StepPhotons = job.signal.step(step)
        self._conditions = job.conditions[step]
        self._slices = StepSlices.of(
            self._signal.boundaries_s, self._signal.count, float(job.arrival_rate_hz[step])
        )
        self._drawn: tuple[int, TruthBlock] | None = None
        self._next, self._busy_until_s, self._pending = 0, -np.inf, NO_ARRIVALS

    def rows(self, first: int, last: int, tally: StepTally) -> Iterator[Columns]:
        """Yield the rows of slices first … last − 1."""
        detector, end_s = self._job.detector, float(self._slices.end_s[-1])
        if first != self._next:
            self._busy_until_s = self._busy_before(first)
        for number in range(first, last):
            piece = self._slice(number)
            record = self._record(piece, self._busy_until_s, self._pending)
            tally.n_recorded += len(record.time_s)
            tally.lost_s += detector.dead_time.lost_s(record.causing_s, end_s, self._busy_until_s)
            self._next, self._busy_until_s, self._pending = number + 1, record.busy_until_s, record.pending
            if len(record.time_s) or (len(piece.truth) and self._job.rows.keep_undetected):
                yield self._job.rows.of(*self._in_run_time(piece.truth, record), detector, self.step)

    def _in_run_time(self, truth: TruthBlock, record: Record) -> tuple[TruthBlock, Record]:
        """Return what was drawn and recorded in open time at the times since run start."""
        clock = self._signal.times.clock
        if clock.pulses is None:
            return truth, record
        emission_time_s, time_s = (clock.run_s(x) for x in (truth.emission_time_s, record.time_s))
        return replace(truth, emission_time_s=emission_time_s), replace(record, time_s=time_s)

    def _record(self, piece: Slice, busy_until_s: float, pending: Arrivals = NO_ARRIVALS) -> Record:
        return self._job.detector.record(
            piece.photons,
            piece.interval_s,
            self._conditions,
            piece.stream,
            busy_until_s=busy_until_s,
            pending=pending,
        )

    def _slice(self, number: int) -> Slice:
        slices, seed = self._slices, self._job.signal.seed
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

        Of afterpulses nothing is known here: with them every step is one piece.

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
                piece.photons, piece.interval_s, self._conditions, piece.stream
            )
            if settled is not None:
                state = settled
                number += 1
                break
        for again in range(number, first):
            state = self._record(self._slice(again), state).busy_until_s
        return state


def _together(blocks: Iterator[Columns]) -> Iterator[Columns]:
    """Join blocks of few rows."""
    waiting: list[Columns] = []
    rows = 0
    for block in blocks:
        waiting.append(block)
        rows += len(block["run"])
        if rows >= FEW_ROWS:
            yield _joined(waiting)
            waiting, rows = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(blocks: list[Columns]) -> Columns:
    if len(blocks) == 1:
        return blocks[0]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def totals(tallies: list[StepTally], n_steps: int) -> tuple[NDArray[np.int64], FloatArray]:
    """Return recorded photons and dead time of each step, shape (n,)."""
    recorded, lost_s = np.zeros(n_steps, dtype=np.int64), np.zeros(n_steps)
    for tally in tallies:
        recorded[tally.step] += tally.n_recorded
        lost_s[tally.step] += tally.lost_s
    return recorded, lost_s


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
