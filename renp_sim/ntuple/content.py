"""Hashes of what a run holds: a flipped bit is found by whoever reads it.

There is one for each branch, the xxh3 of the run's decoded values in the order of its rows. So it does not
depend on compression, baskets or other runs in the file, and survives `hadd`; and whoever reads some branches
only can check them.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import xxhash
from numpy.typing import NDArray

from renp_sim.ntuple.schema import Columns

__all__ = ["HASHES", "ContentHash", "Hashes", "damage", "hashes_to_text", "row_hashes", "stored_hashes"]

HASHES: Final = "hashes"
"""The branch of `runs` that holds them; all the others have one."""

Hashes = Mapping[str, Mapping[str, str]]
"""Tree → branch → hash, of one run."""


class ContentHash:
    """Hashes of columns of one tree, run by run, fed with blocks of any size.

    Parameters
    ----------
    names
        The branches.
    run
        The run of all rows; None where the column `run` tells it.
    """

    def __init__(self, names: Iterable[str], run: int | None = None) -> None:
        self._names = tuple(names)
        self._run = run
        self._digests: dict[int, dict[str, Any]] = {}

    def add(self, columns: Columns) -> None:
        """Add the next rows."""
        if self._run is not None:
            self._add(self._run, {name: columns[name] for name in self._names})
            return
        runs = columns["run"]
        # rows of a run nearly always stand together
        ends = np.append(np.flatnonzero(np.diff(runs)) + 1, len(runs))
        for start, end in zip(np.append(0, ends[:-1]).tolist(), ends.tolist(), strict=True):
            if end > start:
                self._add(int(runs[start]), {name: columns[name][start:end] for name in self._names})

    def _add(self, run: int, columns: Columns) -> None:
        if run not in self._digests:
            self._digests[run] = self._new()
        digests = self._digests[run]
        for name, values in columns.items():
            digests[name].update(_little_endian(values))

    def _new(self) -> dict[str, Any]:
        return {name: xxhash.xxh3_64() for name in self._names}

    def of(self, run: int) -> dict[str, str]:
        """Return the hashes of a run; those of no rows if it has none."""
        return {name: digest.hexdigest() for name, digest in self._digests.get(run, self._new()).items()}


def row_hashes(numbers: Mapping[str, Any], texts: Mapping[str, bytes]) -> dict[str, str]:
    """Return the hashes of a row of `runs`: its numbers, of the dtype of their branch, and its texts."""
    data: dict[str, Any] = {name: _little_endian(np.asarray(value)) for name, value in numbers.items()}
    return {name: xxhash.xxh3_64_hexdigest(content) for name, content in {**data, **texts}.items()}


def _little_endian(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the bytes of values; no copy where the machine has them so."""
    return np.ascontiguousarray(values, values.dtype.newbyteorder("<")).reshape(-1).view(np.uint8)


def hashes_to_text(hashes: Hashes) -> bytes:
    """Return the bytes of the branch."""
    return json.dumps(hashes, separators=(",", ":")).encode()


def stored_hashes(runs: Columns, texts: Sequence[bytes]) -> tuple[dict[int, Hashes], list[str]]:
    """Return the hashes that a file has of its runs, and a line for each run that has lost them.

    A run of schema 1.0 may have none.
    """
    found: dict[int, Hashes] = {}
    faults: list[str] = []
    for run, minor, text in zip(runs["run"].tolist(), runs["schema_minor"].tolist(), texts, strict=True):
        if text:
            found[run] = {tree: dict(names) for tree, names in json.loads(text).items()}
        elif minor > 0:
            faults.append(f"run {run}: has lost its content hashes: merge it again, by `renp-sim merge`")
    # a run that is there twice is another fault
    numbers = Counter(runs["run"].tolist())
    return {run: hashes for run, hashes in found.items() if numbers[run] == 1}, faults


def damage(
    stored: Mapping[int, Hashes], tree: str, found: Callable[[int], Mapping[str, str]]
) -> Iterator[str]:
    """Yield a line for each run whose values in a tree are not what was written.

    Parameters
    ----------
    stored
        Hashes of the file by run.
    tree
        Its name.
    found
        Gives the hashes of what was read of a run, by branch.
    """
    for run, hashes in stored.items():
        written = hashes.get(tree, {})
        wrong = [name for name, digest in found(run).items() if written.get(name) != digest]
        if wrong:
            yield f"run {run}: {tree}: {', '.join(wrong)}: not what was written: the file is damaged"
