"""A table of the run file that stands in a CSV file of its own."""

from pathlib import Path

from renp_sim.errors import ConfigError

__all__ = ["ENERGY", "csv_columns"]

ENERGY = "energy_eV"

MOST_BYTES = 1 << 22
"""Of a file of some 10⁵ points; the configuration in every ROOT file holds them."""


def csv_columns(path: Path, column: str) -> tuple[list[float], list[float]]:
    """Return energies, eV, and values of a CSV file whose first line names its columns.

    Empty lines, and those that begin with #, are skipped.

    Parameters
    ----------
    path
        The file.
    column
        What the second column is called; the first is `energy_eV`.

    Raises
    ------
    ConfigError
        With one line that says what is wrong, and not of which key.
    """
    heading = f"{ENERGY},{column}"
    lines = [(n, line) for n, line in enumerate(_text(path, heading).splitlines(), 1) if _is_row(line)]
    rows = [[cell.strip() for cell in line.split(",")] for _, line in lines]
    if not rows or rows[0] != [ENERGY, column]:
        raise ConfigError(f"its first line must name the columns: {heading}")
    points: list[tuple[float, float]] = []
    for (number, _), row in zip(lines[1:], rows[1:], strict=False):
        try:
            energy_eV, value = map(float, row)
        except ValueError:
            raise ConfigError(f"line {number}: must have two numbers, {heading}") from None
        points.append((energy_eV, value))
    return [energy_eV for energy_eV, _ in points], [value for _, value in points]


def _text(path: Path, heading: str) -> str:
    try:
        size = path.stat().st_size if path.is_file() else None
        if size is not None and size <= MOST_BYTES:
            return path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})") from None
    except ValueError:
        raise ConfigError(f"is not text: give a CSV file of the columns {heading}") from None
    if size is None:
        raise ConfigError("no such file, seen from the folder of the run file")
    raise ConfigError(f"has more than {MOST_BYTES} bytes: thin the table out")


def _is_row(line: str) -> bool:
    return line.strip()[:1] not in ("", "#")
