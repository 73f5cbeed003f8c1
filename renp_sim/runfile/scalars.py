"""Numbers, texts and names of a run file: what a type takes, and what is said of what it does not take."""

from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from detector.domain import range_of
from renp_sim.runfile.problems import shown

__all__ = ["ScalarError", "base_of", "members_of", "name_of", "names_of", "scalar"]

LARGEST = 1e30
"""No quantity in these units is larger, and products of numbers that are not stay finite."""

SMALLEST = 1e-100
"""What is not 0 is not smaller, and may be divided by."""


class ScalarError(ValueError):
    """A value that its type does not take; says what is allowed."""


def members_of(hint: Any) -> tuple[Any, ...]:
    """Return the types that a value may have, one by one, without None, which is a key that is left out.

    Examples
    --------
    >>> members_of(float | Literal["auto"] | None)
    (<class 'float'>, typing.Literal['auto'])
    """
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return tuple(member for member in members if member is not NoneType)


def base_of(member: Any) -> Any:
    """Return a type without its range."""
    return get_args(member)[0] if get_origin(member) is Annotated else member


def names_of(member: Any) -> tuple[str, ...]:
    """Return the names that a value may be, of a type that is made of names; else none."""
    if get_origin(member) is Literal:
        return get_args(member)
    is_enum = isinstance(member, type) and issubclass(member, Enum)
    return tuple(name_of(entry) for entry in member) if is_enum else ()


def name_of(entry: Enum) -> str:
    """Return what a run file calls a member of an enum: its value, or its name where that is a number."""
    return entry.name.lower() if isinstance(entry, int) else str(entry.value)


def scalar(hint: Any, given: Any) -> Any:
    """Return a number, a text, a truth or a name of a type.

    Raises
    ------
    ScalarError
        If the value is of no member of the type, or out of its range.

    Examples
    --------
    >>> scalar(float | Literal["auto"], 3), scalar(float | Literal["auto"], "auto")
    (3.0, 'auto')
    >>> scalar(float, "20%")
    Traceback (most recent call last):
    ...
    renp_sim.runfile.scalars.ScalarError: must be a number: write 0.2
    """
    members = members_of(hint)
    for member in members:
        base = base_of(member)
        if isinstance(given, str) and given in names_of(member):
            return given if get_origin(member) is Literal else _entry(member, given)
        if base is bool and isinstance(given, bool):
            return given
        if base in (int, float) and isinstance(given, (int, base)) and not isinstance(given, bool):
            return base(_within(member, given))
        if base is str and isinstance(given, str):
            if not given.isprintable():
                raise ScalarError("must be printable characters only")
            return given
    raise ScalarError(_expected(members, given))


def _entry(kind: type[Enum], name: str) -> Enum:
    return next(entry for entry in kind if name_of(entry) == name)


def _within(member: Any, number: float) -> float:
    if not abs(number) <= LARGEST:
        raise ScalarError(f"must be finite, and at most {LARGEST:g} in size: is its unit right?")
    if 0 < abs(number) < SMALLEST:
        raise ScalarError(f"must be 0, or at least {SMALLEST:g} in size")
    allowed = range_of(member)
    if allowed is not None and number not in allowed:
        raise ScalarError(str(allowed))
    return number


def _expected(members: tuple[Any, ...], given: Any) -> str:
    """Return what a value should have been, and how to write it where that can be guessed."""
    words = {float: "a number", int: "a whole number", bool: "true or false", str: "text"}
    kinds = [words.get(base_of(m), "a table") for m in members if not names_of(m)]
    names = [shown(name) for member in members for name in names_of(member)]
    return f"must be {' or '.join([*kinds, *names])}{_hint(kinds, given)}"


def _hint(wanted: list[str], given: Any) -> str:
    if isinstance(given, float) and given.is_integer() and "a whole number" in wanted:
        return f": write {int(given)}"
    if not isinstance(given, str) or not {"a number", "a whole number"} & set(wanted):
        return ""
    text = given.strip()
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        return ""
    return f": write {number / 100:g}" if text.endswith("%") else f": write {text} without quotes"
