"""Plots of what a fit leaves: pulls of the counts over the frequency, pulls of nuisances and their impact."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.plots.figure import COLOURS, INK, QUIET, figure, put_title
from renp_sim.plots.frequency_axis import atom_panels, tame_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["count_pulls_plot", "nuisance_plot", "pull_bands", "pull_reach"]

LEAST_REACH = 3.5
"""Of the axis of pulls: what is usual is seen as such."""


def count_pulls_plot(
    omega_eV: FloatArray,
    pull: FloatArray,
    is_signal: BoolArray,
    *,
    atom: IndexArray | None = None,
    atoms: Sequence[str] = (),
    title: str = "",
) -> "Figure":
    """Draw the pull of each row of counts, with bands of one and two standard deviations.

    Each atom, and a dense group of its steps, gets a column of its own.

    Parameters
    ----------
    omega_eV, pull, is_signal
        Of each row, shape (n,); rows of control and dark steps are drawn hollow.
    atom
        A number of what each row emits from, shape (n,). None: 0.
    atoms
        Names by that number, where there are several.
    title
        Above the plot, left.
    """
    of = np.zeros(len(pull), dtype=np.intp) if atom is None else atom
    panels = atom_panels([omega_eV[of == k] for k in range(int(np.max(of, initial=0)) + 1)], atoms)
    reach = pull_reach(pull)
    with figure(5.4 * len(panels) + 1.0, 3.0) as drawn:
        grid = drawn.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for axes, panel in zip(grid, panels, strict=True):
            pull_bands(axes, vertical=False)
            signal = is_signal & (of == panel.atom)
            axes.plot(omega_eV[signal], pull[signal], "o", color=INK, label="signal steps")
            if not np.all(is_signal):
                rest = ~is_signal & (of == panel.atom)
                axes.plot(
                    omega_eV[rest],
                    pull[rest],
                    "s",
                    color=COLOURS[1],
                    markerfacecolor="white",
                    label="control and dark steps",
                )
            axes.set_xlim(panel.low_eV, panel.high_eV)
            axes.set_ylim(-reach, reach)
            tame_ticks(axes, 5)
            axes.minorticks_off()
            axes.set_xlabel(panel.label)
        grid[0].set_ylabel("pull of the counts")
        if not np.all(is_signal):
            drawn.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        put_title(drawn, title)
        return drawn


def nuisance_plot(
    names: Sequence[str],
    pull: FloatArray,
    width: FloatArray,
    impact: FloatArray | None,
    *,
    impact_label: str,
    title: str = "",
) -> "Figure":
    """Draw pulls of nuisances with what their errors shrank to, and what each does to the result.

    Parameters
    ----------
    names
        Of k parameters, from the top.
    pull, width
        (θ̂ − θ₀)/σ₀, and σ̂/σ₀ where it is known, shape (k,).
    impact
        Change of the result if the parameter moves by its error, shape (k,); None leaves that panel out.
    impact_label
        Of its axis, with the unit.
    title
        Above the plot, left.
    """
    rows = np.arange(len(names))[::-1]
    reach = 1.15 * max(float(np.max(np.abs(pull) + np.nan_to_num(width), initial=0.0)), 2.2)
    with figure(8.6 if impact is not None else 5.6, 0.42 * len(names) + 1.7) as drawn:
        grid = drawn.subplots(1, 1 if impact is None else 2, squeeze=False, sharey=True)[0]
        pull_bands(grid[0], vertical=True)
        grid[0].errorbar(pull, rows, xerr=np.nan_to_num(width), fmt="o", color=INK, elinewidth=1.2)
        grid[0].set_xlim(-reach, reach)
        grid[0].set_xlabel(r"pull $(\hat\theta-\theta_0)/\sigma_0$")
        if impact is not None:
            grid[1].barh(rows, np.nan_to_num(impact), color=COLOURS[0], height=0.5)
            grid[1].axvline(0.0, color=QUIET, linewidth=0.7)
            most = 1.2 * float(np.max(np.abs(np.nan_to_num(impact)), initial=0.0)) or 1.0
            grid[1].set_xlim(-most, most)
            grid[1].set_xlabel(impact_label, parse_math=False)
        grid[0].set_yticks(rows, names, parse_math=False)
        grid[0].set_ylim(-0.6, len(names) - 0.4)
        for axes in grid:
            axes.tick_params(axis="y", which="both", length=0)
        put_title(drawn, title)
        return drawn


def pull_reach(pull: FloatArray) -> float:
    """Return where an axis of pulls ends."""
    return 1.1 * max(float(np.max(np.abs(pull[np.isfinite(pull)]), initial=0.0)), LEAST_REACH)


def pull_bands(axes: "Axes", *, vertical: bool) -> None:
    """Draw 0, and bands of one and two standard deviations."""
    draw = axes.axvspan if vertical else axes.axhspan
    for reach, alpha in ((2, 0.12), (1, 0.18)):
        draw(-reach, reach, color=COLOURS[2], alpha=alpha, linewidth=0, zorder=0)
    (axes.axvline if vertical else axes.axhline)(0.0, color=QUIET, linewidth=0.7, zorder=0)
