"""The executor that a command line asks for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor, Serial
from renp_sim.parallel.processes import processes

__all__ = ["executing"]


@contextmanager
def executing(
    workers: int, initialise: Callable[[], None] | None = None, *, cluster: str | None = None
) -> Iterator[Executor]:
    """Give an executor, and end what was started for it whatever happens.

    Parameters
    ----------
    workers
        Processes of this machine; 1 is this one.
    initialise
        Called in each other process first.
    cluster
        Address of a Dask scheduler, or "local" for one of this machine with so many workers.

    Raises
    ------
    ConfigError
        If there is no such number of workers, or no cluster.
    """
    if workers < 1:
        raise ConfigError(f"--workers {workers}: must be at least 1")
    if cluster is not None:
        from renp_sim.parallel.cluster import dask

        with dask(cluster, workers, initialise) as executor:
            yield executor
        return
    if workers == 1:
        yield Serial()
        return
    with processes(workers, initialise) as team:
        yield team
