"""Dead time against a loop that follows the rule word by word."""

from math import inf

import numpy as np
import pytest
from scipy.special import gammainc

from detector.dead_time import NonParalysable
from detector.response import Detector, StepConditions
from tests.detector.photon_steps import counts, record_step


def loop(time_s, tau_s, busy_until_s):
    """Return which arrivals are recorded, and the state afterwards."""
    keep = []
    for time in time_s.tolist():
        keep.append(time >= busy_until_s)
        if keep[-1]:
            busy_until_s = time + tau_s
    return np.array(keep, dtype=bool), busy_until_s


def arrivals(rng, n, *, lattice):
    """Times at unit rate, or on a lattice so that many coincide or lie exactly τ apart."""
    time_s = np.cumsum(rng.standard_exponential(n))
    return np.floor(time_s * 4) / 4 if lattice else time_s


@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("tau_s", [1e-20, 1e-3, 0.25, 0.5, 1.0, 3.0, 10.0, 250.0, 1e9])
def test_equals_the_loop_for_any_rate_and_state(tau_s, lattice):
    rng = np.random.default_rng(1)
    dead = NonParalysable(tau_s=tau_s)
    for n in (0, 1, 2, 3, 10, 2000):
        time_s = arrivals(rng, n, lattice=lattice)
        for busy_until_s in (-inf, 0.0, 2.0, 3.1 * tau_s, 1e12):
            keep, state = loop(time_s, tau_s, busy_until_s)
            assert np.array_equal(dead.recorded(time_s, busy_until_s), keep)
            assert dead.busy_after(time_s[keep], busy_until_s) == state


@pytest.mark.parametrize("tau_s", [0.1, 1.0, 30.0])
def test_slices_with_their_state_carried_equal_one_piece(tau_s):
    rng = np.random.default_rng(2)
    dead = NonParalysable(tau_s=tau_s)
    time_s = arrivals(rng, 3000, lattice=False)
    pieces, state = [], -inf
    for piece in np.split(time_s, np.sort(rng.integers(0, 3000, 200))):
        pieces.append(dead.recorded(piece, state))
        state = dead.busy_after(piece[pieces[-1]], state)
    assert np.array_equal(np.concatenate(pieces), dead.recorded(time_s, -inf))


def test_none_records_everything_and_is_never_busy():
    dead = NonParalysable(tau_s=0.0)
    time_s = np.array([0.0, 0.0, 1.0])
    assert dead.recorded(time_s, -inf).all()
    assert dead.busy_after(time_s, -inf) == -inf
    assert dead.settled(time_s, (0.0, 2.0)) == -inf
    assert dead.live_time_s(1e9, 3.7) == 3.7
    assert dead.lost_s(time_s, 2.0) == 0.0


def states_after(time_s, tau_s, interval_s):
    """Return every state that a slice can leave; one that ended before the slice did is −∞."""
    start, stop = interval_s
    before = [-inf, start + tau_s, *(t for t in time_s if t <= start + tau_s)]
    before += [np.nextafter(t, inf) for t in before if np.isfinite(t) and t < start + tau_s]
    after = [loop(time_s, tau_s, busy)[1] for busy in before]
    return {state if state > stop else -inf for state in after}


def equal_extremes(time_s, tau_s, interval_s):
    """The fault to find: to believe in a state because the two extreme ones before it lead there."""
    start, _ = interval_s
    first, last = (loop(time_s, tau_s, busy)[1] for busy in (-inf, start + tau_s))
    return first if first == last else None


def wrong_claims(settled, tau_s):
    """Return the number of claims of a settled state, and how many of them are wrong."""
    rng = np.random.default_rng(3)
    claims = wrong = 0
    for _ in range(1500):
        length = rng.uniform(0, 12)
        time_s = np.sort(rng.uniform(0, length, rng.poisson(length)))
        state = settled(time_s, tau_s, (0.0, length))
        if state is not None:
            claims += 1
            wrong += {state if state > length else -inf} != states_after(time_s, tau_s, (0.0, length))
    return claims, wrong


@pytest.mark.parametrize("tau_s", [0.3, 1.0, 2.0])
def test_a_settled_state_holds_for_every_state_before(tau_s):
    claims, wrong = wrong_claims(lambda t, tau, i: NonParalysable(tau_s=tau).settled(t, i), tau_s)
    assert wrong == 0
    assert claims > 500


def test_equal_extremes_settle_nothing():
    assert wrong_claims(equal_extremes, 2.0)[1] > 0


def test_a_settled_state_is_given_where_it_exists():
    dead = NonParalysable(tau_s=1.0)
    assert dead.settled(np.array([]), (0.0, 1.0)) == -inf
    assert dead.settled(np.array([]), (0.0, 0.9)) is None
    assert dead.settled(np.array([0.5]), (0.0, 1.2)) is None
    assert dead.settled(np.array([0.5, 1.5]), (0.0, 2.0)) == 2.5
    assert dead.settled(np.array([0.0, 0.6, 1.0]), (0.0, 1.5)) is None  # busy until 0.5 would end at 1.6


