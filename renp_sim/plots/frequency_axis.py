"""The axis of the trigger frequency: a panel for a dense group, full numbers, threshold labels kept apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import INK, QUIET
from renp_sim.plots.letters import no_formula

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "OMEGA_LABEL",
    "Panel",
    "Window",
    "atom_panels",
    "dense_window",
    "label_thresholds",
    "panel_windows",
    "spread",
    "tame_ticks",
]

Window = tuple[float, float]

OMEGA_LABEL = r"trigger frequency $\omega$ (eV)"

FEWEST_DENSE = 6
DENSER = 4.0
"""Steps count as dense where they are so many times closer than the typical step of the whole range."""

LABEL_WIDTH = 0.062
"""Room of a threshold label, in units of an axes one column wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One of the panels side by side.

    Parameters
    ----------
    atom
        The number of what its steps emit from.
    low_eV, high_eV
        Its range.
    zoomed
        The range that another panel of this atom shows in detail, None without.
    label
        Of the axis: with the atom, where there are several.
    """

    atom: int
    low_eV: float
    high_eV: float
    zoomed: Window | None
    label: str


def atom_panels(omega_eV: Sequence[FloatArray], atoms: Sequence[str] = ()) -> list[Panel]:
    """Return the panels of each atom that has steps: all of them, and the dense group if there is one.

    Parameters
    ----------
    omega_eV
        Of the steps of each atom.
    atoms
        Their names; none where there is one that need not be named.
    """
    panels = []
    drawn = [atom for atom, own in enumerate(omega_eV) if len(own)] or [0]
    for atom in drawn:
        name = f", {no_formula(atoms[atom])}" if len(atoms) > 1 else ""
        whole, *dense = panel_windows(omega_eV[atom])
        for window, zoomed in [(whole, dense[0] if dense else None), *((each, None) for each in dense)]:
            panels.append(
                Panel(
                    atom=atom,
                    low_eV=window[0],
                    high_eV=window[1],
                    zoomed=zoomed,
                    label=f"{OMEGA_LABEL}{name}",
                )
            )
    return panels


def panel_windows(omega_eV: FloatArray) -> list[Window]:
    """Return the ranges of the panels, in eV: everything, and the dense group if there is one."""
    low, high = (float(np.min(omega_eV)), float(np.max(omega_eV))) if len(omega_eV) else (0.0, 1.0)
    margin = 0.04 * (high - low) or 1e-3
    dense = dense_window(omega_eV)
    return [(low - margin, high + margin)] + ([dense] if dense else [])


def dense_window(omega_eV: FloatArray) -> Window | None:
    """Return the range of the densest group of steps, with a margin, if it deserves a panel of its own.

    Examples
    --------
    >>> coarse, fine = np.linspace(1.068, 1.0714, 18), np.linspace(1.0715, 1.0717, 21)
    >>> [round(end, 5) for end in dense_window(np.append(coarse, fine))]
    [1.07149, 1.07171]
    >>> dense_window(coarse) is None
    True
    """
    omega = np.unique(omega_eV)
    if len(omega) < 2 * FEWEST_DENSE:
        return None
    steps = np.diff(omega)
    typical = (omega[-1] - omega[0]) / len(steps)
    dense = np.concatenate([[False], steps < typical / DENSER, [False]])
    starts, stops = np.flatnonzero(dense[1:] & ~dense[:-1]), np.flatnonzero(~dense[1:] & dense[:-1])
    if not len(starts):
        return None
    longest = int(np.argmax(stops - starts))
    first, last = starts[longest], stops[longest]
    if last - first + 1 < FEWEST_DENSE:
        return None
    margin = 0.04 * (omega[last] - omega[first])
    return float(omega[first] - margin), float(omega[last] + margin)


def spread(wanted: Sequence[float], room: float, low: float, high: float) -> list[float]:
    """Return places in rising order at least `room` apart and as near to the wanted ones as that allows.

    Examples
    --------
    >>> spread([0.1, 0.5, 0.52], 0.1, 0.0, 1.0)
    [0.1, 0.46, 0.56]
    """
    # groups that touch are centred on the mean of what their members want
    groups: list[list[float]] = []
    for value in sorted(wanted):
        groups.append([value])
        while (
            len(groups) > 1
            and _left(groups[-1], room, low, high) < _right(groups[-2], room, low, high) + room
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [round(_left(g, room, low, high) + i * room, 12) for g in groups for i in range(len(g))]


def _left(group: list[float], room: float, low: float, high: float) -> float:
    length = room * (len(group) - 1)
    return max(min(sum(group) / len(group) - length / 2, high - length), low)


def _right(group: list[float], room: float, low: float, high: float) -> float:
    return _left(group, room, low, high) + room * (len(group) - 1)


def label_thresholds(axes: "Axes", thresholds_eV: Mapping[str, float], share: float = 1.0) -> None:
    """Mark thresholds inside the axes by thin lines, with ν_iν_j above, each label apart from its neighbours.

    Parameters
    ----------
    axes
        With their final limits.
    thresholds_eV
        By pair, "11" for ν₁ν₁; other names are printed as they are.
    share
        Width of the axes in columns, for the room of a label.
    """
    low, high = axes.get_xlim()
    inside = sorted((value, name) for name, value in thresholds_eV.items() if low < value < high)
    wanted = [(value - low) / (high - low) for value, _ in inside]
    places = spread(wanted, LABEL_WIDTH / share, 0.0, 1.0)
    transform = axes.get_xaxis_transform()
    for (value, name), at, place in zip(inside, wanted, places, strict=True):
        axes.axvline(value, color=QUIET, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
        axes.plot(
            [at, place], [1.0, 1.045], transform=axes.transAxes, color=QUIET, linewidth=0.7, clip_on=False
        )
        axes.text(
            low + place * (high - low),
            1.055,
            _pair_symbol(name),
            transform=transform,
            ha="center",
            va="bottom",
            fontsize=9,
            color=INK,
        )


def _pair_symbol(name: str) -> str:
    if len(name) == 2 and name.isdigit():
        return rf"$\nu_{name[0]}\nu_{name[1]}$"
    return name


def tame_ticks(axes: "Axes", n: int) -> None:
    """Label at most n + 1 round values of ω in full: no offset to be added in one's head."""
    from matplotlib.ticker import AutoMinorLocator, FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(n, steps=[1, 2, 5, 10]))
    axes.xaxis.set_minor_locator(AutoMinorLocator(5))
    spacing = float(np.min(np.diff(axes.get_xticks()), initial=np.inf))
    digits = max(int(np.ceil(-np.log10(spacing) - 1e-9)), 0) if np.isfinite(spacing) else 6

    def shown(value: float, _: Any) -> str:
        return f"{value:.{digits}f}"

    axes.xaxis.set_major_formatter(FuncFormatter(shown))
