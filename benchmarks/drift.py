"""What a drift of the efficiency that nobody knows does to the mass: sequential against interleaved scans.

Run as `python -m benchmarks.drift --toys 500`. A scan across the thresholds has the same wall time in one
pass or in many; the efficiency drifts over it, the fit knows its value at the start only, and the
normalisation is free, so that a common factor costs nothing. Counts are those of the truth of the run file,
as `generate` draws them; what is fitted is what the file states.
"""

import argparse
from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.infer.batch import Status, fit_batch
from renp_sim.arrays import FloatArray
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.exposure import exposure_of
from renp_sim.prediction.pseudo_data import toys
from renp_sim.runfile.run import Run, run_from_table

__all__ = ["Bias", "bias_of", "run_of"]

MASS_EV = 0.01
PASSES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """What toys say of the mass: mean of the best values less the truth, its error, and their width, eV."""

    mean_eV: float
    error_eV: float
    width_eV: float


def run_of(passes: int, total_rel: float) -> Run:
    """Return a scan across the thresholds of the light pairs in so many passes."""
    return run_from_table(
        {
            "run": {"seed": 20230906},
            "target": {"volume_cm3": 2e5},
            "neutrino": {"lightest_mass_eV": MASS_EV},
            "laser": {
                "scan": [
                    {
                        "start_eV": 1.0709,
                        "stop_eV": 1.0716,
                        "points": 8,
                        "total_duration_s": 40 * 86400.0,
                        "passes": passes,
                    }
                ]
            },
            "detector": {"efficiency": 0.4},
            "drift": {"efficiency": {"kind": "linear", "total_rel": total_rel}},
        }
    )


def bias_of(run: Run, n_toys: int, seed: int) -> Bias:
    """Return the bias of the mass in toys of a run as it was, fitted with what is known of it."""
    target = run.emission.target

    def model(exposure_is_true: bool) -> ExpectedCounts:
        schedule = run.truth if exposure_is_true else run.schedule
        return ExpectedCounts(
            exposure=exposure_of(schedule, target, run.detector, emission=run.emission),
            target=target,
            oscillation=run.oscillation,
            offered=("lightest_mass_eV", "normalisation"),
        )

    truth = np.array([MASS_EV, 1.0])
    counts = toys(model(exposure_is_true=True), truth, seed=seed, n_toys=n_toys).counts
    fits = fit_batch(
        counts, {"model": model(exposure_is_true=False)}, free=["lightest_mass_eV", "normalisation"]
    )
    assert np.all(fits.status < Status.NOT_CONVERGED), f"{fits.failed()} fits failed"
    mass_eV: FloatArray = fits.of("model").theta[:, 0]
    width = float(mass_eV.std(ddof=1))
    return Bias(mean_eV=float(mass_eV.mean()) - MASS_EV, error_eV=width / np.sqrt(n_toys), width_eV=width)


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the bias of the mass by a drift of the efficiency.")
    parser.add_argument("--toys", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print("| drift | passes | bias of the lightest mass [meV] | in standard deviations of one scan |")
    print("|---|---|---|---|")
    for total_rel in (0.0, -0.1):
        for passes in (1, PASSES):
            found = bias_of(run_of(passes, total_rel), arguments.toys, arguments.seed)
            mean, error = 1e3 * found.mean_eV, 1e3 * found.error_eV
            share = found.mean_eV / found.width_eV
            print(f"| {total_rel:g} | {passes} | {mean:+.3f} ± {error:.3f} | {share:+.2f} |")


if __name__ == "__main__":
    main()
