"""Shards of a long run: finished pieces that a killed job leaves and `--resume` takes up.

A shard is `000007.shard`, the bytes of its columns block after block, and `000007.json`, which is written
after it and says what it holds.
Nothing is shared between shards, so several processes may write different ones at the same time. No write
waits for the disk: a hash of each block, verified whenever it is read, finds what a power failure has torn.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import xxhash
from numpy.typing import NDArray

from renp_sim.errors import SchemaError
from renp_sim.files import PartFile
from renp_sim.ntuple.shard_folder import claim_folder, read_json, write_json

__all__ = ["Shard", "ShardStore"]

ALIGNMENT = 8
"""Columns start at multiples of this, so that their elements lie where numpy is fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """What a shard holds.

    Parameters
    ----------
    index
        Place of the shard in the run.
    address
        What the caller needs to make it again; any JSON.
    summary
        What the caller wants to know without reading it; any JSON.
    columns
        Name and dtype of each column, in file order.
    block_rows, block_hashes
        Rows of each block and the xxh3 hash of its bytes.
    """

    index: int
    address: Any
    summary: Mapping[str, Any]
    columns: tuple[tuple[str, str], ...]
    block_rows: tuple[int, ...]
    block_hashes: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows of all blocks."""
        return sum(self.block_rows)


class ShardStore:
    """The folder of a run's shards.

    Parameters
    ----------
    folder
        Made if it is not there.
    fingerprint
        Stands for everything that decides the content of the shards.
    decides
        What that is, JSON, for whoever is told that another job differs.

    Raises
    ------
    SchemaError
        If the folder holds shards of another job, or something else, or cannot be written.
    """

    def __init__(self, folder: Path, fingerprint: str, decides: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        claim_folder(folder, fingerprint, decides)

    def completed(self) -> set[int]:
        """Return the indices of the shards that are whole; every byte is read and verified.

        What is not whole is to be written again.
        """
        names = (path.stem for path in self.folder.glob("*.json"))
        return {int(name) for name in names if re.fullmatch(r"\d{6,}", name) and self._is_whole(int(name))}

    def _is_whole(self, index: int) -> bool:
        try:
            for _ in self.load(index):
                pass
        except SchemaError:
            return False
        return True

    def keep(
        self,
        index: int,
        address: Any,
        blocks: Iterable[Mapping[str, NDArray[Any]]],
        summary: Mapping[str, Any] | None = None,
    ) -> Iterator[dict[str, NDArray[Any]]]:
        """Write a shard and yield each block once it is written; a shard that was there is replaced.

        Whoever stops before the end leaves no shard.

        Parameters
        ----------
        index
            Place of the shard in the run.
        address, summary
            See `Shard`; JSON that survives a round trip (lists, not tuples). The summary is read after the
            last block.
        blocks
            Columns by name, with the same names and dtypes in each block.

        Raises
        ------
        ValueError
            If the blocks differ in their columns, or the columns of a block in their length.
        SchemaError
            If the disk is full or fails, or another process is writing this shard.
        """
        columns: tuple[tuple[str, str], ...] = ()
        rows: list[int] = []
        hashes: list[str] = []
        file = PartFile(self._data(index), force=True, durable=False)
        try:
            # from here on the shard is not whole until its description is back
            self._description(index).unlink(missing_ok=True)
            for block in blocks:
                arrays = {name: np.ascontiguousarray(values) for name, values in block.items()}
                layout = tuple((name, values.dtype.str) for name, values in arrays.items())
                shapes = {values.shape for values in arrays.values()}
                if (rows and layout != columns) or len(shapes) != 1:
                    raise ValueError(f"shard {index}: block {len(rows)} has other columns or unequal lengths")
                columns = layout
                rows.append(*shapes.pop())
                hashes.append(_write_block(file, arrays))
                yield arrays
            file.commit()
        finally:
            file.discard()
        shard = Shard(
            index=index,
            address=address,
            summary=summary or {},
            columns=columns,
            block_rows=tuple(rows),
            block_hashes=tuple(hashes),
        )
        write_json(self._description(index), asdict(shard))

    def shard(self, index: int) -> Shard:
        """Return what a shard holds, without its columns.

        Raises
        ------
        SchemaError
            If the shard is not there.
        """
        found = read_json(self._description(index))
        try:
            if found is None or found["index"] != index:
                raise self._torn(index)
            return Shard(
                index=index,
                address=found["address"],
                summary=found["summary"],
                columns=tuple((name, dtype) for name, dtype in found["columns"]),
                block_rows=tuple(found["block_rows"]),
                block_hashes=tuple(found["block_hashes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._torn(index) from error

    def load(self, index: int, *, verify: bool = True) -> Iterator[dict[str, NDArray[Any]]]:
        """Yield the blocks of a shard as they were written; the arrays are read-only.

        Parameters
        ----------
        index
            Place of the shard in the run.
        verify
            False leaves out the hashes, of a shard that `completed` or this very run vouches for.

        Raises
        ------
        SchemaError
            If the shard is not there or a block is not what was written; blocks before it are right.
        """
        shard = self.shard(index)
        dtypes = [(name, np.dtype(dtype)) for name, dtype in shard.columns]
        try:
            file = self._data(index).open("rb")
        except OSError as error:
            raise self._torn(index) from error
        with file:
            for rows, expected in zip(shard.block_rows, shard.block_hashes, strict=True):
                yield self._block(file, index, dtypes, rows, expected if verify else None)

    def _block(
        self,
        file: BinaryIO,
        index: int,
        dtypes: list[tuple[str, np.dtype[Any]]],
        rows: int,
        expected: str | None,
    ) -> dict[str, NDArray[Any]]:
        sizes = [rows * dtype.itemsize for _, dtype in dtypes]
        length = sum(size + -size % ALIGNMENT for size in sizes)
        data = file.read(length)
        if len(data) != length or (expected is not None and xxhash.xxh3_64_hexdigest(data) != expected):
            raise self._torn(index)
        block: dict[str, NDArray[Any]] = {}
        start = 0
        for (name, dtype), size in zip(dtypes, sizes, strict=True):
            block[name] = np.frombuffer(data, dtype, rows, start)
            start += size + -size % ALIGNMENT
        return block

    def _data(self, index: int) -> Path:
        return self.folder / f"{index:06d}.shard"

    def _description(self, index: int) -> Path:
        return self.folder / f"{index:06d}.json"

    def _torn(self, index: int) -> SchemaError:
        return SchemaError(f"{self._data(index)}: is missing or torn: run again with --resume to remake it")


def _write_block(file: PartFile, arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = xxhash.xxh3_64()
    for values in arrays.values():
        data = values.view(np.uint8).data
        padding = bytes(-data.nbytes % ALIGNMENT)
        for part in (data, padding):
            digest.update(part)
            file.write(part)
    return digest.hexdigest()
