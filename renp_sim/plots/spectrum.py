"""Plot of a measured spectrum with fits over it, and below its counts and their pulls from the fits."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.poisson import poisson_pull
from renp_sim.analysis.spectrum.measured import Spectrum
from renp_sim.arrays import BoolArray
from renp_sim.plots.curves import Curve
from renp_sim.plots.figure import INK, QUIET, cycled, figure, put_title
from renp_sim.plots.frequency_axis import atom_panels, label_thresholds, tame_ticks
from renp_sim.plots.pulls import pull_bands, pull_reach

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["spectrum_plot"]

DATA = "data"

MANY_COUNTS = 300.0
"""From where the counts need a logarithmic axis to show the background too."""


def spectrum_plot(
    spectrum: Spectrum,
    *,
    curves: Sequence[Curve] = (),
    thresholds_eV: Sequence[Mapping[str, float]] = (),
    atoms: Sequence[str] = (),
    title: str = "",
) -> "Figure":
    """Draw Î(ω) with its errors, and below the counts and, where there are fits, their pulls from them.

    Each atom, and a dense group of its steps, gets a column of its own.

    Parameters
    ----------
    spectrum
        What was measured.
    curves
        Fits, drawn over the data of their atoms; a label has one colour.
    thresholds_eV
        Of each atom by pair, "11" … "33".
    atoms
        Their names, where there are several.
    title
        Above the plot, left.
    """
    known = range(int(np.max(spectrum.atom, initial=0)) + 1)
    panels = atom_panels([spectrum.omega_eV[spectrum.atom == atom] for atom in known], atoms)
    coloured = dict(zip(dict.fromkeys(curve.label for curve in curves), cycled(len(curves)), strict=False))
    heights = [3, 1, 1] if curves else [3, 1]
    with figure(5.4 * len(panels) + 1.0, 4.2 + 1.4 * (len(heights) - 1)) as drawn:
        grid = drawn.subplots(len(heights), len(panels), squeeze=False, sharex="col", height_ratios=heights)
        for panel, column in zip(panels, grid.T, strict=True):
            upper, lower = column[0], column[-1]
            inside = (spectrum.omega_eV >= panel.low_eV) & (spectrum.omega_eV <= panel.high_eV)
            inside &= spectrum.atom == panel.atom
            own = {curve: coloured[curve.label] for curve in curves if curve.atom == panel.atom}
            _measured(upper, spectrum, inside, own)
            _counted(column[1], spectrum, inside)
            if curves:
                _pulled(lower, spectrum, inside, own)
            upper.set_xlim(panel.low_eV, panel.high_eV)
            if panel.zoomed:
                upper.axvspan(*panel.zoomed, color=QUIET, alpha=0.15, linewidth=0, zorder=0)
            label_thresholds(upper, thresholds_eV[panel.atom] if thresholds_eV else {})
            tame_ticks(lower, 5)
            lower.set_xlabel(panel.label)
        grid[0, 0].set_ylabel(r"spectral function $\hat I(\omega)$")
        grid[1, 0].set_ylabel("counts")
        if curves:
            grid[2, 0].set_ylabel("pull")
        # no corner of the axes is empty in every spectrum
        named = [axes.get_legend_handles_labels() for axes in grid[:2].ravel()]
        handles = {label: handle for each in named for handle, label in zip(*each, strict=True)}
        labels = sorted(handles, key=lambda label: label != DATA)
        drawn.legend([handles[label] for label in labels], labels, loc="outside lower center", ncols=4)
        put_title(drawn, title)
        return drawn


def _measured(axes: "Axes", spectrum: Spectrum, inside: BoolArray, curves: Mapping[Curve, str]) -> None:
    axes.errorbar(
        spectrum.omega_eV[inside],
        spectrum.value[inside],
        yerr=[spectrum.error_down[inside], spectrum.error_up[inside]],
        fmt="o",
        color=INK,
        elinewidth=0.9,
        capsize=0,
        label=DATA,
        zorder=3,
    )
    for curve, colour in curves.items():
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
    if np.any(spectrum.background > 0):
        # no line: nothing is known between two steps
        axes.plot(omega, spectrum.background[inside], "_", color=QUIET, markersize=7, label="background")
    top = max(float(np.max(spectrum.counts[inside], initial=0.0)), 1.0)
    if top > MANY_COUNTS:
        axes.set_yscale("symlog", linthresh=10)
        axes.set_ylim(0, 3 * top)
    else:
        axes.set_ylim(0, 1.15 * top)


def _pulled(axes: "Axes", spectrum: Spectrum, inside: BoolArray, curves: Mapping[Curve, str]) -> None:
    pull_bands(axes, vertical=False)
    reach = pull_reach(np.empty(0))
    for curve, colour in curves.items():
        # a fit says something of the steps that it was given
        own = inside & np.isin(spectrum.omega_eV, curve.omega_eV)
        value = curve.value[np.searchsorted(curve.omega_eV, spectrum.omega_eV[own])]
        expected = value * spectrum.counts_per_unit[own] + spectrum.background[own]
        pull = poisson_pull(spectrum.counts[own], expected)
        axes.plot(spectrum.omega_eV[own], pull, "o", color=colour, markersize=2.5)
        reach = max(reach, pull_reach(pull))
    axes.set_ylim(-reach, reach)
    axes.tick_params(axis="y", which="minor", left=False, right=False)
