"""Files that a generator made, and ROOT to read them with."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from real_root import folder

from renp_sim.app.generation import generate
from renp_sim.app.setup import setup_from_table

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
    return generate(setup_from_table(table(seed, **changes)), path, n_events=n_events).path


@dataclass(frozen=True)
class Files:
    """Several runs of one experiment."""

    scan: Path
    with_lost: Path
    majorana: Path
    drifting: Path
    weighted: Path
    few: tuple[Path, ...]
    empty: Path


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    where = tmp_path_factory.mktemp("files")
    small = {"target": {"volume_cm3": 300.0}}
    four = {"omegas_eV": [1.0688, 1.0699, 1.0711, 1.07161], "total_duration_s": 1e6}
    above = {"omegas_eV": [1.072, 1.073], "total_duration_s": 1e5}
    return Files(
        scan=make(where / "scan.root", 1),
        with_lost=make(where / "lost.root", 1, output={"keep_undetected": True}),
        majorana=make(
            where / "majorana.root",
            2,
            neutrino={"nature": "majorana", "ordering": "inverted", "lightest_mass_eV": 0.02},
            background=[],
        ),
        drifting=make(
            where / "drifting.root",
            3,
            laser={
                "linewidth_eV": 1e-6,
                "calibration": {"common_error_eV": 5e-6, "common_offset_eV": 4e-6},
                "scan": [four],
            },
        ),
        weighted=make(where / "weighted.root", 4, n_events=500),
        few=tuple(make(where / f"few{k}.root", 100 + k, **small) for k in range(10)),
        empty=make(where / "empty.root", 5, laser={"scan": [above]}, background=[]),
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of ROOT's programs; its absence is a failure in CI and a skip elsewhere."""
    found = folder()
    if found is not None:
        return found
    if os.environ.get("CI"):
        pytest.fail("ROOT is not installed: CI must have it, pip install 'renp-sim[root]'")
    pytest.skip("ROOT is not installed: pip install 'renp-sim[root]'")
