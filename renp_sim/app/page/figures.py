"""Figures of the page, with what they say to who cannot see them."""

from typing import TYPE_CHECKING

from markupsafe import Markup

from renp_sim.app.page.parts import Drawing
from renp_sim.plots.inline import inline

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["drawing"]


def drawing(drawn: "Figure", *, key: str, label: str, caption: str) -> Drawing:
    """Return a figure with its caption; `label` is read to who cannot see it."""
    return Drawing(markup=Markup(inline(drawn, key=key, label=label)), caption=caption)
