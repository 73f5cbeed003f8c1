"""Dead time where rates change within a step: how far its mean is off, and that it is refused."""

from dataclasses import replace

import numpy as np
import pytest

from detector.background import Continuum, Qed
from detector.conditions import StepConditions
from detector.dead_time import NonParalysable
from detector.drift import Linear
from detector.response import Detector, Photons
from detector.unevenness import uneven_dead_time
from renp_sim.app.rates import dead_time_notes_of
from renp_sim.errors import ConfigError
from renp_sim.laser.clock import StepClock
from renp_sim.laser.pulses import Pulses
from renp_sim.production.job import job_of
from renp_sim.runfile.run import Run, run_from_table
from tests.runfile.run_tables import with_settings

PULSES = Pulses(repetition_hz=100.0, window_s=5e-3, coherence_decay_s=5e-3)
NO_PHOTON = Photons(time_s=np.empty(0), energy_eV=np.empty(0))


def step_of(clock: StepClock) -> StepConditions:
    return StepConditions(omega_eV=1.07, duration_s=clock.open_time_s, course=clock)


def recorded_over_expected(detector: Detector, step: StepConditions) -> np.ndarray:
    """Return recorded counts of each component over their mean, shape (c,)."""
    record = detector.record(
        NO_PHOTON, (0.0, step.duration_s), step, lambda name: np.random.default_rng([1, len(name)])
    )
    expected = detector.expected(step, 0.0).background_counts
    found = np.bincount(record.component, minlength=len(expected))
    return np.asarray(found / expected)


@pytest.mark.parametrize(
    ("clock", "tau_s"),
    [
        (StepClock(start_s=0.0, duration_s=200.0, run_duration_s=200.0, pulses=PULSES), 2e-5),
        (
            StepClock(start_s=0.0, duration_s=100.0, run_duration_s=100.0, density=Linear(total_rel=-0.7)),
            4e-5,
        ),
    ],
    ids=["pulses", "drift"],
)
def test_how_far_the_mean_is_off_is_known(clock: StepClock, tau_s: float) -> None:
    """Some 10⁶ counts: what is found off differs from what is told by 0.3 % of all, five deviations."""
    qed, sky = Qed(name="qed", rate_hz=9000.0), Continuum(name="sky", rate_hz=3000.0)
    detector = Detector(backgrounds=(qed, sky), dead_time=NonParalysable(tau_s=tau_s))
    step = step_of(clock)
    told = uneven_dead_time(detector, step, detector.expected(step, 0.0))
    off = float(np.max(np.abs(recorded_over_expected(detector, step) - 1)))
    assert told > 0.01
    assert off == pytest.approx(told, abs=0.004)
    # a mean that is accepted is right to 1 %
    gentle = replace(detector, dead_time=NonParalysable(tau_s=tau_s / 20))
    assert uneven_dead_time(gentle, step, gentle.expected(step, 0.0)) < 0.01
    assert np.all(np.abs(recorded_over_expected(gentle, step) - 1) < 0.01)


def test_nothing_is_off_where_rates_are_even() -> None:
    detector = Detector(
        backgrounds=(Continuum(name="sky", rate_hz=1e4),), dead_time=NonParalysable(tau_s=1e-4)
    )
    clock = StepClock(
        start_s=0.0, duration_s=1.0, run_duration_s=1.0, pulses=Pulses(repetition_hz=1.0, window_s=1.0)
    )
    step = step_of(clock)
    assert uneven_dead_time(detector, step, detector.expected(step, 0.0)) < 1e-3
    assert uneven_dead_time(detector, replace(step, course=None), detector.expected(step, 0.0)) == 0.0


def run_of(tau_s: float, *settings: str) -> Run:
    return run_from_table(
        with_settings(
            "laser.steps=[{omega_eV=1.07, duration_s=100.0}, {omega_eV=1.0711, duration_s=10.0}]",
            "background=[{name='qed', kind='qed', rate_hz=1e5}]",
            f"detector.dead_time={{kind='non_paralysable', tau_s={tau_s}}}",
            *settings,
        )
    )


DECAYING = "laser.pulses={repetition_hz=10.0, window_s=1e-3, coherence_decay_s=5e-4}"


def test_a_run_whose_dead_time_has_no_mean_is_refused() -> None:
    run = run_of(1e-6, DECAYING)
    for call in (job_of, dead_time_notes_of):
        with pytest.raises(ConfigError, match=r"tau_s = 1e-06: by laser.pulses or drift the rate in step 0"):
            call(run)
    job_of(run_of(1e-9, DECAYING))
    job_of(run_of(1e-6))
    job_of(run_of(1e-6, DECAYING.replace(", coherence_decay_s=5e-4", "")))


def test_much_dead_time_is_noted() -> None:
    """1e5 Hz and 1 µs: 1/11 of the time."""
    (note,) = dead_time_notes_of(run_of(1e-6))
    assert note.startswith("dead time takes 9.09 % of the open time of step ")
    assert note.endswith("; in 2 steps it takes more than 5 %")
    assert dead_time_notes_of(run_of(5e-7)) == ()
    assert dead_time_notes_of(run_of(0.0)) == ()
