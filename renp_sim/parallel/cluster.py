"""Dask: workers of any scheduler that `dask.distributed` knows, or of a cluster on this machine.

A lost worker costs the calls that it was making, or whose results nobody had fetched: the scheduler gives
them to others.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any

from renp_sim.errors import ConfigError, WorkerError
from renp_sim.parallel.executor import Future
from renp_sim.parallel.interrupts import deaf_to_interrupts

__all__ = ["LOCAL", "Dask", "dask"]

LOCAL = "local"
"""In the place of an address: workers of this machine, started and ended here."""

PER_WORKER = 2
"""Calls of a window per thread of a worker: one is made, one waits."""

PATIENCE = "30s"
"""For a scheduler that does not answer."""

SAID = logging.CRITICAL
"""Of what a cluster that is started here logs. A heartbeat that finds the scheduler closed, because all ends,
is an ERROR to a worker; a call that fails is one here (`renp_sim.errors.WorkerError`)."""

QUIET = {"DASK_LOGGING": str(dict.fromkeys(("distributed", "tornado.application"), "critical"))}
"""Of the workers that are started here: `SAID`, also before they begin and after they end."""

MALLOC = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 28),
    "MALLOC_TOP_PAD_": str(1 << 26),
    **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "MKL", "OPENBLAS")},
}
"""Of the workers that are started here: with Dask's own, which give every freed page back, numpy takes twice
as long (benchmarks/bench_toys.py)."""


@dataclass(frozen=True, slots=True, eq=False)
class Dask:
    """An executor; made by `dask`."""

    client: Any
    window: int

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Begin a call; see `renp_sim.parallel.executor.Executor`."""
        # the same call may be made again: a file of before may be gone
        return _Call(self.client.submit(function, *arguments, pure=False))


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    future: Any

    def result(self) -> Any:
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        try:
            return self.future.result()
        except KilledWorker as error:
            raise WorkerError(
                f"{error}: one call has ended several workers: out of memory? start them with more of it"
            ) from error
        except (CancelledError, CommClosedError, TimeoutError) as error:
            raise WorkerError(f"the cluster is gone ({error}): run again with --resume") from error


@contextmanager
def dask(address: str, workers: int, initialise: Callable[[], None] | None = None) -> Iterator[Dask]:
    """Give the workers of a scheduler, or of a cluster on this machine, which is ended whatever happens.

    Parameters
    ----------
    address
        Of the scheduler, such as "tcp://host:8786", or `LOCAL`.
    workers
        Processes of a local cluster.
    initialise
        Called in each of these first.

    Raises
    ------
    ConfigError
        If Dask is not installed, or no scheduler is there.
    """
    try:
        from dask import config
        from distributed import Client, LocalCluster
    except ImportError:
        raise ConfigError("--cluster: Dask is not installed: pip install 'renp-sim[cluster]'") from None
    if address == LOCAL:
        # the first process that is spawned starts it, and lets interrupts through again
        resource_tracker.ensure_running()
        # its nannies, and whatever workers they start later, are started by a thread that is
        with config.set({"distributed.nanny.pre-spawn-environ": MALLOC | QUIET}), deaf_to_interrupts():
            started = LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=SAID
            )
        with started, Client(started) as client:
            if initialise is not None:
                client.run(initialise)
            yield Dask(client, PER_WORKER * workers)
        return
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise ConfigError(f"--cluster {address}: no scheduler answers ({error})") from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ConfigError(f"--cluster {address}: the scheduler has no workers: start some first")
        yield Dask(client, PER_WORKER * threads)
