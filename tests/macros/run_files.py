"""Small files of the kind that users have."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import uproot

from renp_sim.app.question import Question
from renp_sim.app.toy_plan import plan_toys
from renp_sim.app.toys import make_toys
from renp_sim.ntuple.blind import hide_truth
from renp_sim.ntuple.reader import read_many
from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, RUNS, STEPS
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.production.generate import generate
from renp_sim.runfile.run import load, run_from_table

SCAN = [
    {"start_eV": 1.0681, "stop_eV": 1.0714, "points": 10, "total_duration_s": 1e6, "dark_fraction": 0.05},
    {
        "start_eV": 1.07152,
        "stop_eV": 1.07168,
        "points": 12,
        "total_duration_s": 2e6,
        "passes": 2,
        "control_fraction": 0.1,
    },
]


def table(seed: int, **changes: Any) -> dict[str, Any]:
    """A small run: 22 frequencies, two passes, control and dark steps, two backgrounds, about 4000 rows."""
    return {
        "run": {"seed": seed},
        "target": {"volume_cm3": 1e4},
        "neutrino": {"lightest_mass_eV": 0.01},
        "laser": {"linewidth_eV": 1e-6, "scan": SCAN},
        "detector": {
            "efficiency": {"kind": "constant", "value": 0.3, "common_error_rel": 0.03},
            "energy_window_eV": [0.9, 1.2],
            "resolution": {"kind": "gaussian", "sigma_eV": 0.03},
        },
        "background": [
            {"name": "dark", "kind": "dark_counts", "rate_hz": 2e-5, "error_rel": 0.1},
            {"name": "lamp", "kind": "continuum", "spectrum": "flat", "rate_hz": 3e-5, "error_rel": 0.2},
        ],
    } | changes


def make(path: Path, seed: int, *, n_events: int | None = None, **changes: Any) -> Path:
    """Generate a file."""
    return generate(run_from_table(table(seed, **changes)), path, n_events=n_events).path


def afterpulsing(efficiency: float) -> dict[str, Any]:
    """Changes that let a tenth of the pulses cause another one, and dead time take a share that shows."""
    detector = table(0)["detector"] | {
        "efficiency": {"kind": "constant", "value": efficiency},
        "afterpulse": {"kind": "exponential", "probability": 0.1, "decay_s": 0.03},
        "dead_time": {"kind": "non_paralysable", "tau_s": 0.02},
    }
    return {"target": {"volume_cm3": 1e6}, "detector": detector}


def make_campaign(path: Path, first: int = 0, last: int = 3000) -> Path:
    """Toys of both orderings at three exposures."""
    factors = (0.5, 1.0, 2.5)
    make_toys(
        plan_toys(load("gp23_three_frequencies"), Question(), "ordering", factors=factors), path, first, last
    )
    return path


@dataclass(frozen=True)
class Files:
    """Several runs of one experiment."""

    scan: Path
    with_lost: Path
    majorana: Path
    drifting: Path
    weighted: Path
    afterpulses: Path
    pulsed: Path
    few: tuple[Path, ...]
    empty: Path
    toys: Path

    def given(self, name: str) -> Path:
        """What a macro reads."""
        return self.toys if name == "toy_exposure" else self.scan


def rewrite(path: Path, source: Path, *, blind: bool = False, without_last_event: bool = False) -> Path:
    """Write a run again, blind or with its last event missing."""
    tables = read_many(source)
    with uproot.open(source) as file:
        events = file["events"].arrays(library="np")
    if without_last_event:
        events = {name: values[:-1] for name, values in events.items()}
    runs = {name: values[:1] for name, values in tables.runs.items()}
    trees = {RUNS: runs, STEPS: tables.steps, BACKGROUNDS: tables.backgrounds, EVENTS: events}
    if blind:
        trees = {tree: hide_truth(tree, columns) for tree, columns in trees.items()}
        trees[RUNS]["is_blind"] = np.array([True])
    with NtupleWriter(path) as writer:
        writer.events(trees[EVENTS])
        writer.steps(trees[STEPS])
        writer.backgrounds(trees[BACKGROUNDS])
        facts = {name: values[0] for name, values in trees[RUNS].items()}
        writer.run({**facts, "config": {}, "provenance": {}})
    return path
