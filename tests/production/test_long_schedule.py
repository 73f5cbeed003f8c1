"""Schedules of very many steps: what one step costs, and what many share."""

from cProfile import Profile
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from renp_sim import streams
from renp_sim.arrays import Columns, FloatArray
from renp_sim.generator import photons
from renp_sim.generator.source import Source, source_of
from renp_sim.ntuple.reader import iterate_events
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.rates import Emission
from renp_sim.production.generate import generate
from renp_sim.production.job import job_of
from renp_sim.production.recorder import Recorder, StepTally
from renp_sim.production.slices import PlannedShard, plan_shards
from renp_sim.runfile.run import Run, load

MOST_CALLS = 400
"""Calls a step of two recorded photons may take, 360 with numpy 2; they were 430 while parts without photons
were worked on too."""


def scan(passes: int, *settings: str, wall_s: float = 3e4) -> Run:
    lines = f"laser.scan=[{{omegas_eV=[1.0688, 1.07, 1.0711], total_duration_s={wall_s}, passes={passes}}}]"
    return load("fine_scan", ("laser.settling_s=0", lines, *settings))


def events_of(path: Path) -> dict[str, np.ndarray]:
    blocks = list(iterate_events(path))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def test_steps_of_one_line_share_what_they_are_drawn_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = scan(100)
    made: list[float] = []

    def counted(omega_eV: float, linewidth_eV: float, emission: Emission) -> Source:
        made.append(omega_eV)
        return source_of(omega_eV, linewidth_eV, emission)

    monkeypatch.setattr(photons, "source_of", counted)
    generate(run, tmp_path / "kept.root")
    assert made == run.truth.omega_eV[:3].tolist()
    made.clear()
    monkeypatch.setattr(photons, "MOST_KEPT", 0)
    generate(run, tmp_path / "not_kept.root")
    assert len(made) == 300
    kept, not_kept = events_of(tmp_path / "kept.root"), events_of(tmp_path / "not_kept.root")
    assert len(kept["run"]) > 1000
    assert all(kept[name].tobytes() == not_kept[name].tobytes() for name in kept)


def test_each_line_is_averaged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def counted(omega_eV: FloatArray, linewidth_eV: FloatArray, emission: Emission) -> FloatArray:
        sizes.append(len(omega_eV))
        return mean_spectral_function(omega_eV, linewidth_eV, emission)

    run = scan(100)
    monkeypatch.setattr(photons, "mean_spectral_function", counted)
    signal = photons.SignalPhotons(schedule=run.truth, emission=run.emission, seed=1)
    every = mean_spectral_function(run.truth.omega_eV, run.truth.linewidth_eV, run.emission)
    assert signal.spectrum.tobytes() == every.sum(axis=(-2, -1)).tobytes()
    assert sizes == [3]


def calls_of(n_steps: int) -> int:
    """Return the calls, of Python and of C, that make the events of steps with two recorded photons each."""
    dark = "background=[{name='dark', kind='dark_counts', rate_hz=0.05}]"
    job = job_of(scan(n_steps // 3, dark, wall_s=20.0 * n_steps))
    shards = plan_shards(job.expected_rows())
    recorder, tallies = Recorder(job), list[StepTally]()
    list(recorder.events(PlannedShard(0, shards[0].parts[:3]), tallies))
    profile = Profile()
    rows = profile.runcall(lambda: [len(c["run"]) for shard in shards for c in recorder.events(shard, [])])
    assert n_steps < sum(rows) < 4 * n_steps
    return sum(entry.callcount for entry in profile.getstats())


def test_work_is_linear_in_the_steps_and_little_for_each() -> None:
    """Calls are counted, not seconds: a few hundred, of a microsecond each, are what a short step takes."""
    few, many = calls_of(600), calls_of(2400)
    assert (many - few) / 1800 < MOST_CALLS
    assert many < 4.1 * few


def test_short_steps_are_seeded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(*_: object, **__: object) -> None:
        raise AssertionError("a stream of a short step has a seed sequence of its own")

    job = job_of(scan(200))
    monkeypatch.setattr(np.random, "SeedSequence", alone)
    states = streams._states
    states.cache_clear()
    rows = [len(c["run"]) for s in plan_shards(job.expected_rows()) for c in Recorder(job).events(s, [])]
    assert sum(rows) > 600
    # counts, events, efficiency, resolution, and each background
    names = 4 + len(job.detector.backgrounds)
    assert states.cache_info().misses == names * np.ceil(600 / streams.NEIGHBOURS)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = photons.SignalPhotons(schedule=scan(2).truth, emission=scan(2).emission, seed=1)
    first = signal.step(0).source
    monkeypatch.setattr(photons, "MOST_KEPT", len(first))
    assert signal.step(3).source is first
    assert signal.step(1).source is not signal.step(4).source


def test_short_steps_are_written_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    events = NtupleWriter.events

    def counted(writer: NtupleWriter, block: Columns) -> None:
        sizes.append(len(block["run"]))
        events(writer, block)

    monkeypatch.setattr(NtupleWriter, "events", counted)
    generate(scan(500), tmp_path / "run.root")
    assert sum(sizes) > 1000
    assert len(sizes) == 1


@pytest.mark.parametrize(
    "lines", ["omegas_eV=[1.0688, 1.0711], passes=50000", "start_eV=1.06, stop_eV=1.0715, points=100000"]
)
def test_a_run_file_of_1e5_steps_is_checked_in_five_seconds(lines: str) -> None:
    begun = process_time()
    run = load("fine_scan", ("laser.settling_s=0", f"laser.scan=[{{{lines}, total_duration_s=3e6}}]"))
    run.resolved()
    assert run.schedule.n_steps == 100_000
    assert process_time() - begun < 5.0
