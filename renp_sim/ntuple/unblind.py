"""`unblind`: a blind run and its key are one run with its truth again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.errors import SchemaError, listed
from renp_sim.ntuple.blind import key_of
from renp_sim.ntuple.reader import NtupleTables, iterate_events, read_tables
from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, STEPS, Tree
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.outputs import require_outputs

__all__ = ["Unblinded", "unblind"]

Block = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblinded:
    """What was written: the file, the run that shows its truth, and the runs that are still blind."""

    path: Path
    run: int
    n_events: int
    still_blind: tuple[int, ...]


def unblind(
    path: str | PathLike[str], key: str | PathLike[str], output: str | PathLike[str], *, force: bool = False
) -> Unblinded:
    """Write a file with the truth that its key has; other runs of the file stay as they are.

    Parameters
    ----------
    path
        A file with the blind run, and maybe others.
    key
        The key that `generate` wrote beside it.
    output
        The file to write.
    force
        Replace an existing file.

    Raises
    ------
    SchemaError
        If the key is of another run, or not of these very photons, or a file cannot be read or written.
    """
    path, key, output = Path(path), Path(key), Path(output)
    if not key.exists():
        raise SchemaError(
            f"--key {key}: no such file: `generate` wrote it beside the blind one, as {key_of(path)}"
        )
    require_outputs([output], inputs=[path, key], force=force)
    blind, known = read_tables(path), read_tables(key)
    run = _run_of(path, blind, key, known)
    with NtupleWriter(output, force=force) as writer:
        for block in _events(path, key, run):
            writer.events(block)
        writer.steps(_restored(STEPS, blind.steps, known.steps, run))
        writer.backgrounds(_restored(BACKGROUNDS, blind.backgrounds, known.backgrounds, run))
        for row, number in enumerate(blind.runs["run"].tolist()):
            tables, place = (known, 0) if number == run else (blind, row)
            facts = {name: values[place] for name, values in tables.runs.items()}
            texts = {"config": tables.config[place], "provenance": tables.provenance[place]}
            writer.run(facts | texts)
    numbers = blind.runs["run"][blind.runs["is_blind"]].tolist()
    return Unblinded(
        path=output,
        run=run,
        n_events=int(blind.runs["n_events"].sum()),
        still_blind=tuple(number for number in numbers if number != run),
    )


def _run_of(path: Path, blind: NtupleTables, key: Path, known: NtupleTables) -> int:
    """Return the run of a key, which must be blind in the file and have the same photons."""
    if len(known.runs["run"]) != 1 or known.runs["is_blind"][0]:
        raise SchemaError(f"--key {key}: is no key: give the file that `generate` wrote beside the blind one")
    run = int(known.runs["run"][0])
    here = np.flatnonzero(blind.runs["run"] == run)
    if not len(here):
        named = listed(blind.runs["run"].tolist())
        raise SchemaError(f"--key {key}: is of run {run}, but {path} has run {named}: give its own key")
    if not blind.runs["is_blind"][here[0]]:
        raise SchemaError(f"{path}: run {run} is not blind: there is nothing to unblind")
    ours, theirs = (tables.hashes.get(run) for tables in (blind, known))
    shown = [(tree.name, branch.name) for tree in (EVENTS, STEPS, BACKGROUNDS) for branch in _known(tree)]
    if not ours or not theirs or any(ours[tree][name] != theirs[tree][name] for tree, name in shown):
        raise SchemaError(f"--key {key}: has other photons than run {run} of {path}: give its own key")
    return run


def _known(tree: Tree) -> Iterator[Any]:
    return (branch for branch in tree.flat if not branch.truth)


def _events(path: Path, key: Path, run: int) -> Iterator[Block]:
    """Yield the events of a file; those of the run have the truth of the key, whose rows have their order."""
    truths = _Rows(iterate_events(key))
    for block in iterate_events(path):
        mine = block["run"] == run
        yield _filled(EVENTS, block, truths.take(int(np.count_nonzero(mine))), mine)
    truths.finish()


class _Rows:
    """The rows of blocks, some at a time."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self._blocks = blocks
        self._waiting: list[Block] = []

    def take(self, n: int) -> Block:
        """Return the next n rows."""
        taken: list[Block] = []
        while n:
            if not self._waiting:
                self._waiting.append(next(self._blocks))
            block = self._waiting.pop()
            first = {name: values[:n] for name, values in block.items()}
            n -= len(first["run"])
            taken.append(first)
            if len(first["run"]) < len(block["run"]):
                self._waiting.append({name: v[len(first["run"]) :] for name, v in block.items()})
        if not taken:
            return {}
        return {name: np.concatenate([block[name] for block in taken]) for name in taken[0]}

    def finish(self) -> None:
        """Read on to the end, where damage is found."""
        for _ in self._blocks:
            pass


def _restored(tree: Tree, blind: Mapping[str, Any], known: Mapping[str, Any], run: int) -> Block:
    return _filled(tree, blind, known, blind["run"] == run)


def _filled(tree: Tree, blind: Mapping[str, Any], known: Mapping[str, Any], mine: NDArray[np.bool_]) -> Block:
    """Return columns whose rows `mine` have the truth of the known ones, in their order."""
    columns = dict(blind)
    if np.any(mine):
        for branch in tree.flat:
            if branch.truth:
                columns[branch.name] = blind[branch.name].copy()
                columns[branch.name][mine] = known[branch.name]
    return columns
