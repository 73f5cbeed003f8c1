"""What a user waits for: whole processes, user CPU, against their goals.

Run as `python -m benchmarks.bench_startup [--quick]`. Each command is run in turn with a yardstick, a process
that imports numpy and stops; the figures that are kept are multiples of it, since both slow down together.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.report import Report, add_json_option

YARDSTICK: Final = (sys.executable, "-c", "import numpy")
PROGRAM: Final = (sys.executable, "-m", "renp_sim")
FILE: Final = "events.root"

COMMANDS: Final = {
    "--version": ("≤ 0.15 s", ("--version",)),
    "--help": ("≤ 0.3 s", ("--help",)),
    "rate": ("≤ 0.6 s", ("rate", "gp23_three_frequencies")),
    "generate": ("", ("generate", "fine_scan", "-o", FILE, "--quiet", "--force")),
    "inspect": ("", ("inspect", FILE)),
    "spectrum": ("", ("spectrum", FILE)),
    "run": ("≤ 8 s", ("run", "-o", "out", "--quiet", "--force")),
}
SLOW: Final = ("generate", "inspect", "spectrum", "run")


def user_s(command: tuple[str, ...], folder: Path) -> float:
    """Return the user CPU seconds of a process and of all that it waited for."""
    before = os.times().children_user
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    return os.times().children_user - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without `run`, and fewer repeats")
    add_json_option(parser)
    options = parser.parse_args()
    report = Report(options.json)
    with TemporaryDirectory() as name:
        folder = Path(name)
        for what, (goal, arguments) in COMMANDS.items():
            if options.quick and what == "run":
                continue
            command = (*PROGRAM, *arguments)
            user_s(command, folder)
            repeats = 5 if options.quick or what in SLOW else 15
            pairs = [(user_s(command, folder), user_s(YARDSTICK, folder)) for _ in range(repeats)]
            seconds = [first for first, _ in pairs]
            report.add(
                what,
                [first / second for first, second in pairs],
                goal,
                f"{what}: {median(seconds):.2f} s ({min(seconds):.2f} … {max(seconds):.2f}) of user CPU, "
                f"import numpy {median(second for _, second in pairs):.2f} s" + f"; goal {goal}" * bool(goal),
                unit="× import numpy",
            )


if __name__ == "__main__":
    main()
