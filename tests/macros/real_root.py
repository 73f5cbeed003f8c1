"""Real ROOT from the Python registry, run as a user would: one process per macro."""

import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

MACROS = Path(__file__).parents[2] / "macros"
NAMES = sorted(path.stem for path in MACROS.glob("*.C"))
Output = subprocess.CompletedProcess[str]


def folder() -> Path | None:
    """Where `root.exe` and `hadd` are, if ROOT is installed."""
    spec = find_spec("ROOT")
    return Path(spec.origin).parent / "bin" if spec and spec.origin else None


def call(macro: Path, *arguments: object, before: tuple[str, ...] = ()) -> Output:
    """Run `macro(arguments)`; `before` are lines of C++ that come first."""
    # a JSON string or number is a C++ literal too
    literals = ", ".join(json.dumps(str(a) if isinstance(a, Path) else a) for a in arguments)
    lines = [word for line in before for word in ("-e", line)]
    return run("root.exe", "-l", "-b", "-q", *lines, f"{macro}({literals})")


def run(program: str, *arguments: object) -> Output:
    """Run a program of ROOT."""
    bin_folder = folder()
    assert bin_folder is not None
    return subprocess.run(
        [str(bin_folder / program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )


def hadd(out: Path, inputs: list[Path], *options: str) -> Path:
    """Merge files and return the merged one."""
    made = run("hadd", "-v", "0", *options, out, *inputs)
    assert made.returncode == 0, made.stdout + made.stderr
    return out
