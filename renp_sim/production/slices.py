"""Slices: a run cut into pieces of bounded memory, each found by its address (step, block, piece).

A block of signal photons spans an interval of its step; where much background falls into the interval it
is cut further. Shards are runs of consecutive slices; they depend on nothing but the run, so any number of
workers may share them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.streams import BLOCK_EVENTS

__all__ = ["PlannedShard", "SliceRange", "StepSlices", "plan_shards"]

SHARDS = 16
"""Shards of a run, if that keeps their rows in between the following."""

LEAST_SHARD_ROWS, MOST_SHARD_ROWS = 4 * BLOCK_EVENTS, 128 * BLOCK_EVENTS
"""A worker is worth starting for 10⁵ events, and 4·10⁶ are as much as one wants to lose."""

FIRST = np.zeros(1, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class SliceRange:
    """Slices first … last − 1 of a step."""

    step: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class PlannedShard:
    """A shard by its place in the run, and the slices it is made of."""

    index: int
    parts: tuple[SliceRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepSlices:
    """The slices of a step: block and piece of each, and where it begins and ends; shape (n,).

    An interval of a block is cut evenly so that a slice draws about a block of background at most.
    """

    block: IndexArray
    piece: IndexArray
    begin_s: FloatArray
    end_s: FloatArray
    expected_rows: FloatArray

    @classmethod
    def of(cls, boundaries_s: FloatArray, count: int, arrival_rate_hz: float) -> Self:
        """Cut a step of `count` signal photons, whose blocks end at the boundaries."""
        if len(boundaries_s) == 2 and (boundaries_s[1] - boundaries_s[0]) * arrival_rate_hz <= BLOCK_EVENTS:
            # what follows gives the same, but long schedules are made of such steps
            begin, end = boundaries_s[:1], boundaries_s[1:]
            rows = count + (end - begin) * arrival_rate_hz
            return cls(block=FIRST, piece=FIRST, begin_s=begin, end_s=end, expected_rows=rows)
        length = np.diff(boundaries_s)
        pieces = np.maximum(np.ceil(length * arrival_rate_hz / BLOCK_EVENTS), 1).astype(np.intp)
        block = np.repeat(np.arange(len(length)), pieces)
        piece = np.arange(len(block)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        begin = boundaries_s[block] + length[block] * (piece / pieces[block])
        end = np.append(begin[1:], boundaries_s[-1])
        signal = np.minimum(count - BLOCK_EVENTS * block, BLOCK_EVENTS) / pieces[block]
        return cls(
            block=block,
            piece=piece,
            begin_s=begin,
            end_s=end,
            expected_rows=signal + (end - begin) * arrival_rate_hz,
        )

    def __len__(self) -> int:
        return len(self.block)


def plan_shards(rows: Sequence[FloatArray], *, whole_steps: bool = False) -> list[PlannedShard]:
    """Cut a run into shards of about equal numbers of rows; a long step is cut, short ones share one.

    Parameters
    ----------
    rows
        Rows of the slices of each step that are expected before the detector, so that the plan is the same
        whoever makes it. A slice is never cut.
    whole_steps
        Never cut a step, where a slice cannot be made without all those before it.
    """
    total = float(sum(sizes.sum() for sizes in rows))
    most = min(max(total / SHARDS, LEAST_SHARD_ROWS), MOST_SHARD_ROWS)
    shards: list[list[SliceRange]] = [[]]
    filled = 0.0
    for step, sizes in enumerate(rows):
        first = 0
        for number, size in enumerate(sizes.tolist()):
            if filled + size > most and filled > 0 and not (whole_steps and number):
                if number > first:
                    shards[-1].append(SliceRange(step, first, number))
                shards.append([])
                first, filled = number, 0.0
            filled += size
        shards[-1].append(SliceRange(step, first, len(sizes)))
    return [PlannedShard(index, tuple(parts)) for index, parts in enumerate(shards)]
