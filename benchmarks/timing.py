"""Timing of two sides in one run: A B A B …, so that a drifting machine slows both."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

__all__ = ["Ratio", "interleaved", "ratio_of", "timed"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Seconds of both sides and their ratio, medians over the rounds."""

    first_s: float
    second_s: float
    ratio: float
    spread: tuple[float, float]

    def line(self, what: str, goal: str, per: int, unit: str = "event") -> str:
        """Return one line of a report."""
        low, high = self.spread
        first, second = 1e9 * self.first_s / per, 1e9 * self.second_s / per
        return (
            f"{what}: {first:.0f} ns against {second:.0f} ns per {unit}, "
            f"ratio {self.ratio:.2f} ({low:.2f} … {high:.2f}); goal {goal}"
        )


def interleaved(first: Callable[[], object], second: Callable[[], object], rounds: int = 7) -> Ratio:
    """Time both sides in turn after one warm-up of each."""
    return ratio_of(timed(first), timed(second), rounds)


def ratio_of(first: Callable[[], float], second: Callable[[], float], rounds: int = 7) -> Ratio:
    """Compare sides that return the seconds they took, in turn after one warm-up of each."""
    first()
    second()
    times = [(first(), second()) for _ in range(rounds)]
    ratios = [a / b for a, b in times]
    return Ratio(
        median(a for a, _ in times),
        median(b for _, b in times),
        median(ratios),
        (min(ratios), max(ratios)),
    )


def timed(side: Callable[[], object]) -> Callable[[], float]:
    """Return what runs a side and gives the seconds it took."""

    def seconds() -> float:
        begun = time.perf_counter()
        side()
        return time.perf_counter() - begun

    return seconds
