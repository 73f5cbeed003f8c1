"""`toys` as a user runs it."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from renp_sim.cli.program import run_program
from renp_sim.ntuple.inspect import inspect
from tests.app.toy_files import assert_same, rows_of

PROGRAM = [sys.executable, "-m", "renp_sim"]
SHORT = ("gp23_three_frequencies", "--question", "ordering", "--fix", "lightest_mass_eV", "--exposure", "1,2")


def renp_sim(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"COLUMNS": "120", "NO_COLOR": "1"}
    command = [*PROGRAM, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    """Run a command in this process, in a folder of the test."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run_program([*arguments])
        return code, *capsys.readouterr()

    return call


def test_make_extend_merge_inspect(tmp_path, call):
    first = renp_sim("toys", *SHORT, "-n", "300", "-o", "toys.root", "--json", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    table = json.loads(first.stdout)
    assert (table["n_toys"], table["ranges"], table["fits"]["failed"]) == (300, [[0, 300]], 0)
    assert [row["factor"] for row in table["exposures"]] == [1.0, 2.0]
    # a few toys know a power at 3σ, since each has its weight under both hypotheses
    assert [row["status"] for row in table["results"]] == ["already", "reached"]
    assert all(row["power"] > 0.5 for row in table["exposures"])
    code, out, _ = call("exposure", "--from", "toys.root", "--json")
    assert (code, json.loads(out) | {"path": "toys.root"}) == (0, table)
    code, out, _ = call("toys", *SHORT, "-n", "400", "-o", "toys.root", "--resume", "--workers", "2")
    assert code == 0
    assert "wrote toys.root: 400 toys, 3200 fits" in out
    assert call("exposure", "--from", "toys.root") == (0, out[: out.index("wrote")], "")
    code, _, err = call("toys", *SHORT, "-n", "400", "-o", "toys.root")
    assert code == 3
    assert "exists already" in err
    assert call("toys", *SHORT, "--toys", "400:500", "-o", "other.root")[0] == 0
    assert call("merge", "all.root", "toys.root", "other.root") == (0, "wrote all.root: 500 toys\n", "")
    code, out, _ = call("inspect", "all.root")
    assert code == 0
    assert "500 toys (0 … 499), exposures 1, 2; 4000 fits: 4000 converged" in out
    code, out, err = call("merge", "twice.root", "all.root", "other.root")
    assert (code, out) == (3, "")
    assert "toys 400 … 499 are already in all.root" in err


def test_the_exposure_of_what_is_stored(tmp_path, call):
    """Parts of a campaign say together what the whole does, and other powers may be asked of them."""
    campaign = (*SHORT[:-1], "0.1,0.2,0.4")
    for part in ("0:300", "300:500"):
        assert call("toys", *campaign, "--toys", part, "-o", f"{part[0]}.root")[0] == 0
    asked = ("--significance", "1.5", "--power", "0.7", "--json")
    table = json.loads(call("toys", *campaign, "-n", "500", "-o", "all.root", *asked)[1])
    assert table["results"][0]["status"] == "reached"
    code, out, _ = call("exposure", "--from", "3.root", "--from", "0.root", *asked, "-o", "out")
    assert (code, json.loads(out) | {"path": "all.root"}) == (0, table)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"exposure.{kind}" for kind in ("csv", "pdf", "png")
    ]
    head, *rows = csv.reader((tmp_path / "out" / "exposure.csv").read_text().splitlines()[2:])
    for row, point in zip(rows, table["exposures"], strict=True):
        said = point | point["significance"]
        assert dict(zip(head, map(float, row), strict=True)) == {name: said[name] for name in head}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--question", "ordering"), "RUN and --question: give both, or --from a file of toys"),
        (("x", "--from", "a.root", "--free", "y"), "--from: the toys have decided it: leave RUN, --free out"),
        (("--from", "a.root", "--workers", "2"), "leave --workers out"),
    ],
)
def test_what_stored_toys_have_decided(capsys, options, message):
    assert run_program(["exposure", *options]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "-n, --toys: give one of them"),
        (("-n", "5", "--toys", "0:5"), "-n, --toys: give one of them"),
        (("--toys", "5"), "--toys 5: write A:B"),
        (("-n", "0"), "-n 0: must be at least 1"),
        (("-n", "5", "--exposure", "1,x"), "--exposure 1,x: write numbers"),
        (("-n", "5", "--significance", "9"), "--significance 9: must be above 0 and below 8"),
        (("-n", "5", "--significance", "8"), "--significance 8: must be above 0 and below 8"),
        (("-n", "5", "--power", "0.5,2"), "--power 0.5, 2: must be above 0 and below 1"),
        (("-n", "5", "--workers", "0"), "--workers 0: must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_one_line(tmp_path, capsys, options, message):
    assert run_program(["toys", "gp23_three_frequencies", "-o", str(tmp_path / "toys.root"), *options]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert not list(tmp_path.iterdir())


def test_more_failures_than_allowed(tmp_path, capsys):
    options = (*SHORT, "-n", "10", "-o", str(tmp_path / "toys.root"), "--max-failed", "-1")
    assert run_program(["toys", *options]) == 4
    assert "0 of 80 fits did not converge, more than --max-failed -1" in capsys.readouterr().err
    assert (tmp_path / "toys.root").exists()


def test_ctrl_c_leaves_a_file_and_says_how_to_go_on(tmp_path):
    command = ["toys", *SHORT, "-n", "400000"]
    process = subprocess.Popen(
        [*PROGRAM, *command, "-o", "toys.root", "--workers", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    shards = tmp_path / "toys.root.shards"
    deadline = time.monotonic() + 60
    while not list(shards.glob("0*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == (
        "renp-sim: interrupted\n"
        "renp-sim: toys.root: the same command with --resume makes the toys that are missing\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["toys.root"]
    assert inspect(tmp_path / "toys.root").is_sound


@pytest.mark.parametrize("interruptions", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_interrupted_at_random_moments(tmp_path, interruptions):
    """Ctrl-C and kills in turn: whatever they leave, `--resume` makes of it what one run makes."""
    command = ["toys", *SHORT, "-n", "30000", "--workers", "2"]
    rng = np.random.default_rng(20261126)
    for k in range(interruptions):
        process = subprocess.Popen(
            [*PROGRAM, *command, "-o", "toys.root", "--resume"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        )  # fmt: skip
        time.sleep(rng.uniform(0.5, 3.0))
        process.send_signal(signal.SIGINT if k % 2 else signal.SIGKILL)
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        if (tmp_path / "toys.root").exists():
            assert inspect(tmp_path / "toys.root").is_sound
    last = renp_sim(*command, "-o", "toys.root", "--resume", cwd=tmp_path)
    assert last.returncode == 0, last.stderr
    assert (
        renp_sim(*command, "-o", "whole.root", cwd=tmp_path).stdout.splitlines()[:-1]
        == (last.stdout.splitlines()[:-1])
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toys.root", "whole.root"]
    assert_same(rows_of(tmp_path / "toys.root"), rows_of(tmp_path / "whole.root"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_with_who_asked_for_them(tmp_path):
    process = subprocess.Popen(
        [*PROGRAM, "toys", *SHORT, "-n", "300000", "--workers", "3", "-o", "toys.root"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path,
    )  # fmt: skip
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 60
    while len(workers := children.read_text().split()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < deadline, "workers go on"
        time.sleep(0.02)


def is_running(process: str) -> bool:
    """Whether there is a process that is no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("given", "used"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "7"}, "7")])
def test_linear_algebra_takes_one_thread_unless_it_is_told(given, used):
    """It is said before numpy is there, which reads it once."""
    lines = (
        "import atexit, os, sys",
        "from renp_sim.cli import main",
        "assert 'numpy' not in sys.modules",
        "atexit.register(lambda: print(os.environ['OPENBLAS_NUM_THREADS']))",
        "main(['--version'])",
    )
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")} | given
    command = [sys.executable, "-c", "; ".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.splitlines()[-1] == used


def test_significances_that_end_are_marked(call):
    """A run a hundred times as long excludes at more than toys tell, one of a second at less than none."""
    long = (*SHORT[:-1], "1e-9,100")
    code, out, _ = call("toys", *long, "-n", "50", "-o", "toys.root", "--max-failed", "1")
    assert code == 0
    (row,) = (line for line in out.splitlines() if "│ 100 " in line)
    assert "│ ≥ 8.00 " in row
    assert "≥ 8.00 … ≥ 8.00" in row
    (row,) = (line for line in out.splitlines() if "│ 1e-09 " in line)
    assert "│ ≤ -" in row
    assert "a significance of 8 σ is that or more" in out
    points = json.loads(call("exposure", "--from", "toys.root", "--json")[1])["exposures"]
    assert [point["is_bound"] for point in points] == [False, True]


@pytest.mark.parametrize(
    ("more", "differs"),
    [
        (("--question", "nature"), "--question"),
        (("--exposure", "1,3"), "--exposure"),
        (("--set", "laser.linewidth_eV=2e-6"), "laser.linewidth_eV"),
        (("--constrain", "normalisation=1:0.1"), "what floats"),
        (("--fix", "lightest_mass_eV=0.02"), "what --fix, --free or --constrain say"),
    ],
)
def test_resume_says_how_another_campaign_differs(call, more, differs):
    """Of a file that is whole; the names of options and keys, not their values."""
    base = ("gp23_three_frequencies", "-n", "5", "-o", "toys.root")
    first = ("--question", "ordering", "--exposure", "1,2", "--fix", "lightest_mass_eV")
    assert call("toys", *base, *first)[0] == 0
    options = dict(zip(first[::2], first[1::2], strict=True)) | dict(zip(more[::2], more[1::2], strict=True))
    code, _, err = call("toys", *base, "--resume", *(word for pair in options.items() for word in pair))
    assert code == 3
    assert f"has toys of another configuration, which differs in {differs}" in err
    assert "--force without --resume replaces it" in err
