"""Numbers and their picture: a CSV file with what it is in its head, and the plot as PNG and PDF."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renp_sim.files import write_file
from renp_sim.outputs import require_outputs, results_folder
from renp_sim.plots.figure import FORMATS, png_and_pdf, save

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["write_csv", "write_table_and_plot"]


def write_table_and_plot(
    folder: Path,
    name: str,
    says: Iterable[str],
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    draw: "Callable[[], Figure]",
    *,
    force: bool,
) -> list[Path]:
    """Write a table and its plot into a folder, which is made if it is not there, and return the files.

    Raises
    ------
    SchemaError
        If a file exists and `force` is not given, or cannot be written.
    """
    files = [folder / f"{name}.{kind}" for kind in ("csv", *FORMATS)]
    require_outputs(files, force=force)
    with results_folder(folder):
        write_csv(files[0], says, header, rows)
        save(draw(), *png_and_pdf(folder / name))
    return files


def write_csv(path: Path, says: Iterable[str], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write numbers to 17 digits, with what they are in lines that begin with #; None is left empty."""
    out = io.StringIO()
    out.writelines(f"# {line}\n" for line in says)
    table = csv.writer(out, lineterminator="\n")
    table.writerow(header)
    for row in rows:
        table.writerow([repr(value) if isinstance(value, float) else value for value in row])
    write_file(path, out.getvalue().encode(), force=True)
