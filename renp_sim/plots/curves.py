"""Curves over the trigger frequency with thresholds marked: a panel for the whole, one for a dense group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import COLOURS, INK, QUIET, figure, label_thresholds, tame_ticks, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Line", "curve_plot"]

Window = tuple[float, float]


PEAK = 30.0
"""A curve that rises so far above the typical value needs a logarithmic axis."""

PALETTE = (INK, *COLOURS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A curve to draw.

    Parameters
    ----------
    label
        For the legend.
    omega_eV, value
        The curve, shape (n,); ω in rising order.
    dashed
        Whether it is there for comparison only.
    """

    label: str
    omega_eV: FloatArray
    value: FloatArray
    dashed: bool = False


def curve_plot(
    lines: Sequence[Line],
    paths: Sequence[Path],
    *,
    windows: Sequence[Window],
    y_label: str,
    thresholds_eV: Mapping[str, float],
    poles_eV: Sequence[float] = (),
    title: str = "",
) -> None:
    """Draw curves over ω and write them to files, in the format of the suffix.

    Parameters
    ----------
    lines
        The curves, six at most for six colours.
    paths
        Files to write; each has its name only when it is whole.
    windows
        Ranges of ω in eV, a panel each; the first is the whole, where the others are shaded.
    y_label
        Of the first panel.
    thresholds_eV
        By pair, "11" for ν₁ν₁.
    poles_eV
        Frequencies of resonances, marked by dotted lines.
    title
        Above the plot, left.

    Raises
    ------
    SchemaError
        If a file cannot be written.
    """
    with figure(5.6 * len(windows) + 0.6, 4.7) as drawn:
        grid = drawn.subplots(1, len(windows), squeeze=False)[0]
        for axes, window in zip(grid, windows, strict=True):
            _panel(axes, lines, window)
            for pole in (p for p in poles_eV if window[0] < p < window[1]):
                axes.axvline(pole, color=COLOURS[1], linewidth=0.9, linestyle=":", zorder=0)
            label_thresholds(axes, thresholds_eV)
            tame_ticks(axes, 5)
            axes.set_xlabel(r"trigger frequency $\omega$ (eV)")
        for window in windows[1:]:
            grid[0].axvspan(*window, color=QUIET, alpha=0.15, linewidth=0, zorder=0)
        grid[0].set_ylabel(y_label)
        # curves go anywhere, so the legend stands below
        drawn.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(lines))
        if title:
            drawn.suptitle(title, x=0.02, ha="left", fontsize=11)
        for path in paths:
            write(drawn, path)


def _panel(axes: "Axes", lines: Sequence[Line], window: Window) -> None:
    low, high = window
    shown: list[FloatArray] = []
    for number, line in enumerate(lines):
        style: Any = (0, (5, 2)) if line.dashed else "-"
        # down to the axis at a threshold, but no line on it beyond
        visible = (line.value > 0) | np.append(False, line.value[:-1] > 0)
        value = np.where(visible, line.value, np.nan)
        axes.plot(line.omega_eV, value, color=PALETTE[number], linestyle=style, label=line.label, zorder=2)
        shown.append(line.value[(line.omega_eV >= low) & (line.omega_eV <= high)])
    values = np.concatenate(shown)
    positive = values[values > 0]
    axes.set_xlim(low, high)
    if not len(positive):
        return
    top, typical = float(np.max(positive)), float(np.median(positive))
    if top > PEAK * typical:
        axes.set_yscale("log")
        axes.set_ylim(1e-2 * typical, 3 * top)
    else:
        axes.set_ylim(0, 1.08 * top)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True)
