"""The exposure that a stored campaign of toys gives: what its run printed, and the curve with its bands."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.app.toy_summary import NAMES
from renp_sim.errors import ConfigError
from renp_sim.plots.power import toy_plot

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["write_campaign"]

HEADER = ("factor", "live_time_s", "wall_time_s", "power", "power_error", "median_delta_q", "p_value")


def write_campaign(
    table: dict[str, Any], powers: Sequence[float], folder: Path, *, force: bool = False
) -> list[Path]:
    """Write what `read_campaign` says along the exposure as CSV, PNG and PDF, and return the files.

    Raises
    ------
    ConfigError
        If the toys are of one hypothesis only.
    SchemaError
        If a file exists and `force` is not given, or cannot be written.
    """
    points = table["exposures"]
    if "power" not in points[0]:
        raise ConfigError("--output: there is no curve where toys are not drawn under both hypotheses")
    sides = " against ".join(table["hypotheses"])

    def draw() -> "Figure":
        return toy_plot(points, significance=table["significance"], powers=powers, title=sides)

    return write_table_and_plot(
        folder,
        "exposure",
        [
            f"{table['question']}: {sides}, {table['significance']:g} sigma, {table['n_toys']} toys",
            "quantiles are those of the significance over toys under the truth",
        ],
        (*HEADER, *NAMES),
        [
            [*(point[name] for name in HEADER), *(point["significance"][name] for name in NAMES)]
            for point in points
        ],
        draw,
        force=force,
    )