def test_lost_time_ends_with_the_step():
    dead = NonParalysable(tau_s=1.0)
    assert dead.lost_s(np.array([0.0, 2.0, 4.5]), 5.0) == 2.5
    assert dead.lost_s(np.array([]), 5.0) == 0.0


STEP = StepConditions(omega_eV=1.07, duration_s=2000.0)
BUSY = Detector(dead_time=NonParalysable(tau_s=0.02))


def test_live_time_is_what_recorded_photons_leave():
    """At Rτ = 2, where counts spread 1/(1 + Rτ) of √N: five of those, a false alarm in 6e-7 of streams."""
    expected = BUSY.expected(STEP, 100.0)
    records = record_step(BUSY, STEP, 100.0, n_slices=10, seed=1)
    lost_s = sum(BUSY.dead_time.lost_s(record.time_s, STEP.duration_s) for record in records)
    n = expected.signal_counts
    assert expected.live_time_s == pytest.approx(STEP.duration_s / 3, rel=1e-5)
    assert abs(counts(records, 0)[0] - n) < 5 * np.sqrt(n) / 3
    assert abs(STEP.duration_s - lost_s - expected.live_time_s) < 5 * np.sqrt(n) / 3 * 0.02


def unhurried(tau_s, rate_hz, duration_s):
    """Return the live time of a step that began long ago, which no step of a schedule did."""
    return duration_s / (1 + rate_hz * tau_s)


def test_the_mean_of_a_short_step_in_closed_form():
    """With T = 2τ at most two are recorded: E[n] = 1 − e^{−RT} + 1 − e^{−x}(1 + x), x = R (T − τ)."""
    tau_s, rate_hz = 1.0, 2.5
    x = rate_hz * tau_s
    mean = 1 - np.exp(-2 * x) + 1 - np.exp(-x) * (1 + x)
    assert mean == pytest.approx(1.706, abs=1e-3)
    live_s = NonParalysable(tau_s=tau_s).live_time_s(rate_hz, 2 * tau_s)
    assert rate_hz * live_s == pytest.approx(mean, rel=1e-14)
    assert rate_hz * unhurried(tau_s, rate_hz, 2 * tau_s) == pytest.approx(1.429, abs=1e-3)


@pytest.mark.parametrize("rate_hz", [1e-6, 0.01, 0.3, 1.0, 7.0, 60.0, 1e4])
@pytest.mark.parametrize("duration_s", [0.0, 1e-9, 0.5, 1.0, 3.3, 20.0, 321.0, 1e4])
def test_the_mean_is_the_sum_over_every_photon(rate_hz, duration_s):
    """Every term of the renewal sum, of which most are 0 or 1, and which is linear in T where it is long."""
    k = np.arange(int(duration_s) + 1)
    n = np.sum(gammainc(k + 1.0, rate_hz * np.maximum(duration_s - k, 0.0)))
    live_s = NonParalysable(tau_s=1.0).live_time_s(rate_hz, duration_s)
    assert live_s == pytest.approx(n / rate_hz, rel=1e-13)
    assert live_s <= duration_s


@pytest.mark.parametrize("duration_s", [0.5, 2.0, 6.3])
def test_the_mean_of_short_steps_is_that_of_the_rule(duration_s):
    """40 000 steps, five standard deviations: a false alarm in 6e-7. The twin began long ago."""
    dead, rate_hz, n_steps = NonParalysable(tau_s=1.0), 2.5, 40_000
    rng = np.random.default_rng(4)
    n = np.array(
        [
            dead.recorded(np.sort(rng.uniform(0, duration_s, rng.poisson(rate_hz * duration_s))), -inf).sum()
            for _ in range(n_steps)
        ]
    )
    error = n.std(ddof=1) / np.sqrt(n_steps)
    assert abs(n.mean() - rate_hz * dead.live_time_s(rate_hz, duration_s)) < 5 * error
    assert abs(n.mean() - rate_hz * unhurried(1.0, rate_hz, duration_s)) > 5 * error


def test_short_slices_need_the_carried_state():
    """Slices of τ/2 at five standard deviations: a false alarm in 6e-7 of streams. The twin forgets."""
    n = BUSY.expected(STEP, 100.0).signal_counts / 50
    step = StepConditions(omega_eV=1.07, duration_s=40.0)
    carried = counts(record_step(BUSY, step, 100.0, n_slices=4000, seed=2), 0)[0]
    forgotten = counts(record_step(BUSY, step, 100.0, n_slices=4000, seed=2, carry=False), 0)[0]
    assert abs(carried - n) < 5 * np.sqrt(n) / 3
    assert forgotten - n > 50 * np.sqrt(n) / 3
