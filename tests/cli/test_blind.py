"""Blind runs on the command line: what is printed hides what the file hides."""

import json
from pathlib import Path

from renp_sim.ntuple.reader import read_tables
from tests.cli.test_main import SHORT, fails, renp_sim

BLIND = ("--set", "output.blind=true", "--seed", "123456789123")


def test_a_blind_run_there_and_back(tmp_path: Path) -> None:
    path, key, out = tmp_path / "run.root", tmp_path / "run.root.key", tmp_path / "out.root"
    done = renp_sim("generate", "fine_scan", "-o", path, *SHORT, *BLIND)
    assert done.returncode == 0, done.stderr
    emitted = str(read_tables(key).runs["n_generated"][0])
    assert f"(truth in {key})" in done.stdout
    assert "emitted" not in done.stdout
    assert f" {emitted} " not in done.stdout + done.stderr
    shown = renp_sim("inspect", path, "--json")
    assert json.loads(shown.stdout)["runs"][0]["is_blind"]
    assert b"123456789123" not in path.read_bytes()
    opened = renp_sim("unblind", path, "--key", key, "-o", out)
    assert opened.returncode == 0, opened.stderr
    assert "with its truth" in opened.stdout
    assert read_tables(out).runs["seed"].tolist() == [123456789123]
    (line,) = fails(3, "unblind", path, "--key", key, "-o", out)
    assert "exists already" in line
    (line,) = fails(3, "fit", path)
    assert "give a run file of what is to be fitted with --model RUN" in line
    (line,) = fails(2, "run", "fine_scan", *BLIND, "-o", tmp_path / "folder")
    assert line.startswith("renp-sim: output.blind: hides")


def test_a_blind_json_has_no_emitted_photons(tmp_path: Path) -> None:
    done = renp_sim("generate", "fine_scan", "-o", tmp_path / "run.root", "--json", *SHORT, *BLIND)
    table = json.loads(done.stdout)
    assert table["n_generated"] == -1
    assert table["key"] == str(tmp_path / "run.root.key")
