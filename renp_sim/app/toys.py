"""`toys`: a campaign that is made block by block, kept as it is made, extended and read back.

Each finished block is a shard in a folder beside the file; the file is written from them at the end, or when
the campaign is interrupted, and whatever it had before stays in it.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from renp_sim.analysis.toys.campaign import Campaign, run_block
from renp_sim.app.toy_plan import ToyPlan
from renp_sim.arrays import Columns
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.shard_folder import difference, discard_folder
from renp_sim.ntuple.shards import ShardStore
from renp_sim.ntuple.toy_reader import UNSAID, ToyFile, iterate_toys, open_toys
from renp_sim.ntuple.toy_schema import COUNTS
from renp_sim.ntuple.toy_writer import ToyWriter
from renp_sim.outputs import require_outputs
from renp_sim.parallel.executor import Executor, Serial, Shared, in_order
from renp_sim.production.resume import open_store
from renp_sim.streams import BLOCK_TOYS

__all__ = ["make_toys"]

Progress = Callable[[int, int], None]
"""Takes the toys that are done and all of them."""

LARGEST = BLOCK_TOYS * 2**32
"""Toys have numbers below it: blocks are addressed by 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Work:
    """What is to be made, and where."""

    plan: ToyPlan
    path: Path
    before: ToyFile | None
    store: ShardStore
    missing: tuple[tuple[int, int], ...]

    @property
    def blocks(self) -> list[int]:
        """Blocks with a toy that is missing."""
        size = self.plan.campaign.block_toys
        return sorted({b for first, last in self.missing for b in range(first // size, -(-last // size))})

    def toys_of(self, block: int) -> int:
        """Return how many toys of a block are missing."""
        size = self.plan.campaign.block_toys
        low, high = block * size, (block + 1) * size
        return sum(max(min(last, high) - max(first, low), 0) for first, last in self.missing)


def make_toys(
    plan: ToyPlan,
    path: Path,
    first: int,
    last: int,
    *,
    executor: Executor | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write the toys first … last − 1 of a campaign to a file, which has its name only when it is whole.

    Parameters
    ----------
    plan
        The campaign.
    path
        The file.
    first, last
        Numbers of the toys.
    executor
        Who makes the blocks; the rows do not depend on it.
    resume
        Go on from what an interrupted campaign left, and extend a file that is there.
    force
        Replace an existing file.
    progress
        Called before the first block and after each.

    Raises
    ------
    SchemaError
        If the file exists, holds toys of another configuration, is being written by another job, or cannot
        be written.
    ConfigError
        If the toys are none.
    """
    if not 0 <= first < last <= LARGEST:
        raise ConfigError(f"--toys {first}:{last}: must be two rising numbers from 0 to {LARGEST}")
    require_outputs([path], inputs=[plan.run.source], force=force or resume)
    before = _before(path, plan) if resume and path.exists() else None
    folder = path.with_name(path.name + ".shards")
    missing = _without((first, last), () if before is None else before.ranges)
    if not missing and not os.path.lexists(folder):
        return
    store = open_store(folder, plan.fingerprint, plan.decided_by, resume=resume, force=force)
    work = _Work(plan=plan, path=path, before=before, store=store, missing=missing)
    try:
        _make_blocks(work, executor or Serial(), progress)
    except BaseException:
        # what is done is not lost: neither to Ctrl-C nor to a worker that failed
        _assemble(work)
        raise
    _assemble(work)


def _before(path: Path, plan: ToyPlan) -> ToyFile:
    found = open_toys(path)
    if found.fingerprint != plan.fingerprint:
        raise SchemaError(
            f"{path}: has toys of another configuration{_difference(found, plan)}; it "
            "cannot be extended: --force without --resume replaces it, or give the output another name"
        )
    return found


def _difference(found: ToyFile, plan: ToyPlan) -> str:
    return difference(found.decided_by, plan.decided_by, UNSAID)


def _without(wanted: tuple[int, int], there: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Return what of a range is not there.

    Examples
    --------
    >>> _without((0, 10), ((2, 4), (8, 20)))
    ((0, 2), (4, 8))
    """
    out, begin = [], wanted[0]
    for first, last in there:
        if begin < min(first, wanted[1]):
            out.append((begin, min(first, wanted[1])))
        begin = max(begin, last)
    return (*out, (begin, wanted[1])) if begin < wanted[1] else tuple(out)


def _make_blocks(work: _Work, executor: Executor, progress: Progress | None) -> None:
    """Make and keep the blocks that are not kept yet."""
    kept = work.store.completed()
    total = sum(work.toys_of(block) for block in work.blocks)
    done = sum(work.toys_of(block) for block in work.blocks if block in kept)
    wanted = [block for block in work.blocks if block not in kept]
    if progress is not None:
        progress(done, total)
    campaign = Shared(work.plan.campaign)
    made = in_order(executor, _made, ((campaign, block) for block in wanted))
    for block, columns in zip(wanted, made, strict=True):
        for _ in work.store.keep(block, [block], [_packed(columns)]):
            pass
        done += work.toys_of(block)
        if progress is not None:
            progress(done, total)


def _made(campaign: Shared[Campaign], block: int) -> Columns:
    """Return the rows of a block."""
    return run_block(campaign.value, block)


def _packed(columns: Columns) -> Columns:
    """Return columns with one element per row, as shards have them."""
    counts = np.ascontiguousarray(columns[COUNTS])
    return {**columns, COUNTS: counts.view(f"V{counts.itemsize * counts.shape[1]}")[:, 0]}


def _assemble(work: _Work) -> None:
    """Write what was there and what has been made, and remove the folder of shards."""
    kept = work.store.completed()
    blocks = [block for block in work.blocks if block in kept]
    if blocks:
        plan = work.plan
        with ToyWriter(work.path, plan.campaign.parameters, plan.row, force=True) as writer:
            for rows in iterate_toys(work.before) if work.before is not None else ():
                writer.toys(rows)
            for block in blocks:
                for rows in _missing_rows(work, block):
                    writer.toys(rows)
    discard_folder(work.store.folder)


def _missing_rows(work: _Work, block: int) -> Iterator[Columns]:
    """Yield the rows of a kept block that the file did not have."""
    campaign = work.plan.campaign
    low, per_toy = block * campaign.block_toys, campaign.rows_per_toy
    for columns in work.store.load(block, verify=False):
        counts = columns[COUNTS]
        whole = {**columns, COUNTS: counts.view(np.int64).reshape(len(counts), -1)}
        for first, last in work.missing:
            begin, end = max(first - low, 0), min(last - low, campaign.block_toys)
            if begin < end:
                yield {name: values[begin * per_toy : end * per_toy] for name, values in whole.items()}
