"""How cost and memory grow: one thing larger, everything else as it is.

Run as `python -m benchmarks.bench_scaling [--quick | --full] [--only COMMAND]`. Each case is a command in a
process of its own, with a time limit. User CPU is that of all its processes, less that of `--version`; memory
is the peak of its largest process. Exponents are between the two largest sizes that finished. What did not
finish is said, and larger sizes are not tried.
"""

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.report import Report, add_json_option

__all__ = ["Axis", "Cost", "exponents", "measured", "tell"]

RUN: Final = "gp23_three_frequencies"
FILE: Final = "made.root"
TYPED: Final = {
    "generate": ("generate", RUN, "-o", FILE, "--quiet", "--force"),
    "fit": ("fit", FILE, "--ordering", "normal", "--json"),
    "limit": ("limit", RUN, "--parameter", "interaction.y_scalar.11", "--json"),
    "toys": ("toys", RUN, "-o", "toys.root", "--question", "ordering", "--quiet", "--force"),
    "exposure": ("exposure", RUN, "--question", "ordering", "--json"),
    "optimise": ("optimise", RUN, "--question", "ordering", "--json"),
}
"""What is always typed for a command."""

SCALAR: Final = ("interaction.model=scalar_mediator", "interaction.mass_eV=1", "interaction.y_electron=1")
EVENTS_PER_CM3: Final = 3.706
"""Recorded photons of ten steps of `scan`, without background."""

SIZES: Final = {
    "steps": (10, 100, 1000, 10_000),
    "events": (100_000, 1_000_000, 10_000_000, 100_000_000),
    "backgrounds": (1, 3, 10),
    "toys": (1000, 10_000, 100_000, 1_000_000),
    "parameters": (1, 2, 4, 8),
    "workers": (1, 2),
}
LARGEST: Final = {"quick": {"steps": 100, "events": 1_000_000, "toys": 10_000}, "full": {}, "": {}}
"""Of a quick and of a full run; without either the last of events and toys are left out."""
FULL_ONLY: Final = ("events", "toys")

