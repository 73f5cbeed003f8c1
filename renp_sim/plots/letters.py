"""Letters that the font of a plot lacks: from another font that is installed, or else by their number."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["families", "no_formula", "spell", "spelled"]

FONT = "TeX Gyre Heros"
"""That of the style, which has Latin, Greek and Cyrillic."""

OTHERS = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Hiragino Sans",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Arial Unicode MS",
)
"""Families that are taken where they are installed; the first one comes with matplotlib."""


@cache
def families() -> list[str]:
    """Return the font of the style and those that stand in for letters it lacks."""
    import mplhep  # brings the first one
    from matplotlib.font_manager import fontManager

    assert mplhep
    installed = set(fontManager.get_font_names())
    # of a name that is not installed matplotlib would warn
    return [name for name in (FONT, *OTHERS) if name in installed]


def no_formula(name: str) -> str:
    """Return a name that no one means as a formula."""
    return name.replace("$", r"\$")


def spell(drawn: "Figure") -> None:
    """Write letters of a figure that no font has by their numbers: a box says nothing."""
    from matplotlib.cbook import is_math_text
    from matplotlib.text import Text

    for text in drawn.findobj(Text):
        assert isinstance(text, Text)
        said = text.get_text()
        if not said.isascii():
            # in a formula no other font stands in
            is_formula = text.get_parse_math() and is_math_text(said)
            text.set_text(spelled(said, families()[:1] if is_formula else families()))


def spelled(text: str, fonts: list[str]) -> str:
    r"""Return a text with those letters that none of some fonts has as in Python.

    Examples
    --------
    >>> spelled("Yb 试 α", families()[:1])
    'Yb \\u8bd5 α'
    """
    lacking = set(text)
    for name in fonts:
        lacking = {letter for letter in lacking if ord(letter) not in _letters(name)}
        if not lacking:
            return text
    return "".join(
        letter.encode("ascii", "backslashreplace").decode() if letter in lacking else letter
        for letter in text
    )


@cache
def _letters(family: str) -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(family)).get_charmap())
