"""Windows, and η in them."""

import numpy as np
import pytest
from scipy.integrate import quad

from detector.drift import Linear
from renp_sim.errors import DomainError
from renp_sim.laser.clock import StepClock, mean_factor
from renp_sim.laser.pulses import Pulses
from renp_sim.laser.scan import Step, build_schedule
from renp_sim.laser.schedule import StepKind

PULSES = Pulses(repetition_hz=10.0, window_s=1e-3, coherence_decay_s=5e-4)
LONG = Pulses(repetition_hz=2.0, window_s=0.5, coherence_decay_s=0.1)
NEVER_FALLING = Pulses(repetition_hz=10.0, window_s=0.02)
FALLEN = Pulses(repetition_hz=1.0, window_s=0.5, coherence_decay_s=1e-3)


def eta_by_hand(pulses: Pulses, duration_s: float) -> float:
    """Return the mean of η over the open time, window by window."""
    tau = pulses.coherence_decay_s or np.inf
    opened = np.arange(0.0, duration_s, 1 / pulses.repetition_hz)
    width = np.minimum(pulses.window_s, duration_s - opened)
    area = [quad(lambda t: np.exp(-2 * t / tau), 0, w, points=[min(tau, w) / 2])[0] for w in width]
    return float(sum(area) / sum(width))


@pytest.mark.parametrize("pulses", [PULSES, LONG, NEVER_FALLING, FALLEN])
@pytest.mark.parametrize("duration_s", [3e-4, 0.7, 3.0, 3.00031])
def test_duty_cycle_and_coherence_are_those_of_the_windows(pulses: Pulses, duration_s: float) -> None:
    open_s = float(pulses.open_s(np.array(duration_s)))
    opened = np.arange(0.0, duration_s, 1 / pulses.repetition_hz)
    assert open_s == pytest.approx(np.minimum(pulses.window_s, duration_s - opened).sum(), rel=1e-9)
    assert float(pulses.coherence(np.array(duration_s))) == pytest.approx(
        eta_by_hand(pulses, duration_s), rel=1e-8
    )


def test_the_formula_of_the_mean() -> None:
    """τ (1 − exp(−2W/τ))/(2W) and repetition · window, as a schedule has them; control steps have none."""
    steps = [Step(omega_eV=1.07, duration_s=1e4, coherence=0.5)]
    steps.append(Step(omega_eV=1.07, duration_s=1e4, kind=StepKind.CONTROL))
    schedule = build_schedule(steps, [], pulses=PULSES, signal_rate=np.ones_like)
    assert schedule.live_fraction == pytest.approx([0.01, 0.01], rel=1e-10)
    assert schedule.coherence == pytest.approx([0.5 * 0.5 / 2 * (1 - np.exp(-4)), 0.0], rel=1e-10)
    assert schedule.open_time_s == pytest.approx([100.0, 100.0], rel=1e-10)


@pytest.mark.parametrize("pulses", [None, PULSES, LONG, NEVER_FALLING, FALLEN])
@pytest.mark.parametrize("density", [None, Linear(total_rel=-0.5)])
def test_the_maps_of_time_are_inverses_and_rise(pulses: Pulses | None, density: Linear | None) -> None:
    clock = StepClock(start_s=30.0, duration_s=7.3, run_duration_s=60.0, pulses=pulses, density=density)
    even = 30.0 + np.linspace(0.0, clock.open_time_s, 20001)
    opened = clock.open_s(even, 2.0)
    assert opened[0] == 30.0
    assert opened[-1] == pytest.approx(30.0 + clock.open_time_s, abs=1e-9 if pulses is not FALLEN else 1)
    assert np.all(np.diff(opened) >= 0)
    assert np.allclose(clock.even_s(opened, 2.0), even, rtol=0, atol=1e-9)
    run = clock.run_s(opened)
    assert np.all(np.diff(run) >= 0)
    assert run[0] == 30.0
    assert run[-1] <= 37.3
    if pulses is not None:
        phase = (run - 30.0) % (1 / pulses.repetition_hz)
        inside = (phase <= pulses.window_s + 1e-9) | (phase >= 1 / pulses.repetition_hz - 1e-9)
        assert np.all(inside)


def test_a_window_that_fills_its_period_is_continuous() -> None:
    clock = StepClock(
        start_s=3.0, duration_s=10.0, run_duration_s=13.0, pulses=Pulses(repetition_hz=10.0, window_s=0.1)
    )
    time = 3.0 + np.linspace(0.0, 10.0, 1001)
    assert clock.open_time_s == pytest.approx(10.0, rel=1e-14)
    assert np.allclose(clock.run_s(time), time, rtol=0, atol=1e-12)
    assert np.array_equal(clock.open_s(time, 2.0), time)


def test_windows_must_not_overlap() -> None:
    with pytest.raises(DomainError, match="windows overlap"):
        Pulses(repetition_hz=10.0, window_s=0.11)


def test_means_of_a_drift() -> None:
    """Over a step that is the second half of a run: of the factor, its square, and both drifts together."""
    drift = Linear(total_rel=-0.4)
    mean = mean_factor(drift, 2.0, np.array([5.0]), np.array([5.0]), 10.0)
    assert mean == pytest.approx([(0.8**3 - 0.6**3) / 3 / 0.2], rel=1e-13)
    clock = StepClock(
        start_s=5.0, duration_s=5.0, run_duration_s=10.0, density=drift, efficiency=Linear(total_rel=0.2)
    )
    joint = quad(lambda x: (1 - 0.4 * x) ** 2 * (1 + 0.2 * x), 0.5, 1.0)[0] / 0.5
    assert clock.mean_efficiency(2.0) == pytest.approx(joint / mean[0], rel=1e-13)
    assert clock.mean_efficiency() == pytest.approx(1.15, rel=1e-13)
