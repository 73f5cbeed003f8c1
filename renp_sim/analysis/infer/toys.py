"""Toys of a hypothesis, drawn and fitted in parts; these are the same whoever draws and fits them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeVar

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.outcomes import Outcomes, Uniforms, require_toys
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.arrays import FloatArray
from renp_sim.parallel.executor import Executor, Serial, Shared, in_order
from renp_sim.streams import BLOCK_TOYS

__all__ = ["Part", "Toys", "gathered", "parts_of", "statistic_of"]

T = TypeVar("T")

TOGETHER = 4 * BLOCK_TOYS
"""Toys of a part: of fewer, what the search shares between toys takes as long as the toys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Toys first … last − 1 of a seed."""

    seed: int
    first: int
    last: int

    def uniforms(self, setup: Setup, n_steps: int) -> Uniforms:
        """Return their random numbers."""
        return Uniforms.of(setup, n_steps, seed=self.seed, n_toys=self.last - self.first, start=self.first)

    def outcomes(self, setup: Setup, theta: FloatArray) -> Outcomes:
        """Return them as a hypothesis gives them at θ (p,)."""
        mu = setup.model.expected(theta)
        return self.uniforms(setup, len(mu)).outcomes(setup, mu, theta)


def parts_of(seed: int, first: int, last: int, size: int = TOGETHER) -> list[Part]:
    """Return toys first … last − 1, cut at multiples of a size.

    Examples
    --------
    >>> [(part.first, part.last) for part in parts_of(1, 0, 20_000)]
    [(0, 16384), (16384, 20000)]
    """
    edges = [first, *range((first // size + 1) * size, last, size), last]
    return [Part(seed=seed, first=a, last=b) for a, b in pairwise(edges) if a < b]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Toys:
    """Toys 0 … n − 1 of a seed, and who draws and fits them.

    Parameters
    ----------
    seed, n
        Which.
    executor
        No result depends on it.

    Raises
    ------
    ConfigError
        If so many cannot be had.
    """

    seed: int
    n: int
    executor: Executor = field(default_factory=Serial)

    def __post_init__(self) -> None:
        require_toys(self.n)

    @property
    def parts(self) -> list[Part]:
        """All of them."""
        return parts_of(self.seed, 0, self.n)


def gathered(
    executor: Executor, function: Callable[..., T], calls: Iterable[tuple[tuple[Any, ...], Sequence[Any]]]
) -> Iterator[list[T]]:
    """Yield what a function says of each part, a list for each call: its arguments and its parts."""
    waiting = list(calls)
    made = in_order(executor, function, ((*arguments, part) for arguments, own in waiting for part in own))
    for _, own in waiting:
        yield [next(made) for _ in own]


def statistic_of(
    setup: Shared[Setup], name: str, kind: Kind, theta: FloatArray, value: float, part: Part
) -> FloatArray:
    """Return the statistic of a parameter at a value, of toys that are drawn at θ (p,); shape (b,)."""
    toys = part.outcomes(setup.value, theta)
    return Statistic.of(setup.value, name, kind, toys.counts, toys.constraint_values).at(value)
