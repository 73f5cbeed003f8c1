"""Afterpulses against a loop that follows the rule word by word, and in their means."""

from dataclasses import dataclass, replace
from math import inf
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.afterpulse import Exponential, chain_spread, with_afterpulses
from detector.arrivals import Arrivals
from detector.background import Continuum, DarkCounts
from detector.dead_time import NonParalysable
from detector.efficiency import Constant
from detector.response import Detector, Record, StepConditions
from tests.detector.photon_steps import record_step

RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Always:
    """Every pulse causes another one after the same delay."""

    delay_s: float
    probability: float = 1.0
    kind: ClassVar[str] = "always"

    @property
    def reach_s(self) -> float:
        return self.delay_s

    def delays_s(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        return np.full(n, self.delay_s)

    def beyond(self, tau_s: float) -> "Always":
        return self


def loop(time_s: NDArray[np.float64], stop_s: float, tau_s: float, delay_s: float) -> list[float]:
    """Return what is recorded, one pulse at a time."""
    waiting, busy_until_s, recorded = sorted(time_s.tolist()), -inf, []
    while waiting and waiting[0] < stop_s:
        now = waiting.pop(0)
        if now >= busy_until_s:
            recorded.append(now)
            busy_until_s = now + tau_s
            waiting = sorted([*waiting, now + delay_s])
    return recorded


def arrivals_at(time_s: NDArray[np.float64]) -> Arrivals:
    n = len(time_s)
    return Arrivals.of(time_s, np.arange(n) + 0.5, np.zeros(n, dtype=np.int16), np.arange(n))


@pytest.mark.parametrize("tau_s", [0.0, 0.1, 1.0, 3.0])
@pytest.mark.parametrize("delay_s", [0.7, 1.3, 20.0])
def test_recorded_are_those_of_the_loop(tau_s: float, delay_s: float) -> None:
    """Whatever is lost causes nothing, and what it would have hidden is there."""
    rng, dead = np.random.default_rng(5), NonParalysable(tau_s=tau_s)
    for n in (0, 1, 2, 30):
        time_s = np.sort(rng.uniform(0, 20, n))
        found, later = with_afterpulses(arrivals_at(time_s), 20.0, -inf, Always(delay_s), dead, RNG)
        expected = loop(time_s, 20.0, tau_s, delay_s)
        assert found.time_s == pytest.approx(expected, abs=1e-12)
        assert np.array_equal(np.sort(later.time_s), later.time_s)
        assert later.time_s == pytest.approx([t + delay_s for t in expected if t + delay_s >= 20], abs=1e-12)
        assert np.all(later.is_afterpulse)


def test_an_afterpulse_is_like_what_caused_it() -> None:
    """Pulse 1 at 0.4 s is in the dead time of 0 and causes nothing."""
    given = arrivals_at(np.array([0.0, 0.4, 2.0]))._replace(channel=np.array([1, 2, 3], dtype=np.int16))
    found, later = with_afterpulses(given, 3.0, -inf, Always(2.5), NonParalysable(tau_s=1.0), RNG)
    assert found.time_s.tolist() == [0.0, 2.0]
    assert found.channel.tolist() == [1, 3]
    assert later.time_s.tolist() == [4.5]
    assert later.channel.tolist() == [3]
    assert later.energy_eV.tolist() == [2.5]
    assert later.photon.tolist() == [-1]


SKY = Continuum(name="sky", rate_hz=100.0)
DARK = DarkCounts(name="dark", rate_hz=100.0)
STEP = StepConditions(omega_eV=1.07, duration_s=5.0)
SIGNAL_HZ = 200.0
N_STEPS = 150
DETECTORS = {
    "free": Detector(
        efficiency=Constant(value=0.5),
        backgrounds=(SKY, DARK),
        afterpulse=Exponential(probability=0.3, decay_s=2e-3),
    ),
    "dead": Detector(
        efficiency=Constant(value=0.5),
        backgrounds=(SKY, DARK),
        dead_time=NonParalysable(tau_s=2e-4),
        afterpulse=Exponential(probability=0.1, decay_s=5e-4),
    ),
}


def counts_of(
    detector: Detector, n_slices: int, step: StepConditions = STEP, *, carry: bool = True
) -> NDArray[np.float64]:
    """Return counts of signal, sky, dark, with afterpulses, and of afterpulses alone, shape (steps, 4)."""
    found = []
    for seed in range(N_STEPS):
        records = record_step(detector, step, SIGNAL_HZ, n_slices=n_slices, seed=seed, carry=carry)
        component = np.concatenate([r.component for r in records])
        after = sum(int(r.is_afterpulse.sum()) for r in records)
        found.append([*np.bincount(component + 1, minlength=3), after])
    return np.array(found, dtype=np.float64)


def pulls(
    counts: NDArray[np.float64], detector: Detector, off: float, step: StepConditions = STEP
) -> NDArray[np.float64]:
    """Return deviations of the means in standard errors, less a share of the mean that may be off."""
    mean = detector.expected(step, SIGNAL_HZ)
    total = np.array([mean.signal_counts, *mean.background_counts])
    expected = np.append(total, total.sum() * (1 - 1 / detector.counts_per_pulse))
    error = counts.std(axis=0, ddof=1) / np.sqrt(N_STEPS)
    return np.maximum(np.abs(counts.mean(axis=0) - expected) - off * expected, 0) / error


@pytest.mark.parametrize("n_slices", [1, 7])
@pytest.mark.parametrize("name", DETECTORS)
def test_the_mean_over_many_steps_is_the_expectation(name: str, n_slices: int) -> None:
    """150 steps, four means at 5 standard errors: a false alarm in 9e-6 of streams for all four cases.

    What comes after the end is 4e-4 p of it, and dead time is right to 1 %; the twin has no chains.
    """
    detector = DETECTORS[name]
    off = 1e-3 if name == "free" else 0.01
    counts = counts_of(detector, n_slices)
    assert np.all(pulls(counts, detector, off) < 5)
    assert np.any(pulls(counts, replace(detector, afterpulse=None), off) > 5)


def test_counts_vary_as_chains_do() -> None:
    """The variance of 150 steps over their mean, at 4 of its errors, √(2/149): a false alarm in 6e-5 of
    streams. The twin is Poisson.
    """
    totals = counts_of(DETECTORS["free"], 1)[:, :3].sum(axis=1)
    spread, error = totals.var(ddof=1) / totals.mean(), np.sqrt(2 / (N_STEPS - 1))
    expected = chain_spread(DETECTORS["free"].afterpulse, DETECTORS["free"].dead_time)
    assert expected == pytest.approx(13 / 7)
    assert abs(spread / expected - 1) < 4 * error
    assert abs(spread - 1) > 4 * error


def test_what_comes_in_the_next_slice_is_carried_there() -> None:
    """Slices of 2.5 decays; the twin forgets what is pending. Of what is caused 0.3 % comes too late."""
    detector, step = DETECTORS["free"], replace(STEP, duration_s=0.3)
    assert np.all(pulls(counts_of(detector, 60, step), detector, 3e-3, step) < 5)
    assert np.any(pulls(counts_of(detector, 60, step, carry=False), detector, 3e-3, step) > 5)


def all_of(records: list[Record], name: str) -> NDArray[np.float64]:
    return np.concatenate([getattr(record, name) for record in records])


def test_delays_are_exponential_and_energies_those_of_the_parents() -> None:
    """5000 delays at the Kolmogorov distance 2.57/√n, a false alarm in 4e-6; twin: a tenth longer."""
    decay_s = 1e-4
    sky = Continuum(name="sky", rate_hz=2.0)
    detector = Detector(backgrounds=(sky,), afterpulse=Exponential(probability=0.5, decay_s=decay_s))
    records = record_step(detector, replace(STEP, duration_s=2500.0), 0.0, n_slices=5, seed=3)
    time_s, energy, is_after = (all_of(records, name) for name in ("time_s", "energy_eV", "is_afterpulse"))
    place = np.flatnonzero(is_after)
    assert len(place) > 4000
    assert np.mean(energy[place] == energy[place - 1]) > 0.99
    delay_s = np.sort(time_s[place] - time_s[place - 1])

    def distance(scale_s: float) -> float:
        middle = (np.arange(len(delay_s)) + 0.5) / len(delay_s)
        return float(np.max(np.abs(-np.expm1(-delay_s / scale_s) - middle)))

    assert distance(decay_s) < 2.57 / np.sqrt(len(delay_s))
    assert distance(1.1 * decay_s) > 2.57 / np.sqrt(len(delay_s))


def test_truth_and_other_components_are_not_moved() -> None:
    detector = DETECTORS["free"]
    with_, without = (
        record_step(d, STEP, SIGNAL_HZ, n_slices=3, seed=2)
        for d in (detector, replace(detector, afterpulse=None))
    )
    for a, b in zip(with_, without, strict=True):
        assert np.array_equal(a.time_s[~a.is_afterpulse], b.time_s)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"afterpulse": Exponential(probability=0.1, decay_s=1.0)},
            "afterpulse: comes 1",
        ),
        (
            {"dead_time": NonParalysable(tau_s=2e-3)},
            r"afterpulse\.probability = 0\.3: with 0\.",
        ),
    ],
)
def test_what_has_no_mean_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        replace(DETECTORS["free"], **changes).expected(STEP, SIGNAL_HZ)  # type: ignore[arg-type]


