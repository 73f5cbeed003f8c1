"""What is varied along a curve: a key of the run file, or the exposure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError

__all__ = ["EXPOSURE", "Scan", "notes_of_points", "scan_of", "setting_of"]

EXPOSURE = "exposure"
"""Scans a factor on all durations."""

MOST_POINTS = 10_000

DECADES = 100.0

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?")
"""In a note; what follows a letter or a dot belongs to a name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """What is varied.

    Parameters
    ----------
    key
        A key of the run file, or `exposure`.
    values
        Shape (g,).
    is_log
        Whether an axis of them is logarithmic: they are even in the logarithm, or over two decades.
    """

    key: str
    values: FloatArray
    is_log: bool

    @property
    def label(self) -> str:
        """What an axis is called."""
        return "exposure, in durations of the run file" if self.key == EXPOSURE else self.key


def scan_of(text: str, option: str = "--scan") -> Scan:
    """Return the scan that `KEY=START:STOP:POINTS[:log]` or `KEY=VALUE,VALUE,…` means.

    Raises
    ------
    ConfigError
        If it means none.

    Examples
    --------
    >>> scan_of("interaction.mass_eV=1e-3:1e3:3:log").values.tolist()
    [0.001, 1.0, 1000.0]
    """
    key, equals, asked = text.partition("=")
    try:
        if ":" in asked:
            first, last, n, *rest = asked.split(":")
            start, stop, points = float(first), float(last), int(n)
            is_log = rest == ["log"]
            if (rest and not is_log) or not 1 <= points <= MOST_POINTS or (is_log and min(start, stop) <= 0):
                raise ValueError
            values = np.geomspace(start, stop, points) if is_log else np.linspace(start, stop, points)
        else:
            values = np.array([float(value) for value in asked.split(",")])
            is_log = bool(np.max(values) >= DECADES * np.min(values) > 0)
    except ValueError:
        values, is_log = np.empty(0), False
    if not equals or not key.strip() or not len(values) or not np.all(np.isfinite(values)):
        raise ConfigError(
            f"{option} {text}: write KEY=START:STOP:POINTS or KEY=START:STOP:POINTS:log, POINTS a whole "
            f"number up to {MOST_POINTS}, or KEY=VALUE,VALUE; KEY is one of the run file or `exposure`"
        )
    return Scan(key=key.strip(), values=values, is_log=is_log)


def setting_of(key: str, value: float) -> str:
    """Return the setting of a key; a whole number is written as one, since some keys take no other.

    Examples
    --------
    >>> setting_of("laser.scan[0].passes", 2.0), setting_of("target.coherence", 0.5)
    ('laser.scan[0].passes=2', 'target.coherence=0.5')
    """
    return f"{key}={int(value) if value.is_integer() and abs(value) < 2**53 else value!r}"


def notes_of_points(notes: Iterable[str]) -> tuple[str, ...]:
    """Return what the points of a curve say, each once: where notes differ in their numbers, the largest.

    Examples
    --------
    >>> notes_of_points(["moves g.11 by up to 0.2", "moves g.11 by up to 0.9", "moves g.22 by up to 0.1"])
    ('moves g.11 by up to 0.9', 'moves g.22 by up to 0.1')
    """
    said: dict[str, str] = {}
    for note in notes:
        kind = NUMBER.sub("#", note)
        said[kind] = max(said.get(kind, note), note, key=_numbers)
    return tuple(said.values())


def _numbers(note: str) -> list[float]:
    return [float(number) for number in NUMBER.findall(note)]
