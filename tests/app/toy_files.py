"""Campaigns that tests make, and their rows."""

from pathlib import Path

import numpy as np
import uproot

from renp_sim.app.question import Question, Treatment
from renp_sim.app.toy_plan import ToyPlan, plan_toys
from renp_sim.runfile.run import load

MASS_RESTS = Question(treatment=Treatment(fixed={"lightest_mass_eV": None}))
DARK = "background=[{name='dark counts', kind='dark_counts', rate_hz=2e-5, error_rel=0.3}]"


def plan(
    question: Question = MASS_RESTS, asked: str | None = "ordering", *settings: str, **options
) -> ToyPlan:
    """Two frequencies with a background whose rate is constrained; two exposures."""
    scan = "laser.scan=[{omegas_eV=[1.0699, 1.0711], total_duration_s=200000.0}]"
    run = load("gp23_three_frequencies", (scan, DARK, *settings))
    return plan_toys(run, question, asked, **{"factors": (1.0, 2.5), **options})


def rows_of(*paths: Path) -> dict[str, np.ndarray]:
    """Return every branch of `toys` sorted by address, read by nothing of this program."""
    parts = []
    for path in paths:
        with uproot.open(path) as file:
            tree = file["toys"]
            parts.append({b.name: b.array(library="ak").to_numpy() for b in tree.branches})
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort([rows[name] for name in ("fitted", "exposure_factor", "hypothesis", "toy")])
    return {name: values[order] for name, values in rows.items()}


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Branch by branch, bit by bit."""
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].dtype == values.dtype
        assert found[name].tobytes() == values.tobytes(), name