def test_what_is_refused_would_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where dead time breaks chains the formula is off by more than it may be: 3 % here, errors of 0.3 %."""
    detector = replace(DETECTORS["free"], dead_time=NonParalysable(tau_s=5e-4))
    with pytest.raises(ValueError, match="no mean"):
        detector.expected(STEP, SIGNAL_HZ)
    monkeypatch.setattr("detector.afterpulse.MOST_OFF", inf)
    counts = counts_of(detector, 1)[:, :3].sum(axis=1)
    records = [record_step(detector, STEP, SIGNAL_HZ, n_slices=1, seed=k)[0] for k in range(N_STEPS)]
    live_s = np.mean(
        [STEP.duration_s - detector.dead_time.lost_s(r.time_s, STEP.duration_s) for r in records]
    )
    mean = detector.expected(STEP, SIGNAL_HZ)
    stated = (mean.signal_rate_hz + mean.background_rate_hz.sum()) * live_s
    assert abs(counts.mean() / stated - 1) > 0.01


def test_the_part_that_dead_time_hides_is_left_out_of_weighted_samples() -> None:
    """The detector that is never dead counts as many per pulse."""
    detector = DETECTORS["dead"]
    assert detector.never_dead().counts_per_pulse == pytest.approx(detector.counts_per_pulse, rel=1e-14)
    assert detector.counts_per_pulse == pytest.approx(1 / (1 - 0.1 * np.exp(-0.4)), rel=1e-14)
