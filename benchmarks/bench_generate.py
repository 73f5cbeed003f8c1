"""Event kernel, `generate` and its memory, against the goals.

Run as `python -m benchmarks.bench_generate [--quick]`.
Every line measures both sides interleaved in one run and prints their ratio.
"""

import argparse
import mmap
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import uproot

from benchmarks.report import Report, add_json_option
from benchmarks.timing import interleaved, ratio_of, timed
from detector.resolution import Gaussian
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.reader import ITERATED_ROWS
from renp_sim.ntuple.schema import EVENTS
from renp_sim.production.generate import generate
from renp_sim.production.job import job_of
from renp_sim.production.memory import keep_freed_memory
from renp_sim.production.recorder import Recorder
from renp_sim.production.slices import plan_shards
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, load, run_from_table
from renp_sim.streams import BLOCK_EVENTS

SCAN = "laser.scan=[{omegas_eV=[1.0688, 1.0699, 1.0711, 1.07164], total_duration_s=1e6}]"
INTERACTIONS = {
    "standard_model": "{model='standard_model'}",
    "vector_mediator": "{model='vector_mediator', mass_eV=1.0, g_electron=1e-12, g_left={11=1e-12}}",
    "scalar_mediator": "{model='scalar_mediator', mass_eV=1.0, y_electron=1e-6, y_scalar={11=5e-11}}",
    "em_moments": "{model='em_moments', magnetic_muB={11=1e-11}}",
}


def setup(*settings: str) -> Run:
    return run_from_table(
        apply_settings(read_table("fine_scan"), [SCAN, "detector.efficiency=1.0", *settings])
    )


def kernel(run: Run, n_events: int) -> Callable[[], int]:
    """Make every event of the run, truth and record, and drop it."""

    def side() -> int:
        job = job_of(run, n_events)
        recorder, shards = Recorder(job), plan_shards(job.expected_rows())
        return sum(len(columns["run"]) for shard in shards for columns in recorder.events(shard, []))

    return side


