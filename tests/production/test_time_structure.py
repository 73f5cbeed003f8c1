"""Pulses and drifts: what is recorded is what is expected, in counts, energy and time.

Tests fix their seeds. Every comparison has a p-value above 1e-5 for what is stated, and below for a twin:
another decay, another drift, a laser that is on all the time.
"""

from functools import cache

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from detector.background import Origin
from renp_sim.laser.schedule import Schedule
from renp_sim.prediction.exposure import exposure_of
from renp_sim.production.job import job_of
from renp_sim.production.recorder import Recorder, StepTally, totals
from renp_sim.production.slices import PlannedShard, SliceRange, plan_shards
from renp_sim.production.step_rows import step_tables
from renp_sim.runfile.run import Run, run_from_table
from tests.runfile.run_tables import with_settings

STEPS = (
    "laser.steps=[{omega_eV=1.07, duration_s=500.0}, {omega_eV=1.0688, duration_s=300.0, coherence=0.6}, "
    "{omega_eV=1.07, duration_s=100.0, kind='control'}, {omega_eV=1.07, duration_s=100.0, kind='dark'}]"
)
BACKGROUNDS = (
    "background=[{name='dark', kind='dark_counts', rate_hz=40.0}, "
    "{name='sky', kind='continuum', rate_hz=100.0, "
    "spectrum={kind='exponential', low_eV=0.5, high_eV=3.0, scale_eV=0.4}}, "
    "{name='qed', kind='qed', rate_hz=200.0, powers={n_a=3.0}}, "
    "{name='leak', kind='laser_leakage', rate_hz=100.0}]"
)
COMMON = (
    STEPS,
    BACKGROUNDS,
    # 100 signal photons a second of open time
    "target.volume_cm3=1e8",
    "laser.settling_s=20.0",
    "laser.linewidth_eV=1e-5",
    "detector.efficiency={kind='turn_on', plateau=0.7, energy_eV=1.05, width_eV=0.05}",
    "detector.resolution={kind='gaussian', sigma_eV=0.03}",
    "detector.energy_window_eV=[0.9, 1.2]",
)
PULSES = "laser.pulses={repetition_hz=2.0, window_s=0.25, coherence_decay_s=0.2}"
EFFICIENCY = "drift.efficiency={kind='linear', total_rel=-0.4}"
DENSITY = "drift.density={kind='exponential', total_rel=-0.3}"
DEAD = "detector.dead_time={kind='non_paralysable', tau_s=1e-4}"

CASES = {
    "continuous": (),
    "pulses": (PULSES,),
    "drifts": (EFFICIENCY, DENSITY),
    "pulses and drifts": (PULSES, EFFICIENCY, DENSITY),
    "pulses, drifts, dead time": (PULSES, EFFICIENCY, DENSITY, DEAD),
}
TWINS = {
    "decay": ("pulses", (PULSES.replace("=0.2}", "=0.3}"),)),
    "continuous": ("pulses", ()),
    "no efficiency drift": ("drifts", (DENSITY,)),
    "no density drift": ("pulses and drifts", (PULSES, EFFICIENCY)),
}
LEVEL = 1e-5


@cache
def run_of(settings: tuple[str, ...], seed: int = 1) -> Run:
    return run_from_table(with_settings(*COMMON, *settings, f"run.seed={seed}"))


