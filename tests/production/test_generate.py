"""The whole of `generate`: one truth for any number of workers, nothing wrong under the final name."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import poisson

from renp_sim.errors import SchemaError
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.production import generate as generation
from renp_sim.production import slices
from renp_sim.production.generate import generate
from renp_sim.production.job import job_of
from renp_sim.production.recorder import Recorder
from renp_sim.production.slices import plan_shards
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

BUSY = (
    "laser.scan=[{omegas_eV=[1.0688, 1.07164, 1.0719], total_duration_s=3e5, passes=2}]",
    "laser.settling_s=10.0",
    "detector.dead_time.tau_s=2e-3",
    "background=[{name='dark', kind='dark_counts', rate_hz=0.5}, "
    "{name='sky', kind='continuum', rate_hz=0.5}]",
)


def setup(*settings: str) -> Run:
    return run_from_table(apply_settings(read_table("fine_scan"), settings))


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards so small that a short run has many; the plan is made once, so workers need not know."""
    monkeypatch.setattr(slices, "MOST_SHARD_ROWS", 2 * 32_768)
    monkeypatch.setattr(generation, "LONG_RUN_ROWS", 0)


def columns_of(path: Path) -> dict[str, np.ndarray]:
    tables = read_tables(path)
    out = {f"runs.{name}": values for name, values in tables.runs.items() if name != "provenance"}
    out |= {f"steps.{name}": values for name, values in tables.steps.items()}
    out |= {f"backgrounds.{name}": values for name, values in tables.backgrounds.items()}
    blocks = list(iterate_events(path))
    names = blocks[0] if blocks else {}
    return out | {f"events.{name}": np.concatenate([b[name] for b in blocks]) for name in names}


def assert_same(
    first: dict[str, np.ndarray], second: dict[str, np.ndarray], *, but: tuple[str, ...] = ()
) -> None:
    assert first.keys() == second.keys()
    for name, values in first.items():
        if name not in but:
            assert values.dtype == second[name].dtype, name
            assert values.tobytes() == second[name].tobytes(), name


def test_counts_agree_with_the_expectation(tmp_path: Path) -> None:
    """Every step within its central Poisson interval; 61 steps at 1e-6 each: false alarm 6e-5."""
    generate(setup(), tmp_path / "run.root")
    steps = read_tables(tmp_path / "run.root").steps
    mu = steps["mu_signal"] + steps["mu_background"]
    low, high = poisson.cdf(steps["n_recorded"], mu), poisson.sf(steps["n_recorded"] - 1, mu)
    assert min(low.min(), high.min()) > 5e-7
    twin = poisson.sf(steps["n_recorded"] - 1, 0.9 * mu)
    assert twin.min() < 5e-7


@pytest.mark.usefixtures("small_shards")
def test_workers_and_shards_do_not_change_a_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = setup(*BUSY)
    events = 300_000
    assert len(plan_shards(job_of(run, events).expected_rows())) > 4
    for workers in (1, 2, 4):
        generate(run, tmp_path / f"{workers}.root", workers=workers, n_events=events)
    monkeypatch.setattr(slices, "MOST_SHARD_ROWS", 10**9)
    monkeypatch.setattr(slices, "LEAST_SHARD_ROWS", 10**9)
    assert len(plan_shards(job_of(run, events).expected_rows())) == 1
    monkeypatch.setattr(generation, "LONG_RUN_ROWS", 10**9)
    generate(run, tmp_path / "whole.root", n_events=events)
    whole = columns_of(tmp_path / "whole.root")
    # the dead time must have worked across the borders of shards
    steps = read_tables(tmp_path / "whole.root").steps
    assert np.all(steps["live_time_s"] < steps["duration_s"])
    names = [f"{workers}.root" for workers in (1, 2, 4)]
    monkeypatch.setattr(slices, "MOST_SHARD_ROWS", 2 * 32_768)
    for workers in (2, 4):
        # short enough to keep no shards: rows are handed over in memory
        names.append(f"memory{workers}.root")
        generate(run, tmp_path / names[-1], workers=workers, n_events=events)
    for name in names:
        assert_same(whole, columns_of(tmp_path / name))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*names, "whole.root"])


def test_another_seed_changes_the_events(tmp_path: Path) -> None:
    """Twin of the comparison above: it must be able to fail."""
    run = setup("laser.scan=[{omegas_eV=[1.07], total_duration_s=1e5}]")
    other = setup("laser.scan=[{omegas_eV=[1.07], total_duration_s=1e5}]", "run.seed=2", "run.number=1")
    generate(run, tmp_path / "a.root")
    generate(other, tmp_path / "b.root")
    with pytest.raises(AssertionError):
        assert_same(columns_of(tmp_path / "a.root"), columns_of(tmp_path / "b.root"))


