"""Matrices of numbers as coloured fields, the numbers in them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import INK, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["matrix_plot"]

DARK = 0.6
"""Share of the colour scale from which on numbers are white."""

TOP = 25.0
"""Five standard deviations: whatever is more has the last colour."""


def matrix_plot(
    values: FloatArray, *, rows: Sequence[str], columns: Sequence[str], titles: Sequence[str], label: str
) -> "Figure":
    """Draw matrices of shape (m, rows, columns) below one another."""
    from matplotlib.ticker import NullLocator

    n_rows, n_columns = len(rows), len(columns)
    with figure(max(5.0, 0.62 * n_columns + 2.6), len(titles) * (0.42 * n_rows + 1.9) + 0.4) as drawn:
        grid = drawn.subplots(len(titles), 1, squeeze=False)[:, 0]
        for axes, matrix, title in zip(grid, values, titles, strict=True):
            shown = axes.imshow(np.minimum(matrix, TOP), cmap="Blues", vmin=0, vmax=TOP, aspect="auto")
            axes.set_xticks(
                range(n_columns), columns, rotation=60, ha="right", rotation_mode="anchor", fontsize=8
            )
            axes.set_yticks(range(n_rows), rows, fontsize=8)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_minor_locator(NullLocator())
            axes.tick_params(length=0)
            axes.set_title(title, loc="left", fontsize=10)
            for i, j in np.ndindex(matrix.shape):
                colour = "white" if matrix[i, j] > DARK * TOP else INK
                axes.text(
                    j, i, _number(float(matrix[i, j])), ha="center", va="center", fontsize=7, color=colour
                )
            drawn.colorbar(shown, ax=axes, label=label)
        return drawn


def _number(value: float) -> str:
    """Return a number of at most four characters."""
    if not np.isfinite(value):
        return "∞"
    return f"{value:.2g}" if value < 10 else f"{value:.0f}" if value < 1e4 else f"{value:.0e}"
