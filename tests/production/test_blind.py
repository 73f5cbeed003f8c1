"""Blind files: nothing in them, and nothing said of them, tells what is hidden; the key restores it."""

import json
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from renp_sim.app.data import read_data
from renp_sim.app.fitting import fit_data
from renp_sim.app.question import Question
from renp_sim.app.report import run_all
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.blind import key_of
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.merge import merge
from renp_sim.ntuple.reader import NtupleTables, iterate_events, read_tables
from renp_sim.ntuple.schema import BACKGROUNDS, RUNS, STEPS, Origin
from renp_sim.ntuple.unblind import unblind
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

MASS_EV, SEED, OFFSET_EV = 0.012345678901, 987654321987654321, 1.2345678e-6
SETTINGS = (
    f"run.seed={SEED}",
    "target.volume_cm3=4e5",
    f"neutrino.lightest_mass_eV={MASS_EV}",
    "laser.linewidth_eV=1e-4",
    f"laser.calibration={{common_offset_eV={OFFSET_EV}, common_error_eV=5e-6}}",
    "laser.scan=[{omegas_eV=[1.0688, 1.0699, 1.0711, 1.07164], total_duration_s=8e5}]",
    "detector.efficiency={kind='turn_on', energy_eV=1.07, width_eV=1e-3}",
    "detector.resolution={kind='gaussian', sigma_eV=0.03}",
    "background=[{name='leak', kind='laser_leakage', rate_hz=0.05, error_rel=0.1}]",
    "output.blind=true",
    "output.compression='none'",
)


def run_of(*settings: str) -> Run:
    return run_from_table(apply_settings(read_table("gp23_three_frequencies"), [*SETTINGS, *settings]))


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blind") / "run.root"
    generate(run_of(), path)
    return path


def events_of(path: Path) -> dict[str, NDArray[Any]]:
    blocks = list(iterate_events(path))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def test_the_file_is_blind_and_its_key_private(blind: Path) -> None:
    report = inspect([blind])
    assert report.is_sound
    assert report.runs[0].is_blind
    key = key_of(blind)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert inspect([key]).is_sound
    assert not inspect([key]).runs[0].is_blind


def numbers_of(tables: NtupleTables) -> dict[str, bytes]:
    """Return every hidden number of a run as the bytes that a file has, most significant first."""
    found: dict[str, bytes] = {}
    trees = ((RUNS, tables.runs), (STEPS, tables.steps), (BACKGROUNDS, tables.backgrounds))
    for tree, columns in trees:
        for branch in tree.flat:
            values = columns[branch.name]
            if branch.truth and values.dtype.itemsize == 8:
                big_endian = values.astype(values.dtype.newbyteorder(">"))
                # small integers stand everywhere
                told = np.flatnonzero((values != np.floor(values)) | (values > 2**40))
                found |= {f"{tree.name}.{branch.name}[{k}]": big_endian[k].tobytes() for k in told}
    return found


def leaks(path: Path, key: Path) -> list[str]:
    """Return the hidden numbers and words of a key that stand in a file, in binary or as text."""
    content, tables = path.read_bytes(), read_tables(key)
    binary = {name: [data, data[::-1]] for name, data in numbers_of(tables).items()}
    text: dict[str, Any] = {"seed": SEED, "mass": MASS_EV, "offset": OFFSET_EV}
    text |= {k: v for k, v in tables.config[0]["neutrino"].items() if isinstance(v, float)}
    text |= {k: tables.provenance[0][k] for k in ("fingerprint", "command")}
    n = int(tables.runs["n_generated"][0])
    words = {name: [json.dumps(value).encode()] for name, value in text.items()}
    words["n_generated"] = [struct.pack(">q", n), struct.pack("<q", n)]
    return [name for name, data in {**binary, **words}.items() if any(d in content for d in data)]


def test_no_hidden_number_stands_in_the_file(blind: Path) -> None:
    """The twin is the key, which has all of them."""
    key = key_of(blind)
    assert leaks(blind, key) == []
    found = leaks(key, key)
    assert len(found) > 20
    assert {*numbers_of(read_tables(key)), "seed", "mass", "offset", "sin2_theta12", "command"} <= set(found)


