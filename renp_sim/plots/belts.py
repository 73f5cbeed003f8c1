"""Plot of Feldman–Cousins belts: the largest statistic that each value of a parameter accepts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import cycled, figure, put_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["belt_plot"]


def belt_plot(
    values: FloatArray, critical: Mapping[str, FloatArray], *, x_label: str, title: str = ""
) -> "Figure":
    """Draw critical values by the name of their level, shape (g,) each, over those of a parameter."""
    with figure(6.4, 4.2) as drawn:
        axes = drawn.subplots()
        for (name, curve), colour in zip(critical.items(), cycled(len(critical)), strict=True):
            axes.plot(values, curve, "o-", color=colour, markersize=3, linewidth=0.9, label=name)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(x_label, parse_math=False)
        axes.set_ylabel(r"critical $\Delta(-2\,\ln L)$")
        drawn.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5)
        put_title(drawn, title)
        return drawn
