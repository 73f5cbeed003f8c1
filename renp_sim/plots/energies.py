"""Plot of recorded photon energies."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import cycled, figure, put_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["energy_plot"]

HIDDEN = 50.0
"""A component whose tallest bin is so many times lower than the histogram needs a logarithmic axis."""


def energy_plot(edges_eV: FloatArray, counts: Mapping[str, FloatArray], *, title: str = "") -> "Figure":
    """Draw the histogram of recorded photon energies, stacked by what made them.

    Where one of them would not be seen, the axis is logarithmic, and what is least is at the bottom.

    Parameters
    ----------
    edges_eV
        Bin edges, shape (b + 1,).
    counts
        By name, shape (b,) each; the first is at the bottom of a linear axis.
    title
        Above the plot, left.
    """
    import mplhep

    top = max(float(np.max(sum(counts.values()), initial=0.0)), 1.0)
    peaks = {name: float(np.max(values, initial=0.0)) for name, values in counts.items()}
    is_log = any(0 < peak < top / HIDDEN for peak in peaks.values())
    colours = dict(zip(counts, cycled(len(counts)), strict=True))
    if is_log:
        counts = {name: counts[name] for name in sorted(counts, key=peaks.__getitem__)}
    with figure(6.4, 4.6) as drawn:
        axes = drawn.subplots()
        mplhep.histplot(
            list(counts.values()),
            bins=edges_eV,
            label=list(counts),
            stack=True,
            histtype="fill",
            ax=axes,
            color=[colours[name] for name in counts],
            edgecolor="white",
            linewidth=0.3,
        )
        width_eV = edges_eV[1] - edges_eV[0]
        axes.set_xlim(edges_eV[0] - width_eV, edges_eV[-1] + width_eV)
        if is_log:
            # a single photon is seen too, and the legend stands above
            axes.set_yscale("log")
            axes.set_ylim(0.5, 5 * top)
        else:
            axes.set_ylim(0, 1.05 * top)
        axes.set_xlabel("photon energy (eV)")
        axes.set_ylabel(f"photons / {1e3 * width_eV:.3g} meV")
        by_name = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        # what is on top comes first
        names = list(counts)[::-1]
        axes.legend([by_name[name] for name in names], names, loc="upper right")
        put_title(drawn, title)
        return drawn
