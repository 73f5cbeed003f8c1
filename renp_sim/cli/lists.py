"""Options that are lists, written with commas."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from renp_sim.errors import ConfigError

__all__ = ["chosen", "numbers"]

Kind = TypeVar("Kind", bound=StrEnum)


def numbers(text: str, option: str) -> list[float]:
    """Return the numbers of an option.

    Raises
    ------
    ConfigError
        If something in it is none.

    Examples
    --------
    >>> numbers("0.5,0.9", "--power")
    [0.5, 0.9]
    """
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        raise ConfigError(f"{option} {text}: write numbers such as 0.5,0.9") from None


def chosen(texts: Sequence[str], kinds: type[Kind], option: str) -> list[Kind]:
    """Return what a repeatable option names.

    Raises
    ------
    ConfigError
        If a name is none of the kinds.
    """
    known = [kind.value for kind in kinds]
    names = [name for text in texts for name in text.split(",")]
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"{option} {unknown[0]}: must be one of {', '.join(known)}")
    return [kinds(name) for name in names]
