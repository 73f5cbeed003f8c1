"""Dask for real: a scheduler with two worker processes, one killed in the middle."""

import io
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from renp_sim.app.toys import make_toys
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.reader import read_tables
from renp_sim.ntuple.shard_folder import discard_folder
from renp_sim.ntuple.shards import ShardStore
from renp_sim.ntuple.toy_reader import open_toys
from renp_sim.parallel.choice import executing
from renp_sim.parallel.cluster import Dask
from renp_sim.parallel.executor import Shared, in_order
from renp_sim.production.generate import generate
from renp_sim.production.job import job_of
from renp_sim.production.kept_shards import make_shard
from renp_sim.production.slices import plan_shards
from renp_sim.runfile.run import load
from tests.app.test_executors import belts
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


def printed(name: str, level: int) -> str:
    """Return what a worker prints of a message that it logs."""
    (handler,) = logging.getLogger(name).handlers
    assert isinstance(handler, logging.StreamHandler)
    stream = handler.setStream(io.StringIO())
    logging.getLogger(name).log(level, "a heartbeat met a closed scheduler")
    return handler.setStream(stream).getvalue()


@pytest.mark.parametrize("name", ["distributed", "tornado.application"])
def test_workers_are_silent_of_what_is_no_fault(cluster, name):
    """Else Ctrl-C prints a traceback whenever a heartbeat falls into its end."""
    assert not cluster.submit(printed, name, logging.ERROR).result()
    assert cluster.submit(printed, name, logging.CRITICAL).result()


def refusing() -> None:
    raise ConfigError("refused")


def test_an_error_of_a_call_is_raised_here(cluster):
    with pytest.raises(ConfigError, match="refused"):
        cluster.submit(refusing).result()


class Killing(Dask):
    """Kills a worker while the second block, or the second shard, is made."""

    __slots__ = ()

    def submit(self, function, /, *arguments):
        made = super().submit(function, *arguments)
        if getattr(arguments[-1], "index", arguments[-1]) == 1:
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


def test_belts_are_the_same(cluster, tmp_path):
    assert belts(tmp_path, cluster) == belts(tmp_path, None)


def hashes_of(path: str) -> dict[str, object]:
    """Return the hashes of every branch by tree; the row of `runs` says when and by what it was made."""
    (hashes,) = read_tables(path).hashes.values()
    return {tree: of for tree, of in hashes.items() if tree != "runs"}


@pytest.mark.parametrize("kind", [Dask, Killing])
def test_events_are_the_same(cluster, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    executor, before = kind(cluster.client, cluster.window), pids_of(cluster)
    settings = ("detector.dead_time.tau_s=2e-3", "background=[{name='dark', kind='dark_counts', rate_hz=5}]")
    run = load("fine_scan", ("laser.scan=[{omegas_eV=[1.07, 1.071], total_duration_s=1e5}]", *settings))
    made = generate(run, "cluster.root", executor=executor, n_events=400_000)
    assert (min(before) in pids_of(cluster)) == (kind is Dask)
    assert replace(generate(run, "here.root", n_events=400_000), path=made.path) == made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cluster.root", "here.root"]
    assert hashes_of("cluster.root") == hashes_of("here.root")


def test_a_worker_that_does_not_see_the_folder(cluster, tmp_path, monkeypatch):
    """The folder is gone for workers as it is where they do not share it; what is there is resumed from."""
    run = load("fine_scan", ("laser.scan=[{omegas_eV=[1.07], total_duration_s=1e5}]",))
    job = job_of(run, 1000)
    store = ShardStore(tmp_path / "run.root.shards", "it")
    discard_folder(store.folder)
    with pytest.raises(SchemaError, match=r"run\.root\.shards: a worker of the cluster does not see it"):
        cluster.submit(make_shard, Shared(job), store, plan_shards(job.expected_rows())[0]).result()
    assert not list(tmp_path.iterdir())


def test_blind_events_are_not_made_elsewhere(cluster, tmp_path):
    with pytest.raises(ConfigError, match=r"output.blind and --cluster"):
        generate(load("pedagogical_blind"), tmp_path / "run.root", executor=cluster)
    assert not list(tmp_path.iterdir())


def test_by_address_and_none_there(cluster, monkeypatch):
    address = cluster.client.scheduler.address
    with executing(1, cluster=address) as executor:
        assert executor.window == 4
        assert executor.submit(environment, "HOME").result() == os.environ.get("HOME")
    monkeypatch.setattr("renp_sim.parallel.cluster.PATIENCE", "1s")
    with pytest.raises(ConfigError, match="no scheduler answers"), executing(1, cluster="tcp://127.0.0.1:9"):
        pass


def interrupted(folder: Path, *options: str) -> list[str]:
    """Return what a command says when Ctrl-C reaches its process group after the first shard."""
    process = subprocess.Popen(
        [sys.executable, "-m", "renp_sim", *options, "--cluster", "local", "--workers", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(folder.glob("*.shards/0*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    return err.splitlines()


def test_ctrl_c_is_one_line_and_leaves_a_file(tmp_path):
    """Its workers do not answer, whoever started them."""
    options = "toys gp23_three_frequencies --question ordering --fix lightest_mass_eV -n 400000 -o toys.root"
    assert interrupted(tmp_path, *options.split()) == [
        "renp-sim: interrupted",
        "renp-sim: toys.root: the same command with --resume makes the toys that are missing",
    ]
    assert open_toys(tmp_path / "toys.root").n_toys >= 4096


@pytest.mark.slow
def test_ctrl_c_leaves_shards_of_events(tmp_path, monkeypatch):
    """No file, and what `--resume` makes a sound one of."""
    monkeypatch.chdir(tmp_path)
    scan = "laser.scan=[{omegas_eV=[1.07], total_duration_s=1e4}]"
    options = ("generate", "fine_scan", "--set", scan, "--events", "6e6", "-o", "run.root")
    assert interrupted(tmp_path, *options) == [
        "renp-sim: interrupted",
        "renp-sim: run.root.shards: keeps what was finished; "
        "the same command with --resume goes on, with --force starts again",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["run.root.shards"]
    generate(load("fine_scan", (scan,)), "run.root", n_events=6_000_000, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["run.root"]
    assert inspect("run.root").is_sound
