"""NAME.part: a file that appears under its own name only when it is whole.

The one way in which this program writes a file. A ROOT file torn by a crash can open without a warning and
give wrong values, so nothing half-written may ever carry the final name. POSIX only: locks, and a rename that
replaces.
"""

import contextlib
import errno
import fcntl
import os
import stat
import sys
from pathlib import Path
from typing import ClassVar, Final

from renp_sim.errors import SchemaError

__all__ = ["PartFile", "require_new", "unwritable", "write_file"]

MARK: Final = b"renp-sim .part\n\n"
"""Stands where the first bytes belong until the file is whole: what carries it is ours to remove."""

WRITE_OUT_BYTES: Final = 1 << 22
"""A disk is busy with as much, and the rest that `commit` waits for is short."""


def write_file(path: Path, data: bytes, *, force: bool = False, durable: bool = True) -> None:
    """Write a whole file at once; parameters and errors are those of `PartFile`."""
    file = PartFile(path, force=force, durable=durable)
    try:
        file.write(data)
        file.commit()
    finally:
        # after `commit` there is nothing to drop
        file.discard()


def require_new(path: Path, *, force: bool = False) -> None:
    """Check that a file may be written under a name.

    Raises
    ------
    SchemaError
        If it is no name of a file, or something is there that is not to be replaced: a folder or a device
        never is, a file or a link with `force` only.
    """
    if not path.name:
        raise _folder(path)
    try:
        found = path.stat()
    except FileNotFoundError:
        # a link that leads nowhere is there all the same
        found = None
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from error
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise _folder(path)
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise SchemaError(f"{path}: is a device or a pipe: give the name of a file")
    if not force and (found is not None or path.is_symlink()):
        raise SchemaError(f"{path}: exists already: choose another name, or --force to replace it")


def unwritable(path: Path, error: OSError | ValueError) -> SchemaError:
    """Return the line for whatever the system refuses."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    shown = str(path).replace("\0", "\\0")
    return SchemaError(f"{shown}: cannot be written ({reason}): free space or choose another place")


def _folder(path: Path) -> SchemaError:
    return SchemaError(f"{path}: is a folder: give the name of a file")


class PartFile:
    """A file written at any position under NAME.part, locked, and renamed to NAME by `commit`.

    It has the methods that uproot and pyarrow ask of a file object. Each write goes straight to the system,
    because uproot seeks and flushes around every one and would defeat a buffer. Only the first bytes are held
    back: `MARK` stands there until `commit`.

    Parameters
    ----------
    path
        The final name. A link of that name is replaced, not followed.
    force
        Replace an existing file, at the moment of `commit`.
    durable
        Let `commit` wait until the file is on the disk; needless where content is verified when it is read.
    private
        Let nobody but its owner read it, from its first byte on.

    Raises
    ------
    SchemaError
        If the file exists and is not to be replaced, if another job is writing it, if NAME.part is there and
        not a file that a killed job left, or if it cannot be written; the .part is gone in the last case.
    """

    # a lock of POSIX is the process's: it does not see a second writer of the same process
    _held: ClassVar[set[str]] = set()

    def __init__(
        self, path: Path, *, force: bool = False, durable: bool = True, private: bool = False
    ) -> None:
        self._descriptor = -1
        self._process = os.getpid()
        self.path = path
        require_new(path, force=force)
        self.part = path.with_name(path.name + ".part")
        self._durable = durable
        self._key = os.path.realpath(self.part)
        self._head = bytearray(len(MARK))
        self._position = 0
        self._end = 0
        self._on_its_way = 0
        if self._key in self._held:
            raise self._busy()
        self._descriptor = self._locked_descriptor()
        self._held.add(self._key)
        try:
            require_new(path, force=force)  # another job may have finished it before we had the lock
            os.ftruncate(self._descriptor, 0)
            if private:
                os.fchmod(self._descriptor, 0o600)
            os.pwrite(self._descriptor, MARK, 0)
        except OSError as error:
            self.discard()
            raise error if isinstance(error, SchemaError) else unwritable(path, error) from error

    def _busy(self) -> SchemaError:
        return SchemaError(f"{self.path}: another job is writing it: wait for it or choose another name")

    def _in_the_way(self, what: str) -> SchemaError:
        return SchemaError(
            f"{self.part}: {what} that this program did not leave: move it away or choose another name than "
            f"{self.path.name}"
        )

    def _locked_descriptor(self) -> int:
        """Open and lock the .part; one that a killed job left is taken over, since its lock died with it."""
        while True:
            try:
                descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
                    raise self._in_the_way("is a link, a folder or a device") from error
                raise unwritable(self.path, error) from error
            try:
                if self._is_locked(descriptor):
                    self._refuse_foreign(descriptor)
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _is_locked(self, descriptor: int) -> bool:
        """Lock an open .part, and return whether it still has its name."""
        try:
            # not flock: workers forked by a killed job would still hold that one
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                raise self._busy() from error
            if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                raise unwritable(self.path, error) from error
            return True  # a file system without locks: better unguarded than unusable
        return self._has_name(descriptor)

    def _has_name(self, descriptor: int) -> bool:
        """Whether an open file still is NAME.part: its owner may have renamed or removed it."""
        try:
            return os.path.samestat(os.fstat(descriptor), os.lstat(self.part))
        except FileNotFoundError:
            return False

    def _refuse_foreign(self, descriptor: int) -> None:
        """Refuse a .part with another name too, or with content that is not ours."""
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise self._in_the_way("is a device, or a file with a second name,")
        if found.st_size and os.pread(descriptor, len(MARK), 0) != MARK:
            raise self._in_the_way("is a file")

    @property
    def closed(self) -> bool:
        """Whether nothing can be written any more."""
        return self._descriptor < 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset from the start, the position or the end."""
        self._position = offset + (0, self._position, self._end)[whence]
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes at the position."""
        start = self._position
        data = os.pread(self._descriptor, max(min(size, self._end - start), 0), start)
        self._position += len(data)
        held = self._head[start : start + len(data)]
        return bytes(held) + data[len(held) :]

    def write(self, data: bytes | memoryview) -> int:
        """Write all of the bytes at the position and return their number.

        Raises
        ------
        SchemaError
            If the disk is full or fails.
        """
        rest = memoryview(data).cast("B")
        size = rest.nbytes
        held = min(max(len(MARK) - self._position, 0), size)
        self._head[self._position : self._position + held] = rest[:held]
        rest = rest[held:]
        self._position += held
        while rest.nbytes:
            try:
                done = os.pwrite(self._descriptor, rest, self._position)
            except OSError as error:
                raise unwritable(self.path, error) from error
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
            os.pwrite(self._descriptor, self._head[: self._end], 0)
            os.ftruncate(self._descriptor, self._end)
            os.replace(self.part, self.path)
            if self._durable:
                # after the rename, so that a job killed while it waits leaves no .part without its mark;
                # what a power failure in these milliseconds may leave has the mark and is no ROOT file
                os.fsync(self._descriptor)
        except OSError as error:
            self.discard()
            raise unwritable(self.path, error) from error
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
                if self._has_name(self._descriptor):
                    self.part.unlink()
            self._release()

    def _release(self) -> None:
        # forgotten before it is closed: an interrupt may come between the two, and nothing is closed twice
        descriptor, self._descriptor = self._descriptor, -1
        self._held.discard(self._key)
        os.close(descriptor)

    def __del__(self) -> None:
        if self._descriptor < 0:
            return
        if self._process == os.getpid():
            # an interrupt may come before whoever asked for the file holds it
            self.discard()
        else:
            # a forked worker drops its copy of this object, and the file is not its own
            self._release()
