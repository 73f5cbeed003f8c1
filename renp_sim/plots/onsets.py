"""Plot of the search for onsets: what one at each place would explain, with and without those found."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.spectrum.thresholds import ThresholdSearch
from renp_sim.plots.figure import COLOURS, INK, figure, put_title
from renp_sim.plots.frequency_axis import atom_panels, label_thresholds, tame_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["threshold_plot"]


def threshold_plot(
    searches: Sequence[ThresholdSearch],
    *,
    thresholds_eV: Sequence[Mapping[str, float]] = (),
    atoms: Sequence[str] = (),
    title: str = "",
) -> "Figure":
    """Draw the scan for onsets: Δ(−2 ln L) of one at each place, and what is left with all found ones.

    Parameters
    ----------
    searches
        The scan of each atom, one with tested places at least, and what it found.
    thresholds_eV
        Of each atom by pair, of a model, to compare with.
    atoms
        Their names, where there are several.
    title
        Above the plot, left.
    """
    panels = atom_panels([search.omega_eV for search in searches], atoms)
    level = max(search.minimum_delta_q for search in searches)
    top = max(float(np.max(search.delta_q, initial=0.0)) for search in searches)
    band: dict[str, Any] = {"color": COLOURS[2], "alpha": 0.35, "linewidth": 0}
    with figure(5.0 * len(panels) + 1.0, 4.4) as drawn:
        grid = drawn.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for axes, panel in zip(grid, panels, strict=True):
            search = searches[panel.atom]
            axes.plot(search.omega_eV, search.delta_q, color=COLOURS[0], label="one onset")
            axes.plot(
                search.omega_eV, search.delta_q_rest, color=COLOURS[1], label="one more than those found"
            )
            for onset in search.onsets:
                for region in onset.intervals:
                    axes.axvspan(region.lower, region.upper, **band)
            axes.axhline(
                search.minimum_delta_q,
                color=INK,
                linewidth=0.8,
                linestyle=(0, (4, 3)),
                label="taken as found",
            )
            axes.set_xlim(panel.low_eV, panel.high_eV)
            # linear up to the level that decides, logarithmic above it
            axes.set_yscale("symlog", linthresh=level)
            axes.set_ylim(0, 3 * max(top, level))
            label_thresholds(axes, thresholds_eV[panel.atom] if thresholds_eV else {})
            tame_ticks(axes, 5)
            axes.set_xlabel(panel.label)
        grid[0].set_ylabel(r"local $\Delta(-2\,\ln L)$")
        if any(search.onsets for search in searches):
            grid[0].axvspan(np.nan, np.nan, label="a found one, 68 %", **band)
        drawn.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=2 * len(panels))
        put_title(drawn, title)
        return drawn
