"""Counts, block boundaries and times."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from renp_sim.generator import photons
from renp_sim.generator.photons import SignalPhotons, block_boundaries_s
from renp_sim.laser.scan import Scan, Step, build_schedule
from renp_sim.laser.schedule import Schedule, StepKind
from renp_sim.physics.rates import Emission
from renp_sim.streams import BLOCK_EVENTS

GP23 = (1.0688, 1.0699, 1.0711)
DAY_S = 86400.0


def schedule_of(*steps: Step, scan: Scan | None = None) -> Schedule:
    return build_schedule(steps, [scan] if scan else [], signal_rate=lambda omega: omega)


@pytest.fixture
def gp23_schedule() -> Schedule:
    return schedule_of(scan=Scan(omegas_eV=GP23, total_duration_s=3 * 2.3 * DAY_S))


def test_expected_events_of_gp23(yb_emission: Emission, gp23_schedule: Schedule) -> None:
    signal = SignalPhotons(schedule=gp23_schedule, emission=yb_emission, seed=1)
    assert np.round(signal.expected, 2).tolist() == [25.03, 19.47, 17.82]


def counts_p_value(counts: np.ndarray, mean: np.ndarray) -> float:
    """χ² of Poisson counts, shape (runs, steps), from mean and dispersion together."""
    pulls = (counts - mean) / np.sqrt(mean)
    total = pulls.sum(axis=0) / np.sqrt(len(pulls))
    return float(chi2.sf(np.sum(total**2), counts.shape[1]))


def test_generated_counts_are_poisson(yb_emission: Emission, gp23_schedule: Schedule) -> None:
    """2000 seeds: mean and variance; false-alarm probability 1e-5 each; a mean 5 % off (the twin) fails."""
    runs = [SignalPhotons(schedule=gp23_schedule, emission=yb_emission, seed=s) for s in range(2000)]
    mean = runs[0].expected
    counts = np.array([run.counts for run in runs])
    assert counts_p_value(counts, mean) > 1e-5
    assert counts_p_value(counts, mean * 1.05) < 1e-5
    dispersion = np.sum((counts - counts.mean(axis=0)) ** 2 / mean)
    freedom = 3 * 1999
    assert 5e-6 < chi2.sf(dispersion, freedom) < 1 - 5e-6
    correlation = np.corrcoef(counts.T)[np.triu_indices(3, 1)]
    assert np.max(np.abs(correlation)) < 5 / np.sqrt(2000)


def test_fixed_number_of_events(yb_emission: Emission, gp23_schedule: Schedule) -> None:
    signal = SignalPhotons(schedule=gp23_schedule, emission=yb_emission, seed=1, n_events=100_000)
    assert signal.counts.sum() == 100_000
    assert signal.weight * 100_000 == pytest.approx(signal.expected.sum())
    assert SignalPhotons(schedule=gp23_schedule, emission=yb_emission, seed=1, n_events=0).counts.sum() == 0


def test_control_dark_and_closed_steps_emit_nothing(yb_emission: Emission) -> None:
    steps = [
        Step(omega_eV=1.07, duration_s=1e9, kind=StepKind.CONTROL),
        Step(omega_eV=1.07, duration_s=1e9, kind=StepKind.DARK),
        Step(omega_eV=1.0720, duration_s=1e9),
    ]
    signal = SignalPhotons(schedule=schedule_of(*steps), emission=yb_emission, seed=1)
    assert signal.counts.tolist() == [0, 0, 0]
    assert len(signal.step(2).block(0)) == 0
    fixed = SignalPhotons(schedule=schedule_of(*steps), emission=yb_emission, seed=1, n_events=10)
    assert fixed.counts.sum() == 0


@pytest.fixture
def long_step(yb_emission: Emission) -> SignalPhotons:
    step = Step(omega_eV=1.07, duration_s=1000.0)
    return SignalPhotons(
        schedule=schedule_of(step), emission=yb_emission, seed=3, n_events=3 * BLOCK_EVENTS + 77
    )


def test_blocks_are_sorted_and_join(long_step: SignalPhotons) -> None:
    signal = long_step.step(0)
    assert signal.n_blocks == 4
    blocks = [signal.block(b) for b in range(4)]
    assert [len(b) for b in blocks] == [BLOCK_EVENTS] * 3 + [77]
    times = np.concatenate([b.emission_time_s for b in blocks])
    assert np.all(np.diff(times) >= 0)
    assert times[0] >= 0
    assert times[-1] <= 1000.0
    for number, block in enumerate(blocks):
        assert signal.boundaries_s[number] <= block.emission_time_s[0]
        assert block.emission_time_s[-1] <= signal.boundaries_s[number + 1]


def test_times_are_uniform(long_step: SignalPhotons) -> None:
    """KS test, false-alarm probability 1e-5; blocks of equal length in time (the twin) must fail."""
    signal = long_step.step(0)
    blocks = [signal.block(b) for b in range(signal.n_blocks)]
    times = np.concatenate([b.emission_time_s for b in blocks])
    assert kstest(times / 1000.0, "uniform").pvalue > 1e-5
    ends = signal.boundaries_s
    twin = [
        (b.emission_time_s - ends[k]) / (ends[k + 1] - ends[k]) * 250.0 + 250.0 * k
        for k, b in enumerate(blocks)
    ]
    assert kstest(np.concatenate(twin) / 1000.0, "uniform").pvalue < 1e-5


def test_boundaries_are_order_statistics() -> None:
    """The first boundary of 2B events is Beta(B, B + 1): KS over 2000 seeds, false-alarm probability 1e-5."""
    n = 2 * BLOCK_EVENTS
    first = [block_boundaries_s(seed, 0, n, 0.0, 1.0)[1] for seed in range(2000)]
    assert kstest(first, "beta", args=(BLOCK_EVENTS, BLOCK_EVENTS + 1)).pvalue > 1e-5


def test_a_block_alone_is_the_same(long_step: SignalPhotons) -> None:
    alone = long_step.step(0).block(2)
    signal = long_step.step(0)
    for number in range(3):
        in_turn = signal.block(number)
    for name in alone.__slots__:
        if name != "source":
            assert np.array_equal(getattr(alone, name), getattr(in_turn, name)), name


def test_sources_ahead_are_those_of_their_steps(
    yb_emission: Emission, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sharp and broad, empty steps too, more than are looked at together; whoever comes first."""
    monkeypatch.setattr(photons, "AHEAD", 5)
    steps = [
        Step(
            omega_eV=1.06 + 0.001 * (k % 13),
            duration_s=1e7 if k % 3 else 1.0,
            linewidth_eV=1e-6 if k % 4 == 0 else 0.0,
        )
        for k in range(40)
    ]
    forward, backward = (
        SignalPhotons(schedule=schedule_of(*steps), emission=yb_emission, seed=1) for _ in range(2)
    )
    assert np.any(forward.counts == 0)
    found = [forward.step(k).source for k in range(40)]
    other = [backward.step(k).source for k in range(39, -1, -1)][::-1]
    for step, count, one, two in zip(steps, forward.counts, found, other, strict=True):
        if count:
            assert one.omega_eV == two.omega_eV == step.omega_eV
            assert one.is_sharp == two.is_sharp == (step.linewidth_eV == 0)
            assert np.array_equal(one.root_eV, two.root_eV)
