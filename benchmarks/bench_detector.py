"""Event kernel with every background and dead time, against a detector that records every photon as it is.

Run as `python -m benchmarks.bench_detector [--quick]`.
Both sides are interleaved in one run; the ratio is that of the throughputs, in rows recorded per second.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.bench_generate import setup
from benchmarks.report import Report, add_json_option
from benchmarks.timing import ratio_of
from renp_sim.production.job import job_of
from renp_sim.production.memory import keep_freed_memory
from renp_sim.production.recorder import Recorder
from renp_sim.production.slices import plan_shards
from renp_sim.runfile.run import Run

GOAL: Final = "≤ 1.67 (a throughput of 60 %)"
DEAD: Final = 0.05
"""Share of the time that dead time takes."""

BACKGROUNDS: Final[Mapping[str, str]] = {
    "dark": "kind='dark_counts'",
    "flat": "kind='continuum'",
    "leakage": "kind='laser_leakage'",
    "qed": "kind='qed'",
    "falling": "kind='continuum', spectrum={kind='exponential', low_eV=0.8, high_eV=1.3, scale_eV=0.1}",
}


def run_of(n_signal: int, background_hz: float, *settings: str, names: tuple[str, ...] = ()) -> Run:
    """Return a run of so many signal photons, with these backgrounds at the same rate."""
    tables = [f"{{name='{name}', {BACKGROUNDS[name]}, rate_hz={background_hz}}}" for name in names]
    asked = (f"background=[{', '.join(tables)}]", "target.density_cm3=1e21", *settings)
    small = job_of(setup(*asked, "target.volume_cm3=1e3"))
    volume_cm3 = 1e3 * n_signal / float(small.signal.expected.sum())
    return setup(*asked, f"target.volume_cm3={volume_cm3}")


def kernel(run: Run) -> Callable[[], float]:
    """Make every event of the run, truth and record, and drop it; gives the seconds for a row."""

    def side() -> float:
        begun = time.perf_counter()
        job = job_of(run)
        recorder, shards = Recorder(job), plan_shards(job.expected_rows())
        rows = sum(len(columns["run"]) for shard in shards for columns in recorder.events(shard, []))
        return (time.perf_counter() - begun) / rows

    return side


def main() -> None:
    keep_freed_memory()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events")
    add_json_option(parser)
    options = parser.parse_args()
    report = Report(options.json)
    n = 2**20 if options.quick else 2**22
    simple = run_of(n, 0.0, "detector={efficiency=1.0}")
    seconds = float(simple.schedule.open_time_s.sum())
    dead = f"detector.dead_time={{kind='non_paralysable', tau_s={DEAD * seconds / n}}}"
    after = f"detector.afterpulse={{kind='exponential', probability=0.01, decay_s={0.1 * seconds / n}}}"
    everything, four = tuple(BACKGROUNDS), tuple(BACKGROUNDS)[:4]
    for share in (0.1, 0.5):
        n_signal = int((1 - share) * n)
        for what, names, more in (
            ("five backgrounds", everything, ()),
            ("five backgrounds and dead time", everything, (dead,)),
            ("four backgrounds, 1 % afterpulses and dead time", four, (dead, after)),
        ):
            run = run_of(n_signal, share * n / len(names) / seconds, *more, names=names)
            ratio = ratio_of(kernel(run), kernel(simple))
            ratio.tell(report, f"{what}, {100 * share:.0f} % of the rows, against none", GOAL, 1, unit="row")


if __name__ == "__main__":
    main()
