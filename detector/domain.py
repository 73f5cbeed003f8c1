"""What a number may be: a range that stands in the annotation of its field, and the check of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np

__all__ = [
    "Fraction",
    "NotNegative",
    "Positive",
    "Range",
    "range_of",
    "require_ranges",
    "require_table",
]


@dataclass(frozen=True, slots=True)
class Range:
    """The finite numbers low ≤ x ≤ high, without `low` itself where `is_open`.

    Examples
    --------
    >>> str(Range(0, 1)), str(Range(0)), str(Range(0, is_open=True))
    ('must lie in [0, 1]', 'must be finite and at least 0', 'must be finite and positive')
    >>> 1.0 in Range(0, 1), float("nan") in Range(0, 1)
    (True, False)
    """

    low: float = -inf
    high: float = inf
    is_open: bool = False

    def __contains__(self, value: float) -> bool:
        above = self.low < value if self.is_open else self.low <= value
        return above and value <= self.high and -inf < value < inf

    def __str__(self) -> str:
        if self.high < inf:
            return f"must lie in {self.interval}"
        if self.low == -inf:
            return "must be finite"
        if self.is_open and self.low == 0:
            return "must be finite and positive"
        return f"must be finite and {'above' if self.is_open else 'at least'} {_digits(self.low)}"

    @property
    def interval(self) -> str:
        """The interval as one writes it."""
        return f"{'(' if self.is_open else '['}{_digits(self.low)}, {_digits(self.high)}]"


def _digits(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


Fraction = Annotated[float, Range(0, 1)]
NotNegative = Annotated[float, Range(0)]
Positive = Annotated[float, Range(0, is_open=True)]


def range_of(hint: Any) -> Range | None:
    """Return the range that a type states for a number, alone or in a union; None if it states none.

    Examples
    --------
    >>> range_of(Fraction | None)
    Range(low=0, high=1, is_open=False)
    """
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    marks = (mark for member in members for mark in getattr(member, "__metadata__", ()))
    return next((mark for mark in marks if isinstance(mark, Range)), None)


def require_ranges(thing: Any) -> None:
    """Check each number in the fields of a dataclass, and in its tuples, against the range of its annotation.

    Raises
    ------
    ValueError
        With a line for each number that is outside.
    """
    problems = []
    for name, allowed in _ranges(thing.__class__):
        value = getattr(thing, name)
        if isinstance(value, int | float):
            if value not in allowed:
                problems.append(f"{name} = {value}: {allowed}")
        elif isinstance(value, tuple):
            problems += [f"{name}[{k}] = {x}: {allowed}" for k, x in enumerate(value) if x not in allowed]
    if problems:
        raise ValueError("\n".join(problems))


@cache
def _ranges(kind: type) -> tuple[tuple[str, Range], ...]:
    """Return the range of each field that states one; of a tuple it is that of its elements."""
    found = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        of_element = get_args(hint)[0] if get_origin(hint) is tuple else hint
        found.append((name, range_of(of_element)))
    return tuple((name, allowed) for name, allowed in found if allowed is not None)


def require_table(energies_eV: Sequence[float], values: Sequence[float]) -> None:
    """Raise ValueError unless the table has rising energies and a value at each of them."""
    energy = np.asarray(energies_eV, dtype=np.float64)
    if energy.ndim != 1 or len(energy) < 2:
        raise ValueError(f"energies_eV = {energies_eV}: needs a list of at least two energies")
    if not np.all(np.diff(energy) > 0):
        raise ValueError(f"energies_eV = {energies_eV}: must be rising")
    if np.shape(values) != energy.shape:
        raise ValueError(f"values = {values}: needs {len(energy)} values, one for each energy")
