"""Plot of a schedule: shares of the live time by frequency, and what is to be resolved, on one scale."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import COLOURS, INK, QUIET, figure, put_title
from renp_sim.plots.frequency_axis import LABEL_WIDTH, panel_windows, spread, tame_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["schedule_plot"]

ROOM = 0.03
"""Beside the outermost step or threshold, as a share of the axis."""

FREQUENCY = "trigger frequency (eV)"

LINE, CALIBRATION = "laser line ±σ", "calibration ±σ"


def schedule_plot(
    omega_eV: FloatArray,
    share: FloatArray,
    *,
    linewidth_eV: FloatArray,
    error_eV: FloatArray,
    thresholds_eV: Mapping[str, Mapping[str, float]],
    title: str = "",
) -> "Figure":
    """Draw the share of live time at each frequency, and below it thresholds, line and calibration to scale.

    Parameters
    ----------
    omega_eV, share
        Set frequencies in rising order, and their shares of the live time, shape (n,).
    linewidth_eV, error_eV
        Gaussian σ of the line, and the stated error of the frequency, shape (n,); 0 is drawn as a point.
    thresholds_eV
        By ordering, and by pair "11" … "33".
    title
        Above the plot, left.
    """
    windows = panel_windows(omega_eV)
    places = [value for row in thresholds_eV.values() for value in row.values()]
    low, high = min([windows[0][0], *places]), max([windows[0][1], *places])
    # every threshold is to be seen, also those that no step is near
    windows[0] = (low - ROOM * (high - low), high + ROOM * (high - low)) if places else windows[0]
    lanes = [*(f"thresholds, {name}" for name in thresholds_eV), LINE, CALIBRATION]
    with figure(5.4 * len(windows) + 1.6, 4.9) as drawn:
        grid = drawn.subplots(2, len(windows), squeeze=False, sharex="col", height_ratios=[1, 1])
        for column, (low, high) in enumerate(windows):
            upper, lower = grid[:, column]
            upper.vlines(omega_eV, 0, 100 * share, color=COLOURS[0], linewidth=1.6)
            upper.plot(omega_eV, 100 * share, "o", color=COLOURS[0], markersize=3)
            upper.set_ylim(0, 115 * max(float(np.max(share, initial=0.0)), 1e-9))
            upper.set_xlim(low, high)
            for place, ordering in enumerate(thresholds_eV):
                _thresholds(lower, thresholds_eV[ordering], len(lanes) - 1 - place, COLOURS[place])
            _widths(lower, omega_eV, linewidth_eV, 1, COLOURS[2])
            _widths(lower, omega_eV, error_eV, 0, COLOURS[3])
            lower.set_ylim(-0.6, len(lanes) - 0.1)
            lower.set_yticks(range(len(lanes)), reversed(lanes) if column == 0 else [""] * len(lanes))
            lower.tick_params(axis="y", which="both", length=0)
            tame_ticks(lower, 5)
            for axes in (upper, lower):
                axes.minorticks_off()
            lower.set_xlabel(FREQUENCY)
        if len(windows) > 1:
            for axes in grid[:, 0]:
                axes.axvspan(*windows[1], color=QUIET, alpha=0.15, linewidth=0, zorder=0)
        grid[0, 0].set_ylabel("share of live time (%)")
        put_title(drawn, title)
        return drawn


def _thresholds(axes: "Axes", thresholds_eV: Mapping[str, float], lane: int, colour: str) -> None:
    """Mark thresholds in a lane by the numbers ij of ν_iν_j, each label apart from its neighbours."""
    low, high = axes.get_xlim()
    inside = sorted((value, pair) for pair, value in thresholds_eV.items() if low < value < high)
    wanted = [(value - low) / (high - low) for value, _ in inside]
    places = spread(wanted, LABEL_WIDTH, 0.02, 0.98)
    for (value, pair), place in zip(inside, places, strict=True):
        at = low + place * (high - low)
        axes.vlines(value, lane - 0.4, lane - 0.05, color=colour, linewidth=1.1)
        axes.plot([value, at], [lane - 0.05, lane + 0.15], color=QUIET, linewidth=0.6)
        # no TeX, which would take half of the time of the figure
        axes.text(at, lane + 0.17, pair, ha="center", va="bottom", fontsize=8, color=INK)


def _widths(axes: "Axes", omega_eV: FloatArray, width_eV: FloatArray, lane: int, colour: str) -> None:
    axes.hlines(
        np.full(len(omega_eV), lane), omega_eV - width_eV, omega_eV + width_eV, color=colour, linewidth=5
    )
    axes.plot(omega_eV, np.full(len(omega_eV), lane), "|", color=colour, markersize=7, markeredgewidth=0.8)
