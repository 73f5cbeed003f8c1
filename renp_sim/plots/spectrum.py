"""Plots of an analysis, each written as PNG and PDF; they take plain containers and know no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.spectrum.measured import Spectrum
from renp_sim.analysis.spectrum.thresholds import ThresholdSearch
from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.plots.figure import (
    COLOURS,
    INK,
    QUIET,
    cycled,
    dense_window,
    figure,
    label_thresholds,
    put_title,
    save,
    tame_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Curve", "energy_plot", "spectrum_plot", "threshold_plot"]


OMEGA_LABEL = r"trigger frequency $\omega$ (eV)"

MANY_COUNTS = 300.0
"""From where the counts need a logarithmic axis to show the background too."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A line to draw: Î at ω (eV)."""

    label: str
    omega_eV: FloatArray
    value: FloatArray


def spectrum_plot(
    spectrum: Spectrum,
    stem: Path,
    *,
    curves: Sequence[Curve] = (),
    thresholds_eV: Mapping[str, float] | None = None,
    title: str = "",
) -> tuple[Path, Path]:
    """Draw Î(ω) with its errors and counts below; a dense group of steps gets a column of its own.

    Parameters
    ----------
    spectrum
        What was measured.
    stem
        Path without suffix; `.png` and `.pdf` are written.
    curves
        Fits, drawn over the data.
    thresholds_eV
        By pair, "11" … "33".
    title
        Above the plot, left.

    Returns
    -------
    tuple
        The paths written.
    """
    windows = _windows(spectrum.omega_eV)
    with figure(5.4 * len(windows) + 1.0, 5.6) as drawn:
        grid = drawn.subplots(2, len(windows), squeeze=False, sharex="col", height_ratios=[3, 1])
        for column, (low, high) in enumerate(windows):
            upper, lower = grid[0, column], grid[1, column]
            inside = (spectrum.omega_eV >= low) & (spectrum.omega_eV <= high)
            _measured(upper, spectrum, inside, curves)
            _counted(lower, spectrum, inside)
            upper.set_xlim(low, high)
            if column == 0 and len(windows) > 1:
                upper.axvspan(*windows[1], color=QUIET, alpha=0.15, linewidth=0, zorder=0)
            label_thresholds(upper, thresholds_eV or {})
            tame_ticks(lower, 5)
            lower.set_xlabel(OMEGA_LABEL)
        grid[0, 0].set_ylabel(r"spectral function $\hat I(\omega)$")
        grid[1, 0].set_ylabel("counts")
        # a spectrum falls towards its thresholds, so this corner is empty down to the line at 0
        grid[0, 0].legend(loc="lower left", bbox_to_anchor=(0.01, 0.09))
        put_title(drawn, title)
        return save(drawn, stem)


def threshold_plot(
    search: ThresholdSearch,
    stem: Path,
    *,
    thresholds_eV: Mapping[str, float] | None = None,
    title: str = "",
) -> tuple[Path, Path]:
    """Draw the scan for onsets: Δ(−2 ln L) of one at each place, and what is left with all found ones.

    Parameters
    ----------
    search
        The scan and what it found.
    stem
        Path without suffix.
    thresholds_eV
        Of a model, to compare with, by pair.
    title
        Above the plot, left.
    """
    windows = _windows(search.omega_eV)
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
        return save(drawn, stem)


def energy_plot(
    edges_eV: FloatArray, counts: Mapping[str, FloatArray], stem: Path, *, title: str = ""
) -> tuple[Path, Path]:
    """Draw the histogram of recorded photon energies, stacked by what made them.

    Parameters
    ----------
    edges_eV
        Bin edges, shape (b + 1,).
    counts
        By name, shape (b,) each; the first is at the bottom.
    stem
        Path without suffix.
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
        axes.set_xlim(edges_eV[0], edges_eV[-1])
        axes.set_ylim(0, 1.05 * max(float(np.max(sum(counts.values()), initial=0.0)), 1.0))
        axes.set_xlabel("photon energy (eV)")
        axes.set_ylabel(f"photons / {1e3 * (edges_eV[1] - edges_eV[0]):.3g} meV")
        axes.legend(loc="upper right")
        put_title(drawn, title)
        return save(drawn, stem)


def _measured(axes: "Axes", spectrum: Spectrum, inside: BoolArray, curves: Sequence[Curve]) -> None:
    axes.errorbar(
        spectrum.omega_eV[inside],
        spectrum.value[inside],
        yerr=[spectrum.error_down[inside], spectrum.error_up[inside]],
        fmt="o",
        color=INK,
        elinewidth=0.9,
        capsize=0,
        label="data",
        zorder=3,
    )
    for curve, colour in zip(curves, cycled(len(curves)), strict=True):
        axes.plot(curve.omega_eV, curve.value, color=colour, label=curve.label, zorder=2)
    # the data decide the range, and not a curve that goes on outside the panel
    top = np.max(spectrum.value[inside] + spectrum.error_up[inside], initial=0.0)
    bottom = np.min(spectrum.value[inside] - spectrum.error_down[inside], initial=0.0)
    margin = 0.06 * (top - bottom) or 1.0
    axes.axhline(0.0, color=QUIET, linewidth=0.7, zorder=0)
    axes.set_ylim(bottom - margin, top + margin)


def _counted(axes: "Axes", spectrum: Spectrum, inside: BoolArray) -> None:
    omega = spectrum.omega_eV[inside]
    axes.plot(omega, spectrum.counts[inside], "o", color=INK, markersize=2.5)
    axes.plot(omega, spectrum.background[inside], color=COLOURS[1], linewidth=1.0, label="background")
    top = max(float(np.max(spectrum.counts[inside], initial=0.0)), 1.0)
    if top > MANY_COUNTS:
        axes.set_yscale("symlog", linthresh=10)
        axes.set_ylim(0, 3 * top)
    else:
        axes.set_ylim(0, 1.15 * top)
    axes.legend(loc="best", fontsize=9, frameon=False)


def _windows(omega_eV: FloatArray) -> list[tuple[float, float]]:
    """Return the ranges of the columns: everything, and the dense group if there is one."""
    low, high = (float(np.min(omega_eV)), float(np.max(omega_eV))) if len(omega_eV) else (0.0, 1.0)
    margin = 0.04 * (high - low) or 1e-3
    dense = dense_window(omega_eV)
    return [(low - margin, high + margin)] + ([dense] if dense else [])
