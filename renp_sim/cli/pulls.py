"""`renp-sim pulls FILE…`."""

from renp_sim.cli.options import Files, Json
from renp_sim.cli.output import print_json, print_notes, print_table

__all__ = ["pulls"]


def pulls(files: Files, json: Json = False) -> None:
    """Print bias and pulls of the toys that `renp-sim toys` kept, by parameter and exposure."""
    from rich.console import Console

    from renp_sim.app.pulls import pull_report

    found = pull_report(files)
    if json:
        print_json(found)
        return
    headings = ("hypothesis", "factor", "parameter", "truth", "bias", "mean pull", "width", "of toys")
    print_table(
        headings,
        [
            (
                row["hypothesis"],
                f"{row['factor']:g}",
                row["parameter"],
                f"{row['truth']:.6g}",
                f"{row['bias']:+.3g}",
                _shown(row["mean"], row["mean_error"], "+"),
                _shown(row["width"], row["width_error"], ""),
                f"{row['n']} of {row['n_toys']}",
            )
            for row in found["rows"]
        ],
    )
    print_notes(Console(soft_wrap=True, highlight=False, markup=False), found["notes"])


def _shown(value: float | None, error: float | None, sign: str) -> str:
    return "" if value is None else f"{value:{sign}.3f} ± {error:.3f}"
