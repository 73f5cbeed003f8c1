"""Closure campaign: pulls and coverage of a fit whose background, efficiency and frequency are not known.

Run as `python -m benchmarks.campaign --toys 1000`, which prints the table of docs/guide/speed.md.
The exposure has signal, control and dark steps. The background scales are free, so control and dark steps
measure them; efficiency and frequency offset have constraints. Toys draw the counts and, as a repeated
experiment would, the measured values of the constraints too. Truth is not where the model stands if nothing
is said.
"""

import argparse
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from renp_sim.analysis.infer.batch import Status, fit_batch
from renp_sim.arrays import FloatArray
from renp_sim.constants import ONE_SIGMA
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.exposure import exposure_of
from renp_sim.prediction.pseudo_data import measured_values, toys
from renp_sim.runfile.run import run_from_table

__all__ = [
    "CONSTRAINED",
    "FREE",
    "RUN",
    "TRUTH",
    "Closure",
    "campaign",
    "clopper_pearson",
    "closures",
    "model",
]


RUN = {
    "run": {"seed": 20230906},
    "target": {"volume_cm3": 5e4},
    "laser": {
        "linewidth_eV": 5e-6,
        "calibration": {"common_error_eV": 2e-6},
        "scan": [
            {
                "start_eV": 1.07160,
                "stop_eV": 1.07166,
                "points": 7,
                "total_duration_s": 15 * 86400.0,
                "control_fraction": 0.2,
                "dark_fraction": 0.1,
            }
        ],
    },
    "detector": {"efficiency": {"kind": "constant", "value": 0.3, "common_error_rel": 0.05}},
    "background": [
        {"name": "dark", "kind": "dark_counts", "rate_hz": 1e-3},
        {"name": "leakage", "kind": "laser_leakage", "rate_hz": 3e-3},
    ],
}
"""Steps on both sides of ω_11 and ω_12; no error of a background is stated."""

FREE = ("lightest_mass_eV", "background.dark", "background.leakage")
CONSTRAINED = ("efficiency", "frequency_offset_eV")

TRUTH = {
    "lightest_mass_eV": 0.01,
    "background.dark": 1.2,
    "background.leakage": 0.7,
    "efficiency": 1.03,
    "frequency_offset_eV": 1e-6,
}


@dataclass(frozen=True, kw_only=True)
class Closure:
    """What b toys say of one parameter.

    `pulls` are (θ̂ − θ_true)/σ̂ with σ̂ from the Fisher matrix at the best fit; `covered` tells whether
    Δ(−2 ln L) ≤ 1 at the truth, all else fitted anew; None where that was not asked for.
    """

    name: str
    pulls: FloatArray
    covered: NDArray[np.bool_] | None

    @property
    def mean(self) -> tuple[float, float]:
        """Mean pull and its error."""
        return float(self.pulls.mean()), float(self.pulls.std(ddof=1) / np.sqrt(len(self.pulls)))

    @property
    def width(self) -> tuple[float, float]:
        """Standard deviation of the pulls and its error, that of a normal distribution."""
        width = float(self.pulls.std(ddof=1))
        return width, width / np.sqrt(2 * (len(self.pulls) - 1))


def model() -> ExpectedCounts:
    """Return the model of the exposure, offering what floats."""
    run = run_from_table(RUN)
    emission = run.emission
    return ExpectedCounts(
        exposure=exposure_of(run.schedule, emission.target, run.detector),
        target=emission.target,
        oscillation=run.oscillation,
        interaction=emission.interaction,
        offered=(*FREE, *CONSTRAINED),
    )


def campaign(
    model: ExpectedCounts,
    n_toys: int,
    seed: int,
    *,
    truth: Mapping[str, float] = TRUTH,
    constrained: Collection[str] = CONSTRAINED,
    fix: Mapping[str, float] | None = None,
    is_randomised: bool = True,
    covered: Collection[str] = (*FREE, *CONSTRAINED),
) -> list[Closure]:
    """Fit toys of a truth and compare.

    Parameters
    ----------
    model
        Of which the toys are, and which is fitted.
    n_toys, seed
        How many toys, and their seed.
    truth
        Of every parameter of the model.
    constrained
        Which of them float with the model's constraint; the others are free.
    fix
        Free parameters that are held in the fit instead.
    is_randomised
        Whether the measured values of the constraints are drawn; if not, each stays at the model's.
    covered
        Parameters of which the coverage is wanted: each takes another fit of every toy.
    """
    parameters = {p.name: p for p in model.parameters}
    measured = {
        name: measured_values(parameters[name], truth[name], seed=seed, n_toys=n_toys)
        if is_randomised
        else np.full(n_toys, parameters[name].value)
        for name in constrained
    }
    theta = np.array([truth[name] for name in parameters])
    counts = toys(model, theta, seed=seed, n_toys=n_toys).counts
    return closures(model, counts, measured, truth, fix=fix, covered=covered)


