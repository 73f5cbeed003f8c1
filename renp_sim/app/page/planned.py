"""Limits and exposures of a folder."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeVar

import numpy as np

from renp_sim.app.page.figures import drawing
from renp_sim.app.page.folder import Found, Kept
from renp_sim.app.page.parts import Block, Section, Table, Text
from renp_sim.app.page.words import duration, number, percent
from renp_sim.arrays import FloatArray
from renp_sim.errors import SchemaError
from renp_sim.plots.power import power_plot

__all__ = ["exposure_facts", "exposure_section", "limit_facts"]

T = TypeVar("T")


def limit_facts(found: Found) -> list[tuple[str, str]]:
    """Return a row of key numbers for each limit."""
    return _each(
        found, "limit", lambda kept: (f"limit on {kept.table['parameter']}{kept.whose}", _limit(kept.table))
    )


def _limit(table: dict[str, Any]) -> str:
    kind = "expected" if table["is_expected"] else "observed"
    how = [table.get("method", ""), f"normalisation {table.get('normalisation', '?')}"]
    return f"{_ends(table)} ({kind}, {percent(table['cl'])} CL {table.get('sided', '')}, {', '.join(how)})"


def _ends(table: dict[str, Any]) -> str:
    if table["upper"] is None:
        return str(table.get("status", "none"))
    regions = table.get("intervals") or [[table["lower"], table["upper"]]]
    return " ∪ ".join(f"[{number(low)}, {number(high)}]" for low, high in regions)


def exposure_facts(found: Found) -> list[tuple[str, str]]:
    """Return a row of key numbers for each exposure that was asked for."""
    return _each(
        found,
        "exposure",
        lambda kept: (
            f"exposure for {kept.table['question']}, {kept.table['significance']:g} σ "
            f"{kept.table.get('sided', '')}{kept.whose}",
            "; ".join(_answer(row) for row in kept.table["results"]),
        ),
    )


def _each(found: Found, kind: str, make: Callable[[Kept], T]) -> list[T]:
    """Return what is made of each table of a kind; SchemaError if one is not what its command prints."""
    out = []
    for kept in found.kept:
        if kept.kind == kind:
            try:
                out.append(make(kept))
            except (KeyError, TypeError, ValueError, AttributeError):
                raise SchemaError(
                    f"{kept.path}: is not what `renp-sim {kind} --json` prints: write it again, or take it "
                    "out of the folder"
                ) from None
    return out


def _answer(row: dict[str, Any]) -> str:
    which = (
        "median of an Asimov set" if row["power"] is None else f"power {row['power']:g} by {row['method']}"
    )
    if row["factor"] is None:
        return f"{which}: {row['status']}"
    return (
        f"{which}: {duration(row['live_time_s'])} live in signal steps, {duration(row['wall_time_s'])} wall"
    )


def exposure_section(found: Found) -> Section | None:
    """Return the section; None where the folder has no exposure."""
    number_of = count()
    parts = _each(found, "exposure", lambda kept: _exposure(kept, f"exposure{next(number_of)}"))
    blocks = tuple(block for part in parts for block in part)
    return Section(key="exposure", title="Exposure", blocks=blocks) if blocks else None


def _exposure(kept: Kept, key: str) -> list[Block]:
    table = kept.table
    what = f"{table['question']}: {table['truth']} against {table['alternative']}{kept.whose}"
    blocks: list[Block] = [_results(f"{what}, {table['significance']:g} σ", table["results"])]
    if table.get("systematics"):
        rows = [{"method": row["added"], **row} for row in table["systematics"]]
        blocks.append(_results("What limits: each added to those above it", rows, name="added"))
    curves = {name: _curve(curve) for name, curve in table["curve"].items()}
    if any(len(curve[0]) for curve in curves.values()):
        asimov = next((row["factor"] for row in table["results"] if row["method"] == "asimov"), None)
        drawn = power_plot(
            curves,
            powers=sorted({row["power"] for row in table["results"] if row["power"] is not None}),
            asimov=asimov,
            significance=table["significance"],
        )
        blocks.append(
            drawing(
                drawn,
                key=key,
                label=f"Power, or significance of an Asimov set, against the exposure, for {what}",
                caption=f"{what}: power or √Δq against the exposure, in durations of the run file.",
            )
        )
    return [*blocks, *(Text(text=note) for note in table.get("notes", []))]


def _curve(curve: dict[str, Any]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return factors, power or Δq, and its error; what was not finite is None in JSON, and was infinite."""
    factor, error = (np.array(curve[name], dtype=np.float64) for name in ("factor", "error"))
    values = np.array(curve.get("power", curve.get("delta_q")), dtype=np.float64)
    return factor, np.where(np.isnan(values), np.inf, values), error


def _results(caption: str, rows: Sequence[dict[str, Any]], name: str = "method") -> Table:
    return Table(
        caption=caption,
        head=(name, "power", "status", "factor", "live time of signal steps", "wall time"),
        rows=[
            (
                str(row[name]),
                "median of an Asimov set" if row["power"] is None else f"{row['power']:g}",
                row["status"],
                number(row["factor"]),
                "–" if row["live_time_s"] is None else duration(row["live_time_s"]),
                "–" if row["wall_time_s"] is None else duration(row["wall_time_s"]),
            )
            for row in rows
        ],
    )
