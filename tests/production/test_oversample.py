"""More photons of a background than there are: weights restore what is expected, dead time included."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from renp_sim.analysis.from_ntuple import observation_from_tables
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.ntuple.schema import Origin
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

SETTINGS = (
    "target.volume_cm3=1e6",
    "laser.scan=[{omegas_eV=[1.0688, 1.0711], total_duration_s=1e5}]",
    "background=[{name='dark', kind='dark_counts', rate_hz=0.02}, "
    "{name='sky', kind='continuum', rate_hz=0.1}]",
)
FACTORS = {"dark": 40.0, "sky": 0.5}
ORIGINS = {"dark": Origin.DARK, "sky": Origin.CONTINUUM, "signal": Origin.SIGNAL}


def run_of(*settings: str) -> Run:
    table = read_table("gp23_three_frequencies")
    return run_from_table(apply_settings(table, [*SETTINGS, *settings]))


def events_of(path: Path) -> dict[str, NDArray[Any]]:
    blocks = list(iterate_events(path))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def means_of(path: Path) -> dict[str, float]:
    tables = read_tables(path)
    mu = tables.backgrounds["mu"].reshape(-1, 2).sum(axis=0)
    return {"dark": mu[0], "sky": mu[1], "signal": tables.steps["mu_signal"].sum()}


@pytest.mark.parametrize("tau_s", [0.0, 3.0])
def test_sums_of_weights_are_the_expectations(tau_s: float, tmp_path: Path) -> None:
    """Three sums at 5 standard deviations, twice: a false alarm in 3.4e-6 of seeds. A twin has no weights."""
    path = tmp_path / "run.root"
    made = generate(run_of(f"detector.dead_time.tau_s={tau_s}"), path, oversample=FACTORS)
    assert inspect(path).is_sound
    events, means = events_of(path), means_of(path)
    live = read_tables(path).steps["live_time_s"] / 5e4
    assert np.all(live == 1) if tau_s == 0 else np.all((live > 0.1) & (live < 0.9))
    assert made.n_recorded == len(events["run"])
    for name, mean in means.items():
        rows = events["origin"] == ORIGINS[name]
        weight = events["weight"][rows]
        error = np.sqrt(np.square(weight).sum())
        assert abs(weight.sum() - mean) < 5 * error
        assert weight == pytest.approx(live[events["step"][rows]] / FACTORS.get(name, 1.0), rel=1e-12)
        if name in FACTORS:
            assert abs(rows.sum() - mean) > 5 * np.sqrt(rows.sum())


def test_the_spectrum_is_that_of_the_unweighted_run(tmp_path: Path) -> None:
    """Twenty bins of dark counts, χ² beyond 63 in 2e-6 of seeds; the weighted ones have less error."""
    whole, plain = tmp_path / "weighted.root", tmp_path / "plain.root"
    generate(run_of(), whole, oversample=FACTORS)
    generate(run_of("run.seed=5"), plain)
    edges = np.linspace(0, 10, 21)
    found = []
    for path in (whole, plain):
        events = events_of(path)
        rows = events["origin"] == Origin.DARK
        energy, weight = events["photon_energy_eV"][rows], events["weight"][rows]
        found.append([np.histogram(energy, edges, weights=w)[0] for w in (weight, weight**2)])
    (w, w_variance), (n, variance) = found
    assert np.sum((w - n) ** 2 / (w_variance + variance)) < 63
    assert w_variance.sum() < variance.sum() / 30


def test_the_signal_and_what_is_not_named_stay_as_they_are(tmp_path: Path) -> None:
    plain, more = tmp_path / "plain.root", tmp_path / "more.root"
    generate(run_of(), plain)
    generate(run_of(), more, oversample={"dark": 7.0})
    ours, theirs = events_of(plain), events_of(more)
    for origin in (Origin.SIGNAL, Origin.CONTINUUM):
        for name in ("time_s", "photon_energy_eV", "phi", "weight"):
            a, b = (columns[name][columns["origin"] == origin] for columns in (ours, theirs))
            assert a.tobytes() == b.tobytes()


def test_a_fit_refuses_it(tmp_path: Path) -> None:
    generate(run_of(), tmp_path / "run.root", oversample=FACTORS)
    with pytest.raises(SchemaError, match="not Poisson"):
        observation_from_tables(read_tables(tmp_path / "run.root"))


@pytest.mark.parametrize(
    ("factors", "reason"),
    [
        ({"drak": 2.0}, "--oversample drak: no such background; did you mean 'dark'"),
        ({"dark": 0.0}, r"--oversample dark=0: the factor must lie in \(0, 1e\+06\]"),
        ({"dark": float("nan")}, "--oversample dark=nan: the factor"),
    ],
)
def test_what_cannot_be_is_refused(factors: dict[str, float], reason: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"^{reason}"):
        generate(run_of(), tmp_path / "run.root", oversample=factors)
