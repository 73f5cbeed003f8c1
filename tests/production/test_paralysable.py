"""Paralysable dead time in files: shards that are made apart know what the one before left."""

from pathlib import Path

import numpy as np
import pytest

from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import run_from_table

SETTINGS = (
    "target.volume_cm3=1e8",
    "laser.scan=[{omegas_eV=[1.0688, 1.0711], total_duration_s=4e3}]",
    "background=[{name='dark', kind='dark_counts', rate_hz=20.0}]",
    "detector.dead_time={kind='paralysable', tau_s=0.01}",
)


def test_workers_change_nothing_and_counts_are_those_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two counts at 5 standard deviations: a false alarm in 1.1e-6 of seeds. The live time is measured."""
    monkeypatch.setattr("renp_sim.production.slices.LEAST_SHARD_ROWS", 1)
    run = run_from_table(apply_settings(read_table("gp23_three_frequencies"), SETTINGS))
    files = [tmp_path / f"{n}.root" for n in (1, 2)]
    for n, path in enumerate(files, start=1):
        generate(run, path, workers=n)
    one, two = (np.concatenate([b["time_s"] for b in iterate_events(path)]) for path in files)
    assert one.tobytes() == two.tobytes()
    assert np.min(np.diff(one)) >= 0.01 * (1 - 1e-9)
    steps, again = (read_tables(path).steps for path in files)
    np.testing.assert_allclose(steps["live_time_s"], again["live_time_s"], rtol=1e-12)
    live = steps["live_time_s"] / steps["duration_s"]
    assert np.all((live > 0.1) & (live < 0.7))
    mu = steps["mu_signal"] + steps["mu_background"]
    assert np.all(np.abs(steps["n_recorded"] - mu) < 5 * np.sqrt(mu))
    # the twin counts what is recorded as the whole of what makes it dead
    stated = steps["duration_s"] - 0.01 * steps["n_recorded"]
    assert np.all(np.abs(steps["n_recorded"] - mu * stated / steps["live_time_s"]) > 5 * np.sqrt(mu))
