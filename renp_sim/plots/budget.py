"""Plot of what each step is expected to record."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import cycled, figure, put_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["budget_plot"]


def budget_plot(counts: Mapping[str, FloatArray], *, title: str = "") -> "Figure":
    """Draw expected counts over the number of the step, stacked by what makes them.

    Parameters
    ----------
    counts
        By component, shape (n,) each; the first is at the bottom.
    title
        Above the plot, left.
    """
    from matplotlib.ticker import MaxNLocator

    n_steps = len(next(iter(counts.values())))
    edges = np.arange(n_steps + 1) - 0.5
    with figure(7.2, 4.6) as drawn:
        axes = drawn.subplots()
        below = np.zeros(n_steps)
        for (name, values), colour in zip(counts.items(), cycled(len(counts)), strict=True):
            axes.stairs(below + values, edges, baseline=below, fill=True, color=colour, label=name)
            below = below + values
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0, 1.05 * max(float(np.max(below, initial=0.0)), 1e-300))
        # there is no half of a step
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
        axes.set_xlabel("step")
        axes.set_ylabel("expected counts")
        # steps of every height leave no corner free
        drawn.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=min(len(counts), 5))
        put_title(drawn, title)
        return drawn
