"""The frozen fits can be read, cover what they should, and a comparison sees what is worse."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from tests.analysis.frozen_fits import FrozenFit, compared, fitted, frozen_fits

CASES = {case.id: case for case in frozen_fits()}


def test_the_set_is_varied() -> None:
    """At least 40 data sets, of 1 to 1000 steps, with 0 to 1e5 counts in a step."""
    steps = [case.n_steps for case in CASES.values()]
    most = [case.observation.counts.max() for case in CASES.values()]
    assert len(CASES) >= 40
    assert (min(steps), max(steps)) == (1, 1000)
    assert min(most) == 0
    assert max(most) >= 1e5


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_line_is_whole(case: FrozenFit) -> None:
    """Fields of one length each, finite numbers, whole counts, and something said of each."""
    exposure, counts = case.observation.exposure, case.observation.counts
    assert exposure.background_rate_hz.shape == (case.n_steps, len(exposure.components))
    assert np.all(np.isfinite(exposure.live_time_s * exposure.gamma0_hz * exposure.efficiency))
    assert np.all(counts == np.floor(counts))
    assert counts.shape == exposure.omega_eV.shape
    assert case.before.get("timeout") or case.before["fits"]


@pytest.mark.parametrize("name", ["one_step", "gp23_three", "scalar_alone"])
def test_a_fit_says_the_same_again(name: str) -> None:
    """The columns in the file are the exposure that was fitted."""
    assert compared(CASES[name], fitted(CASES[name])).verdict == "same"


@pytest.mark.parametrize(
    "name", ["missed_control", "missed_control_fixed", "one_step_known", "null_background"]
)
def test_a_fit_finds_what_the_fit_before_missed(name: str) -> None:
    """Minima and intervals are those of the brute force; the fit before had others."""
    case = CASES[name]
    comparison = compared(case, fitted(case))
    assert comparison.verdict == "explained"
    assert comparison.than_brute is not None
    assert comparison.than_brute < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *("gp23_three_free", "gp23_six_inverted", "six_50meV", "six_100meV_free", "two_steps_free"),
        *(
            "thirteen_sharp",
            "thirteen_1e5",
            "control_free",
            "control_dark_two",
            "qed_known",
            "qed_free_above",
        ),
        *("qed_control", "vector_alone", "vector_norm", "moments_alone", "three_masses_three"),
    ],
)
def test_no_fit_is_worse_than_before(name: str) -> None:
    assert compared(CASES[name], fitted(CASES[name])).verdict in ("same", "explained")


def test_the_broken_twins_of_a_fit() -> None:
    """A higher minimum, an end that moved, a region that is missing: each is seen."""
    case = CASES["six_100meV_free"]
    same: dict[str, Any] = case.before["fits"]
    assert compared(case, same).verdict == "same"
    higher, moved, lost = (deepcopy(same) for _ in range(3))
    label, name = next(iter(same)), "lightest_mass_eV"
    higher[label]["minus_two_ln_L"] += 1e-5
    moved[label]["intervals"][name]["regions"][0][0] += 1e-4
    del lost[label]["intervals"][name]["regions"][-1]
    assert compared(case, higher).verdict == "HIGHER"
    assert compared(case, moved).verdict == "INTERVALS"
    assert compared(case, lost).verdict == "INTERVALS"


def test_what_is_lower_explains_other_intervals() -> None:
    """Where the fit had missed a minimum, the regions of the brute force are right, and its own are not."""
    case = CASES["missed_control"]
    assert case.brute is not None
    better = deepcopy(case.before["fits"])
    for label, found in case.brute.items():
        better[label]["minus_two_ln_L"] = found["minus_two_ln_L"]
        better[label]["intervals"]["lightest_mass_eV"]["regions"] = found["regions"]["lightest_mass_eV"]
    assert compared(case, better).verdict == "explained"
    assert compared(case, case.before["fits"]).verdict == "HIGHER"