def truth_of(path: Path) -> dict[str, np.ndarray]:
    columns = columns_of(path)
    signal_rows = columns["events.origin"] == 0
    order = np.argsort(columns["events.emission_time_s"][signal_rows], kind="stable")
    names = (
        "nu_i",
        "nu_j",
        "omega_emitted_eV",
        "emission_time_s",
        "cos_theta_star",
        "phi",
        "nu_i_px_eV",
        "x_cm",
    )
    return {name: columns[f"events.{name}"][signal_rows][order] for name in names}


def test_truth_does_not_depend_on_the_detector(tmp_path: Path) -> None:
    scan = "laser.scan=[{omegas_eV=[1.07, 1.0716], total_duration_s=4e5}]"
    keep = "output.keep_undetected=true"
    generate(setup(scan, keep), tmp_path / "a.root")
    other = ("detector.efficiency=0.7", "detector.resolution.sigma_eV=0.1", "detector.dead_time.tau_s=1.0")
    noisy = "background=[{name='dark', kind='dark_counts', rate_hz=2.0}]"
    generate(setup(scan, keep, *other, noisy), tmp_path / "b.root")
    first, second = truth_of(tmp_path / "a.root"), truth_of(tmp_path / "b.root")
    assert len(first["phi"]) > 10_000
    for name, values in first.items():
        assert np.array_equal(values, second[name]), name


def test_lost_photons_are_kept_on_request(tmp_path: Path) -> None:
    scan = "laser.scan=[{omegas_eV=[1.07, 1.0716], total_duration_s=4e5}]"
    made = generate(setup(scan, "output.keep_undetected=true"), tmp_path / "run.root")
    columns = columns_of(tmp_path / "run.root")
    recorded = columns["events.recorded"]
    assert recorded.sum() == made.n_recorded == columns["steps.n_recorded"].sum()
    background = int((columns["events.origin"] != 0).sum())
    assert made.n_events == made.n_generated + background == len(recorded)
    assert np.all(np.diff(columns["events.time_s"]) >= 0)
    assert np.array_equal(columns["events.event"], np.arange(made.n_events))
    assert np.all(np.isnan(columns["events.photon_energy_eV"]) == ~recorded)
    without = generate(setup(scan), tmp_path / "short.root")
    assert without.n_recorded == made.n_recorded == without.n_events


def test_weights_restore_the_expectation(tmp_path: Path) -> None:
    scan = "laser.scan=[{omegas_eV=[1.07, 1.0716], total_duration_s=4e5}]"
    run = setup(scan, "detector.efficiency=1.0", "detector.dead_time.tau_s=0")
    generate(run, tmp_path / "run.root", n_events=50_000)
    columns = columns_of(tmp_path / "run.root")
    assert not columns["runs.is_poisson"][0]
    signal_rows = columns["events.origin"] == 0
    weights = columns["events.weight"]
    # what the window cuts off is not recorded
    expected = columns["steps.mu_signal"].sum()
    assert weights[signal_rows].sum() == pytest.approx(expected, rel=0.01)
    assert np.all(weights[~signal_rows] == 1)


@pytest.mark.parametrize("n_events", [100, 1_000_000])
def test_weights_restore_the_expectation_with_dead_time(tmp_path: Path, n_events: int) -> None:
    """Of signal and background, and the live time, of far fewer and far more photons than are expected.

    Sums of weights within five standard deviations, a false alarm in 6e-7 each.
    """
    run = run_from_table(
        apply_settings(
            read_table("gp23_three_frequencies"),
            (
                "detector.dead_time={kind='non_paralysable', tau_s=0.1}",
                "background=[{name='dark', kind='dark_counts', rate_hz=0.5}]",
            ),
        )
    )
    generate(run, tmp_path / "run.root", n_events=n_events)
    columns = columns_of(tmp_path / "run.root")
    # 0.5 dark counts a second take a share of 0.1 s each; the signal adds 1e-4 of that
    open_s = columns["steps.duration_s"]
    np.testing.assert_allclose(columns["steps.live_time_s"] / open_s, 1 / (1 + 0.5 * 0.1), rtol=1e-4)
    assert columns["steps.mu_signal"].sum() == pytest.approx(62.33 / 1.05, rel=1e-3)
    is_signal, weight = columns["events.origin"] == 0, columns["events.weight"]
    for rows, mu in ((is_signal, "steps.mu_signal"), (~is_signal, "steps.mu_background")):
        error = np.sqrt(np.sum(weight[rows] ** 2))
        assert abs(weight[rows].sum() - columns[mu].sum()) < 5 * error
    # the twin: what single photons would lose at the rate of a million
    lost = 1_000_000 * 0.1 / open_s.sum()
    assert weight[is_signal].sum() / (1 + lost) < 0.9 * columns["steps.mu_signal"].sum()


