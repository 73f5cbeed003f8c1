"""What the choice of frequencies is worth: live time of the best schedule, and how much longer GP23's need.

Run as `python -m benchmarks.bench_optimise [--toys N --workers N]`. Lightest mass 10 meV, normal ordering,
3σ, GP23's target with a perfect detector; in each row one thing more stands in the way, at last that the
scale may be off by its error. With `--toys` N toys say how long it takes until half of them exclude the
alternative; that takes hours, since the frequency scale floats in some rows.
"""

import argparse
import time
from typing import Any, Final

from renp_sim.analysis.model import Constraint
from renp_sim.app.optimise import Wish, optimised
from renp_sim.app.plan_options import prior_of
from renp_sim.app.plan_toys import toy_gain
from renp_sim.app.question import Normalisation, Question
from renp_sim.app.separations import Asking
from renp_sim.parallel.choice import executing
from renp_sim.parallel.executor import Executor
from renp_sim.production.memory import keep_freed_memory
from renp_sim.runfile.run import load

BACKGROUND: Final = f"background=[{{name='dark', kind='dark_counts', rate_hz={10 / 86400!r}}}]"
CALIBRATION: Final = "laser.calibration.common_error_eV=5e-6"
TEN_PERCENT: Final = Constraint(value=1.0, error=0.1)

ANYWHERE: Final = prior_of(["frequency_offset_eV=-5e-6,0,5e-6"], is_robust=True)
CASES: Final = (
    ("background-free", (), Normalisation.FIXED, None),
    ("10 counts a day", (BACKGROUND,), Normalisation.FIXED, None),
    ("and 5 µeV of calibration", (BACKGROUND, CALIBRATION), Normalisation.FIXED, None),
    ("and 10 % of normalisation", (BACKGROUND, CALIBRATION), TEN_PERCENT, None),
    ("wherever the scale is", (BACKGROUND, CALIBRATION), TEN_PERCENT, ANYWHERE),
)
TOY_PRECISION: Final = 0.02
GIVEN: Final = ("gp23_three_frequencies", "gp23_six_frequencies")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--toys", type=int, default=0, help="toys at each exposure that is looked at first")
    parser.add_argument("--workers", type=int, default=1, help="processes that make toys")
    arguments = parser.parse_args()
    with executing(arguments.workers, keep_freed_memory) as executor:
        print_table(arguments.toys, executor)


def print_table(n_toys: int, executor: Executor) -> None:
    print(f"{'question':<22} {'':<26} {'days':>8} {'gap':>7} {'three':>8} {'six':>8} {'CPU s':>6}")
    for asked in ("ordering", "lightest_mass_eV=0"):
        for label, settings, normalisation, prior in CASES:
            begun = time.process_time()
            asking = Asking(question=Question(normalisation=normalisation), asked=asked, significance=3.0)
            runs = [load(name, ("detector={efficiency=1.0}", *settings)) for name in GIVEN]
            plan = optimised(runs[0], asking, Wish(), prior)
            gains = [plan.gain[name] for name in GIVEN]
            print(
                f"{asked:<22} {label:<26} {plan.live_time_s / 86400:>8.4g} {100 * plan.found.gap_rel:>6.2g}%"
                f" {gains[0]:>8.4g} {gains[1]:>8.4g} {time.process_time() - begun:>6.1f}",
                flush=True,
            )
            for name, run in zip(GIVEN, runs, strict=True) if n_toys else ():
                toys = toy_gain(
                    plan.run, run, asking, n_toys=n_toys, precision=TOY_PRECISION, executor=executor
                )
                print(f"  toys, {name}: {said_of(toys.as_dict())}", flush=True)


def said_of(toys: dict[str, Any]) -> str:
    if toys["gain"] is None:
        return "never"
    days = ", ".join(f"{toys[f'{name}_s'] / 86400:.4g} d" for name in ("planned", "given"))
    return f"{days}, {toys['gain']:.4g} ± {toys['gain_error']:.2g}"


if __name__ == "__main__":
    main()
