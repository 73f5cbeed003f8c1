"""Afterpulses in a file: their rows, their means, and steps that are never cut."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.ntuple.schema import Origin
from renp_sim.production import slices
from renp_sim.production.generate import generate
from renp_sim.production.slices import plan_shards
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

SETTINGS = (
    "target.volume_cm3=1e7",
    "laser.scan=[{omegas_eV=[1.0688, 1.0711], total_duration_s=2e4}]",
    "detector.efficiency={kind='constant', value=0.9, common_error_rel=0.1}",
    "detector.dead_time.tau_s=1e-3",
    "background=[{name='dark', kind='dark_counts', rate_hz=2.0}]",
)
AFTER = "detector.afterpulse={probability=0.2, decay_s=0.01}"


def run_of(*settings: str) -> Run:
    table = read_table("gp23_three_frequencies")
    return run_from_table(apply_settings(table, [*SETTINGS, AFTER, *settings]))


def events_of(path: Path) -> dict[str, Any]:
    blocks = list(iterate_events(path))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def test_counts_are_those_expected(tmp_path: Path) -> None:
    """Two counts at 5 standard deviations of chains, √((1 + p)/(1 − p)) wide: a false alarm in 1.1e-6.

    The twin expects no afterpulses.
    """
    run, path = run_of(), tmp_path / "run.root"
    generate(run, path)
    assert inspect(path).is_sound
    steps, events = read_tables(path).steps, events_of(path)
    mu = steps["mu_signal"] + steps["mu_background"]
    chain = 1 / (1 - 0.2 * np.exp(-0.1))
    allowed = 5 * np.sqrt(mu * 1.2 / 0.8)
    assert steps["efficiency"] == pytest.approx(0.9 * chain, rel=1e-12)
    assert steps["efficiency_common_error"] == pytest.approx(0.09 * chain, rel=1e-12)
    assert np.all(np.abs(steps["n_recorded"] - mu) < allowed)
    assert np.all(np.abs(steps["n_recorded"] - mu / chain) > allowed)
    after = events["origin"] == Origin.AFTERPULSE
    share = after.mean()
    assert abs(share - (1 - 1 / chain)) < 5 * np.sqrt(share / len(after))
    for name in ("nu_i", "nu_j"):
        assert not events[name][after].any()
    assert np.isnan(events["omega_emitted_eV"][after]).all()


def test_steps_are_whole_and_workers_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "LEAST_SHARD_ROWS", 1)
    rows = [np.full(5, 10.0), np.full(3, 10.0)]
    whole = plan_shards(rows, whole_steps=True)
    assert [[(p.step, p.first, p.last) for p in shard.parts] for shard in whole] == [[(0, 0, 5)], [(1, 0, 3)]]
    assert len(plan_shards(rows)) == 8
    run = run_of("detector.afterpulse.decay_s=20.0", "detector.afterpulse.probability=0.02")
    files = [tmp_path / f"{n}.root" for n in (1, 2)]
    for n, path in enumerate(files, start=1):
        generate(run, path, workers=n)
    one, two = map(events_of, files)
    assert len(one["run"]) > 65_536
    assert all(np.array_equal(one[name], two[name], equal_nan=name not in ("recorded",)) for name in one)


def test_weights_restore_the_expectation(tmp_path: Path) -> None:
    """An afterpulse weighs what its parent does: the sum at 5 errors, which a weight of 1 misses."""
    run, path = run_of("background="), tmp_path / "run.root"
    generate(run, path, n_events=20_000)
    steps, events = read_tables(path).steps, events_of(path)
    total, mu = events["weight"].sum(), steps["mu_signal"].sum()
    error = 5 * np.sqrt(np.square(events["weight"]).sum() * 0.3)
    assert abs(total - mu) < error
    after = events["origin"] == Origin.AFTERPULSE
    assert abs(total - events["weight"][after].sum() + after.sum() - mu) > error


def test_what_has_no_mean_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^detector\.afterpulse: comes 1250 s after its parent"):
        generate(run_of("detector.afterpulse.decay_s=1e3"), tmp_path / "run.root")
