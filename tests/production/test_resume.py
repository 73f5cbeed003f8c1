"""Shards beside a file: whose they are, and what `--resume` makes of what a killed job left."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from renp_sim.errors import SchemaError
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.production import generate as generation
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

SCAN = "laser.scan=[{omegas_eV=[1.07], total_duration_s=1e4}]"


def setup(*settings: str) -> Run:
    return run_from_table(apply_settings(read_table("fine_scan"), [SCAN, *settings]))


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole file whose job was killed before it removed the shards."""
    monkeypatch.setattr(generation, "LONG_RUN_ROWS", 0)
    with monkeypatch.context() as context:
        context.setattr(generation, "discard_folder", lambda folder: None)
        generate(setup(), tmp_path / "run.root")
    assert (tmp_path / "run.root.shards" / "manifest.json").exists()
    return tmp_path / "run.root"


def test_resume_finishes_the_clean_up(interrupted: Path) -> None:
    before = interrupted.read_bytes()
    with pytest.raises(SchemaError, match="exists already"):
        generate(setup(), interrupted)
    made = generate(setup(), interrupted, resume=True)
    assert [path.name for path in interrupted.parent.iterdir()] == ["run.root"]
    assert interrupted.read_bytes() == before
    again = generate(setup(), interrupted.with_name("again.root"))
    assert made == replace(again, path=interrupted)
    # and once more, with nothing left to clean up
    assert generate(setup(), interrupted, resume=True) == made


def test_resume_of_another_run_touches_nothing(interrupted: Path) -> None:
    before = interrupted.read_bytes()
    for other in (setup("run.seed=5"), setup("detector.efficiency=0.7")):
        with pytest.raises(SchemaError, match="exists already"):
            generate(other, interrupted, resume=True)
        assert interrupted.read_bytes() == before
        assert (interrupted.parent / "run.root.shards" / "000000.shard").exists()


def test_resume_with_force_replaces_an_older_file(interrupted: Path) -> None:
    """The file is of another run; the shards are of this one, which was killed before it replaced it."""
    (interrupted.parent / "run.root.shards").rename(interrupted.parent / "kept")
    generate(setup("run.seed=5"), interrupted, force=True)
    (interrupted.parent / "kept").rename(interrupted.parent / "run.root.shards")
    generate(setup(), interrupted, resume=True, force=True)
    assert read_tables(interrupted).runs["seed"].tolist() == [setup().config.run.seed]
    times = np.concatenate([block["time_s"] for block in iterate_events(interrupted)])
    generate(setup(), interrupted.with_name("again.root"))
    again = np.concatenate([b["time_s"] for b in iterate_events(interrupted.with_name("again.root"))])
    assert np.array_equal(times, again)
    assert not (interrupted.parent / "run.root.shards").exists()


def a_folder(path: Path) -> None:
    path.mkdir()
    (path / "thesis.tex").write_text("years of work")


def a_file(path: Path) -> None:
    path.write_text("years of work")


def a_link(path: Path) -> None:
    a_folder(path.with_name("mine"))
    path.symlink_to("mine")


@pytest.mark.parametrize("options", [{}, {"force": True}, {"resume": True}, {"force": True, "resume": True}])
@pytest.mark.parametrize("plant", [a_folder, a_file, a_link])
@pytest.mark.parametrize("long", [False, True])
def test_what_is_not_ours_is_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[Path], None],
    options: dict[str, bool],
    long: bool,
) -> None:
    if long:
        monkeypatch.setattr(generation, "LONG_RUN_ROWS", 0)
    shards = tmp_path / "run.root.shards"
    plant(shards)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(SchemaError, match=r"run\.root\.shards: ") as caught:
        generate(setup(), tmp_path / "run.root", **options)
    assert len(str(caught.value).splitlines()) == 1
    if options:
        assert "move it away or give the output another name" in str(caught.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    mine = shards if plant is a_file else shards / "thesis.tex"
    assert mine.read_text() == "years of work"


def test_shards_of_this_program_are_dropped_with_force(interrupted: Path) -> None:
    """Twin of the test above: what carries the mark is removed."""
    interrupted.unlink()
    with pytest.raises(SchemaError, match="--resume goes on from them"):
        generate(setup("run.seed=5"), interrupted)
    generate(setup("run.seed=5"), interrupted, force=True)
    assert [path.name for path in interrupted.parent.iterdir()] == ["run.root"]
