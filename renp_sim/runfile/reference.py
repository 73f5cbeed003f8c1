"""Every key of the run file and of every kind: type, unit, default and meaning, from the dataclasses."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, is_dataclass
from inspect import cleandoc
from math import inf
from typing import Any, get_args, get_origin

from detector.domain import range_of
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.runfile.csv_table import ENERGY
from renp_sim.runfile.kinds import KINDS, TABLES, TAGS
from renp_sim.runfile.problems import place, shown
from renp_sim.runfile.scalars import base_of, members_of, name_of, names_of
from renp_sim.runfile.section import Section
from renp_sim.runfile.sections import RunConfig
from renp_sim.runfile.tables import FILE, Key, keys_of

__all__ = ["KeyRow", "KeyTable", "key_tables"]

UNITS = {
    "per_eV": "eV⁻¹",
    "eV2": "eV²",
    "eV": "eV",
    "density_cm3": "cm⁻³",
    "cm3": "cm³",
    "cm": "cm",
    "hz": "s⁻¹",
    "s": "s",
    "deg": "°",
    "muB": "μ_B",
}
"""By the end of a key; the first that fits."""

WORDS = {float: "number", int: "whole number", bool: "true or false", str: "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key: what may be written, in which unit, what it is if left out, and what it means."""

    key: str
    takes: str
    unit: str
    default: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTable:
    """The keys of a section or kind, with its heading in TOML and what it is."""

    heading: str
    says: str
    rows: tuple[KeyRow, ...]


def key_tables() -> list[KeyTable]:
    """Return the tables of all sections and kinds, in the order of the run file."""
    return [table for name, key in keys_of(RunConfig).items() for table in _tables_of(key.hint, name)]


def _tables_of(hint: Any, where: str) -> Iterator[KeyTable]:
    """Yield the tables of what may stand in a place, and of what stands in them."""
    for member in members_of(hint):
        if get_origin(member) is tuple:
            yield from _tables_of(get_args(member)[0], f"{where}[]")
        elif member in KINDS:
            kinds = KINDS[member]
            for name, kind in kinds.known.items():
                yield _table(kind, where, f', {kinds.key} = "{name}"')
            for kind in kinds.known.values():
                for key, inside in keys_of(kind).items():
                    if any(m in KINDS for m in members_of(inside.hint)):
                        yield from _tables_of(inside.hint, f"{where}.{key}")
        elif isinstance(member, type) and issubclass(member, Section):
            section: Any = member
            yield _table(section, where, "")
            for key, inside in keys_of(section).items():
                yield from _tables_of(inside.hint, f"{where}.{key}")


def _table(kind: Any, where: str, named: str) -> KeyTable:
    path = where.replace("[]", "")
    heading = f"[[{path}]]" if where.endswith("[]") else f"[{path}]"
    says = cleandoc(kind.__doc__).split("\n\n")[0]
    rows = [*_rows(kind, ""), *([_file_row(TABLES[kind])] if kind in TABLES else [])]
    return KeyTable(heading=heading + named, says=" ".join(says.split()), rows=tuple(rows))


def _file_row(column: str) -> KeyRow:
    return KeyRow(
        key=FILE,
        takes="text",
        unit="",
        default="",
        meaning=f"CSV file with the columns {ENERGY},{column} instead of both lists, seen from the run file.",
    )


def _rows(kind: Any, before: str) -> Iterator[KeyRow]:
    told = _meanings(kind)
    for name, key in keys_of(kind).items():
        members = members_of(key.hint)
        if members[0] not in KINDS and is_dataclass(members[0]) and not _is_named(members[0]):
            # a table inside that is no section: its keys are written with dots
            yield from _rows(members[0], place(before, name))
            continue
        full = place(before, name)
        unit = _unit(full)
        yield KeyRow(
            key=full,
            takes=" or ".join(_takes(member) for member in members),
            unit=unit,
            default=_default(key),
            # the unit has a column of its own
            meaning=re.sub(rf", {unit}(?=[.;])", "", told.get(name, "")),
        )


def _is_named(table: Any) -> bool:
    """Whether a table has a heading, or keys, of its own kind."""
    return issubclass(table, Section | CouplingMatrix)


def _takes(member: Any) -> str:
    """Return in words what may be written for one member of a type."""
    if member in KINDS:
        return f"table with {KINDS[member].key}"
    if names_of(member):
        return " or ".join(map(shown, names_of(member)))
    if get_origin(member) is tuple:
        inside = get_args(member)
        if inside[0] in KINDS or is_dataclass(inside[0]):
            return "tables"
        return f"list of {'' if Ellipsis in inside else f'{len(inside)} '}numbers{_range(inside[0])}"
    if member is CouplingMatrix:
        return "table of elements 11 … 33, each a number or [re, im]"
    return "table" if is_dataclass(member) else WORDS[base_of(member)] + _range(member)


def _range(hint: Any) -> str:
    allowed = range_of(hint)
    if allowed is None:
        return ""
    if allowed.high < inf:
        return f" in {allowed.interval}"
    return f" {'>' if allowed.is_open else '≥'} {allowed.low}"


def _unit(key: str) -> str:
    stem = key.partition(".")[0]
    return next((unit for end, unit in UNITS.items() if re.search(rf"(^|_){end}$", stem)), "")


def _default(key: Key) -> str:
    default = key.field.default
    if isinstance(key.hint, type) and issubclass(key.hint, Section):
        return ""
    if default is MISSING:
        return "required"
    if default is None or default == () or isinstance(default, CouplingMatrix):
        return ""
    if is_dataclass(default):
        return shown(TAGS[type(default)][1])
    if isinstance(default, tuple):
        return f"[{', '.join(map(shown, default))}]"
    return shown(name_of(default) if hasattr(default, "name") else default)


def _meanings(kind: Any) -> dict[str, str]:
    """Return what the docstring of a dataclass says of each field, under "Parameters"."""
    _, _, listed = cleandoc(kind.__doc__).partition("Parameters\n----------\n")
    listed = re.split(r"\n\n\w+\n-{4,}\n", listed)[0]
    found = {}
    for names, text in re.findall(r"^(\S.*)\n((?:    .*\n?|\n(?=    ))+)", listed, flags=re.M):
        for name in names.split(", "):
            found[name] = _inherited(kind, name, " ".join(text.split()))
    return found


def _inherited(kind: Any, name: str, text: str) -> str:
    """Return what the interface says of a field, where a docstring only says as in which it is."""
    if not text.startswith("As in `"):
        return text
    interface = next(member for member, kinds in KINDS.items() if kind in kinds.known.values())
    return " ".join(str(getattr(interface, name).__doc__).split())
