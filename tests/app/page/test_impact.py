"""What groups of nuisances add: the interval that a fit with them fixed has."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from renp_sim.analysis.infer.fit import fit
from renp_sim.app.data import read_data
from renp_sim.app.page.impact import impacts
from renp_sim.app.thresholds import fit_report
from renp_sim.cli.fit_options import question_of
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table

SCAN = {"start_eV": 1.0685, "stop_eV": 1.07163, "points": 12, "total_duration_s": 23846400.0}
DARK = {"name": "dark", "kind": "dark_counts", "rate_hz": 2e-5, "error_rel": 0.5}
EFFICIENCY = {"kind": "constant", "value": 0.5, "common_error_rel": 0.05}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory):
    run = {
        "run": {"seed": 11},
        "laser": {"linewidth_eV": 1e-6, "scan": [SCAN]},
        "background": [DARK],
        "detector": {"efficiency": EFFICIENCY},
    }
    made = generate(run_from_table(run), tmp_path_factory.mktemp("impact") / "run.root")
    return fit_report(read_data([made.path]), question_of(ordering="normal", normalisation="5%"))


def test_the_interval_is_that_of_a_fit_with_the_group_fixed(report) -> None:
    best = report.result.best
    mass = best.parameter("lightest_mass_eV")
    found = impacts(best, mass)
    assert [each.group for each in found] == [
        *("", "background", "efficiency", "normalisation: statistics only"),
    ]
    widths = [each.upper - each.lower for each in found]
    assert all(later <= before * (1 + 1e-3) for before, later in pairwise(widths))
    assert widths[-1] < 0.9 * widths[0]
    frozen: dict[str, float] = {}
    for each in found[1:]:
        frozen |= {name: best.parameter(name).value for name in each.names}
        known = dict(zip(best.setup.names, best.setup.constraints, strict=True))
        free = ["lightest_mass_eV"]
        again = fit(
            report.data.fitted,
            {"same": best.setup.model},
            free=free,
            fix=frozen,
            constrain={name: c for name, c in known.items() if name not in (*free, *frozen)},
        ).best.parameter("lightest_mass_eV")
        (region,) = again.intervals.regions
        # √Δq is taken as a line between points a sixteenth of the half width apart
        np.testing.assert_allclose(
            [each.lower, each.upper], [region.lower, region.upper], rtol=0, atol=0.01 * widths[0]
        )


def test_nothing_to_freeze_is_nothing(tmp_path: Path) -> None:
    run = {"run": {"seed": 11}, "laser": {"scan": [SCAN]}}
    made = generate(run_from_table(run), tmp_path / "run.root")
    best = fit_report(read_data([made.path]), question_of(ordering="normal")).result.best
    assert impacts(best, best.parameter("lightest_mass_eV")) == ()
