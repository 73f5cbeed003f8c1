"""Dask for real: a scheduler with two worker processes, one killed in the middle."""

import os
import signal
import subprocess
import sys
import time

import pytest

from renp_sim.app.toys import make_toys
from renp_sim.errors import ConfigError
from renp_sim.ntuple.toy_reader import open_toys
from renp_sim.parallel.choice import executing
from renp_sim.parallel.cluster import Dask
from renp_sim.parallel.executor import in_order
from tests.app.toy_files import assert_same, plan, rows_of

N = 4 * 4096 + 1000


@pytest.fixture(scope="module")
def cluster():
    """Two workers; a killed one is replaced."""
    with executing(2, cluster="local") as executor:
        yield executor


def environment(name: str) -> str | None:
    time.sleep(0.1)
    return os.environ.get(name)


def test_results_come_in_order_from_workers_with_room(cluster):
    found = list(in_order(cluster, environment, [("MALLOC_TRIM_THRESHOLD_",)] * 3))
    assert found == [str(1 << 30)] * 3


def refusing() -> None:
    raise ConfigError("refused")


def test_an_error_of_a_call_is_raised_here(cluster):
    with pytest.raises(ConfigError, match="refused"):
        cluster.submit(refusing).result()


class Killing(Dask):
    """Kills a worker while the second block is made."""

    __slots__ = ()

    def submit(self, function, /, *arguments):
        made = super().submit(function, *arguments)
        if arguments[1] == 1:
            os.kill(min(pids_of(self)), signal.SIGKILL)
        return made


def pids_of(cluster: Dask) -> set[int]:
    return set(cluster.client.run(os.getpid).values())


@pytest.mark.parametrize("kind", [Dask, Killing])
def test_toys_are_the_same(cluster, tmp_path, kind):
    executor, before = kind(cluster.client, cluster.window), pids_of(cluster)
    make_toys(plan(), tmp_path / "dask.root", 0, N, executor=executor)
    assert (min(before) in pids_of(cluster)) == (kind is Dask)
    make_toys(plan(), tmp_path / "serial.root", 0, N)
    assert_same(rows_of(tmp_path / "dask.root"), rows_of(tmp_path / "serial.root"))


def test_by_address_and_none_there(cluster, monkeypatch):
    address = cluster.client.scheduler.address
    with executing(1, cluster=address) as executor:
        assert executor.window == 4
        assert executor.submit(environment, "HOME").result() == os.environ.get("HOME")
    monkeypatch.setattr("renp_sim.parallel.cluster.PATIENCE", "1s")
    with pytest.raises(ConfigError, match="no scheduler answers"), executing(1, cluster="tcp://127.0.0.1:9"):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ctrl_c_is_one_line_and_leaves_a_file(tmp_path):
    """Ctrl-C reaches the whole process group; its workers do not answer, whoever started them."""
    options = "gp23_three_frequencies --question ordering --fix lightest_mass_eV -n 400000 -o toys.root"
    process = subprocess.Popen(
        [sys.executable, "-m", "renp_sim", "toys", *options.split(), "--cluster", "local", "--workers", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list((tmp_path / "toys.root.shards").glob("0*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines() == [
        "renp-sim: interrupted",
        "renp-sim: toys.root: the same command with --resume makes the toys that are missing",
    ]
    assert open_toys(tmp_path / "toys.root").n_toys >= 4096
