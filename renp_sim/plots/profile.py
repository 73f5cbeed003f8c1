"""Plot of profiles; it takes plain containers and knows no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.intervals import Interval, delta_q_of_level
from renp_sim.arrays import FloatArray
from renp_sim.constants import ONE_SIGMA
from renp_sim.plots.figure import INK, QUIET, cycled, figure, put_title
from renp_sim.plots.frequency_axis import tame_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["DrawnProfile", "profile_plot"]


LEVELS = {"68.3 %": delta_q_of_level(ONE_SIGMA), "95 %": delta_q_of_level(0.95)}
"""Δ(−2 ln L) of two-sided levels for one parameter."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnProfile:
    """A profile to draw.

    Parameters
    ----------
    label
        Of the model.
    values, delta_q
        The parameter and Δ(−2 ln L) above the common minimum; may be infinite.
    regions
        Its interval, a list.
    kinks
        Where a step crosses a threshold.
    """

    label: str
    values: FloatArray
    delta_q: FloatArray
    regions: tuple[Interval, ...] = ()
    kinks: FloatArray | None = None


def profile_plot(
    curves: Sequence[DrawnProfile],
    *,
    x_label: str = r"lightest mass $m_\ell$ (meV)",
    x_scale: float = 1e3,
    levels: Mapping[str, float] = LEVELS,
    highest: float = 10.0,
    title: str = "",
) -> "Figure":
    """Draw Δ(−2 ln L) against a parameter for each model, with intervals as bands and kinks as ticks.

    Parameters
    ----------
    curves
        One per model, all above the same minimum.
    x_label, x_scale
        Axis and its unit: values are multiplied by x_scale.
    levels
        Horizontal lines by name.
    highest
        Upper end of the axis of Δ(−2 ln L).
    title
        Above the plot, left.
    """
    with figure(6.4, 4.6) as drawn:
        axes = drawn.subplots()
        for curve, colour in zip(curves, cycled(len(curves)), strict=True):
            shown = np.where(np.isfinite(curve.delta_q), curve.delta_q, np.nan)
            is_inside = np.any(shown < highest)
            label = curve.label if is_inside else f"{curve.label} (above {highest:g})"
            axes.plot(x_scale * curve.values, shown, color=colour, label=label)
            # a hypothesis that fits worse has a band that begins at its own minimum
            bottom = float(np.nanmin(shown, initial=highest)) / highest
            for region in curve.regions:
                ends = (x_scale * region.lower, x_scale * region.upper)
                axes.axvspan(*ends, ymin=bottom, color=colour, alpha=0.13, linewidth=0)
            if curve.kinks is not None:
                axes.vlines(
                    x_scale * curve.kinks,
                    0,
                    0.03,
                    transform=axes.get_xaxis_transform(),
                    color=colour,
                    linewidth=0.8,
                )
        low, high = _reach([x_scale * c.values for c in curves], [c.delta_q for c in curves], highest)
        axes.set_xlim(low, high)
        axes.set_ylim(0, highest)
        tame_ticks(axes, 6)
        _mark_levels(axes, levels)
        axes.set_xlabel(x_label)
        axes.set_ylabel(r"$\Delta(-2\,\ln L)$")
        # curves go anywhere, so the legend stands above
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(curves), borderaxespad=0.3)
        put_title(drawn, title)
        return drawn


def _mark_levels(axes: "Axes", levels: Mapping[str, float]) -> None:
    """Draw the levels as lines and name them."""
    for name, level in levels.items():
        axes.axhline(level, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        # beside the axes, where no curve goes
        axes.annotate(
            name,
            (1, level),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=9,
            color=INK,
        )


def _reach(values: list[FloatArray], delta_q: list[FloatArray], highest: float) -> tuple[float, float]:
    """Return the range in which any curve is below the top of the plot."""
    below = [v[np.isfinite(d) & (d < highest)] for v, d in zip(values, delta_q, strict=True)]
    seen = np.concatenate([*below, np.empty(0)])
    everything = np.concatenate([*values, np.empty(0)])
    used = seen if len(seen) > 1 and np.ptp(seen) > 0 else everything
    if not len(used):
        return 0.0, 1.0
    margin = 0.03 * float(np.ptp(used)) or 1.0
    return max(float(np.min(used)) - margin, float(np.min(everything))), float(np.max(used)) + margin
