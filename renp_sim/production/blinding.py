"""A blind run in the making: what would show what it hides, its number, its file and its key."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from renp_sim.errors import ConfigError
from renp_sim.laser.scan import Allocation
from renp_sim.ntuple.blind import BlindWriter, key_of
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.runfile.run import LARGEST_NUMBER, Run

__all__ = ["opened", "require_blindness", "salted"]


def require_blindness(run: Run, *, is_weighted: bool, resume: bool, is_shared: bool) -> None:
    """Check that nothing that is asked for shows what a blind run hides.

    Raises
    ------
    ConfigError
        With a line for each thing that does.
    """
    told = []
    if is_weighted:
        told.append("--events or --oversample: their weights tell signal from background; leave them out")
    if resume:
        told.append("--resume: a blind run keeps no shards, which hold its truth in clear; leave it out")
    if is_shared:
        told.append("--cluster: its workers keep shards, which hold its truth in clear; use --workers")
    if run.config.output.keep_undetected:
        told.append("output.keep_undetected: only signal has rows that are lost; leave it out")
    told += [
        f'laser.scan[{n}].allocation = "equal_counts": the durations follow the true rates; '
        'use "equal_time" or [[laser.steps]]'
        for n, scan in enumerate(run.config.laser.scan)
        if scan.allocation is Allocation.EQUAL_COUNTS
    ]
    if told:
        raise ConfigError(*(f"output.blind and {line}" for line in told))


def salted(run: Run) -> Run:
    """Return a blind run with the number that was given, or one that no guessed parameters give."""
    if run.config.run.number is not None:
        return run
    digest = blake2b(str(run.number).encode(), key=secrets.token_bytes(32), digest_size=8).digest()
    return replace(run, number=int.from_bytes(digest, "big") % LARGEST_NUMBER + 1)


@contextmanager
def opened(run: Run, path: Path, *, force: bool) -> Iterator[NtupleWriter | BlindWriter]:
    """Give what the run is written with; of a blind one the key has its name before the file has."""
    compression = run.config.output.compression
    with NtupleWriter(path, force=force, compression=compression) as writer:
        if not run.config.output.blind:
            yield writer
            return
        with NtupleWriter(key_of(path), force=force, compression=compression, private=True) as key:
            yield BlindWriter(writer, key)
