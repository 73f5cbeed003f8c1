"""Events as Parquet or CSV, streamed: a file may be larger than memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.reader import Paths, find_files, iterate_events, read_many
from renp_sim.ntuple.schema import EVENTS

__all__ = ["Format", "export"]

Block = dict[str, NDArray[Any]]


class Format(StrEnum):
    """What events can be exported to."""

    PARQUET = "parquet"
    CSV = "csv"


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
        If a file cannot be read, or `out` exists or cannot be written.
    ConfigError
        If Parquet is asked for and pyarrow is not installed.
    """
    files = find_files(paths)
    read_many(files)
    if out.exists() and not force:
        raise SchemaError(f"{out}: exists already: choose another name, or --force to replace it")
    part = out.with_name(out.name + ".part")
    rows = 0
    try:
        with (_parquet if form is Format.PARQUET else _csv)(part) as write:
            for block in iterate_events(files):
                write(block)
                rows += len(block["run"])
        part.replace(out)
    except OSError as error:
        if isinstance(error, SchemaError):
            raise
        raise SchemaError(f"{out}: cannot be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)
    return rows


@contextmanager
def _csv(part: Path) -> Iterator[Callable[[Block], None]]:
    names = [branch.name for branch in EVENTS.flat]
    # as many digits as give a number back
    forms = {"f8": "%.17g", "f4": "%.9g"}
    style = [forms.get(np.dtype(branch.dtype).str[1:], "%d") for branch in EVENTS.flat]
    with part.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(names) + "\n")

        def write(block: Block) -> None:
            for row in zip(*(block[name].tolist() for name in names), strict=True):
                file.write(",".join(form % value for form, value in zip(style, row, strict=True)) + "\n")

        yield write


@contextmanager
def _parquet(part: Path) -> Iterator[Callable[[Block], None]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow: pip install pyarrow, or --to csv") from None
    names = [branch.name for branch in EVENTS.flat]
    schema = pyarrow.schema([(b.name, pyarrow.from_numpy_dtype(np.dtype(b.dtype))) for b in EVENTS.flat])
    with pyarrow.parquet.ParquetWriter(part, schema) as writer:
        yield lambda block: writer.write_table(pyarrow.table([block[name] for name in names], schema=schema))