@cache
def recorded(
    settings: tuple[str, ...], seed: int = 1, n_events: int | None = None
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the columns of events and steps of a run."""
    run = run_of(settings, seed)
    job = job_of(run, n_events)
    tallies: list[StepTally] = []
    recorder = Recorder(job)
    blocks = [b for shard in plan_shards(job.expected_rows()) for b in recorder.events(shard, tallies)]
    steps, _ = step_tables(run, job, *totals(tallies, run.schedule.n_steps))
    return {name: np.concatenate([b[name] for b in blocks]) for name in blocks[0]}, steps


def expected_counts(run: Run) -> np.ndarray:
    """Return mean counts of signal and components per step, shape (n, 1 + c), with the truth of a run."""
    signal = job_of(run).signal
    exposure = exposure_of(
        run.truth, run.emission.target, run.detector, signal_rate_hz=signal.rate_hz, emission=run.emission
    )
    mean = exposure.counts_per_unit * signal.spectrum
    return np.column_stack([mean, exposure.background_hz * exposure.live_time_s[:, None]])


def counts_of(settings: tuple[str, ...], seed: int) -> np.ndarray:
    events, _ = recorded(settings, seed)
    origins = (Origin.SIGNAL, Origin.DARK, Origin.CONTINUUM, Origin.QED, Origin.LEAKAGE)
    return np.array(
        [[np.sum((events["step"] == k) & (events["origin"] == o)) for o in origins] for k in range(4)]
    )


def p_of_counts(settings: tuple[str, ...], stated: tuple[str, ...], n_seeds: int = 3) -> float:
    """Return the p-value of counts over streams; dead time makes them less spread, so none is overstated."""
    mean = n_seeds * expected_counts(run_of(stated))
    total = sum(counts_of(settings, seed) for seed in range(1, n_seeds + 1))
    is_there = mean > 0
    assert np.all(total[~is_there] == 0)
    return float(chi2.sf(np.sum((total - mean)[is_there] ** 2 / mean[is_there]), is_there.sum()))


@pytest.mark.parametrize("case", CASES)
def test_counts_are_the_expected_ones(case: str) -> None:
    assert p_of_counts(CASES[case], CASES[case]) > LEVEL


@pytest.mark.parametrize("twin", TWINS)
def test_other_counts_are_found(twin: str) -> None:
    case, settings = TWINS[twin]
    assert p_of_counts(CASES[case], settings) < LEVEL


def density_of(run: Run, origin: Origin, schedule: Schedule, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return times and the share of the counts up to each, from the formulas, on 4000 points a window."""
    laser, drift = run.config.laser, run.config.drift
    start, duration = schedule.start_s[step], schedule.duration_s[step]
    time = start + np.linspace(0, duration, 1_000_001)
    middle = (time[1:] + time[:-1]) / 2
    share = middle / schedule.wall_time_s
    rate = np.ones(len(middle))
    power = {Origin.SIGNAL: 2, Origin.QED: 3}.get(origin, 0)
    if laser.pulses is not None:
        phase = (middle - start) % (1 / laser.pulses.repetition_hz)
        rate *= phase < laser.pulses.window_s
        if power:
            rate *= np.exp(-2 * phase / laser.pulses.coherence_decay_s)
    if drift.density is not None:
        rate *= drift.density.factor(share) ** power
    if drift.efficiency is not None and origin is not Origin.DARK:
        rate *= drift.efficiency.factor(share)
    total = np.concatenate([[0.0], np.cumsum(rate)])
    return time, total / total[-1]


def p_of_times(settings: tuple[str, ...], stated: tuple[str, ...], origin: Origin, step: int = 0) -> float:
    events, _ = recorded(settings)
    run = run_of(stated)
    time, share = density_of(run, origin, run.truth, step)
    mine = (events["step"] == step) & (events["origin"] == origin)
    assert mine.sum() > 1000
    passed = events["time_s"][mine]
    over_step = kstest(np.interp(passed, time, share), "uniform").pvalue
    pulses = run.config.laser.pulses
    if pulses is None:
        return float(over_step)
    # of many windows the course over the step says nothing of what happens in each
    tau = pulses.coherence_decay_s if origin in (Origin.SIGNAL, Origin.QED) else 1e9
    phase = (passed - run.truth.start_s[step]) % (1 / pulses.repetition_hz)
    in_window = np.expm1(-2 * phase / tau) / np.expm1(-2 * pulses.window_s / tau)
    return float(min(over_step, kstest(in_window, "uniform").pvalue))


@pytest.mark.parametrize("case", [case for case in CASES if "dead" not in case])
@pytest.mark.parametrize("origin", list(Origin)[:5])
def test_times_follow_coherence_and_drift(case: str, origin: Origin) -> None:
    """KS test; leakage, continuum and dark counts are even in the windows."""
    assert p_of_times(CASES[case], CASES[case], origin) > LEVEL


@pytest.mark.parametrize("origin", [Origin.SIGNAL, Origin.QED])
def test_another_course_is_found(origin: Origin) -> None:
    no_decay = PULSES.replace(", coherence_decay_s=0.2", ", coherence_decay_s=1e9")
    assert p_of_times((PULSES,), (no_decay,), origin) < LEVEL
    assert p_of_times((PULSES,), (PULSES.replace("=0.2}", "=0.3}"),), origin) < LEVEL
    assert p_of_times(CASES["drifts"], (), origin) < LEVEL


def test_photons_come_in_open_windows_in_order() -> None:
    events, steps = recorded(CASES["pulses, drifts, dead time"])
    phase = (events["time_s"] - steps["start_s"][events["step"]]) % 0.5
    assert np.all((phase <= 0.25 + 1e-9) | (phase > 0.5 - 1e-9))
    assert np.all(np.diff(events["time_s"]) >= 1e-4 * (1 - 1e-6))
    signal = events["origin"] == Origin.SIGNAL
    assert np.array_equal(events["time_s"][signal], events["emission_time_s"][signal])


def test_energies_are_those_of_the_continuous_laser() -> None:
    """KS of two samples of signal energies; the continuum has others."""
    pulsed, continuous = recorded((PULSES,))[0], recorded(())[0]
    energies = [
        e["photon_energy_eV"][(e["origin"] == Origin.SIGNAL) & (e["step"] == 0)] for e in (pulsed, continuous)
    ]
    assert kstest(*energies).pvalue > LEVEL
    sky = pulsed["photon_energy_eV"][pulsed["origin"] == Origin.CONTINUUM]
    assert kstest(energies[0], sky).pvalue < LEVEL


def test_the_file_states_what_is_known_and_the_truth() -> None:
    """μ_signal has the drift of the efficiency, `efficiency` has not; Γ₀ has that of the density."""
    run = run_of((PULSES, EFFICIENCY, DENSITY))
    _, steps = recorded((PULSES, EFFICIENCY, DENSITY))
    plain = recorded(())[1]
    assert np.array_equal(steps["efficiency"], plain["efficiency"])
    share = np.array([250.0, 670.0]) / run.truth.wall_time_s
    expected = 0.7**share * 0.7**share
    assert steps["gamma0_hz"][:2] / plain["gamma0_hz"][:2] == pytest.approx(expected, rel=0.01)
    stated = (
        steps["gamma0_hz"]
        * steps["coherence"]
        * job_of(run).signal.spectrum
        * steps["efficiency"]
        * steps["live_time_s"]
    )
    factor = steps["mu_signal"][:2] / stated[:2]
    assert factor == pytest.approx(1 - 0.4 * share, rel=0.01)
    assert steps["live_time_s"] == pytest.approx(steps["duration_s"] / 2, rel=1e-12)
    eta = 0.2 * (1 - np.exp(-2.5)) / 0.5
    assert steps["coherence"] == pytest.approx([eta, 0.6 * eta, 0.0, 0.0], rel=1e-12)


def test_slices_may_be_recorded_in_any_order() -> None:
    """Step 0 has several slices; each is recorded alone, the last one first."""
    settings = CASES["pulses, drifts, dead time"]
    job = job_of(run_of(settings))
    events, _ = recorded(settings)
    number = len(job.step_slices(0))
    assert number > 2
    alone = [PlannedShard(k, (SliceRange(0, k, k + 1),)) for k in range(number)]
    times = [np.concatenate([b["time_s"] for b in Recorder(job).events(x, [])]) for x in reversed(alone)]
    assert np.array_equal(np.concatenate(times[::-1]), events["time_s"][events["step"] == 0])


def test_weights_restore_the_expectation_of_a_pulsed_run() -> None:
    """Sums of weights of signal and backgrounds within five errors; those of the continuous laser are not."""
    settings = (PULSES, EFFICIENCY, DENSITY, DEAD.replace("1e-4", "1e-5"))
    events, _ = recorded(settings, 1, 30_000)
    origins = (Origin.SIGNAL, Origin.DARK, Origin.CONTINUUM, Origin.QED, Origin.LEAKAGE)
    weights = [events["weight"][(events["step"] == 0) & (events["origin"] == o)] for o in origins]
    found = np.array([w.sum() for w in weights])
    error = np.sqrt([np.square(w).sum() for w in weights])
    assert np.all(np.abs(found - expected_counts(run_of(settings))[0]) < 5 * error)
    assert np.all(np.abs(found - expected_counts(run_of(()))[0]) > 5 * error)
