"""Addressed random streams: each block of a step has its own, never consumed in turn.

So a block can be regenerated alone, the result does not depend on workers or chunk sizes, and the first
n toys do not change when n grows.
"""

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

from renp_sim.errors import ConfigError

__all__ = ["BLOCK_EVENTS", "BLOCK_TOYS", "Stage", "name_key", "name_keys", "stream"]

BLOCK_EVENTS = 32_768
"""Events in a block: one unit of randomness, of work and of file baskets (see benchmarks/)."""

BLOCK_TOYS = 4096
"""Toys in a block, the unit of their randomness."""

NEIGHBOURS = 256
"""Streams of consecutive steps that are seeded together: alone, each would take as long as drawing a few
events."""


class Stage(Enum):
    """What a stream is for; the value is (number, length of the address)."""

    CALIBRATION = (0, 1)
    """(which: 0 common, 1 per step)"""
    COUNTS = (1, 1)
    """(step,): the number of signal photons"""
    BOUNDARIES = (2, 1)
    """(step,): where the blocks of a step end in time"""
    EVENTS = (3, 2)
    """(step, block): truth of the signal photons"""
    DETECTOR = (4, 4)
    """(step, block, slice, name): what the detector does to them"""
    ALLOCATION = (5, 1)
    """(0,): which step each event belongs to when the number of events is fixed"""
    TOYS = (6, 1)
    """(block of toys,): their counts"""
    MEASUREMENTS = (7, 2)
    """(block of toys, name): what other experiments measure of a constrained parameter in them"""
    UNIFORMS = (8, 1)
    """(block of toys,): numbers from which their counts follow under any hypothesis"""
    INCREMENTS = (9, 2)
    """(block of toys, exposure): the same of what a longer exposure adds to them"""


def stream(seed: int, stage: Stage, *address: int) -> np.random.Generator:
    """Return the random generator that belongs to an address.

    Parameters
    ----------
    seed
        The one seed of the run, 0 ≤ seed < 2⁶⁴.
    stage
        What the numbers are for.
    address
        Non-negative integers below 2³²; their number is fixed by the stage.

    Raises
    ------
    ValueError
        If the address has another length than the stage's or an element out of range
        (numpy would let larger ones collide).

    Examples
    --------
    >>> a = stream(1, Stage.EVENTS, 0, 7).random()
    >>> b = stream(1, Stage.EVENTS, 0, 7).random()
    >>> a == b
    True
    """
    number, length = stage.value
    if len(address) != length:
        raise ValueError(f"stage {stage.name} takes an address of {length} elements, got {address}")
    if min(address) < 0 or max(address) >= 2**32:
        raise ValueError(f"stage {stage.name}: address elements must lie in [0, 2^32), got {address}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must lie in [0, 2^64), got {seed}")
    first, rest = int(address[0]), tuple(int(element) for element in address[1:])
    if any(rest[:2]):
        # a long step, of many blocks: its neighbours will not be asked for
        sequence: Any = np.random.SeedSequence(seed, spawn_key=(number, first, *rest))
    else:
        states = _states(seed, number, first // NEIGHBOURS, rest)
        sequence = _State(states[first % NEIGHBOURS])
    return np.random.Generator(np.random.PCG64DXSM(sequence))


class _State(ISeedSequence):
    """A seed sequence whose words are known."""

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self._words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[Any]:
        if (n_words, dtype) != (len(self._words), np.uint64):
            raise ValueError(f"there are {len(self._words)} words of 64 bits, not {n_words} of {dtype}")
        return self._words


@lru_cache(maxsize=256)
def _states(seed: int, number: int, chunk: int, rest: tuple[int, ...]) -> NDArray[np.uint64]:
    """Return the four words that `SeedSequence` gives each address of a chunk, shape (NEIGHBOURS, 4).

    It is numpy's algorithm, which its compatibility policy fixes, for many addresses at once: the words of
    the entropy are hashed into a pool of four, and the pool into the words of the state.
    """
    firsts = np.arange(NEIGHBOURS, dtype=np.uint32) + np.uint32(chunk * NEIGHBOURS)
    words = [seed % 2**32, seed >> 32, 0, 0, number, firsts, *rest]
    entropy = [np.broadcast_to(np.asarray(word, dtype=np.uint32), firsts.shape) for word in words]
    hashed = _Hash(0x43B0D7E5, 0x931E8875)
    pool = [hashed(word) for word in entropy[:4]]
    for source in range(4):
        for target in range(4):
            if source != target:
                pool[target] = _mixed(pool[target], hashed(pool[source]))
    for word in entropy[4:]:
        pool = [_mixed(x, hashed(word)) for x in pool]
    hashed = _Hash(0x8B51F9DD, 0x58F38DED)
    halves = np.stack([hashed(pool[k % 4]) for k in range(8)], axis=1).astype(np.uint64)
    return np.ascontiguousarray(halves[:, ::2] | (halves[:, 1::2] << np.uint64(32)))


class _Hash:
    """The hash of `SeedSequence`, whose constant changes with every word."""

    def __init__(self, constant: int, factor: int) -> None:
        self._constant, self._factor = constant, factor

    def __call__(self, word: NDArray[np.uint32]) -> NDArray[np.uint32]:
        word = word ^ np.uint32(self._constant)
        self._constant = self._constant * self._factor % 2**32
        word = word * np.uint32(self._constant)
        return word ^ (word >> np.uint32(16))


def _mixed(x: NDArray[np.uint32], y: NDArray[np.uint32]) -> NDArray[np.uint32]:
    result: NDArray[np.uint32] = x * np.uint32(0xCA01F9DD) - y * np.uint32(0x4973F715)
    return result ^ (result >> np.uint32(16))


def name_key(name: str) -> int:
    """Return the address element of a named thing, such as a background component."""
    return crc32(name.encode())


def name_keys(names: "Iterable[str]") -> dict[str, int]:
    """Return the address element of each name; two names with one key are refused.

    Raises
    ------
    ConfigError
        If two names collide, since they would share their random numbers.
    """
    keys: dict[str, int] = {}
    for name in names:
        key = name_key(name)
        twin = next((other for other, taken in keys.items() if taken == key and other != name), None)
        if twin is not None:
            raise ConfigError(f"the names {twin!r} and {name!r} share a random stream: rename one of them")
        keys[name] = key
    return keys