GROWING: Final = {
    "generate": ("steps", "events", "backgrounds", "workers"),
    "fit": ("steps", "events", "backgrounds", "parameters"),
    "limit": ("steps", "events", "backgrounds", "parameters"),
    "toys": ("steps", "backgrounds", "toys", "parameters", "workers"),
    "exposure": ("steps", "events", "backgrounds", "toys", "parameters"),
    "optimise": ("steps", "backgrounds", "parameters"),
}
CHILD: Final = """
import resource, sys
from renp_sim.cli import main
try:
    main(sys.argv[1:])
finally:
    # not ru_maxrss of itself, which a child inherits from its parent
    own = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))
    print('peak', max(int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """User CPU, s, and peak memory, MB, of a command."""

    user_s: float
    peak_MB: float


@dataclass(frozen=True, slots=True)
class Axis:
    """A command, what of it grows, and how large it becomes."""

    command: str
    grows: str
    sizes: tuple[int, ...]


def axes(how: str, only: str | None) -> Iterator[Axis]:
    """Yield what is measured."""
    for command, growing in GROWING.items():
        for grows in growing if only in (None, command) else ():
            sizes = SIZES[grows][: -1 if grows in FULL_ONLY and how != "full" else None]
            limit = LARGEST[how].get(grows, sizes[-1])
            yield Axis(command, grows, tuple(size for size in sizes if size <= limit))


def settings_of(command: str, grows: str, size: int) -> list[str]:
    """Return the words of a run of ten sharp steps across every threshold and 1e4 photons, or what grows."""
    points = size if grows == "steps" else 10
    n_events = {"events": size, "workers": 4_000_000 if command == "generate" else 10_000}.get(grows, 10_000)
    # the rate of a background floats, besides the parameter of interest, if it has an error
    n_dark = {"backgrounds": size, "parameters": size - 1}.get(grows, 0)
    error = ", error_rel=0.1" if grows == "parameters" else ""
    rows = (f"{{name='d{k}', kind='dark_counts', rate_hz={1e-3 / n_dark!r}{error}}}" for k in range(n_dark))
    settings = (
        f"laser.scan=[{{start_eV=1.06, stop_eV=1.0718, points={points}, total_duration_s=3e6}}]",
        "laser.linewidth_eV=0",
        "laser.settling_s=0",
        f"target.volume_cm3={n_events / EVENTS_PER_CM3!r}",
        f"background=[{', '.join(rows)}]",
        *(SCALAR if command == "limit" else ()),
    )
    return [word for setting in settings for word in ("--set", setting)]


def words_of(command: str, grows: str, size: int) -> list[str]:
    """Return what is typed."""
    words = [*TYPED[command]]
    if command == "toys":
        words += ["-n", str(size if grows == "toys" else 20_000 if grows == "workers" else 1000)]
    if command == "exposure" and grows == "toys":
        words += ["--method", "toys", "--toys", str(size)]
    if grows == "workers":
        words += ["--workers", str(size)]
    if command == "optimise" and grows == "steps":
        # frequencies to choose from
        words += ["--grid", f"1.06:1.0718:{size}"]
    # a file has the settings of its run
    return words if command == "fit" else words + settings_of(command, grows, size)


def measured(arguments: Sequence[str], folder: Path, limit_s: float) -> Cost | str:
    """Return what a command costs, or in a few words why it has no cost."""
    before = os.times().children_user
    command = [sys.executable, "-c", CHILD, *arguments]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # of its CPU, not of a clock that other work slows
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (int(limit_s), int(limit_s))),
    )
    try:
        _, said = process.communicate(timeout=10 * limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"not within {10 * limit_s:.0f} s of the clock"
    if process.returncode < 0:
        return f"not within {limit_s:.0f} s of CPU"
    if process.returncode:
        return f"refused: {said.strip().splitlines()[-2][:150]}"
    return Cost(os.times().children_user - before, int(said.split()[-1]) / 1024)


def exponents(costs: dict[int, Cost]) -> tuple[float, float] | None:
    """Return d ln(cost) / d ln(size) of CPU and of memory between the two largest sizes."""
    if len(costs) < 2:
        return None
    (small, first), (large, second) = sorted(costs.items())[-2:]
    step = log(large / small)
    # a start that is all there is may cost less than the start
    user = [max(cost.user_s, 1e-3) for cost in (first, second)]
    return log(user[1] / user[0]) / step, log(second.peak_MB / first.peak_MB) / step


def tell(report: Report, axis: Axis, folder: Path, limit_s: float, start_s: float) -> None:
    """Measure and print one line."""
    costs, stopped = {}, ""
    for size in axis.sizes:
        if axis.command == "fit":
            made = measured([*TYPED["generate"], *settings_of("fit", axis.grows, size)], folder, limit_s)
            if isinstance(made, str):
                stopped = f"; {size:.0e}: no file, generate {made}"
                break
        found = measured(words_of(axis.command, axis.grows, size), folder, limit_s)
        if isinstance(found, str):
            stopped = f"; {size:.3g}: {found}"
            break
        costs[size] = Cost(found.user_s - start_s, found.peak_MB)
    row = ", ".join(f"{size:.3g}: {cost.user_s:.2f} s {cost.peak_MB:.0f} MB" for size, cost in costs.items())
    slopes = exponents(costs)
    grown = "" if slopes is None else f"; exponents {slopes[0]:+.2f} of CPU, {slopes[1]:+.2f} of memory"
    what = f"{axis.command}, {axis.grows}"
    largest = [cost.user_s for cost in costs.values()][-1:]
    report.add(what, largest, "", f"{what}: {row or 'nothing finished'}{grown}{stopped}", unit="s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_const", const="quick", dest="how", default="")
    parser.add_argument("--full", action="store_const", const="full", dest="how")
    parser.add_argument("--only", choices=tuple(GROWING), metavar="COMMAND")
    parser.add_argument("--limit", type=float, default=300, metavar="SECONDS", help="of CPU, of a case")
    add_json_option(parser)
    options = parser.parse_args()
    report = Report(options.json)
    with TemporaryDirectory() as name:
        folder = Path(name)
        start = [measured(("--version",), folder, 60) for _ in range(5)]
        start_s = sorted(cost.user_s for cost in start if isinstance(cost, Cost))[2]
        print(f"less the start of {start_s:.2f} s")
        for axis in axes(options.how, options.only):
            tell(report, axis, folder, options.limit, start_s)


if __name__ == "__main__":
    main()
