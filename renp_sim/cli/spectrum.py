"""`renp-sim spectrum FILE…`."""

from pathlib import Path
from typing import Annotated

from renp_sim.cli.options import Files, Force, Json, folder_option
from renp_sim.cli.output import print_json, print_notes, print_table

__all__ = ["spectrum"]


def spectrum(
    files: Files,
    output: Annotated[Path | None, folder_option("Also draw it, as PNG and PDF.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Rebuild the spectral function: counts per step → efficiency-corrected Î(ω) with Poisson errors."""
    from renp_sim.app.report import spectrum_of_files

    table, written = spectrum_of_files(files, output, force=force)
    if json:
        print_json(table)
        return
    from rich.console import Console

    headings = ["ω \\[eV]", "counts", "background", "Î(ω)", "−", "+"]
    names = ("omega_eV", "counts", "background", "value", "error_down", "error_up")
    rows = [
        [f"{omega:.9g}", f"{counts:.0f}", f"{background:.4g}", *(f"{v:.5g}" for v in values)]
        for omega, counts, background, *values in zip(*(table[name] for name in names), strict=True)
    ]
    if len(set(table["atom"])) > 1:
        headings = ["atom", *headings]
        rows = [[atom, *row] for atom, row in zip(table["atom"], rows, strict=True)]
    print_table(headings, rows)
    print_notes(Console(), table["notes"])
    for path in written:
        print(f"wrote {path}")
