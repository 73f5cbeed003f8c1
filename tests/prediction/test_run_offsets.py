"""Each of several runs draws a frequency offset: one parameter each, unless the one of all is named."""

from pathlib import Path

import numpy as np
import pytest

from renp_sim.analysis.data import Exposure, Observation
from renp_sim.analysis.infer.fit import fit
from renp_sim.analysis.model import Constraint
from renp_sim.app.data import read_data
from renp_sim.app.fitting import problem_of
from renp_sim.app.question import Question, Treatment, treatment_of
from renp_sim.ntuple.merge import merge
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table
from tests.prediction.exposures import exposure, place, start, yb_model

ERROR_EV = 2e-5
COMMON, OWN = "frequency_offset_eV", ("frequency_offset_eV.run1", "frequency_offset_eV.run3")


def two_runs(**changes: object) -> Exposure:
    """Return runs 1 and 3 in turn, over places where the spectrum is steep and no threshold is near."""
    omega = np.repeat([1.0690, 1.0700, 1.0715], 2)
    return exposure(
        omega, run=[1, 3] * 3, gamma0_hz=2.0, linewidth_eV=1e-6, omega_common_error_eV=ERROR_EV, **changes
    )


def test_runs_have_offsets_of_their_own_with_their_own_errors() -> None:
    model = yb_model(two_runs(), offered=(COMMON, *OWN))
    assert [p.constraint for p in model.parameters] == [Constraint(value=0.0, error=ERROR_EV)] * 3
    steps = two_runs()
    steps.omega_common_error_eV[steps.run == 3] = [2e-5, 1e-5, 0.0]
    apart = yb_model(steps, offered=(COMMON, *OWN))
    theta = start(apart)
    theta[place(apart, OWN[1])] = 2e-5
    slope = apart.gradient(theta)[:, place(apart, OWN[1])]
    assert np.flatnonzero(slope).tolist() == [1, 3]
    # a step whose scale is known twice as well follows half as far
    shifted = yb_model(exposure([1.07 + 1e-5], gamma0_hz=2.0, linewidth_eV=1e-6), offered=())
    assert apart.expected(theta)[3] == pytest.approx(shifted.expected(np.empty(0))[0], rel=1e-12)


def test_one_run_has_one_offset_and_steps_of_one_run_share_it() -> None:
    steps = two_runs()
    alone = yb_model(steps.take(np.flatnonzero(steps.run == 1)))
    assert not [p.name for p in alone.parameters if ".run" in p.name]


def asked(model: ExpectedCounts, **said: object) -> set[str]:
    treatment = treatment_of(Question(treatment=Treatment(**said)), model)
    return {name for name in (*treatment.constrained, *treatment.free) if name.startswith(COMMON)}


def test_what_floats_unless_told_otherwise() -> None:
    model = yb_model(two_runs())
    assert asked(model) == set(OWN)
    assert asked(model, constrained={COMMON: None}) == {COMMON}
    assert asked(model, fixed={COMMON: 0.0}) == set()
    assert asked(model, free=(OWN[0],)) == set(OWN)
    assert asked(yb_model(two_runs().take(np.array([0, 2, 4])))) == {COMMON}


def test_runs_with_opposite_offsets_are_fitted_well() -> None:
    """One shared offset gave p = 2e-7 for what two runs with draws of their own had made."""
    steps = two_runs()
    truth = yb_model(steps, offered=OWN)
    counts = truth.expected(np.array([1.5 * ERROR_EV, -1.5 * ERROR_EV]))
    observation = Observation(exposure=steps, counts=counts)
    p_values = {}
    for names in ((COMMON,), OWN):
        model = yb_model(steps, offered=names)
        best = fit(observation, {"normal": model}, constrain=dict.fromkeys(names), intervals=()).best
        p_values[names] = best.p_value
    assert p_values[COMMON,] < 1e-6
    assert p_values[OWN] > 0.1
    found = [p.value for p in best.floating]
    np.testing.assert_allclose(found, [1.5 * ERROR_EV, -1.5 * ERROR_EV], rtol=0.3)


def test_a_merged_file_has_an_offset_for_each_run(tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.root" for seed in (1, 2)]
    for seed, path in zip((1, 2), paths, strict=True):
        laser = {
            "calibration": {"common_offset_eV": "draw", "common_error_eV": ERROR_EV},
            "scan": [{"omegas_eV": [1.069, 1.07], "total_duration_s": 1e5}],
        }
        generate(run_from_table({"run": {"seed": seed, "number": 10 + seed}, "laser": laser}), path)
    merge(tmp_path / "both.root", paths)
    for files in (paths, [tmp_path / "both.root"]):
        data, question = read_data(files), Question(orderings=(Ordering.NORMAL,))
        _, treatment = problem_of(data.experiment, question, question.hypotheses(Nature.DIRAC)[0])
        assert set(treatment.constrained) == {f"{COMMON}.run11", f"{COMMON}.run12"}
