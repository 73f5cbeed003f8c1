"""Closure of the whole chain: run file → events → detector → ntuple → fit gives the mass back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import beta

from renp_sim.app.data import read_data
from renp_sim.app.fitting import fit_data
from renp_sim.app.question import Question
from renp_sim.constants import ONE_SIGMA
from renp_sim.physics.neutrino import Ordering
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table

TRUE_MASS_EV = 0.01

ACROSS_THE_THRESHOLDS: dict[str, Any] = {
    "target": {"volume_cm3": 1e5},
    "laser": {
        "linewidth_eV": 1e-6,
        "scan": [{"start_eV": 1.07160, "stop_eV": 1.07166, "points": 7, "total_duration_s": 7 * 86400.0}],
    },
    "detector": {"efficiency": 0.5},
    "background": [{"name": "dark", "kind": "dark_counts", "rate_hz": 1e-4, "error_rel": 0.1}],
}
"""Hundreds of counts on both sides of ω_12 and ω_11."""

AT_A_WALL: dict[str, Any] = {
    "target": {"volume_cm3": 1e4},
    "laser": {"scan": [{"omegas_eV": [1.07160, 1.071651], "total_duration_s": 4 * 86400.0}]},
    "background": [{"name": "dark", "kind": "dark_counts", "rate_hz": 5e-5}],
}
"""A sharp line 7e-7 eV below ω_11: 0.04 meV more and the second step sees background only."""


@dataclass
class PseudoExperiments:
    """Fits of the lightest mass: pulls by the side of the interval that looks at the truth, and coverage."""

    pulls: np.ndarray
    covered: np.ndarray

    @property
    def coverage(self) -> float:
        return float(self.covered.mean())

    def clopper_pearson(self, false_alarm: float) -> tuple[float, float]:
        k, n = int(self.covered.sum()), len(self.covered)
        low = beta.ppf(false_alarm / 2, k, n - k + 1) if k else 0.0
        high = beta.isf(false_alarm / 2, k + 1, n - k) if k < n else 1.0
        return float(low), float(high)


def pseudo_experiments(table: dict[str, Any], n: int, folder: Path, first_seed: int = 1) -> PseudoExperiments:
    pulls, covered = [], []
    for seed in range(first_seed, first_seed + n):
        path = folder / "run.root"
        generate(run_from_table(table | {"run": {"seed": seed}}), path, force=True)
        result = fit_data(read_data([path]), Question(orderings=(Ordering.NORMAL,)))
        mass = result.best.parameter("lightest_mass_eV")
        assert mass.intervals is not None
        regions = mass.intervals.regions
        covered.append(any(r.lower <= TRUE_MASS_EV <= r.upper for r in regions))
        side = regions[0].lower if mass.value > TRUE_MASS_EV else regions[-1].upper
        pulls.append((mass.value - TRUE_MASS_EV) / abs(side - mass.value))
    return PseudoExperiments(np.array(pulls), np.array(covered))


@pytest.mark.slow
def test_the_mass_comes_back(tmp_path: Path) -> None:
    """200 pseudo-experiments: |mean pull| < 3 errors (false alarm 0.3 %), width 1 ± 0.1, coverage 68 %.

    The width has an error of 0.05, so a right chain fails it for one choice of seeds in twenty; these
    seeds are fixed. Coverage within its Clopper–Pearson interval at 1e-3.
    """
    found = pseudo_experiments(ACROSS_THE_THRESHOLDS, 200, tmp_path)
    assert abs(found.pulls.mean()) < 3 * found.pulls.std(ddof=1) / np.sqrt(200)
    assert abs(found.pulls.std(ddof=1) - 1) < 0.1
    low, high = found.clopper_pearson(1e-3)
    assert low < ONE_SIGMA < high


def test_a_wrong_frequency_scale_is_noticed(tmp_path: Path) -> None:
    """Twin: 3e-7 eV of unknown offset moves the mass by more than its error, and the pulls show it."""
    shifted = ACROSS_THE_THRESHOLDS | {
        "laser": ACROSS_THE_THRESHOLDS["laser"] | {"calibration": {"common_offset_eV": 3e-7}}
    }
    found = pseudo_experiments(shifted, 20, tmp_path)
    assert abs(found.pulls.mean()) > 3 * found.pulls.std(ddof=1) / np.sqrt(20)


@pytest.mark.slow
def test_coverage_at_a_wall(tmp_path: Path) -> None:
    """Discrete counts may over-cover; 100 pseudo-experiments must not under-cover beyond 1e-3."""
    found = pseudo_experiments(AT_A_WALL, 100, tmp_path)
    assert found.clopper_pearson(2e-3)[1] > ONE_SIGMA


@pytest.mark.slow
def test_closure_with_many(tmp_path: Path) -> None:
    """500 pseudo-experiments: coverage to ± 2.1 %, mean to ± 0.045; false alarm 0.3 % each."""
    found = pseudo_experiments(ACROSS_THE_THRESHOLDS, 500, tmp_path, first_seed=1001)
    assert abs(found.pulls.mean()) < 3 / np.sqrt(500)
    assert abs(found.pulls.std(ddof=1) - 1) < 3 / np.sqrt(1000)
    low, high = found.clopper_pearson(3e-3)
    assert low < ONE_SIGMA < high
