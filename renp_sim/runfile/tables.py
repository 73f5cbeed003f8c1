"""Between the tables of a run file and the dataclasses that they stand for, both ways.

Sections and registered kinds are read alike, by the fields of their dataclass. Every mistake is found in one
pass: a value that is wrong is told, its default or a stand-in holds instead, and the rest is read on.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args, get_origin, get_type_hints

from renp_sim.errors import ConfigError, RenpError, nearest
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.runfile.csv_table import csv_columns
from renp_sim.runfile.kinds import KINDS, TABLES, TAGS, Kinds
from renp_sim.runfile.problems import missing, place, shown, unknown_key
from renp_sim.runfile.scalars import ScalarError, base_of, members_of, name_of, scalar
from renp_sim.runfile.section import Section

__all__ = ["FILE", "Key", "Reader", "is_table", "keys_of", "read", "table_of"]

STAND_INS: Mapping[Any, Any] = {float: float("nan"), int: 0, str: ""}
"""For what must be given and is not: values of which no later check says that they are wrong."""

FILE: Final = "file"
"""The key that names a CSV file."""

WRONG: Final = object()
"""What reading gives where a value cannot be used."""


class Key(NamedTuple):
    """A key of a table: the field of the dataclass, and its type."""

    field: "Field[Any]"
    hint: Any

    @property
    def has_default(self) -> bool:
        """Whether it may be left out."""
        return self.field.default is not MISSING or self.field.default_factory is not MISSING


@cache
def keys_of(kind: Any) -> dict[str, Key]:
    """Return the keys of the table that a dataclass stands for, by name."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: Key(field, hints[field.name]) for field in fields(kind)}


def is_table(member: Any) -> bool:
    """Return whether a type is written as a table: a section, a registered kind, a matrix."""
    return member in KINDS or is_dataclass(member)


