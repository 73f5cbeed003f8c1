"""Real ROOT from the Python registry, run as a user would: one process per macro."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

MACROS = Path(__file__).parents[2] / "macros"
NAMES = sorted(path.stem for path in MACROS.glob("*.C"))
Output = subprocess.CompletedProcess[str]


def folder() -> Path | None:
    """Where `root.exe` and `hadd` are, if ROOT is installed."""
    spec = find_spec("ROOT")
    return Path(spec.origin).parent / "bin" if spec and spec.origin else None


def literal(argument: object) -> str:
    """Return a C++ literal: JSON's strings and numbers are."""
    return json.dumps(str(argument) if isinstance(argument, Path) else argument)


def call(macro: Path, *arguments: object, before: tuple[str, ...] = ()) -> Output:
    """Run `macro(arguments)` as a process; `before` are lines of C++ that come first."""
    lines = [word for line in before for word in ("-e", line)]
    return run("root.exe", "-l", "-b", "-q", *lines, f"{macro}({', '.join(map(literal, arguments))})")


@dataclass(frozen=True)
class Returned:
    """What a macro that was called within a session printed on stdout, and its value."""

    text: str
    value: int


def session(*calls: tuple[object, ...]) -> tuple[list[Returned], str]:
    """Run macros one after the other in one process, as at the prompt: (name, argument, …) each.

    A macro of the tests has the whole path for a name. Returns their outputs, and the stderr of all. Loading
    a macro takes most of the time.
    """
    lines = [f".L {MACROS / name}.C" for name in dict.fromkeys(str(c[0]) for c in calls)]
    for name, *arguments in calls:
        function = Path(str(name)).name
        lines.append(f'printf("\\nreturned %d\\n", {function}({", ".join(map(literal, arguments))}));')
    made = run("root.exe", "-l", "-b", "-q", *(word for line in lines for word in ("-e", line)))
    parts = re.split(r"\nreturned (\d+)\n", made.stdout)
    texts, values = parts[0:-1:2], parts[1::2]
    assert len(values) == len(calls), made.stdout + made.stderr
    return [Returned(t, int(v)) for t, v in zip(texts, values, strict=True)], made.stderr


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
