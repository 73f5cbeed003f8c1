"""What every plot shares: the style of the field, colours, a title, and the one way to a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from renp_sim.files import write_file
from renp_sim.plots.letters import families, spell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Figure

__all__ = [
    "COLOURS",
    "FORMATS",
    "INK",
    "LONG",
    "QUIET",
    "cycled",
    "figure",
    "logarithmic",
    "png_and_pdf",
    "put_title",
    "rendered",
    "save",
]


COLOURS = ("#1f5fa8", "#d1495b", "#2e8b57", "#8a5fa8", "#c98a1b", "#55b5c9", "#6b4423", "#b8b02e")
"""Distinct also for most colour-blind readers, the first five in grey too."""

FORMATS = ("png", "pdf")

LONG = 5.0
"""What reaches over this factor has a logarithmic axis."""

MOST_LABELLED = 1e3
"""A logarithmic axis over less has room for three labels in a decade."""

INK = "#222222"
QUIET = "#9a9a9a"


@contextmanager
def figure(width_in: float, height_in: float) -> Iterator["Figure"]:
    """Yield an empty figure in the style of the field; the global state of matplotlib stays as it was."""
    from matplotlib.figure import Figure

    with _style():
        yield Figure(figsize=(width_in, height_in), layout="constrained")


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib as mpl
    import mplhep

    own: dict[Any, Any] = {
        "font.family": families(),
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
        "savefig.dpi": 180,
        "pdf.fonttype": 42,
    }
    with mpl.rc_context({**mplhep.style.ROOT, **own}):
        yield


def png_and_pdf(stem: Path) -> tuple[Path, ...]:
    """Return STEM.png and STEM.pdf; a dot in the stem is no suffix."""
    return tuple(stem.with_name(f"{stem.name}.{kind}") for kind in FORMATS)


def save(drawn: "Figure", *paths: Path) -> list[Path]:
    """Write a figure in the format of each suffix, in place of a file of that name, and return the paths.

    A PDF carries no date, so that equal figures are equal files.

    Raises
    ------
    SchemaError
        If a file cannot be written.
    """
    for path in paths:
        write_file(path, rendered(drawn, path.suffix.lower().removeprefix(".")), force=True)
    return list(paths)


def rendered(drawn: "Figure", kind: str, *, dpi: float | None = None, salt: str | None = None) -> bytes:
    """Return a figure in a format, without a date; `salt` is that of the names in an SVG.

    It is laid out once: whatever else it is asked for has the same layout, and takes half of the time.
    """
    import matplotlib as mpl

    data = BytesIO()
    dateless = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
    with _style(), mpl.rc_context({"svg.hashsalt": salt}):
        if (layout := drawn.get_layout_engine()) is not None:
            # a name may have a letter that no font has
            spell(drawn)
            drawn.set_dpi(mpl.rcParams["savefig.dpi"])
            if drawn.axes:
                layout.execute(drawn)
            # not "none", which is an engine too, and makes matplotlib draw everything twice
            drawn.set_layout_engine(None)
        drawn.savefig(data, format=kind, metadata=dateless, dpi=dpi or mpl.rcParams["savefig.dpi"])
    return data.getvalue()


def cycled(n: int) -> list[str]:
    """Return n colours."""
    return [COLOURS[i % len(COLOURS)] for i in range(n)]


def logarithmic(axes: "Axes", name: Literal["x", "y"], low: float, high: float) -> None:
    """Make an axis logarithmic: over few decades 1, 2 and 5 are labelled, as numbers and not as powers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis = axes.xaxis if name == "x" else axes.yaxis
    axes.set(**{f"{name}scale": "log"})
    if high < MOST_LABELLED * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_minor_locator(LogLocator(subs=range(1, 10)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def put_title(drawn: "Figure", title: str) -> None:
    """Write a title above a figure, left; nothing if there is none."""
    if title:
        drawn.suptitle(title, x=0.02, ha="left", fontsize=12)
