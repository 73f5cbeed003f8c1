"""Curves over the trigger frequency with thresholds marked: a panel for the whole, one for a dense group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import COLOURS, INK, QUIET, figure, put_title
from renp_sim.plots.frequency_axis import OMEGA_LABEL, Window, label_thresholds, tame_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Curve", "curve_plot"]

PEAK = 30.0
"""A curve that rises so far above the typical value needs a logarithmic axis."""

PALETTE = (INK, *COLOURS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A curve to draw.

    Parameters
    ----------
    label
        For the legend.
    omega_eV, value
        The curve, shape (n,); ω in rising order.
    dashed
        Whether it is there for comparison only.
    atom
        A number of what it is of, where there are several.
    """

    label: str
    omega_eV: FloatArray
    value: FloatArray
    dashed: bool = False
    atom: int = 0


def curve_plot(
    curves: Sequence[Curve],
    *,
    windows: Sequence[Window],
    y_label: str,
    thresholds_eV: Mapping[str, float],
    poles_eV: Sequence[float] = (),
    title: str = "",
) -> "Figure":
    """Draw curves over ω.

    Parameters
    ----------
    curves
        The curves, six at most for six colours.
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
    """
    with figure(5.6 * len(windows) + 0.6, 4.7) as drawn:
        grid = drawn.subplots(1, len(windows), squeeze=False)[0]
        for axes, window in zip(grid, windows, strict=True):
            _panel(axes, curves, window)
            for pole in (p for p in poles_eV if window[0] < p < window[1]):
                axes.axvline(pole, color=COLOURS[1], linewidth=0.9, linestyle=":", zorder=0)
            label_thresholds(axes, thresholds_eV)
            tame_ticks(axes, 5)
            axes.set_xlabel(OMEGA_LABEL)
        for window in windows[1:]:
            grid[0].axvspan(*window, color=QUIET, alpha=0.15, linewidth=0, zorder=0)
        grid[0].set_ylabel(y_label)
        # curves go anywhere, so the legend stands below
        drawn.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(curves))
        put_title(drawn, title)
        return drawn


def _panel(axes: "Axes", curves: Sequence[Curve], window: Window) -> None:
    low, high = window
    shown: list[FloatArray] = []
    for number, curve in enumerate(curves):
        style: Any = (0, (5, 2)) if curve.dashed else "-"
        # down to the axis at a threshold, but no line on it beyond
        visible = (curve.value > 0) | np.append(False, curve.value[:-1] > 0)
        value = np.where(visible, curve.value, np.nan)
        axes.plot(curve.omega_eV, value, color=PALETTE[number], linestyle=style, label=curve.label, zorder=2)
        shown.append(curve.value[(curve.omega_eV >= low) & (curve.omega_eV <= high)])
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
