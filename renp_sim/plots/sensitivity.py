"""Expected limits along a scan, with their bands; logarithmic where they go over a decade."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.infer.limit import Limit
from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import COLOURS, INK, QUIET, figure, logarithmic, put_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["DrawnLimit", "PublishedBound", "sensitivity_plot"]

TWO_SIGMA, ONE_SIGMA = "#f4d35e", "#7fb069"
"""Of the bands of a single curve, as the field has them."""

DASHES: Any = (0, (5, 2))

ROOM = 3.0
"""Below and above the curves of a logarithmic axis, as a factor."""

FAR = 10.0
"""Sizes that differ by this factor need a logarithmic axis; on a linear one an end below 0 is where it is."""

FEW_POINTS = 12
"""So many are marked: a single one is no line, and between two nothing was asked."""

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
        Ends of what is allowed, shape (g,); nan where nothing is excluded.
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
        lower = np.array([limit.lower for limit in limits], dtype=float)
        known = ~np.isnan(upper) & ~np.isnan(lower)
        return cls(
            label=label,
            x=x,
            upper=upper,
            lower=lower,
            band=band[[0, 1, 3, 4]],
            is_even=bool(np.any(known) and np.allclose(upper[known], -lower[known], rtol=1e-9, atol=0)),
        )

    @property
    def is_signed(self) -> bool:
        """Whether an end lies below 0, and not only because the size alone matters."""
        return not self.is_even and bool(np.any(self.lower < 0))

    @property
    def ends(self) -> FloatArray:
        """All ends that are known; of what is even its sizes only."""
        every = self.upper if self.is_even else np.append(self.upper, self.lower)
        return every[np.isfinite(every)]


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
    ends = np.concatenate([curve.ends for curve in curves])
    sizes = np.abs(np.append(ends, [bound.value for bound in bounds]))
    sizes = sizes[sizes > 0]
    is_wide = len(sizes) > 0 and float(np.max(sizes)) > FAR * float(np.min(sizes))
    every = np.concatenate([c.x for c in curves])
    with figure(6.4, 4.7) as drawn:
        axes = drawn.subplots()
        for place, curve in enumerate(curves):
            if len(curves) == 1:
                _draw_band(axes, curve, is_wide=is_wide)
            _draw_curve(axes, curve, place, is_alone=len(curves) == 1, is_wide=is_wide)
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
        if is_wide:
            axes.set_ylim(float(np.min(sizes)) / ROOM, float(np.max(sizes)) * ROOM)
            axes.set_yscale("log")
        elif np.any(ends < 0):
            axes.axhline(0.0, color=QUIET, linewidth=0.7, zorder=0)
        if not len(ends):
            axes.text(0.5, 0.5, "no value is excluded", transform=axes.transAxes, ha="center", color=QUIET)
            axes.set_yticks([])
            # without a curve the axis would not know how far it reaches
            if np.ptp(every) > 0:
                axes.set_xlim(float(np.min(every)), float(np.max(every)))
        if is_log and np.min(every) > 0:
            logarithmic(axes, "x", float(np.min(every)), float(np.max(every)))
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        handles, labels = axes.get_legend_handles_labels() if len(ends) else ([], [])
        ncols = 3 if sum(map(len, labels)) <= WIDE_LABELS else 2 if len(labels) > 1 else 1
        drawn.legend(handles, labels, loc="outside lower center", ncols=ncols)
        put_title(drawn, title)
        return drawn


def _draw_band(axes: "Axes", curve: DrawnLimit, *, is_wide: bool) -> None:
    """Draw the ±1σ and ±2σ bands of upper ends; a single point has bars."""
    # what may be of either sign has its two upper ends on both sides of 0: no logarithm
    is_half = is_wide and curve.is_signed
    inner = "±1σ (±2σ: see the table)" if is_half else "±1σ"
    for (low, high), shade, label in (((0, 3), TWO_SIGMA, "±2σ"), ((1, 2), ONE_SIGMA, inner))[is_half:]:
        # a band that reaches beyond 0 goes down to the end of a logarithmic axis
        band = np.where(is_wide & (curve.band <= 0), LEAST, curve.band)
        known = np.isfinite(band[low]) & np.isfinite(band[high])
        if len(known) == 1 and known[0]:
            axes.vlines(
                curve.x[known], band[low][known], band[high][known], color=shade, linewidth=9, label=label
            )
        elif np.count_nonzero(known) > 1:
            axes.fill_between(curve.x, band[low], band[high], color=shade, linewidth=0, label=label, zorder=1)


def _draw_curve(axes: "Axes", curve: DrawnLimit, place: int, *, is_alone: bool, is_wide: bool) -> None:
    """Draw the ends of a curve; alone it is black."""
    palette = (*COLOURS, INK)
    colour = INK if is_alone else palette[(place if curve.number is None else curve.number) % len(palette)]
    look: dict[str, Any] = {"color": colour, "zorder": 3, "marker": "o" if len(curve.x) <= FEW_POINTS else ""}
    has_lower = not curve.is_even and bool(np.any(np.isfinite(curve.lower)))
    # a second curve of a colour needs no name: the title says what is dashed
    name = None if curve.is_dashed else f"{curve.label}, upper" if has_lower else curve.label
    axes.plot(curve.x, curve.upper, linestyle=DASHES if curve.is_dashed else "-", label=name, **look)
    if has_lower:
        # one sign at a time has a logarithm
        for sign, label in ((1, "lower"), (-1, "−lower")) if is_wide else ((1, "lower"),):
            drawn = np.where(sign * curve.lower > 0, sign * curve.lower, np.nan) if is_wide else curve.lower
            if np.any(np.isfinite(drawn)):
                axes.plot(curve.x, drawn, linestyle=DASHES, label=label, **look)
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
        color=INK,
        # curves may end under it
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
        zorder=4,
    )
