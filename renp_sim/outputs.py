"""What a command may write: an input is never an output, and nothing is replaced that was not asked for."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from renp_sim.errors import SchemaError
from renp_sim.files import require_new, unwritable

__all__ = ["require_outputs", "results_folder"]


def require_outputs(
    outputs: Iterable[Path], *, inputs: Iterable[Path | None] = (), force: bool = False
) -> None:
    """Check, before any work is done, that files may be written.

    Parameters
    ----------
    outputs
        The files.
    inputs
        What the command reads; None for what is no file.
    force
        Replace what exists.

    Raises
    ------
    SchemaError
        If an output is an input, whatever links lead to it, or as `renp_sim.files.require_new` does.
    """
    given = [path for path in inputs if path is not None]
    for output in outputs:
        for path in given:
            if _is_same(output, path):
                raise SchemaError(f"{output}: is the input {path}: give the output another name")
        require_new(output, force=force)


def _is_same(output: Path, path: Path) -> bool:
    try:
        return os.path.samefile(output, path)
    except (OSError, ValueError):
        # one of them is not there, or is no name of a file
        return False


@contextmanager
def results_folder(folder: Path) -> Iterator[None]:
    """Make a folder for results, and unmake it if nothing gets into it.

    Raises
    ------
    SchemaError
        If it cannot be made.
    """
    missing: list[Path] = []
    try:
        try:
            missing += [path for path in (folder, *folder.parents) if not path.exists()]
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise SchemaError(f"{folder}: is no folder: give the name of one, or of a new one") from None
        except (OSError, ValueError) as error:
            raise unwritable(folder, error) from None
        yield
    except BaseException:
        for path in missing:
            # one that something is in stays, and what is no name was not made
            with suppress(OSError, ValueError):
                path.rmdir()
        raise
