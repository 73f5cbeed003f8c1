"""Paralysable dead time against a loop that follows the rule word by word, and in its mean."""

from math import inf

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.afterpulse import Exponential
from detector.dead_time import NonParalysable, Paralysable
from detector.response import Detector, StepConditions
from tests.detector.photon_steps import counts, record_step

DEAD = Paralysable(tau_s=1.0)


def loop(time_s: NDArray[np.float64], tau_s: float, busy_until_s: float) -> tuple[NDArray[np.bool_], float]:
    keep = []
    for time in time_s.tolist():
        keep.append(time >= busy_until_s)
        busy_until_s = time + tau_s
    return np.array(keep, dtype=bool), busy_until_s


@pytest.mark.parametrize("tau_s", [1e-3, 0.25, 1.0, 10.0])
def test_equals_the_loop_for_any_rate_and_state(tau_s: float) -> None:
    rng, dead = np.random.default_rng(1), Paralysable(tau_s=tau_s)
    for n in (0, 1, 2, 2000):
        time_s = np.cumsum(rng.standard_exponential(n))
        for busy_until_s in (-inf, 0.0, 0.5 * tau_s):
            keep, state = loop(time_s, tau_s, busy_until_s)
            found = dead.recorded(time_s, busy_until_s)
            assert np.array_equal(found, keep)
            assert dead.busy_after(dead.causing(time_s, found), busy_until_s) == state


def test_slices_with_their_state_carried_equal_one_piece() -> None:
    """Recorded photons and dead time; the twin that forgets the state loses more of it."""
    rng = np.random.default_rng(2)
    time_s = np.cumsum(rng.standard_exponential(3000))
    stop_s = float(time_s[-1]) + 0.3
    pieces, lost_s, forgetting_s, state = [], 0.0, 0.0, -inf
    for piece in np.split(time_s, np.sort(rng.integers(0, 3000, 200))):
        keep = DEAD.recorded(piece, state)
        pieces.append(keep)
        lost_s += DEAD.lost_s(DEAD.causing(piece, keep), stop_s, state)
        forgetting_s += DEAD.lost_s(piece, stop_s)
        state = DEAD.busy_after(piece, state)
    assert np.array_equal(np.concatenate(pieces), DEAD.recorded(time_s, -inf))
    assert lost_s == pytest.approx(DEAD.lost_s(time_s, stop_s), rel=1e-12)
    assert forgetting_s > lost_s + 10
    grid_s = np.arange(0, stop_s, 1e-3)
    last = np.searchsorted(time_s, grid_s, side="right") - 1
    is_dead = (last >= 0) & (grid_s < time_s[last] + 1.0)
    assert lost_s == pytest.approx(is_dead.sum() * 1e-3, rel=1e-3)


def test_a_settled_state_is_the_state() -> None:
    assert DEAD.settled(np.array([]), (0.0, 1.0)) == -inf
    assert DEAD.settled(np.array([]), (0.0, 0.9)) is None
    assert DEAD.settled(np.array([0.5]), (0.0, 1.2)) == 1.5
    assert DEAD.settled(np.array([0.1]), (0.0, 1.2)) == -inf
    assert Paralysable().settled(np.array([]), (0.0, 0.0)) == -inf


@pytest.mark.parametrize("duration_s", [0.5, 2.0, 6.3])
def test_the_mean_of_short_steps_is_that_of_the_rule(duration_s: float) -> None:
    """40 000 steps, five standard deviations: a false alarm in 6e-7. The twin began long ago."""
    rng, rate_hz, n_steps = np.random.default_rng(4), 1.5, 40_000
    n = np.array(
        [
            DEAD.recorded(np.sort(rng.uniform(0, duration_s, rng.poisson(rate_hz * duration_s))), -inf).sum()
            for _ in range(n_steps)
        ]
    )
    error = n.std(ddof=1) / np.sqrt(n_steps)
    assert abs(n.mean() - rate_hz * DEAD.live_time_s(rate_hz, duration_s)) < 5 * error
    assert abs(n.mean() - rate_hz * duration_s * np.exp(-rate_hz)) > 5 * error


def test_live_time_is_what_dead_time_leaves() -> None:
    """At Rτ = 1.5: counts within five of their deviations; the twin is prolonged by nothing."""
    step, rate_hz = StepConditions(omega_eV=1.07, duration_s=2000.0), 75.0
    detector = Detector(dead_time=Paralysable(tau_s=0.02))
    mean = detector.expected(step, rate_hz)
    records, state, lost_s = record_step(detector, step, rate_hz, n_slices=2000, seed=1), -inf, 0.0
    for record in records:
        lost_s += detector.dead_time.lost_s(record.causing_s, step.duration_s, state)
        state = record.busy_until_s
    n = counts(records, 0)[0]
    assert abs(n - mean.signal_counts) < 5 * np.sqrt(mean.signal_counts)
    assert step.duration_s - lost_s == pytest.approx(mean.live_time_s, rel=0.02)
    other = Detector(dead_time=NonParalysable(tau_s=0.02)).expected(step, rate_hz)
    assert abs(n - other.signal_counts) > 50 * np.sqrt(n)


def test_afterpulses_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^afterpulse: has no mean where dead time is paralysable"):
        Detector(dead_time=DEAD, afterpulse=Exponential(probability=0.1, decay_s=1.0))