def closures(
    model: ExpectedCounts,
    counts: FloatArray,
    measured: Mapping[str, FloatArray],
    truth: Mapping[str, float | FloatArray],
    *,
    fix: Mapping[str, float] | None = None,
    covered: Collection[str] = (),
) -> list[Closure]:
    """Fit counts (b, n), with constraints at what each of the b experiments measured, and compare.

    The truth of a parameter may differ between experiments, shape (b,), but for those that are `covered`.
    """
    fix, names = dict(fix or {}), [p.name for p in model.parameters]

    def fitted(held: Mapping[str, float]) -> tuple[FloatArray, FloatArray]:
        """Return best parameters (b, p) and −2 ln L (b,) with these held."""
        constrained = [name for name in measured if name not in held]
        fits = fit_batch(
            counts,
            {"model": model},
            free=[name for name in names if name not in held and name not in measured],
            fix=held,
            constrain=dict.fromkeys(constrained),
            constraint_values={name: measured[name] for name in constrained},
        )
        assert np.all(fits.status < Status.NOT_CONVERGED), f"{fits.failed()} fits failed"
        q = fits.of("model").q.copy()
        for name in set(held) & set(measured):  # its term is a constant of the fit, but not of the toys
            q += ((held[name] - measured[name]) / _error(model, name)) ** 2
        return fits.of("model").theta, q

    best, q_min = fitted(fix)
    floating = [i for i, name in enumerate(names) if name not in fix]
    sigma = _fisher_errors(model, best, floating)
    out = []
    for column, i in enumerate(floating):
        name = names[i]
        pulls = (best[:, i] - truth[name]) / sigma[:, column]
        is_covered = None
        if name in covered:
            is_covered = fitted(fix | {name: float(truth[name])})[1] - q_min <= 1
        out.append(Closure(name=name, pulls=pulls, covered=is_covered))
    return out


def _error(model: ExpectedCounts, name: str) -> float:
    constraint = next(p.constraint for p in model.parameters if p.name == name)
    return 0.0 if constraint is None else constraint.error


def _fisher_errors(model: ExpectedCounts, theta: FloatArray, floating: list[int]) -> FloatArray:
    """Return σ̂ of the floating parameters at each best fit, shape (b, f)."""
    slopes = model.gradient(theta)[..., floating]
    information = np.einsum("bkp,bkq,bk->bpq", slopes, slopes, 1 / model.expected(theta))
    for column, i in enumerate(floating):
        error = _error(model, model.parameters[i].name)
        information[:, column, column] += 1 / error**2 if error > 0 else 0.0
    # parameters differ by many orders of magnitude
    scale = np.sqrt(np.einsum("bpp->bp", information))
    correlation = np.linalg.inv(information / scale[:, :, None] / scale[:, None, :])
    sigma: FloatArray = np.sqrt(np.einsum("bpp->bp", correlation)) / scale
    return sigma


def clopper_pearson(covered: NDArray[np.bool_], level: float = ONE_SIGMA) -> tuple[float, float]:
    """Return the interval of a fraction at a level."""
    k, n = int(covered.sum()), len(covered)
    tail = (1 - level) / 2
    low = beta.ppf(tail, k, n - k + 1) if k else 0.0
    high = beta.isf(tail, k + 1, n - k) if k < n else 1.0
    return float(low), float(high)


def table(rows: list[Closure]) -> str:
    """Return the table in Markdown."""
    lines = [
        "| parameter | mean pull | width | coverage of 68.3 % intervals |",
        "|---|---|---|---|",
    ]
    for row in rows:
        assert row.covered is not None
        (mean, mean_error), (width, width_error) = row.mean, row.width
        low, high = clopper_pearson(row.covered)
        lines.append(
            f"| `{row.name}` | {mean:+.3f} ± {mean_error:.3f} | {width:.3f} ± {width_error:.3f} "
            f"| {row.covered.mean():.3f} [{low:.3f}, {high:.3f}] |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Print pulls and coverage of a closure campaign.")
    parser.add_argument("--toys", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(table(campaign(model(), arguments.toys, arguments.seed)))


if __name__ == "__main__":
    main()