def floor(n_events: int) -> Callable[[], None]:
    """Draw the same random numbers and store the same bytes, and nothing else."""
    rng = np.random.Generator(np.random.PCG64DXSM(1))
    stored = {branch.name: np.empty(BLOCK_EVENTS, branch.dtype) for branch in EVENTS.branches}
    drawn = np.empty(BLOCK_EVENTS)
    vertex = np.empty((3, BLOCK_EVENTS), dtype=np.float32)

    def side() -> None:
        for _ in range(n_events // BLOCK_EVENTS):
            rng.standard_exponential(out=drawn)
            for _ in range(4):  # entry, cosθ*, φ, ω inside the line
                rng.random(out=drawn)
            rng.random(out=vertex, dtype=np.float32)
            rng.standard_normal(out=drawn)  # energy resolution
            for values in stored.values():
                values.fill(1)

    return side


def bound(n_events: int, n_entries: int, *, is_sharp: bool) -> Callable[[], None]:
    """Do what `floor` does, and look up and call what no event is without, one array operation for each.

    Sums and products in between are left out.
    """
    least, rng = floor(BLOCK_EVENTS), np.random.default_rng(2)
    entry = rng.integers(n_entries, size=BLOCK_EVENTS)
    table, names = rng.random(n_entries), np.ones(n_entries, dtype=np.int8)
    x, out, small = rng.random(BLOCK_EVENTS), np.empty(BLOCK_EVENTS), np.ones(BLOCK_EVENTS, np.float32)
    # alias cell and its step; four constants of cosθ*; s₊, s₋ and the difference; root and width in the line
    n_gathers = 9 if is_sharp else 12
    # of cosθ* and the azimuth; Δ, p_T
    functions = (np.arcsin, np.tan, np.tan, np.sqrt, np.sqrt)

    def side() -> None:
        for _ in range(n_events // BLOCK_EVENTS):
            least()
            for _ in range(n_gathers):
                table.take(entry, out=out, mode="clip")
            names.take(entry), names.take(entry)
            for function in functions:
                function(x, out=out)
            for _ in range(4):  # cosθ*, Δ, share of ν_i, cos φ
                np.divide(x, x, out=out)
            for of_vertex in (np.sqrt, np.sin, np.cos):
                of_vertex(small, out=small)

    return side


def write_alone(columns: list[dict[str, np.ndarray]], folder: Path, compression: Any) -> Callable[[], None]:
    """Write the same arrays with uproot and nothing else."""

    def side() -> None:
        with uproot.recreate(folder / "alone.root", compression=compression) as file:
            tree = file.mktree("events", {branch.name: branch.dtype for branch in EVENTS.branches})
            for block in columns:
                tree.extend(block)

    return side


def root_table(run: Run, n_events: int) -> str:
    """Return what the run is drawn from, for generate_loop.C."""
    job = job_of(run, n_events)
    target, detector, schedule = run.emission.target, run.detector, run.schedule
    steps = [k for k, count in enumerate(job.signal.counts.tolist()) if count]
    window = detector.energy_window_eV
    assert isinstance(detector.resolution, Gaussian)
    lines = [
        (target.atom.e_eg_eV, target.radius_cm, target.length_cm, detector.resolution.sigma_eV, *window),
        (len(steps),),
    ]
    for k in steps:
        source = job.signal.step(k).source
        cosine, choice = source.cosine, source.choice
        assert choice is not None
        assert np.all(cosine.is_closed_form)
        columns = (
            *(choice.threshold, choice.step, source.nu_i, source.nu_j),
            *(cosine.offset, cosine.slope, cosine.amplitude, cosine.shift),
            *(source.root_eV, source.root_width_eV),
            *(source.s_plus_eV2, source.s_minus_eV2, source.difference_eV2),
        )
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        lines.append((int(job.signal.counts[k]), schedule.start_s[k], schedule.duration_s[k], len(rows)))
        lines += rows
    return "\n".join(" ".join(str(value) for value in line) for line in lines)


def root_loop(run: Run, n_events: int, folder: Path) -> Callable[[], float] | None:
    """Return what runs the compiled loop and gives the seconds it states; None without ROOT."""
    found = find_spec("ROOT")
    if found is None or found.origin is None:
        return None
    table, output = folder / "table.txt", folder / "loop.root"
    table.write_text(root_table(run, n_events))
    build = f'gSystem->SetBuildDir("{folder / "build"}", kTRUE);'
    macro = f'{Path(__file__).with_name("generate_loop.C")}+O("{table}", "{output}")'
    root = Path(found.origin).parent / "bin" / "root.exe"

    def side() -> float:
        command = [str(root), "-l", "-b", "-q", "-e", build, macro]
        made = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return float(made.split("seconds")[1].split()[0])

    return side


def blocks_of(run: Run, n_events: int) -> Iterator[dict[str, np.ndarray]]:
    job, begun = job_of(run, n_events), 0
    recorder = Recorder(job)
    for shard in plan_shards(job.expected_rows()):
        for columns in recorder.events(shard, []):
            n = len(columns["run"])
            yield columns | {"event": np.arange(begun, begun + n)}
            begun += n


def shared(block: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Copy a block to memory that forked workers need not copy: `generate` alone would not hold it."""
    kept = {}
    for name, values in block.items():
        kept[name] = np.frombuffer(mmap.mmap(-1, values.nbytes), values.dtype)
        kept[name][:] = values
    return kept


def peak_memory_MB(n_events: int, folder: Path) -> float:
    """Return the peak of a process that generates n events."""
    program = (
        "import sys; from pathlib import Path;"
        "from benchmarks.bench_generate import setup; from renp_sim.production.generate import generate;"
        # as the command does
        "from renp_sim.production.memory import keep_freed_memory; keep_freed_memory();"
        "generate(setup(), Path(sys.argv[1]), n_events=int(sys.argv[2]), force=True);"
        # not ru_maxrss, which a child inherits from its parent
        "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"
    )
    output = folder / "memory.root"
    command = [sys.executable, "-c", program, str(output), str(n_events)]
    kilobytes = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    output.unlink()
    return kilobytes / 1024


def compare_kernels(report: Report, n: int) -> None:
    """Events alone, against their floor and among interactions."""
    sharp = setup("laser.linewidth_eV=0.0")
    for line, run in (("sharp", sharp), ("broad", setup())):
        ratio = interleaved(kernel(run, n), floor(n))
        ratio.tell(report, f"event kernel, {line} line, against its floor", "≤ 2.5", n)
        entries = max(len(job_of(run, n).signal.step(k).source.nu_i) for k in range(4))
        ratio = interleaved(kernel(run, n), bound(n, entries, is_sharp=line == "sharp"))
        ratio.tell(report, f"event kernel, {line} line, against floor, look-ups and functions", "≤ 2", n)
    for interaction, table in INTERACTIONS.items():
        if interaction != "standard_model":
            other = setup("laser.linewidth_eV=0.0", f"interaction={table}")
            ratio = interleaved(kernel(other, n), kernel(sharp, n))
            ratio.tell(report, f"event kernel, {interaction} against standard_model", "≤ 1.1", n)


def generated(compression: str, workers: int, n: int, folder: Path) -> Callable[[], float]:
    """Return what generates a file and gives the seconds it took."""
    run = setup(f"output.compression={compression}")
    return timed(lambda: generate(run, folder / "made.root", n_events=n, workers=workers, force=True))


def compare_writing(report: Report, n: int, folder: Path) -> None:
    """`generate` against uproot alone."""
    columns = [shared(block) for block in blocks_of(setup(), n)]
    for compression, codec in (("lz4", uproot.LZ4(1)), ("zstd", uproot.ZSTD(1))):
        alone = timed(write_alone(columns, folder, codec))
        for workers, goal in ((1, "≤ 1.6"), (2, "≤ 1.25")):
            ratio = ratio_of(generated(compression, workers, n, folder), alone, rounds=5)
            what = f"generate to {compression}, {workers} worker(s), against uproot alone"
            ratio.tell(report, what, goal, n)


def compare_with_root(report: Report, n: int, folder: Path) -> None:
    """`generate` against the loop that one would write in C++."""
    loop = root_loop(setup(), n, folder)
    if loop is None:
        print("compiled ROOT loop against generate: no ROOT here")
        return
    for workers in (1, 2):
        ratio = ratio_of(loop, generated("zstd", workers, n, folder), rounds=5)
        what = f"compiled ROOT loop to zstd against generate, {workers} worker(s)"
        ratio.tell(report, what, "≥ 3", n)


def compare_reading(report: Report, n: int, folder: Path) -> None:
    """`inspect`, which reads every branch and hashes it, against uproot that only decodes them."""
    path = folder / "read.root"
    generate(setup(), path, n_events=n, force=True)

    def decode() -> None:
        for _ in uproot.iterate(f"{path}:events", step_size=ITERATED_ROWS, library="np"):
            pass

    ratio = interleaved(decode, lambda: inspect(path))
    ratio.tell(report, "uproot that decodes every branch against inspect", "≥ 0.67", n)


def long_schedules(n_steps: int, folder: Path) -> None:
    """`check` and `generate` of very many short steps, each with a dark count or so."""
    dark = "background=[{name='dark', kind='dark_counts', rate_hz=1.0}]"
    # many lines that hardly emit, and few that do: to draw from a line takes milliseconds to prepare
    for points, passes, volume_cm3 in ((n_steps, 1, 1e3), (n_steps // 2000, 2000, 1e6)):
        grid = f"start_eV=1.06, stop_eV=1.0715, points={points}, passes={passes}"
        settings = (
            f"laser.scan=[{{{grid}, total_duration_s={float(n_steps)}}}]",
            "laser.settling_s=0",
            "laser.linewidth_eV=1e-6",
            f"target.volume_cm3={volume_cm3}",
            dark,
        )
        begun = time.process_time()
        run = load("fine_scan", settings)
        run.resolved()
        checked = time.process_time()
        made = generate(run, folder / "made.root", force=True)
        done = time.process_time()
        print(
            f"{n_steps} steps, {points} points x {passes} passes, {made.n_generated} signal photons of "
            f"{made.n_events} rows: check {checked - begun:.1f} s, goal ≤ {5e-5 * n_steps:.3g}; "
            f"generate {done - checked:.1f} s of one core, goal ≤ {6e-4 * n_steps:.3g}",
            flush=True,
        )


def compare_memory(large: int, folder: Path) -> None:
    """Peaks of two processes."""
    small, big = peak_memory_MB(10**6, folder), peak_memory_MB(large, folder)
    print(
        f"memory of generate: {small:.0f} MB for 1e6 events, {big:.0f} MB for {large:.0e}, "
        f"ratio {big / small:.2f}; goal equal within 20 %, below 250 MB"
    )


def main() -> None:
    keep_freed_memory()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events")
    parser.add_argument("--folder", type=Path, help="where files are written (default: a temporary folder)")
    add_json_option(parser)
    options = parser.parse_args()
    report = Report(options.json)
    n = 2**20 if options.quick else 4 * 2**20
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        print(f"{os.cpu_count()} cores, numpy {np.__version__}, uproot {uproot.__version__}, {n} events")
        compare_writing(report, n, folder)
        compare_with_root(report, n, folder)
        compare_reading(report, n, folder)
        compare_kernels(report, n)
        long_schedules(10_000 if options.quick else 100_000, folder)
        compare_memory(10**7 if options.quick else 10**8, folder)


if __name__ == "__main__":
    main()
