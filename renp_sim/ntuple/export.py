"""Events as Parquet or CSV, streamed: a file may be larger than memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.errors import ConfigError
from renp_sim.files import PartFile
from renp_sim.ntuple.opening import Paths, find_files
from renp_sim.ntuple.reader import iterate_events, read_many
from renp_sim.ntuple.schema import EVENTS
from renp_sim.outputs import require_outputs

__all__ = ["Format", "export", "format_of"]

Block = dict[str, NDArray[Any]]

ROWS_IN_MEMORY = 4096
"""Lines of text that are written at once."""


class Format(StrEnum):
    """What events can be exported to."""

    PARQUET = "parquet"
    CSV = "csv"


def format_of(out: Path, asked: str | None = None) -> Format:
    """Return the format that is asked for, or that of the suffix of a name.

    Raises
    ------
    ConfigError
        If neither says it, or the suffix says another one.

    Examples
    --------
    >>> format_of(Path("EVENTS.CSV"))
    <Format.CSV: 'csv'>
    """
    name = asked or out.suffix.lower().removeprefix(".")
    if name not in list(Format):
        allowed = " or ".join(f".{form}" for form in Format)
        raise ConfigError(f"--output {out}: must end in {allowed}, or --to must give the format")
    suffix = out.suffix.lower().removeprefix(".")
    if suffix in list(Format) and suffix != name:
        raise ConfigError(f"--to {name}: --output {out} ends in .{suffix}: leave --to out, or rename it")
    return Format(name)


def export(paths: Paths, out: Path, form: Format, *, force: bool = False) -> int:
    """Write the events of some files, in their order, and return how many.

    Parameters
    ----------
    paths
        Ntuples; a run that is in two of them is refused.
    out
        The file, which has its name only when it is whole.
    form
        Parquet keeps every dtype; CSV has 17 digits and a line of branch names.
    force
        Replace an existing file.

    Raises
    ------
    SchemaError
        If a file cannot be read, or `out` is one of them, exists or cannot be written.
    ConfigError
        If Parquet is asked for and pyarrow is not installed.
    """
    files = find_files(paths)
    require_outputs([out], inputs=files, force=force)
    read_many(files)
    rows = 0
    part = PartFile(out, force=force)
    try:
        with (_parquet if form is Format.PARQUET else _csv)(part) as write:
            for block in iterate_events(files):
                write(block)
                rows += len(block["run"])
        part.commit()
    finally:
        # after `commit` there is nothing to drop
        part.discard()
    return rows


@contextmanager
def _csv(part: PartFile) -> Iterator[Callable[[Block], None]]:
    names = [branch.name for branch in EVENTS.flat]
    # as many digits as give a number back
    forms = {"f8": "%.17g", "f4": "%.9g"}
    style = [forms.get(np.dtype(branch.dtype).str[1:], "%d") for branch in EVENTS.flat]
    line = ",".join(style) + "\n"
    part.write((",".join(names) + "\n").encode())

    def write(block: Block) -> None:
        for start in range(0, len(block["run"]), ROWS_IN_MEMORY):
            columns = (block[name][start : start + ROWS_IN_MEMORY].tolist() for name in names)
            part.write("".join(line % row for row in zip(*columns, strict=True)).encode())

    yield write


@contextmanager
def _parquet(part: PartFile) -> Iterator[Callable[[Block], None]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow: pip install pyarrow, or --to csv") from None
    names = [branch.name for branch in EVENTS.flat]
    schema = pyarrow.schema([(b.name, pyarrow.from_numpy_dtype(np.dtype(b.dtype))) for b in EVENTS.flat])
    with pyarrow.parquet.ParquetWriter(part, schema) as writer:
        yield lambda block: writer.write_table(pyarrow.table([block[name] for name in names], schema=schema))