class Reader:
    """Reads tables; `problems` holds a line for each mistake that was met.

    Parameters
    ----------
    folder
        Where the files are that a table names.
    """

    def __init__(self, folder: Path = Path()) -> None:
        self.problems: list[str] = []
        self._folder = folder

    def table(self, kind: Any, given: Any, where: str) -> Any:
        """Return the dataclass that a table stands for.

        Parameters
        ----------
        kind
            The dataclass.
        given
            The table.
        where
            Its place; empty for the whole run file.

        Returns
        -------
        object
            Of a section always one, to find more mistakes with; else `WRONG` where it cannot be made.
        """
        is_section = issubclass(kind, Section)
        if not isinstance(given, Mapping):
            self.problems.append(f"{where} = {shown(given)}: must be a table")
            return Reader().table(kind, {}, where) if is_section else WRONG
        n_before = len(self.problems)
        values = self._values(kind, given, where)
        if is_section:
            return self._section(kind, values, where)
        return self._made(kind, values, where) if len(self.problems) == n_before else WRONG

    def _values(self, kind: Any, given: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return what is given, `WRONG` for what cannot be used or is missing."""
        known, values = keys_of(kind), {}
        for name, value in given.items():
            at = place(where, name)
            if name in known:
                values[name] = self.value(known[name].hint, value, at)
            else:
                names = [*known, *([FILE] if kind in TABLES else [])]
                self.problems.append(unknown_key(at, name, names, _inside(name, known)))
        for name, key in known.items():
            if name in given or key.has_default:
                continue
            at = place(where, name)
            if isinstance(key.hint, type) and issubclass(key.hint, Section):
                # so that it says itself what it must have
                values[name] = self.table(key.hint, {}, at)
            else:
                self.problems.append(missing(at))
                values[name] = WRONG
        return values

    def _section(self, kind: Any, values: dict[str, Any], where: str) -> Any:
        """Return a section; what is wrong has its default, or a stand-in."""
        wrong = [name for name, value in values.items() if value is WRONG]
        for name in wrong:
            key = keys_of(kind)[name]
            del values[name]
            if not key.has_default:
                values[name] = STAND_INS[base_of(members_of(key.hint)[0])]
        made = kind(**values)
        if not wrong:
            self.problems += [f"{where}.{line}" for line in made.problems()]
        return made

    def _made(self, kind: Any, values: dict[str, Any], where: str) -> Any:
        """Return an object of the layers, which checks itself."""
        try:
            return kind(**values)
        except RenpError as error:
            self.problems += str(error).splitlines()
        except ValueError as error:
            # the detector knows its fields and not where they stand in a run file
            self.problems += [f"{where}.{line}" for line in str(error).splitlines()]
        return WRONG

    def value(self, hint: Any, given: Any, where: str) -> Any:
        """Return a value of a type, or `WRONG`."""
        members = members_of(hint)
        for member in members:
            is_only = len(members) == 1
            if is_table(member) and (is_only or isinstance(given, Mapping)):
                return self._of_table(member, given, where)
            if get_origin(member) is tuple and (is_only or isinstance(given, list | tuple)):
                return self._tuple(get_args(member), given, where)
        try:
            return scalar(hint, given)
        except ScalarError as error:
            self.problems.append(f"{where} = {shown(given)}: {error}")
            return WRONG

    def _of_table(self, member: Any, given: Any, where: str) -> Any:
        if member is CouplingMatrix:
            return self._matrix(given, where)
        return (
            self._kind(KINDS[member], given, where) if member in KINDS else self.table(member, given, where)
        )

    def _kind(self, kinds: Kinds, given: Any, where: str) -> Any:
        """Return the object that a table names and describes."""
        if not isinstance(given, Mapping):
            known = f"{kinds.key} = one of {', '.join(kinds.known)}"
            self.problems.append(f"{where} = {shown(given)}: must be a table, with {known}")
            return WRONG
        name, at = given.get(kinds.key, kinds.default), place(where, kinds.key)
        if name is None:
            self.problems.append(f"{missing(at)}; {nearest('', kinds.known)}")
            return WRONG
        if not isinstance(name, str) or name not in kinds.known:
            self.problems.append(
                f"{at} = {shown(name)}: no such {kinds.key}; {nearest(str(name), kinds.known)}"
            )
            return WRONG
        kind, rest = kinds.known[name], {key: value for key, value in given.items() if key != kinds.key}
        if kind in TABLES and FILE in rest:
            return self._of_file(kind, rest, where)
        return self.table(kind, rest, where)

    def _of_file(self, kind: type, given: dict[str, Any], where: str) -> Any:
        """Return the object whose lists stand in a CSV file: from here on they are as if written out."""
        name, at = given.pop(FILE), place(where, FILE)
        twice = [key for key in ("energies_eV", "values") if key in given]
        if twice:
            self.problems.append(f"{at}: has the lists, so {', '.join(twice)} must be left out")
            return WRONG
        if not isinstance(name, str) or not name.isprintable():
            self.problems.append(f"{at} = {shown(name)}: must be the name of a CSV file")
            return WRONG
        try:
            energies_eV, values = csv_columns(self._folder / name, TABLES[kind])
        except ConfigError as error:
            self.problems.append(f"{at} = {shown(name)}: {error}")
            return WRONG
        return self.table(kind, given | {"energies_eV": energies_eV, "values": values}, where)

    def _tuple(self, hints: tuple[Any, ...], given: Any, where: str) -> Any:
        """Return a tuple; elements that are tables and cannot be used are left out."""
        if not isinstance(given, list | tuple):
            self.problems.append(f"{where} = {shown(given)}: must be a list")
            return WRONG
        if Ellipsis in hints:
            hints = (hints[0],) * len(given)
        if len(given) != len(hints):
            self.problems.append(f"{where}: needs {len(hints)} values, has {len(given)}")
            return WRONG
        found = [
            self.value(hint, x, f"{where}[{k}]") for k, (hint, x) in enumerate(zip(hints, given, strict=True))
        ]
        if all(is_table(hint) for hint in hints):
            return tuple(value for value in found if value is not WRONG)
        return WRONG if any(value is WRONG for value in found) else tuple(found)

    def _matrix(self, given: Any, where: str) -> Any:
        if not isinstance(given, Mapping):
            self.problems.append(
                f"{where} = {shown(given)}: must be a table of elements, as {{ 11 = 1e-14 }}"
            )
            return WRONG
        n_before = len(self.problems)
        for element, value in given.items():
            for part in value if isinstance(value, list | tuple) else [value]:
                if isinstance(part, int | float):
                    self.value(float, part, place(where, element))
        if len(self.problems) > n_before:
            return WRONG
        try:
            return CouplingMatrix.from_elements(given, where)
        except ConfigError as error:
            self.problems += error.problems
            return WRONG


def _inside(name: str, known: Mapping[str, Key]) -> list[str]:
    """Return the places of keys of a name within the sections beside it: `seed` is meant for `run.seed`."""
    kinds: dict[str, Any] = {key: k.hint for key, k in known.items() if isinstance(k.hint, type)}
    sections = [key for key, kind in kinds.items() if issubclass(kind, Section)]
    return [f"{key}.{name}" for key in sections if name in keys_of(kinds[key])]


def read(hint: Any, given: Any, where: str, folder: Path = Path()) -> Any:
    """Return what a table or a value stands for.

    Parameters
    ----------
    hint
        A section, an interface that `KINDS` has, or another type.
    given
        The table or value.
    where
        Its place; empty for a whole run file.
    folder
        Where the files are that it names.

    Raises
    ------
    ConfigError
        With a line for each mistake.
    """
    reader = Reader(folder)
    found = reader.value(hint, given, where)
    if reader.problems:
        raise ConfigError(*reader.problems)
    return found


def table_of(thing: Any) -> Any:
    """Return what `Reader` turns into this section, object or value.

    Sections have all of their keys, None where nothing is given; objects have those that are not None.
    """
    if isinstance(thing, CouplingMatrix):
        return thing.elements()
    if is_dataclass(thing):
        values = {name: table_of(getattr(thing, name)) for name in keys_of(thing.__class__)}
        if isinstance(thing, Section):
            return values
        tag = [TAGS[type(thing)]] if type(thing) in TAGS else []
        return dict(tag) | {name: value for name, value in values.items() if value is not None}
    if isinstance(thing, Enum):
        return name_of(thing)
    return [table_of(element) for element in thing] if isinstance(thing, tuple) else thing
