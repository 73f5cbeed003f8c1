"""Rows handed over in memory: nothing lost, nothing left, and a death on either side is noticed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from renp_sim.errors import WorkerError
from renp_sim.production import slices
from renp_sim.production import team as workers
from renp_sim.production.generate import generate
from renp_sim.production.job import Job, job_of
from renp_sim.production.recorder import Recorder, StepTally
from renp_sim.production.slices import plan_shards
from renp_sim.production.team import working
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

NOISY = (
    "laser.scan=[{omegas_eV=[1.0688, 1.07164, 1.0719], total_duration_s=3e5}]",
    "detector.dead_time.tau_s=2e-3",
    "background=[{name='dark', kind='dark_counts', rate_hz=0.5}]",
)


def setup() -> Run:
    return run_from_table(apply_settings(read_table("fine_scan"), NOISY))


def made(job: Job, number: int) -> tuple[dict[str, np.ndarray], list[StepTally]]:
    shards, blocks = plan_shards(job.expected_rows()), []
    tallies: list[StepTally] = []
    with working(Recorder(job), shards, number) as team:
        for shard in shards:
            # the memory is used again, so what is kept must be copied
            rows = team.events(shard, tallies)
            blocks += [{name: values.copy() for name, values in block.items()} for block in rows]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}, tallies


@pytest.mark.parametrize("number", [1, 2, 3])
def test_rows_and_tallies_are_those_of_one_process(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "LEAST_SHARD_ROWS", 32_768)
    job = job_of(setup(), 400_000)
    tallies: list[StepTally] = []
    recorder, shards = Recorder(job), plan_shards(job.expected_rows())
    assert len(shards) > 6
    blocks = [block for shard in shards for block in recorder.events(shard, tallies)]
    rows, handed = made(job, number)
    assert handed == tallies
    assert rows.keys() == blocks[0].keys()
    for name, values in rows.items():
        whole = np.concatenate([block[name] for block in blocks])
        assert values.dtype == whole.dtype, name
        assert values.tobytes() == whole.tobytes(), name


def test_a_shard_made_alone_is_that_of_the_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder that comes from elsewhere finds the dead time that one in sequence carries along."""
    monkeypatch.setattr(slices, "LEAST_SHARD_ROWS", 32_768)
    job = job_of(setup(), 400_000)
    recorder, backwards = Recorder(job), Recorder(job)
    shards = plan_shards(job.expected_rows())
    in_order = [list(recorder.events(shard, [])) for shard in shards]
    for shard, expected in reversed(list(zip(shards, in_order, strict=True))):
        for alone in (Recorder(job), backwards):
            times = [block["time_s"] for block in alone.events(shard, [])]
            assert np.array_equal(np.concatenate(times), np.concatenate([b["time_s"] for b in expected]))


def test_a_worker_that_is_killed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_work", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(WorkerError, match="worker process 1 of 2 ended early"):
        generate(setup(), tmp_path / "run.root", workers=2, n_events=300_000)
    assert not list(tmp_path.iterdir())


def test_what_a_worker_raises_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("in a worker")

    monkeypatch.setattr(Recorder, "events", fail)
    with pytest.raises(ZeroDivisionError, match="in a worker"):
        generate(setup(), tmp_path / "run.root", workers=2, n_events=300_000)
    assert not list(tmp_path.iterdir())


SLOW = """
import sys, time
from renp_sim.production.job import job_of
from renp_sim.production.recorder import Recorder
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import run_from_table
from renp_sim.production.slices import plan_shards
from renp_sim.production.team import working
job = job_of(run_from_table(apply_settings(read_table("fine_scan"), sys.argv[1:])), 2_000_000)
with working(Recorder(job), plan_shards(job.expected_rows()), 3) as team:
    print(*(process.pid for process in team.processes), flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_with_the_process_that_started_them() -> None:
    """kill −9 of it alone, while they wait for empty baskets."""
    process = subprocess.Popen([sys.executable, "-c", SLOW, *NOISY], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    numbers = process.stdout.readline().split()
    assert len(numbers) == 3
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while any(is_running(number) for number in numbers):
        assert time.monotonic() < deadline, "a worker outlived its master"
        time.sleep(0.05)


def is_running(number: str) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
