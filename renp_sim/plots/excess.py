"""Δ(−2 ln L) of an excess against where it would be, with what it must reach to be one anywhere."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import COLOURS, QUIET, figure, put_title
from renp_sim.plots.frequency_axis import tame_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["excess_plot"]


def excess_plot(
    omega_eV: FloatArray, delta_q: FloatArray, needed: Mapping[float, float], *, title: str = ""
) -> "Figure":
    """Draw a scan.

    Parameters
    ----------
    omega_eV, delta_q
        Places and their Δ(−2 ln L), shape (t,).
    needed
        Δ(−2 ln L) by significance anywhere, one-sided.
    title
        Above the plot, left.
    """
    with figure(6.4, 4.7) as drawn:
        axes = drawn.subplots()
        axes.plot(omega_eV, delta_q, color=COLOURS[0], marker=".", linewidth=1.0)
        # what is far above the data says nothing
        top = 1.15 * max(sorted(needed.values())[len(needed) // 2], float(delta_q.max()))
        for sigma, level in needed.items():
            axes.axhline(level, color=QUIET, linestyle=":", linewidth=1.0, zorder=0)
            axes.annotate(
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
        axes.set_ylim(0, top)
        axes.set_xlabel(r"$\omega$ (eV)")
        axes.set_ylabel(r"$\Delta(-2\ln L)$")
        tame_ticks(axes, 5)
        put_title(drawn, title)
        return drawn
