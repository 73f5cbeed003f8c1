"""A file larger than memory: generate, inspect and fit it, each in a process of its own.

Run as `python -m benchmarks.bench_large [--events N] [--folder FOLDER]`; the default makes about 5 GB.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEAK = "; print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"
"""Not ru_maxrss, which a child inherits from its parent."""

SCAN = "laser.scan=[{omegas_eV=[1.0688, 1.0699, 1.0711, 1.07164], total_duration_s=1e6}]"

STAGES = {
    "generate": (
        "import sys; from pathlib import Path; from renp_sim.production.generate import generate; "
        "from renp_sim.production.memory import keep_freed_memory; keep_freed_memory(); "
        "from renp_sim.runfile.run import load; "
        f"changes = ({SCAN!r}, 'detector.efficiency=1.0', 'target.volume_cm3=' + sys.argv[2]); "
        "run = load('fine_scan', changes); "
        "generate(run, Path(sys.argv[1]))"
    ),
    "inspect": (
        "import sys; from renp_sim.ntuple.inspect import inspect; "
        "report = inspect(sys.argv[1]); assert report.is_sound, report.faults"
    ),
    "fit": (
        "import sys; import renp_sim; "
        "question = renp_sim.Question(orderings=(renp_sim.Ordering.NORMAL,)); "
        "renp_sim.fit_data(renp_sim.read_data(sys.argv[1]), question)"
    ),
}

EVENTS_PER_CM3 = 0.784
"""Signal photons of the scan per cm³ of target."""


def measured(stage: str, file: Path, volume_cm3: float) -> tuple[float, float]:
    """Return seconds and peak megabytes of a stage."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", STAGES[stage] + PEAK, str(file), repr(volume_cm3)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{stage}: {done.stderr.strip().splitlines()[-1]}")
    return time.perf_counter() - begun, int(done.stdout.split()[-1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=float, default=4e7)
    parser.add_argument("--folder", type=Path, help="where the file is written (default: a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        file = Path(name) / "large.root"
        volume_cm3 = options.events / EVENTS_PER_CM3
        for stage in STAGES:
            seconds, peak = measured(stage, file, volume_cm3)
            size = file.stat().st_size / 1e9
            print(f"{stage}: {seconds:.1f} s, peak memory {peak:.0f} MB, file {size:.2f} GB", flush=True)


if __name__ == "__main__":
    main()
