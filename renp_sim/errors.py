"""The error tree: every failure a user can cause or meet, one class per exit code; what messages list."""

from collections.abc import Iterable
from typing import Any

__all__ = [
    "ConfigError",
    "DomainError",
    "FitError",
    "NumericsError",
    "RenpError",
    "SchemaError",
    "WorkerError",
    "listed",
    "nearest",
]

MOST_LISTED = 20
"""A longer list helps nobody."""


class RenpError(Exception):
    """Base of every error that is not a bug."""

    exit_code = 2


class ConfigError(RenpError, ValueError):
    """A run file, a command line or a set of them that cannot be used (exit code 2).

    Parameters
    ----------
    problems
        One line per problem: where, what was given, what is allowed, what to do.
    """

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class DomainError(RenpError, ValueError):
    """A physical quantity outside its domain, such as ω ≥ E_eg (exit code 2)."""

    exit_code = 2


class SchemaError(RenpError, OSError):
    """A file that is missing, torn, of another schema, or cannot be written (exit code 3)."""

    exit_code = 3


class NumericsError(RenpError, ArithmeticError):
    """A number that could not be computed to the promised accuracy (exit code 4).

    Parameters
    ----------
    message
        What failed and what to do.
    best
        The best answer there is, for a caller who can live with it.
    """

    exit_code = 4

    def __init__(self, message: str, best: Any = None) -> None:
        self.best = best
        super().__init__(message)


class FitError(RenpError, RuntimeError):
    """A fit that found no answer (exit code 4).

    Parameters
    ----------
    message
        What failed and what to do.
    last
        The last result of the fit.
    """

    exit_code = 4

    def __init__(self, message: str, last: Any = None) -> None:
        self.last = last
        super().__init__(message)


class WorkerError(RenpError, RuntimeError):
    """A worker process that ended before its work was done (exit code 4)."""

    exit_code = 4


def listed(values: Iterable[object], most: int = MOST_LISTED, unit: str = "") -> str:
    """Return values in a row: the first of them where they are many, and how many more there are.

    Examples
    --------
    >>> listed([1.07, 1.08], unit="eV")
    '1.07, 1.08 eV'
    >>> listed([1.07, 1.08, 1.09], 2, "eV")
    '1.07, 1.08 eV and 1 more'
    """
    texts = [str(value) for value in values]
    shown = ", ".join(texts[:most]) + (f" {unit}" if unit else "")
    return f"{shown} and {len(texts) - most} more" if len(texts) > most else shown


def nearest(name: str, known: Iterable[str]) -> str:
    """Return how a message about an unknown name ends: the known one that was meant, or what there is.

    Examples
    --------
    >>> nearest("linewidht_eV", ["settling_s", "linewidth_eV"])
    "did you mean 'linewidth_eV'?"
    >>> nearest("colour", ["settling_s", "linewidth_eV"])
    'known: settling_s, linewidth_eV'
    """
    # used where something went wrong only
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {listed(names)}" if names else "there is none"
