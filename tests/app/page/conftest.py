"""One run of the example, and folders that others made beside it."""

import json
from pathlib import Path

import pytest

from renp_sim.app.exposure import exposure_needed
from renp_sim.app.exposure_answer import write_exposure
from renp_sim.app.limit import LimitMethod, limit_of
from renp_sim.app.question import Question
from renp_sim.app.report import run_all
from renp_sim.app.subject import subject_of
from renp_sim.app.toy_plan import plan_toys
from renp_sim.app.toys import make_toys
from renp_sim.runfile.run import load

EXAMPLE = "gp23_three_frequencies"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `renp-sim run` writes of the example."""
    folder = tmp_path_factory.mktemp("report") / "run"
    run_all(load(EXAMPLE), folder)
    return folder


@pytest.fixture(scope="session")
def extras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Toys, belts, limits and an exposure of the example."""
    folder = tmp_path_factory.mktemp("extras")
    run, asked = load(EXAMPLE), Question()
    make_toys(plan_toys(run, asked, "ordering", factors=(1.0, 2.0)), folder / "toys.root", 0, 64)
    write_exposure(exposure_needed(run, asked, "ordering", methods=(), with_curve=True), folder)
    subject = subject_of([EXAMPLE])
    planned = limit_of(
        subject,
        asked,
        "normalisation",
        method=LimitMethod.FELDMAN_COUSINS,
        n_toys=50,
        belts=folder / "belts.npz",
    )
    (folder / "planned.json").write_text(json.dumps(planned.as_dict()))
    observed = planned.as_dict() | {
        "is_expected": False,
        "parameter": "observed one",
        "intervals": [[0, 1.25]],
    }
    (folder / "observed.json").write_text(json.dumps(observed))
    return folder
