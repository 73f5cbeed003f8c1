"""A ROOT file in the making: under its name only when it is whole."""

from pathlib import Path
from types import TracebackType
from typing import Final, Self

from renp_sim.files import PartFile

__all__ = ["COMPRESSIONS", "RootFile"]

COMPRESSIONS: Final = ("lz4", "zstd", "none")
"""Level 1 each. zlib takes six times as long for nothing, LZMA is read as empty by jsroot."""


class RootFile:
    """A ROOT file in the making; use it in a `with` statement.

    Leaving the `with` block finishes the file. If an exception leaves it, nothing appears under the final
    name and the .part is removed.

    Parameters
    ----------
    path
        The file; its folder must exist.
    force
        Replace an existing file, once the new one is whole.
    compression
        One of `COMPRESSIONS`.
    private
        Let nobody but its owner read it.

    Raises
    ------
    SchemaError
        If the file exists, is being written by another job, or cannot be written.
    ValueError
        If the compression is unknown.
    """

    def __init__(
        self, path: Path, *, force: bool = False, compression: str = "lz4", private: bool = False
    ) -> None:
        import uproot

        codecs = {"lz4": uproot.LZ4(1), "zstd": uproot.ZSTD(1), "none": None}
        if compression not in codecs:
            raise ValueError(f"compression {compression!r}: must be one of {', '.join(COMPRESSIONS)}")
        self._part = PartFile(path, force=force, private=private)
        self._done = False
        try:
            self._file = uproot.recreate(self._part, compression=codecs[compression])
            self._begin()
        except BaseException:
            self.abandon()
            raise

    def _begin(self) -> None:
        """Make what is written into."""
        raise NotImplementedError

    def _write_last(self) -> None:
        """Write what is left at the end."""
        raise NotImplementedError

    def finish(self) -> None:
        """Write what is left and give the file its name.

        Raises
        ------
        SchemaError
            If the disk is full or fails.
        """
        self._write_last()
        self._file.close()
        self._done = True
        self._part.commit()

    def abandon(self) -> None:
        """Drop the file; nothing appears under the final name."""
        self._done = True
        self._part.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._done:
            return
        try:
            if kind is None:
                self.finish()
        finally:
            # after `commit` there is nothing to drop
            self.abandon()
