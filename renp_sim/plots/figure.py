"""What every plot shares: style, panels with a zoom, threshold labels that do not overlap, saving."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.files import write_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "FORMATS",
    "cycled",
    "dense_window",
    "figure",
    "label_thresholds",
    "put_title",
    "save",
    "spread",
    "tame_ticks",
    "write",
]


COLOURS = ("#1f5fa8", "#d1495b", "#2e8b57", "#8a5fa8", "#c98a1b")
"""Distinct also for most colour-blind readers, and in grey."""

FORMATS = ("png", "pdf")

INK = "#222222"
QUIET = "#9a9a9a"

FEWEST_DENSE = 6
DENSER = 4.0
"""Steps count as dense where they are so many times closer than the typical step of the whole range."""

LABEL_WIDTH = 0.062
"""Room of a threshold label, in units of an axes one column wide."""


@contextmanager
def figure(width_in: float, height_in: float) -> Iterator["Figure"]:
    """Yield a figure in the style of the field, without touching the global state of matplotlib."""
    import matplotlib as mpl
    import mplhep
    from matplotlib.figure import Figure

    own: dict[Any, Any] = {
        "font.size": 11,
        "axes.labelsize": 12,
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
        "legend.fontsize": 10,
        "legend.frameon": True,
        "legend.framealpha": 0.9,
        "legend.edgecolor": "none",
        "axes.linewidth": 0.9,
        "lines.linewidth": 1.4,
        "lines.markersize": 3.5,
        "xtick.major.size": 6,
        "xtick.minor.size": 3,
        "ytick.major.size": 6,
        "ytick.minor.size": 3,
        "figure.figsize": (width_in, height_in),
        "figure.constrained_layout.use": True,
        "savefig.dpi": 180,
        "pdf.fonttype": 42,
    }
    with mpl.rc_context({**mplhep.style.ROOT, **own}):
        yield Figure()


def save(drawn: "Figure", stem: Path) -> tuple[Path, Path]:
    """Write STEM.png and STEM.pdf and return their paths; raises as `write` does."""
    png, pdf = (stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "pdf"))
    write(drawn, png)
    write(drawn, pdf)
    return png, pdf


def write(drawn: "Figure", path: Path) -> None:
    """Write a figure in the format of the suffix, in place of a file of that name.

    A PDF carries no date, so that equal figures are equal files.

    Raises
    ------
    SchemaError
        If the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    data = BytesIO()
    drawn.savefig(data, format=kind, metadata={"CreationDate": None} if kind == "pdf" else None)
    write_file(path, data.getvalue(), force=True)


def dense_window(omega_eV: FloatArray) -> tuple[float, float] | None:
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
            _pair(name),
            transform=transform,
            ha="center",
            va="bottom",
            fontsize=9,
            color=INK,
        )


def _pair(name: str) -> str:
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


def cycled(n: int) -> list[str]:
    """Return n colours."""
    return [COLOURS[i % len(COLOURS)] for i in range(n)]


def put_title(drawn: "Figure", title: str) -> None:
    """Write a title above a figure, left; nothing if there is none."""
    if title:
        drawn.suptitle(title, x=0.02, ha="left", fontsize=12)
