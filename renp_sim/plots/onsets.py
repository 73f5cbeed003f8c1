"""Plot of the search for onsets: what one at each place would explain, with and without those found."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.spectrum.thresholds import ThresholdSearch
from renp_sim.plots.figure import COLOURS, INK, figure, put_title
from renp_sim.plots.frequency_axis import OMEGA_LABEL, label_thresholds, panel_windows, tame_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["threshold_plot"]


def threshold_plot(
    search: ThresholdSearch,
    *,
    thresholds_eV: Mapping[str, float] | None = None,
    title: str = "",
) -> "Figure":
    """Draw the scan for onsets: Δ(−2 ln L) of one at each place, and what is left with all found ones.

    Parameters
    ----------
    search
        The scan and what it found.
    thresholds_eV
        Of a model, to compare with, by pair.
    title
        Above the plot, left.
    """
    windows = panel_windows(search.omega_eV)
    is_empty = len(search.omega_eV) == 0
    band: dict[str, Any] = {"color": COLOURS[2], "alpha": 0.35, "linewidth": 0}
    with figure(5.0 * len(windows) + 1.0, 4.4) as drawn:
        grid = drawn.subplots(1, len(windows), squeeze=False, sharey=True)[0]
        for axes, (low, high) in zip(grid, windows, strict=True):
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
            axes.set_xlim(low, high)
            # linear up to the level that decides, logarithmic above it
            axes.set_yscale("symlog", linthresh=search.minimum_delta_q)
            axes.set_ylim(0, 3 * max(float(np.max(search.delta_q, initial=0.0)), search.minimum_delta_q))
            # without tested places the axis has no meaning
            label_thresholds(axes, {} if is_empty else thresholds_eV or {})
            tame_ticks(axes, 5)
            axes.set_xlabel(OMEGA_LABEL)
        grid[0].set_ylabel(r"local $\Delta(-2\,\ln L)$")
        if search.onsets:
            grid[0].axvspan(np.nan, np.nan, label="a found one, 68 %", **band)
        if is_empty:
            grid[0].set_xticks([])
            grid[0].annotate(
                "too few steps: no place was tested", (0.5, 0.5), xycoords="axes fraction", ha="center"
            )
        drawn.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=2 * len(windows))
        put_title(drawn, title)
        return drawn
