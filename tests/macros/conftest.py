"""Files that a generator made, and ROOT to read them with."""

import os
from pathlib import Path

import pytest

from tests.macros.real_root import folder
from tests.macros.run_files import Files, afterpulsing, make, make_campaign


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    where = tmp_path_factory.mktemp("files")
    small = {"target": {"volume_cm3": 300.0}}
    four = {"omegas_eV": [1.0688, 1.0699, 1.0711, 1.07161], "total_duration_s": 1e6}
    above = {"omegas_eV": [1.072, 1.073], "total_duration_s": 1e5}
    short = {"linewidth_eV": 1e-6, "scan": [four | {"total_duration_s": 2e5}]}
    pulses = {"repetition_hz": 0.01, "window_s": 30.0}
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
        afterpulses=make(where / "afterpulses.root", 6, laser=short, **afterpulsing(0.5)),
        pulsed=make(where / "pulsed.root", 7, laser=short | {"pulses": pulses}, **afterpulsing(0.7)),
        few=tuple(make(where / f"few{k}.root", 100 + k, **small) for k in range(10)),
        toys=make_campaign(where / "toys.root"),
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