def features_of(values: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Return what a classifier could look at: the value, its last bits, its neighbours."""
    numbers = np.nan_to_num(values.astype(np.float64), nan=-1e300)
    bits = np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}").astype(np.uint64)
    with np.errstate(over="ignore", invalid="ignore"):
        gap = np.diff(numbers, prepend=numbers[0])
    found = {"value": numbers, "gap before": gap, "gap after": np.roll(gap, -1)}
    found["first bits"] = (bits >> np.uint64(8 * values.dtype.itemsize - 1)).astype(np.float64)
    found |= {f"last {2**k} bits": (bits % np.uint64(2 ** (2**k))).astype(np.float64) for k in (0, 2, 3, 4)}
    return found


def told_apart(columns: dict[str, NDArray[Any]], signal: NDArray[np.bool_], p_least: float) -> list[str]:
    """Return the features of branches that are distributed otherwise for signal than for background."""
    return [
        f"{name}: {feature}"
        for name, values in columns.items()
        for feature, x in features_of(values).items()
        if ks_2samp(x[signal], x[~signal]).pvalue < p_least
    ]


def same_steps(columns: dict[str, NDArray[Any]], origin: NDArray[np.int8], step: int) -> tuple[Any, Any]:
    rows = columns["step"] == step
    return {name: values[rows] for name, values in columns.items()}, origin[rows] == Origin.SIGNAL


def test_a_classifier_on_every_branch_does_no_better_than_chance(blind: Path) -> None:
    """Laser leakage has the signal's energy within the resolution, so nothing physical tells them apart.

    28 branches, 8 features, 3 steps at p = 1e-8: a false alarm in 7e-6 of streams.
    """
    columns, origin = events_of(blind), events_of(key_of(blind))["origin"]
    assert set(origin) == {Origin.SIGNAL, Origin.LEAKAGE}
    for step in range(3):
        rows, signal = same_steps(columns, origin, step)
        assert min(signal.sum(), (~signal).sum()) > 1000
        assert told_apart(rows, signal, 1e-8) == []


LEAKS: dict[str, Callable[[NDArray[Any], NDArray[np.bool_]], NDArray[Any]]] = {
    "time_s": lambda x, signal: np.where(signal, x.astype(np.float32), x),
    "weight": lambda x, signal: np.where(signal, np.nextafter(x, 2.0), x),
    "event": lambda x, signal: x[np.argsort(np.argsort(~signal, kind="stable"))],
    "photon_energy_eV": lambda x, signal: np.where(signal, x.astype(np.float16), x).astype(np.float32),
    "phi": lambda x, signal: np.where(signal, -x, x),
}


@pytest.mark.parametrize("branch", LEAKS)
def test_a_planted_leak_is_found(blind: Path, branch: str) -> None:
    rows, signal = same_steps(events_of(blind), events_of(key_of(blind))["origin"], 0)
    rows[branch] = LEAKS[branch](rows[branch], signal)
    assert told_apart(rows, signal, 1e-8)


def test_unblind_restores_every_byte_of_truth(blind: Path, tmp_path: Path) -> None:
    open_, out = tmp_path / "open.root", tmp_path / "out.root"
    generate(run_of("output.blind=false", f"run.number={read_tables(blind).runs['run'][0]}"), open_)
    made = unblind(blind, key_of(blind), out)
    assert made.still_blind == ()
    assert inspect([out]).is_sound
    whole, again = events_of(open_), events_of(out)
    assert all(whole[name].tobytes() == again[name].tobytes() for name in whole)
    ours, theirs = read_tables(open_), read_tables(out)
    for tree in ("runs", "steps", "backgrounds"):
        for name, values in getattr(ours, tree).items():
            if tree == "steps" and name.startswith(("efficiency", "mu_signal")):
                # of a blind run the stated mean over the line is that of an even spectrum
                assert np.allclose(values, getattr(theirs, tree)[name], rtol=0.1)
            else:
                assert values.tobytes() == getattr(theirs, tree)[name].tobytes(), name
    assert theirs.config[0]["run"]["seed"] == SEED
    assert theirs.config[0]["neutrino"] == ours.config[0]["neutrino"]


def test_stated_efficiencies_do_not_follow_the_truth(blind: Path, tmp_path: Path) -> None:
    """With another mass they are the same to the bit; of an open run, the twin, they are not."""
    columns = ("efficiency", "efficiency_common_error", "coherence", "gamma0_hz", "duration_s")
    for settings, is_same in (((), True), (("output.blind=false",), False)):
        both = []
        for mass in (MASS_EV, 0.05):
            path = tmp_path / f"{mass}{is_same}.root"
            generate(run_of(f"neutrino.lightest_mass_eV={mass}", *settings), path)
            both.append(read_tables(path).steps)
        assert all(np.array_equal(both[0][c], both[1][c]) for c in columns) == is_same


def test_blind_and_open_files_merge_and_unblind_together(blind: Path, tmp_path: Path) -> None:
    open_, second = tmp_path / "open.root", tmp_path / "second.root"
    generate(run_of("output.blind=false", "run.seed=2"), open_)
    generate(run_of("run.seed=3"), second)
    merged, out, last = (tmp_path / f"{name}.root" for name in ("merged", "out", "last"))
    merge(merged, [open_, blind, second])
    assert inspect([merged]).is_sound
    first = unblind(merged, key_of(blind), out)
    assert first.still_blind == (int(read_tables(second).runs["run"][0]),)
    assert inspect([out]).is_sound
    assert unblind(out, key_of(second), last).still_blind == ()
    assert inspect([last]).is_sound
    assert not read_tables(last).runs["is_blind"].any()
    keys = [events_of(path)["phi"] for path in (open_, key_of(blind), key_of(second))]
    assert events_of(last)["phi"].tobytes() == np.concatenate(keys).tobytes()


def test_a_key_fits_its_own_run_only(blind: Path, tmp_path: Path) -> None:
    other, twin, out = tmp_path / "other.root", tmp_path / "twin.root", tmp_path / "out.root"
    generate(run_of("run.seed=2"), other)
    number = int(read_tables(blind).runs["run"][0])
    generate(run_of("run.seed=2", f"run.number={number}"), twin)
    for path, key, reason in (
        (blind, key_of(other), "is of run"),
        (blind, key_of(twin), "has other photons than run"),
        (blind, blind, "is no key"),
        (key_of(blind), key_of(blind), "is not blind"),
    ):
        with pytest.raises(SchemaError, match=reason):
            unblind(path, key, out)
    assert not out.exists()


def test_numbers_of_blind_runs_are_salted(blind: Path, tmp_path: Path) -> None:
    run = run_of()
    generate(run, tmp_path / "again.root")
    numbers = {int(read_tables(path).runs["run"][0]) for path in (blind, tmp_path / "again.root")}
    assert len(numbers | {run.number}) == 3
    assert generate(run_of("run.number=5"), tmp_path / "given.root").run == 5


def test_files_and_keys_are_never_replaced_unasked(blind: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.root"
    key_of(path).write_text("precious")
    with pytest.raises(SchemaError, match=r"run\.root\.key: exists already"):
        generate(run_of(), path)
    assert key_of(path).read_text() == "precious"
    assert not path.exists()
    generate(run_of(), path, force=True)
    assert stat.S_IMODE(key_of(path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("settings", "asked", "reason"),
    [
        ((), {"n_events": 10}, "output.blind and --events or --oversample: their weights"),
        ((), {"oversample": {"leak": 2.0}}, "output.blind and --events or --oversample: their weights"),
        ((), {"resume": True}, "output.blind and --resume: a blind run keeps no shards"),
        (("output.keep_undetected=true",), {}, "output.blind and output.keep_undetected: only signal"),
        (
            ("laser.scan[0].allocation='equal_counts'",),
            {},
            r'output.blind and laser.scan\[0\].allocation = "eq',
        ),
    ],
)
def test_what_would_show_it_is_refused(
    settings: tuple[str, ...], asked: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=f"^{reason}"):
        generate(run_of(*settings), tmp_path / "run.root", **asked)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_told_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No shards beside the file, no number of shards, no number of emitted photons."""
    monkeypatch.setattr("renp_sim.production.generate.LONG_RUN_ROWS", 1)
    seen: list[Any] = []
    made = generate(run_of(), tmp_path / "run.root", progress=lambda *told: seen.append(told))
    assert seen == []
    assert made.n_generated == -1
    assert made.as_dict()["key"] == str(tmp_path / "run.root.key")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.root", "run.root.key"]


def test_workers_write_the_same_blind_file(
    blind: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("renp_sim.production.slices.LEAST_SHARD_ROWS", 1000)
    number = read_tables(blind).runs["run"][0]
    generate(run_of(f"run.number={number}"), tmp_path / "two.root", workers=2)
    one, two = events_of(blind), events_of(tmp_path / "two.root")
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)


def test_a_fit_takes_its_model_from_a_run_file(blind: Path, tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="is blind and hides what it was made with: give a run file"):
        read_data(blind)
    model = tmp_path / "model.toml"
    model.write_text("[run]\nseed = 1\n[[laser.steps]]\nomega_eV = 1.07\nduration_s = 1.0\n")
    path = tmp_path / "run.root"
    generate(run_of("laser.linewidth_eV=0", "detector.efficiency=0.5", "target.volume_cm3=1e4"), path)
    hidden, shown = (fit_data(read_data(file, model), Question()) for file in (path, key_of(path)))
    mass = "lightest_mass_eV"
    assert hidden.best.parameter(mass).value == shown.best.parameter(mass).value
    assert hidden.best.parameter(mass).intervals.regions == shown.best.parameter(mass).intervals.regions


def test_run_refuses_what_it_could_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^output\.blind: hides what this fits with"):
        run_all(run_of(), tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
