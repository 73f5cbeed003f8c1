"""Schedules of very many steps: what one step costs, and what many share."""

from pathlib import Path
from time import process_time

import numpy as np
import pytest

from renp_sim.arrays import Columns
from renp_sim.generator import photons
from renp_sim.generator.source import Source, source_of
from renp_sim.ntuple.reader import iterate_events
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.physics.rates import Emission
from renp_sim.production.generate import generate
from renp_sim.runfile.run import Run, load


def scan(passes: int, *settings: str) -> Run:
    lines = f"laser.scan=[{{omegas_eV=[1.0688, 1.07, 1.0711], total_duration_s=3e4, passes={passes}}}]"
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
