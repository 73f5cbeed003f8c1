"""Expected limits along a scan, with their bands, on logarithmic axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.infer.limit import Limit
from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import COLOURS, INK, QUIET, figure, put_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["DrawnLimit", "PublishedBound", "sensitivity_plot"]

TWO_SIGMA, ONE_SIGMA = "#f4d35e", "#7fb069"
"""Of the bands of a single curve, as the field has them."""

DASHES: Any = (0, (5, 2))

ROOM = 3.0
"""Below and above the curves, as a factor."""

LEAST = 1e-300

NO_POLES: FloatArray = np.empty(0)

WIDE_LABELS = 60
"""Letters that fit beside each other under a plot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedBound:
    """A bound that others have published, in the unit of the axis."""

    label: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnLimit:
    """A curve: where nothing is excluded it has a hole.

    Parameters
    ----------
    label
        Of the parameter.
    x
        Shape (g,).
    upper, lower
        Ends of what is allowed, the lower one as a size, shape (g,).
    band
        Upper ends of −2, −1, 1 and 2 standard deviations, shape (4, g).
    is_even
        Whether only the size matters, so that the two curves are one.
    number
        Of its colour; None: in order.
    is_dashed
        Whether it is there for comparison only.
    """

    label: str
    x: FloatArray
    upper: FloatArray
    lower: FloatArray
    band: FloatArray
    is_even: bool
    number: int | None = None
    is_dashed: bool = False

    @classmethod
    def of(cls, label: str, x: FloatArray, limits: Sequence[Limit]) -> "DrawnLimit":
        """Return the curve of limits, one a point, whose order does not matter."""
        order, nothing = np.argsort(x, kind="stable"), (None,) * 5
        x, limits = x[order], [limits[i] for i in order.tolist()]
        band = np.array([limit.expected or nothing for limit in limits], dtype=float).reshape(-1, 5).T
        upper = np.array([limit.upper for limit in limits], dtype=float)
        lower = -np.array([limit.lower for limit in limits], dtype=float)
        known = ~np.isnan(upper) & ~np.isnan(lower)
        return cls(
            label=label,
            x=x,
            upper=upper,
            lower=lower,
            band=band[[0, 1, 3, 4]],
            is_even=bool(np.allclose(upper[known], lower[known], rtol=1e-9, atol=0)),
        )


def sensitivity_plot(
    curves: Sequence[DrawnLimit],
    *,
    x_label: str,
    is_log: bool,
    bounds: Sequence[PublishedBound] = (),
    poles: FloatArray = NO_POLES,
    y_label: str = "limit",
    title: str = "",
) -> "Figure":
    """Draw limits along a scan; a single curve with its ±1σ and ±2σ band.

    Parameters
    ----------
    curves
        With a cross on the axis where a point has no limit.
    x_label, is_log, y_label, title
        Of the axes.
    bounds
        Published ones, as lines.
    poles
        Places between points where limits are far stronger, marked at the top.
    """
    with figure(6.4, 4.7) as drawn:
        axes = drawn.subplots()
        for place, curve in enumerate(curves):
            _draw_curve(axes, curve, place, is_alone=len(curves) == 1)
        if len(poles):
            axes.plot(
                *(poles, np.full(len(poles), 0.98)),
                linestyle="",
                marker="v",
                markersize=4,
                color=QUIET,
                transform=axes.get_xaxis_transform(),
                label="poles of the mediator",
            )
        for bound in bounds:
            _draw_bound(axes, bound)
        sizes = np.concatenate([[*c.upper, *c.lower] for c in curves])
        sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
        values = [*sizes.tolist(), *(bound.value for bound in bounds)]
        if values:
            axes.set_ylim(min(values) / ROOM, max(values) * ROOM)
            axes.set_yscale("log")
        every = np.concatenate([c.x for c in curves])
        if not len(sizes):
            axes.text(0.5, 0.5, "no value is excluded", transform=axes.transAxes, ha="center", color=QUIET)
            # without a curve the axis would not know how far it reaches
            if np.ptp(every) > 0:
                axes.set_xlim(float(np.min(every)), float(np.max(every)))
        if is_log and np.min(every) > 0:
            axes.set_xscale("log")
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        handles, labels = axes.get_legend_handles_labels() if len(sizes) else ([], [])
        ncols = 3 if sum(map(len, labels)) <= WIDE_LABELS else 2 if len(labels) > 1 else 1
        drawn.legend(handles, labels, loc="outside lower center", ncols=ncols)
        put_title(drawn, title)
        return drawn


def _draw_curve(axes: "Axes", curve: DrawnLimit, place: int, *, is_alone: bool) -> None:
    """Draw a curve; alone it is black and has its bands."""
    palette = (*COLOURS, INK)
    colour = INK if is_alone else palette[(place if curve.number is None else curve.number) % len(palette)]
    if is_alone:
        bands = (((0, 3), TWO_SIGMA, "±2σ"), ((1, 2), ONE_SIGMA, "±1σ"))
        # what may be of either sign has its two upper ends on both sides of 0: no logarithm
        for (low, high), shade, label in bands if curve.is_even else bands[1:]:
            # a band that reaches beyond 0 goes down to the end of a logarithmic axis
            ends = np.where(curve.band > 0, curve.band, np.where(np.isnan(curve.band), np.nan, LEAST))
            axes.fill_between(curve.x, ends[low], ends[high], color=shade, linewidth=0, label=label, zorder=1)
    name = curve.label if curve.is_even else f"{curve.label}, upper"
    style = DASHES if curve.is_dashed else "-"
    # a second curve of a colour needs no name: the title says what is dashed
    legend = None if curve.is_dashed else name
    axes.plot(curve.x, curve.upper, color=colour, linestyle=style, label=legend, zorder=3)
    if not curve.is_even:
        axes.plot(curve.x, curve.lower, color=colour, linestyle=DASHES, label="−lower", zorder=3)
    nowhere = curve.x[np.isnan(curve.upper)]
    if 0 < len(nowhere) < len(curve.x):
        axes.plot(
            *(nowhere, np.full(len(nowhere), 0.02 + 0.03 * place), "x"),
            color=colour,
            markersize=4,
            transform=axes.get_xaxis_transform(),
            label="no limit" if is_alone else None,
        )


def _draw_bound(axes: "Axes", bound: PublishedBound) -> None:
    axes.axhline(bound.value, color=QUIET, linewidth=1.0, linestyle=":", zorder=0)
    axes.annotate(
        bound.label,
        (0.99, bound.value),
        xycoords=("axes fraction", "data"),
        ha="right",
        va="bottom",
        fontsize=8,
        color=QUIET,
    )
