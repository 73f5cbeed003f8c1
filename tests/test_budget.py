"""`pytest --budget`: what does not start in time is named, and nothing else is hidden."""

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")
TESTS = """
import time

def test_first():
    time.sleep(0.5)

def test_fails():
    assert False

def test_late():
    pass
"""


@pytest.mark.parametrize(
    ("budget", "missing"), [("0", ["first", "fails", "late"]), ("0.4", ["fails", "late"]), ("99", [])]
)
def test_what_the_budget_leaves_out_is_named(budget: str, missing: list[str], tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
    (tmp_path / "test_three.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--budget", budget, "."]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == (0 if "fails" in missing else 1)
    named = done.stdout.partition("not run: the budget is used up =")[2]
    assert [line.partition("test_three.py::test_")[2] for line in named.splitlines()[1:-1]] == missing
