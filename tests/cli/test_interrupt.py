"""Ctrl-C at any moment: one line, code 130, nothing half-written, nothing left, no traceback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-c", "from renp_sim.cli import main; print('in', flush=True); main()"]
KEPT = (
    "renp-sim: run.root.shards: keeps what was finished; the same command with --resume goes on, "
    "with --force starts again"
)
LONG = ("generate", "fine_scan", "--set", "laser.scan=[{omegas_eV=[1.07], total_duration_s=3e9}]")


def started(*command: str | Path, cwd: Path) -> "subprocess.Popen[str]":
    """Start a program that prints a line once it is ready, and wait for that."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    return process


def wait_for_handlers(process: "subprocess.Popen[str]") -> None:
    """Before the program has any of its own, Python answers: with a traceback, and 130 as well."""
    if sys.platform != "linux":
        time.sleep(0.1)
        return
    status, alarm = Path(f"/proc/{process.pid}/status"), 1 << (signal.SIGALRM - 1)
    while not int(status.read_text().split("SigCgt:")[1].split()[0], 16) & alarm:
        time.sleep(0.0005)
    # SIGINT is taken right after it
    time.sleep(0.001)


def require_interrupted(process: "subprocess.Popen[str]", printed: str = "") -> None:
    try:
        out, err = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    first, *then = err.splitlines()
    assert (process.returncode, first, out) == (130, "renp-sim: interrupted", printed)
    assert then in ([], [KEPT])


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0])
def test_while_it_starts_and_while_it_works(tmp_path: Path, delay_s: float) -> None:
    process = started(*PROGRAM, *LONG, "-o", "run.root", cwd=tmp_path)
    wait_for_handlers(process)
    time.sleep(delay_s)
    process.send_signal(signal.SIGINT)
    require_interrupted(process)
    # a long run may leave what it goes on from
    assert {path.name for path in tmp_path.iterdir()} <= {"run.root.shards"}


def test_what_is_kept_of_a_long_run_is_told(tmp_path: Path) -> None:
    process = started(*PROGRAM, *LONG, "-o", "run.root", cwd=tmp_path)
    while not (tmp_path / "run.root.shards" / "manifest.json").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, f"renp-sim: interrupted\n{KEPT}\n")


def test_what_run_keeps_of_a_long_run_is_told(tmp_path: Path) -> None:
    process = started(*PROGRAM, "run", *LONG[1:], "-o", "out", cwd=tmp_path)
    shards = tmp_path / "out" / "events.root.shards"
    while not (shards / "manifest.json").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (
        "out/events.root.shards: keeps what was finished; the same command with --force starts again" in err
    )


@pytest.mark.parametrize("gaps_s", [(0.0,), (0.005,), (0.05,), (0.2,), (0.01, 0.01, 0.02, 0.05, 0.1, 0.2)])
def test_more_than_once(tmp_path: Path, gaps_s: tuple[float, ...]) -> None:
    process = started(*PROGRAM, *LONG, "-o", "run.root", "--workers", "2", cwd=tmp_path)
    while not (tmp_path / "run.root.part").exists():
        time.sleep(0.01)
    time.sleep(0.3)
    for gap_s in (*gaps_s, 0.0):
        process.send_signal(signal.SIGINT)
        time.sleep(gap_s)
    require_interrupted(process)
    assert {path.name for path in tmp_path.iterdir()} <= {"run.root.shards"}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_with_a_worker_that_is_stopped(tmp_path: Path) -> None:
    process = started(*PROGRAM, *LONG, "-o", "run.root", "--workers", "2", cwd=tmp_path)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 30
    while len(workers := children.read_text().split()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(int(workers[0]), signal.SIGSTOP)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    require_interrupted(process)
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert {path.name for path in tmp_path.iterdir()} <= {"run.root.shards"}


SWALLOWED = {
    "weak reference": """
class Thing: pass
thing = Thing()
reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
del thing
""",
    "destructor": """
class Thing:
    def __del__(self): signal.raise_signal(signal.SIGINT)
Thing()
""",
    "bare except": """
try:
    signal.raise_signal(signal.SIGINT)
except:
    pass
""",
}

INSIDE = """
import signal, sys, time, weakref
from renp_sim.cli.interrupt import interruptible
print("in", flush=True)
with interruptible():
    try:
        {}
        time.sleep(20)
        print("went on")
    finally:
        # what cleans up takes its time, and is not cut short
        time.sleep(0.5)
        print("cleaned up", flush=True)
"""


@pytest.mark.parametrize("how", SWALLOWED)
def test_one_that_is_swallowed_is_repeated(tmp_path: Path, how: str) -> None:
    code = INSIDE.format(SWALLOWED[how].strip().replace("\n", "\n        "))
    require_interrupted(started(sys.executable, "-c", code, cwd=tmp_path), "cleaned up\n")


def test_a_second_one_does_not_silence_the_first(tmp_path: Path) -> None:
    """It comes before the first has written its line."""
    twice = """
import os
write = os.write
def slow(*what):
    os.write = write
    signal.raise_signal(signal.SIGINT)
    return write(*what)
os.write = slow
signal.raise_signal(signal.SIGINT)
"""
    code = INSIDE.format(twice.strip().replace("\n", "\n        "))
    require_interrupted(started(sys.executable, "-c", code, cwd=tmp_path), "cleaned up\n")


def test_cleaning_up_is_not_cut_short(tmp_path: Path) -> None:
    process = started(sys.executable, "-c", INSIDE.format("pass"), cwd=tmp_path)
    time.sleep(0.2)
    for _ in range(4):
        process.send_signal(signal.SIGINT)
        time.sleep(0.08)
    require_interrupted(process, "cleaned up\n")


def run(command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    program = f"{sys.executable} -c 'from renp_sim.cli import main; main()'"
    return subprocess.run(
        ["bash", "-c", command.replace("renp-sim", program)],
        capture_output=True, text=True, check=False, cwd=cwd,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["rate fine_scan", "rate fine_scan --json", "check fine_scan", "--help"])
@pytest.mark.parametrize("reader", ["head -n 1", "true"])
def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path, command: str, reader: str) -> None:
    done = run(f"renp-sim {command} | {reader}; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["rate fine_scan", "rate fine_scan --json", "check fine_scan", "--help"])
def test_a_full_device_is_one_line(tmp_path: Path, command: str) -> None:
    done = run(f"renp-sim {command} > /dev/full", tmp_path)
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("renp-sim: ")
    assert "No space left on device" in line


def test_output_that_nobody_can_see(tmp_path: Path) -> None:
    assert run("renp-sim rate fine_scan >&-", tmp_path).returncode == 0
    done = run("renp-sim check nothing 2> /dev/full", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    done = run("PYTHONIOENCODING=ascii renp-sim rate fine_scan", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u03c9_11" in done.stdout


def test_a_name_that_is_no_text_is_printed(tmp_path: Path) -> None:
    done = run("renp-sim init $'a\\xff.toml' && ls | wc -l", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_an_interrupt_becomes_on_its_way_ends_as_one() -> None:
    """An import in C may end with an error of its own; twin: nobody interrupts it."""
    program = """
import signal
from renp_sim.cli.interrupt import interruptible
with interruptible():
    try:
        {what}
    except SystemExit:
        pass
    raise ImportError("of a library")
"""
    for what, code, said in (("signal.raise_signal(signal.SIGINT)", 130, True), ("pass", 1, False)):
        ended = subprocess.run(
            [sys.executable, "-c", program.format(what=what)], capture_output=True, text=True, check=False
        )
        assert ended.returncode == code
        assert (ended.stderr == "renp-sim: interrupted\n") == said
