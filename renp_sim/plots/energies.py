"""Plot of recorded photon energies."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import cycled, figure, put_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["energy_plot"]


def energy_plot(edges_eV: FloatArray, counts: Mapping[str, FloatArray], *, title: str = "") -> "Figure":
    """Draw the histogram of recorded photon energies, stacked by what made them.

    Parameters
    ----------
    edges_eV
        Bin edges, shape (b + 1,).
    counts
        By name, shape (b,) each; the first is at the bottom.
    title
        Above the plot, left.
    """
    import mplhep

    with figure(6.4, 4.6) as drawn:
        axes = drawn.subplots()
        mplhep.histplot(
            list(counts.values()),
            bins=edges_eV,
            label=list(counts),
            stack=True,
            histtype="fill",
            ax=axes,
            color=cycled(len(counts)),
            edgecolor="white",
            linewidth=0.3,
        )
        width_eV = edges_eV[1] - edges_eV[0]
        axes.set_xlim(edges_eV[0] - width_eV, edges_eV[-1] + width_eV)
        axes.set_ylim(0, 1.05 * max(float(np.max(sum(counts.values()), initial=0.0)), 1.0))
        axes.set_xlabel("photon energy (eV)")
        axes.set_ylabel(f"photons / {1e3 * width_eV:.3g} meV")
        axes.legend(loc="upper right")
        put_title(drawn, title)
        return drawn
