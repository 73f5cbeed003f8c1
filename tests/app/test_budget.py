"""The budget of a run: counts by component, and what limits each step."""

import numpy as np
import pytest

from renp_sim.app.budget import LIMITS, budget_of
from renp_sim.app.rates import rate_of_schedule
from renp_sim.runfile.run import Run, run_from_table
from tests.runfile.run_tables import with_settings

STEPS = (
    "laser.steps=[{omega_eV=1.07, duration_s=1e5}, {omega_eV=1.0716, duration_s=1e5}, "
    "{omega_eV=1.07, duration_s=1e4, kind='control'}]"
)


def run_of(*settings: str) -> Run:
    return run_from_table(with_settings(STEPS, *settings))


DARK = "background=[{name='dark', kind='dark_counts', rate_hz=0.1, error_rel=0.1}]"
LIMITED = {
    "signal": (),
    "background": (DARK,),
    "calibration": ("laser.calibration={common_error_eV=2e-5, step_error_eV=1e-5}", "target.volume_cm3=1e8"),
    "dead time": ("detector.dead_time={tau_s=1e-2}", "target.volume_cm3=1e7"),
}


@pytest.mark.parametrize("limit", LIMITED)
def test_what_limits_a_step_is_told(limit: str) -> None:
    budget = budget_of(run_of(*LIMITED[limit]))
    assert budget.limited_by[1] == limit
    assert budget.limited_by[2] == "no signal"


def test_numbers_are_those_of_their_definitions() -> None:
    run = run_of(DARK)
    budget, rates = budget_of(run), rate_of_schedule(run)
    assert rates.expected_counts is not None
    signal = rates.expected_counts[:2]
    assert budget.components == ("signal", "dark")
    assert budget.counts[:2, 0] == pytest.approx(signal, rel=1e-14)
    assert budget.counts[:, 1] == pytest.approx([1e4, 1e4, 1e3], rel=1e-14)
    assert budget.fraction.sum(axis=1) == pytest.approx(1.0)
    relative = dict(zip(LIMITS, budget.relative[:2].T, strict=True))
    assert relative["signal"] == pytest.approx(signal**-0.5, rel=1e-14)
    assert relative["background"] == pytest.approx(np.sqrt(1e4 + 1e3**2) / signal, rel=1e-14)
    assert relative["calibration"].tolist() == [0.0, 0.0]
    assert relative["dead time"].tolist() == [0.0, 0.0]
    assert budget.as_dict()["relative"]["signal"][2] is None


def test_a_calibration_error_moves_the_signal() -> None:
    """Below the last threshold, where I(ω) falls, by its slope; errors add in quadrature."""
    run = run_of("laser.calibration={common_error_eV=3e-7, step_error_eV=4e-7}")
    shift = budget_of(run).relative[1, LIMITS.index("calibration")]
    rate = [
        rate_of_schedule(run_of(f"laser.steps[1].omega_eV={1.0716 + d!r}")).rate_hz[1]
        for d in (-1e-8, 0, 1e-8)
    ]
    slope = (rate[2] - rate[0]) / 2e-8 / rate[1]
    assert shift == pytest.approx(abs(slope) * 5e-7, rel=1e-3)
