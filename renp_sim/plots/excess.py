"""Δ(−2 ln L) of an excess against where it would be, with what it must reach to be one anywhere."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import COLOURS, QUIET, figure, put_title
from renp_sim.plots.frequency_axis import OMEGA_LABEL, panel_windows, tame_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["excess_plot"]


def excess_plot(
    omega_eV: FloatArray, delta_q: FloatArray, needed: Mapping[float, float], *, title: str = ""
) -> "Figure":
    """Draw a scan; a dense group of places has a panel of its own.

    Parameters
    ----------
    omega_eV, delta_q
        Places and their Δ(−2 ln L), shape (t,).
    needed
        Δ(−2 ln L) by significance anywhere, one-sided.
    title
        Above the plot, left.
    """
    windows = panel_windows(omega_eV)
    # what is far above the data says nothing
    top = 1.15 * max(sorted(needed.values())[len(needed) // 2], float(delta_q.max())) or 1.0
    with figure(5.4 * len(windows) + 1.0, 4.7) as drawn:
        grid = drawn.subplots(1, len(windows), squeeze=False, sharey=True)[0]
        for axes, window in zip(grid, windows, strict=True):
            axes.plot(omega_eV, delta_q, color=COLOURS[0], marker=".", linewidth=1.0)
            for level in needed.values():
                axes.axhline(level, color=QUIET, linestyle=":", linewidth=1.0, zorder=0)
            axes.set_xlim(*window)
            tame_ticks(axes, 5)
            axes.set_xlabel(OMEGA_LABEL)
        for sigma, level in needed.items():
            grid[-1].annotate(
                f"{sigma:g}σ anywhere",
                (1.0, level),
                xycoords=("axes fraction", "data"),
                xytext=(-4, 2),
                textcoords="offset points",
                ha="right",
                va="bottom",
                fontsize=9,
                annotation_clip=True,
            )
        for window in windows[1:]:
            grid[0].axvspan(*window, color=QUIET, alpha=0.15, linewidth=0, zorder=0)
        grid[0].set_ylim(0, top)
        grid[0].set_ylabel(r"$\Delta(-2\ln L)$")
        put_title(drawn, title)
        return drawn
