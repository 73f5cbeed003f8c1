"""Addressed random streams: each block of a step has its own, never consumed in turn.

So a block can be regenerated alone, the result does not depend on workers or chunk sizes, and the first
n toys do not change when n grows.
"""

from enum import Enum
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable

import numpy as np

from renp_sim.errors import ConfigError

__all__ = ["BLOCK_EVENTS", "BLOCK_TOYS", "Stage", "name_key", "name_keys", "stream"]

BLOCK_EVENTS = 32_768
"""Events in a block: one unit of randomness, of work and of file baskets (see benchmarks/)."""

BLOCK_TOYS = 4096
"""Toys in a block, the unit of their randomness."""


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
    if any(not 0 <= element < 2**32 for element in address):
        raise ValueError(f"stage {stage.name}: address elements must lie in [0, 2^32), got {address}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must lie in [0, 2^64), got {seed}")
    sequence = np.random.SeedSequence(seed, spawn_key=(number, *(int(element) for element in address)))
    return np.random.Generator(np.random.PCG64DXSM(sequence))


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
