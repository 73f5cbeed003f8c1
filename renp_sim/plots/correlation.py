"""Plot of a correlation matrix."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import INK, figure, put_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["correlation_plot"]

MOST_NUMBERS = 14
"""Parameters whose coefficients can be read in their fields."""


def correlation_plot(names: Sequence[str], matrix: FloatArray, *, title: str = "") -> "Figure":
    """Draw a correlation matrix of shape (k, k), with its numbers where they can be read."""
    from matplotlib.ticker import NullLocator

    size = len(names)
    with figure(0.55 * size + 3.4, 0.42 * size + 2.2) as drawn:
        axes = drawn.subplots()
        shown = axes.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
        style: Any = {"fontsize": 8, "parse_math": False}
        axes.set_xticks(range(size), names, rotation=50, ha="right", rotation_mode="anchor", **style)
        axes.set_yticks(range(size), names, **style)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_locator(NullLocator())
        axes.tick_params(length=0)
        for i, j in np.ndindex(matrix.shape) if size <= MOST_NUMBERS else ():
            value = float(matrix[i, j])
            colour = "white" if abs(value) > 0.6 else INK
            text = "?" if np.isnan(value) else f"{value:+.2f}"
            axes.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)
        drawn.colorbar(shown, ax=axes, label="correlation")
        put_title(drawn, title)
        return drawn
