"""Timing of two sides in one run: A B A B …, so that a drifting machine slows both."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.report import Report

__all__ = ["Ratio", "interleaved", "ratio_of", "timed"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Seconds of both sides in each round."""

    rounds: tuple[tuple[float, float], ...]

    @property
    def first_s(self) -> float:
        """Median of the first side."""
        return median(first for first, _ in self.rounds)

    @property
    def second_s(self) -> float:
        """Median of the second side."""
        return median(second for _, second in self.rounds)

    @property
    def ratios(self) -> list[float]:
        """First over second side, of each round."""
        return [first / second for first, second in self.rounds]

    @property
    def ratio(self) -> float:
        """Median of the ratios."""
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """Least and greatest ratio."""
        return min(self.ratios), max(self.ratios)

    def tell(self, report: Report, what: str, goal: str, per: int, *, unit: str = "event") -> None:
        """Print and keep one line of a report."""
        low, high = self.spread
        first, second = 1e9 * self.first_s / per, 1e9 * self.second_s / per
        report.add(
            what,
            self.ratios,
            goal,
            f"{what}: {first:.0f} ns against {second:.0f} ns per {unit}, "
            f"ratio {self.ratio:.2f} ({low:.2f} … {high:.2f}); goal {goal}",
        )


def interleaved(first: Callable[[], object], second: Callable[[], object], rounds: int = 7) -> Ratio:
    """Time both sides in turn after one warm-up of each."""
    return ratio_of(timed(first), timed(second), rounds)


def ratio_of(first: Callable[[], float], second: Callable[[], float], rounds: int = 7) -> Ratio:
    """Compare sides that return the seconds they took, in turn after one warm-up of each."""
    first()
    second()
    return Ratio(tuple((first(), second()) for _ in range(rounds)))


def timed(side: Callable[[], object]) -> Callable[[], float]:
    """Return what runs a side and gives the seconds it took."""

    def seconds() -> float:
        begun = time.perf_counter()
        side()
        return time.perf_counter() - begun

    return seconds
