"""Worker processes: results in order, errors passed on, a lost worker replaced."""

import os
import signal
import time
from pathlib import Path

import pytest

from renp_sim.errors import ConfigError, WorkerError
from renp_sim.parallel.choice import executing
from renp_sim.parallel.executor import in_order
from renp_sim.parallel.processes import processes


def doubled(number: int, pause_s: float = 0.0) -> tuple[int, int]:
    time.sleep(pause_s)
    return 2 * number, os.getpid()


def refusing(number: int) -> int:
    if number == 2:
        raise ConfigError("two is refused")
    return number


def dying_once(number: int, mark: str) -> int:
    """End the process that is asked for 3 first."""
    if number == 3 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dying(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers):
    calls = [(n, 0.02 * (n % 3)) for n in range(9)]
    with executing(workers) as executor:
        found = list(in_order(executor, doubled, calls))
    assert [value for value, _ in found] == [2 * n for n in range(9)]
    makers = {maker for _, maker in found}
    assert makers == {os.getpid()} if workers == 1 else len(makers) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_call_is_raised_here(workers):
    with executing(workers) as executor, pytest.raises(ConfigError, match="two is refused"):
        list(in_order(executor, refusing, [(n,) for n in range(4)]))


def test_a_lost_worker_costs_its_call_only(tmp_path):
    with processes(2) as team:
        found = list(in_order(team, dying_once, [(n, str(tmp_path / "mark")) for n in range(8)]))
    assert found == list(range(8))
    assert (tmp_path / "mark").exists()


def test_an_idle_worker_that_is_lost_is_replaced():
    with processes(1) as team:
        (process,) = team.workers.values()
        process.kill()
        process.join()
        assert team.submit(doubled, 4).result()[0] == 8


def test_a_call_that_ends_every_worker_is_given_up():
    with processes(2) as team, pytest.raises(WorkerError, match="ended early 3 times"):
        list(in_order(team, dying, [(1,)]))


def test_no_process_is_left():
    with processes(2) as team:
        team.submit(doubled, 1, 60.0)
        workers = list(team.workers.values())
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    assert not any(worker.is_alive() for worker in workers)


def test_no_workers():
    with pytest.raises(ConfigError, match="--workers 0"), executing(0):
        pass