def test_much_background_is_cut_into_slices_of_bounded_size(tmp_path: Path) -> None:
    noisy = "background=[{name='dark', kind='dark_counts', rate_hz=3.0}]"
    run = setup("laser.scan=[{omegas_eV=[1.0719], total_duration_s=1e5}]", noisy)
    job = job_of(run)
    assert len(job.step_slices(0)) == 10
    sizes: list[int] = []
    for shard in plan_shards(job.expected_rows()):
        sizes += [len(columns["run"]) for columns in Recorder(job).events(shard, [])]
    assert max(sizes) < 40_000
    made = generate(run, tmp_path / "run.root")
    assert made.n_events == sum(sizes)
    assert made.n_generated == 0
    mu = float(read_tables(tmp_path / "run.root").steps["mu_background"][0])
    assert abs(made.n_events - mu) < 5 * np.sqrt(mu)


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    run = setup("laser.scan=[{omegas_eV=[1.07], total_duration_s=1e4}]")
    path = tmp_path / "run.root"
    path.write_text("mine")
    with pytest.raises(SchemaError, match="--force"):
        generate(run, path)
    assert path.read_text() == "mine"
    generate(run, path, force=True)
    assert read_tables(path).runs["n_events"][0] > 0


INTERRUPTED = """
import sys
from pathlib import Path
from renp_sim.production import generate as generation
from renp_sim.production import slices
slices.MOST_SHARD_ROWS = 2 * 32_768
generation.LONG_RUN_ROWS = 0
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import run_from_table
if __name__ == "__main__":
    setup = run_from_table(apply_settings(read_table("fine_scan"), sys.argv[3:]))
    def progress(done, total):
        print(done, total, flush=True)
    options = dict(n_events=300_000, resume=True, workers=int(sys.argv[2]), progress=progress)
    generate(setup, Path(sys.argv[1]), **options)
"""


def started(script: Path, output: Path, workers: int = 1) -> "subprocess.Popen[str]":
    command = [sys.executable, str(script), str(output), str(workers), *BUSY]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def kill(process: "subprocess.Popen[Any]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_kill_at_any_moment_then_resume(tmp_path: Path) -> None:
    """kill −9 after every shard and at 20 random moments: never a wrong file, then the same columns."""
    script = tmp_path / "job.py"
    script.write_text(INTERRUPTED)
    begun = time.monotonic()
    undisturbed = tmp_path / "undisturbed.root"
    process = started(script, undisturbed)
    lines = process.communicate()[0].splitlines()
    length_s = time.monotonic() - begun
    assert process.returncode == 0
    n_shards = len(lines)
    assert n_shards > 4
    output = tmp_path / "run.root"
    for done in range(1, n_shards):
        process = started(script, output)
        assert process.stdout is not None
        for line in process.stdout:
            if int(line.split()[0]) >= done:
                break
        kill(process)
        assert not output.exists()
        assert (tmp_path / "run.root.shards").is_dir()
    rng = np.random.default_rng(1)
    for moment in rng.uniform(0, length_s, 20):
        process = started(script, output, workers=int(rng.integers(1, 3)))
        time.sleep(float(moment))
        finished = process.poll() is not None
        kill(process) if not finished else process.communicate()
        if output.exists():
            # it was whole before the signal came
            assert_same(columns_of(undisturbed), columns_of(output))
            output.unlink()
    process = started(script, output)
    process.communicate()
    assert process.returncode == 0
    assert_same(columns_of(undisturbed), columns_of(output))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["job.py", "run.root", "undisturbed.root"]


@pytest.mark.usefixtures("small_shards")
def test_left_shards_are_not_overlooked(tmp_path: Path) -> None:
    run = setup(*BUSY)
    path = tmp_path / "run.root"
    (tmp_path / "run.root.shards").mkdir()
    with pytest.raises(SchemaError, match="--resume"):
        generate(run, path, n_events=300_000)
    assert not path.exists()
    generate(run, path, n_events=300_000, force=True)
    assert path.exists()
    assert not (tmp_path / "run.root.shards").exists()


def test_the_wall_time_of_a_scan_is_what_was_asked_for(tmp_path: Path) -> None:
    """A single step of 100 s and a scan, which pays for settling before each of its steps."""
    scans = "laser.scan=[{omegas_eV=[1.07, 1.0716], total_duration_s=1e4, passes=3}]"
    single = "laser.steps=[{omega_eV=1.07, duration_s=100.0}]"
    generate(setup(scans, single, "laser.settling_s=50.0"), tmp_path / "run.root")
    (wall_s,) = read_tables(tmp_path / "run.root").runs["wall_time_s"]
    assert wall_s == pytest.approx(100.0 + 1e4, rel=1e-14)
    assert inspect(tmp_path / "run.root").is_sound
