"""Exposure that is needed, against how good something is."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.plots.figure import COLOURS, LONG, figure, logarithmic, put_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["against_plot"]

DAY_S = 86_400.0


def against_plot(
    curves: Mapping[str, Sequence[tuple[float, float]]], *, x_label: str, title: str = ""
) -> "Figure":
    """Draw live times.

    Parameters
    ----------
    curves
        By label: value and live time in s; where a question is never answered there is no point.
    x_label, title
        Of the axis, and above the plot, left.
    """
    with figure(6.4, 4.7) as drawn:
        axes = drawn.subplots()
        every = [value for points in curves.values() for value, _ in points]
        for number, (label, points) in enumerate(curves.items()):
            x, y = np.array(points).reshape(-1, 2).T
            axes.plot(x, y / DAY_S, color=COLOURS[number % len(COLOURS)], marker="o", label=label)
        if every and min(every) > 0 and max(every) >= LONG * min(every):
            logarithmic(axes, "x", min(every), max(every))
        days = [time_s / DAY_S for points in curves.values() for _, time_s in points]
        if days and max(days) >= LONG * min(days):
            logarithmic(axes, "y", min(days), max(days))
        else:
            axes.set_ylim(bottom=0)
        axes.set_xlabel(x_label)
        axes.set_ylabel("live time of signal steps (d)")
        drawn.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        put_title(drawn, title)
        return drawn
