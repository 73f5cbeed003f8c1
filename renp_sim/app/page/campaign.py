"""Toys and belts of a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from renp_sim.analysis.infer.belts import read_belts
from renp_sim.app.page.figures import drawing
from renp_sim.app.page.folder import Found
from renp_sim.app.page.parts import Block, Facts, Section, Table, Text
from renp_sim.app.page.words import duration, number, percent, sigma_text
from renp_sim.app.pulls import pull_notes, pulls_of_toys
from renp_sim.app.toy_summary import read_campaign
from renp_sim.constants import ONE_SIGMA
from renp_sim.plots.belts import belt_plot
from renp_sim.plots.power import power_plot

__all__ = ["campaign_section"]

LEVELS = (ONE_SIGMA, 0.9)
"""Of the belts that are drawn."""


def campaign_section(found: Found) -> Section | None:
    """Return the section; None where the folder has neither.

    Raises
    ------
    SchemaError
        If a file cannot be read.
    """
    blocks: list[Block] = []
    for place, path in enumerate(found.toys):
        blocks += _toys(path, f"toys{place}")
    for place, path in enumerate(found.belts):
        blocks += _belts(path, f"belts{place}")
    return Section(key="toys", title="Toys and belts", blocks=tuple(blocks)) if blocks else None


def _toys(path: Path, key: str) -> list[Block]:
    table = read_campaign(path)
    rows = [
        ("question", str(table["question"] or "none, toys of one hypothesis")),
        ("hypotheses", " against ".join(table["hypotheses"])),
        ("toys", f"{table['n_toys']}, {table['fits']['n']} fits, {table['fits']['failed']} did not converge"),
        ("normalisation", str(table["normalisation"])),
    ]
    blocks: list[Block] = [Facts(caption=f"Toys of {path.name}", rows=rows)]
    known = [point for point in table["exposures"] if "power" in point]
    if known:
        blocks.append(_powers(table, known, path.name))
        if len(known) > 1:
            factor, power, error = (
                np.array([point[name] for point in known], dtype=np.float64)
                for name in ("factor", "power", "power_error")
            )
            drawn = power_plot(
                {"toys": (factor, power, error)},
                powers=(0.5, 0.9),
                asimov=None,
                significance=table["significance"],
            )
            ends = " to ".join(number(point["power"], 2) for point in (known[0], known[-1]))
            label = f"Power of toys against the exposure, from {ends}"
            blocks.append(
                drawing(
                    drawn, key=key, label=label, caption=f"Power at {table['significance']:g} σ, one-sided."
                )
            )
    pulls = pulls_of_toys(path)
    blocks.append(_pulls(path, pulls))
    return [*blocks, *(Text(text=note) for note in (*table["notes"], *pull_notes(pulls)))]


def _powers(table: dict[str, Any], known: Sequence[dict[str, Any]], name: str) -> Table:
    rows = [
        (
            number(point["factor"]),
            duration(point["live_time_s"]),
            f"{number(point['power'], 3)} ± {number(point['power_error'], 1)}",
            sigma_text(point["significance"]["median"], table["n_toys"]),
        )
        for point in known
    ]
    head = (
        "exposure factor",
        "live time of signal steps",
        f"power at {table['significance']:g} σ",
        "median significance (σ)",
    )
    return Table(caption=f"What the toys of {name} say", head=head, rows=rows)


def _pulls(path: Path, pulls: Sequence[dict[str, Any]]) -> Table:
    rows = [
        (
            row["hypothesis"],
            number(row["factor"]),
            row["parameter"],
            f"{number(row['mean'], 2)} ± {number(row['mean_error'], 1)}",
            f"{number(row['width'], 3)} ± {number(row['width_error'], 1)}",
            number(row["bias"], 2),
            f"{row['n']} of {row['n_toys']}",
        )
        for row in pulls
    ]
    head = ("hypothesis", "exposure factor", "parameter", "mean pull", "width", "bias", "toys with an error")
    return Table(caption=f"Pulls of the toys of {path.name}", head=head, rows=rows)


def _belts(path: Path, key: str) -> list[Block]:
    head, made = read_belts(path)
    purpose = head["purpose"]
    facts: Block = Facts(
        caption=f"Belts of {path.name}",
        rows=[
            ("parameter", purpose["parameter"]),
            ("floating", ", ".join(purpose["floating"])),
            ("points", str(len(made))),
            ("distributions from", f"{head['n_toys']} toys" if head["n_toys"] else "every outcome"),
        ],
    )
    theta = np.array([np.frombuffer(bytes.fromhex(name)) for name in made])
    moving = np.flatnonzero(np.any(theta != theta[:1], axis=0))
    if len(moving) != 1:
        # with nuisances that follow, the values alone do not say where a point is
        return [facts]
    values = theta[:, moving[0]]
    order = np.argsort(values)
    kept = list(made.values())
    critical = {percent(level): np.array([kept[i].critical(level) for i in order]) for level in LEVELS}
    label = f"Critical values of the belts of {purpose['parameter']} over {len(made)} values of it"
    drawn = belt_plot(values[order], critical, x_label=purpose["parameter"])
    caption = (
        f"Largest Δ(−2 ln L) that each value of {purpose['parameter']} accepts; Wilks has 1.00 and 2.71."
    )
    return [facts, drawing(drawn, key=key, label=label, caption=caption)]
