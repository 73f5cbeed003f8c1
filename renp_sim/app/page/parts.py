"""What a page is made of: sections of text, facts, tables, drawings and files; the template knows each."""

from base64 import b64encode
from collections.abc import Sequence
from csv import writer
from dataclasses import dataclass
from io import StringIO
from typing import Any, ClassVar

from markupsafe import Markup

__all__ = ["Block", "Drawing", "Facts", "Folded", "Links", "Section", "Table", "Text", "csv_link"]

MOST_ROWS = 400
"""Of a table on the page; whoever wants more takes the CSV beside it."""

MOST_LINK_BYTES = 700_000
"""Of an embedded file: the page stays below 5 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known, a name and a value each, and what it means."""

    kind: ClassVar[str] = "facts"
    caption: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; a long one is cut, and says so."""

    kind: ClassVar[str] = "table"
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def shown(self) -> Sequence[Sequence[str]]:
        """The rows that are printed."""
        return self.rows[:MOST_ROWS]

    @property
    def is_long(self) -> bool:
        """Whether it scrolls by itself."""
        return len(self.rows) > 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A figure: its markup, and what it shows."""

    kind: ClassVar[str] = "drawing"
    markup: Markup
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A text that opens on demand."""

    kind: ClassVar[str] = "folded"
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Files that the page carries in itself, by name: `data:` links."""

    kind: ClassVar[str] = "links"
    files: Sequence[tuple[str, str, bytes]]
    """Name, media type and content."""

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Name and address of each; no address of one that is too large."""
        return [
            (name, f"data:{media};base64,{b64encode(data).decode()}" if len(data) <= MOST_LINK_BYTES else "")
            for name, media, data in self.files
        ]


Block = Text | Facts | Table | Drawing | Folded | Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page, with the name that links lead to."""

    key: str
    title: str
    blocks: tuple[Block, ...]


def csv_link(name: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[str, str, bytes]:
    """Return a file of `Links` with numbers to 17 digits; None is left empty."""
    out = StringIO()
    table = writer(out, lineterminator="\n")
    table.writerow(head)
    table.writerows([repr(value) if isinstance(value, float) else value for value in row] for row in rows)
    return name, "text/csv;charset=utf-8", out.getvalue().encode()
