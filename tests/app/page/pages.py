"""Pages that tests read, with nothing but the parser of the standard library."""

import base64
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements, texts and faults of a page; a browser mends tags that do not match, and this one tells."""

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.data = data
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.faults: list[str] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self._open: list[str] = []
        self.feed(data.decode("utf-8"))
        self.close()
        self.faults += [f"<{tag}> stays open" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing that is open, line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((tuple(self._open), " ".join(data.split())))

    def of(self, *tags: str) -> list[dict[str, str]]:
        """Return the attributes of all elements of some kinds."""
        return [attributes for tag, attributes in self.elements if tag in tags]

    def text_in(self, tag: str) -> list[str]:
        """Return the texts in elements of a kind."""
        return [text for inside, text in self.texts if tag in inside]

    @property
    def text(self) -> str:
        """All that is read, but for the style sheet."""
        return "\n".join(text for inside, text in self.texts if "style" not in inside)

    def embedded(self) -> dict[str, bytes]:
        """Return the files that it carries, by name."""
        links = [a for a in self.of("a") if "download" in a]
        return {a["download"]: base64.b64decode(a["href"].partition(";base64,")[2]) for a in links}

    def json(self, name: str) -> Any:
        """Return what an embedded file of JSON says."""
        return json.loads(self.embedded()[name])


def page_at(path: Path) -> Page:
    """Return a page on the disk."""
    return Page(path.read_bytes())
