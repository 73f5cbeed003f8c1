"""A figure as a piece of a page of HTML: inline SVG, or a picture where that would be too large."""

import re
from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING

from renp_sim.plots.figure import rendered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["inline"]

MOST_BYTES = 400_000
"""Of an SVG; a page has some ten figures, and is to stay below 5 MB."""

PICTURE_DPI = 130

SALT = "renp-sim"
"""Of the names that matplotlib makes up: equal figures are equal text."""


def inline(drawn: "Figure", *, key: str, label: str) -> str:
    """Return the markup of a figure, for a page that needs nothing but itself.

    Parameters
    ----------
    drawn
        The figure.
    key
        Begins its ids, since all figures of a page share one space of names.
    label
        What it shows, for who cannot see it.
    """
    text = rendered(drawn, "svg", salt=SALT).decode()
    if len(text) > MOST_BYTES:
        picture = b64encode(rendered(drawn, "png", dpi=PICTURE_DPI)).decode()
        return f'<img alt="{escape(label)}" src="data:image/png;base64,{picture}">'
    # what stands before the root element, and who made it, has no place within a page
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\sid="|xlink:href="#|url\(#)', rf"\1{key}-", text)
    head, body = text.split(">", 1)
    (box,) = re.findall(r'viewBox="[^"]*"', head)
    width = float(box.split()[2])
    name = escape(label)
    return (
        f'<svg role="img" aria-label="{name}" {box} style="max-width: {width:.0f}pt">'
        + body.replace("xlink:href", "href").strip()
    )
