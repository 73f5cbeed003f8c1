"""NAME.part: a file that appears under its own name only when it is whole.

A ROOT file torn by a crash can open without a warning and give wrong values, so nothing half-written may
ever carry the final name.
"""

import contextlib
import errno
import fcntl
import os
import sys
from pathlib import Path
from typing import ClassVar

from renp_sim.errors import SchemaError

__all__ = ["PartFile"]

WRITE_OUT_BYTES = 1 << 22
"""A disk is busy with as much, and the rest that `commit` waits for is short."""


class PartFile:
    """A file written at any position under NAME.part, locked, and renamed to NAME by `commit`.

    It has the methods that uproot asks of a file object. Each write goes straight to the system, because
    uproot seeks and flushes around every one and would defeat a buffer.

    Parameters
    ----------
    path
        The final name.
    force
        Replace an existing file, at the moment of `commit`.
    durable
        Let `commit` wait until the file is on the disk, so that a power failure cannot tear it. May be left
        out where the content is verified whenever it is read.

    Raises
    ------
    SchemaError
        If the file exists and is not to be replaced, if another job is writing it, or if it cannot be
        written; the .part is gone in the last case.
    """

    # a lock of POSIX is the process's: it does not see a second writer of the same process
    _held: ClassVar[set[str]] = set()

    def __init__(self, path: Path, *, force: bool = False, durable: bool = True) -> None:
        self.path = path
        self._durable = durable
        self.part = path.with_name(path.name + ".part")
        self._key = os.path.realpath(self.part)
        self._position = 0
        self._end = 0
        self._on_its_way = 0
        self._descriptor = -1
        self._refuse_existing(force)
        if self._key in self._held:
            raise self._busy()
        self._descriptor = self._locked_descriptor()
        self._held.add(self._key)
        try:
            self._refuse_existing(force)  # another job may have finished it before we had the lock
            os.ftruncate(self._descriptor, 0)
        except BaseException:
            self.discard()
            raise

    def _refuse_existing(self, force: bool) -> None:
        try:
            is_folder, exists = self.path.is_dir(), self.path.exists()
        except OSError as error:
            raise self._unwritable(error) from error
        if is_folder:
            raise SchemaError(f"{self.path}: is a folder: give the name of a file")
        if exists and not force:
            raise SchemaError(f"{self.path}: exists already: choose another name, or --force to replace it")

    def _busy(self) -> SchemaError:
        return SchemaError(f"{self.path}: another job is writing it: wait for it or choose another name")

    def _unwritable(self, error: OSError) -> SchemaError:
        reason = error.strerror or str(error)
        return SchemaError(f"{self.path}: cannot be written ({reason}): free space or choose another folder")

    def _locked_descriptor(self) -> int:
        """Open and lock the .part; one that a killed job left is taken over, since its lock died with it."""
        while True:
            try:
                descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError as error:
                raise self._unwritable(error) from error
            try:
                # not flock: workers forked by a killed job would still hold that one
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(descriptor), os.stat(self.part)):
                    return descriptor
            except FileNotFoundError:
                pass  # renamed or removed by its owner between open and lock
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EAGAIN):
                    os.close(descriptor)
                    raise self._busy() from error
                if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                    return descriptor  # a file system without locks: better unguarded than unusable
                os.close(descriptor)
                raise self._unwritable(error) from error
            os.close(descriptor)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset from the start, the position or the end."""
        self._position = offset + (0, self._position, self._end)[whence]
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes at the position."""
        data = os.pread(self._descriptor, size, self._position)
        self._position += len(data)
        return data

    def write(self, data: bytes | memoryview) -> int:
        """Write all of the bytes at the position and return their number.

        Raises
        ------
        SchemaError
            If the disk is full or fails.
        """
        rest = memoryview(data)
        size = rest.nbytes
        while rest.nbytes:
            try:
                done = os.pwrite(self._descriptor, rest, self._position)
            except OSError as error:
                raise self._unwritable(error) from error
            rest = rest[done:]
            self._position += done
        self._end = max(self._end, self._position)
        if self._durable and self._end - self._on_its_way >= WRITE_OUT_BYTES:
            self._write_out()
        return size

    def _write_out(self) -> None:
        """Have the system begin to write what is new, so that `commit` need not wait for all of it."""
        if sys.platform == "linux":
            new = self._end - self._on_its_way
            with contextlib.suppress(OSError):
                # Linux starts to write such pages; they stay in memory, being dirty as yet
                os.posix_fadvise(self._descriptor, self._on_its_way, new, os.POSIX_FADV_DONTNEED)
        self._on_its_way = self._end

    def flush(self) -> None:
        """Do nothing: no write is held back."""

    def commit(self) -> None:
        """Give the file its name.

        Raises
        ------
        SchemaError
            If the disk fails; the .part is gone then.
        """
        try:
            if self._durable:
                os.fsync(self._descriptor)
            os.replace(self.part, self.path)
        except OSError as error:
            self.discard()
            raise self._unwritable(error) from error
        self._release()
        if self._durable:
            # some file systems cannot sync a folder; the file itself is safe by now
            with contextlib.suppress(OSError):
                folder = os.open(self.path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)

    def discard(self) -> None:
        """Remove the .part; nothing happens after `commit`."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                self.part.unlink()
            self._release()

    def _release(self) -> None:
        # forgotten before it is closed: an interrupt may come between the two, and nothing is closed twice
        descriptor, self._descriptor = self._descriptor, -1
        self._held.discard(self._key)
        os.close(descriptor)

    def __del__(self) -> None:
        # the .part stays: a forked worker drops its copy of this object, and the file is not its own
        if getattr(self, "_descriptor", -1) >= 0:
            self._release()
