"""What a step at each frequency brings against the least favourable alternative, and which were chosen."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import COLOURS, INK, figure, put_title
from renp_sim.plots.frequency_axis import OMEGA_LABEL, Window, label_thresholds, tame_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plan_plot"]

FLOOR = 1e-3
"""Of the bound: what brings less is not drawn."""


def plan_plot(
    omega_eV: FloatArray,
    information_per_h: FloatArray,
    bound_per_h: float,
    chosen_eV: FloatArray,
    share: FloatArray,
    *,
    windows: Sequence[Window],
    thresholds_eV: Mapping[str, float],
    title: str = "",
) -> "Figure":
    """Draw the certificate of a schedule: nothing exceeds the bound, and what was chosen attains it.

    Parameters
    ----------
    omega_eV, information_per_h
        Candidates, rising, and Δ(−2 ln L) per hour against the least favourable mixture, shape (K,).
    bound_per_h
        The dual bound.
    chosen_eV, share
        Frequencies of the schedule and their shares of its time, shape (k,).
    windows
        Ranges of the panels, eV.
    thresholds_eV
        Of the truth, by pair.
    title
        Above the plot, left.
    """
    with figure(5.0 * len(windows) + 0.8, 4.9) as drawn:
        every = drawn.subplots(1, len(windows), squeeze=False, sharey=True)[0]
        for column, (axes, (low, high)) in enumerate(zip(every, windows, strict=True)):
            axes.plot(omega_eV, information_per_h, color=COLOURS[0], label="a step here")
            axes.axhline(bound_per_h, color=INK, linestyle=(0, (5, 2)), linewidth=1.0, label="bound")
            axes.vlines(
                chosen_eV, FLOOR * bound_per_h, bound_per_h, color=COLOURS[1], linewidth=0.8, linestyle=":"
            )
            axes.scatter(
                chosen_eV,
                np.full(len(chosen_eV), bound_per_h),
                s=20 + 180 * share,
                color=COLOURS[1],
                alpha=0.8,
                zorder=3,
                label=r"chosen, area $\propto$ time",
            )
            axes.set_xlim(low, high)
            axes.set_yscale("log")
            axes.set_ylim(FLOOR * bound_per_h, 2.5 * bound_per_h)
            label_thresholds(axes, thresholds_eV)
            tame_ticks(axes, 4 if column else 5)
            axes.set_xlabel(OMEGA_LABEL)
        every[0].set_ylabel(r"$\Delta(-2\ln L)$ per hour of wall time")
        drawn.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        put_title(drawn, title)
        return drawn
