"""What real ROOT reads and merges is what was written, branch by branch."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from numpy.typing import NDArray

from renp_sim.analysis.from_ntuple import observation_from_tables
from renp_sim.analysis.spectrum.measured import measured_spectrum
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.reader import read_many
from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, RUNS, STEPS, TREES, Tree
from renp_sim.ntuple.writer import NtupleWriter
from renp_sim.streams import BLOCK_EVENTS
from tests.macros.real_root import call, hadd
from tests.macros.run_files import Files, rewrite

pytestmark = pytest.mark.usefixtures("root")

HERE = Path(__file__).parent
N_EVENTS = 2 * BLOCK_EVENTS + 4000
N_RUNS = 3


def extreme_values(dtype: np.dtype[Any], n: int, rng: np.random.Generator) -> NDArray[Any]:
    """Random values over the whole range of a type, the first ones its extremes."""
    if dtype.kind == "b":
        return rng.random(n) < 0.5
    if dtype.kind == "f":
        info = np.finfo(dtype)
        decades = rng.uniform(np.log10(info.tiny), np.log10(info.max) - 1, n)
        values = (rng.choice([-1, 1], n) * 10**decades).astype(dtype)
        special = [np.nan, 0.0, -0.0, info.max, -info.max, info.smallest_subnormal, 1 + info.eps]
    else:
        limits = np.iinfo(dtype)
        values = rng.integers(limits.min, limits.max, n, dtype=dtype, endpoint=True)
        special = [limits.min, limits.max, 0]
    k = min(n, len(special))
    values[:k] = special[:k]
    return values


@pytest.fixture(scope="module")
def written() -> dict[Tree, dict[str, NDArray[Any]]]:
    rng = np.random.default_rng(5)
    n_rows = {RUNS: N_RUNS, STEPS: 50, BACKGROUNDS: 20, EVENTS: N_EVENTS}
    columns = {
        tree: {b.name: extreme_values(np.dtype(b.dtype), n, rng) for b in tree.flat}
        for tree, n in n_rows.items()
    }
    columns[RUNS]["run"] = np.array([1, 2**53 - 1, 12345678987654321 % 2**53])
    columns[RUNS]["schema_major"][:] = 1
    return columns


def texts(run: int) -> dict[str, dict[str, str]]:
    return {"config": {"name": "γ" * run}, "provenance": {"command": "x" * (100 * run + 1)}}


@pytest.fixture(scope="module")
def file(written, tmp_path_factory):
    path = tmp_path_factory.mktemp("extremes") / "extremes.root"
    with NtupleWriter(path) as writer:
        writer.events(written[EVENTS])
        writer.steps(written[STEPS])
        writer.backgrounds(written[BACKGROUNDS])
        for k in range(N_RUNS):
            writer.run({name: values[k] for name, values in written[RUNS].items()} | texts(k))
    return path


def test_every_branch_by_reader_and_draw(written, file, tmp_path):
    """TTreeReader gives the bits that were written; TTree::Draw the same numbers as doubles."""
    made = call(HERE / "dump_branches.C", file, tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    for tree in TREES:
        for branch in tree.flat:
            got = np.fromfile(tmp_path / f"{tree.name}.{branch.name}", dtype=branch.dtype)
            assert got.tobytes() == written[tree][branch.name].tobytes(), f"{tree.name}.{branch.name}"
    for name in ("config", "provenance"):
        lines = (tmp_path / f"runs.{name}").read_text().splitlines()
        (key,) = texts(0)[name]
        assert lines == [f'{{"{key}": "{texts(k)[name][key]}"}}' for k in range(N_RUNS)]


def test_every_branch_by_dataframe(files: Files, tmp_path):
    """On one thread in order, and on two in any order; eleven runs give threads clusters to share."""
    merged = hadd(tmp_path / "merged.root", [*files.few, files.scan])
    parts = [uproot.open(path)["events"].arrays(library="np") for path in (*files.few, files.scan)]
    want = {b.name: np.concatenate([part[b.name] for part in parts]) for b in EVENTS.branches}
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    made = call(HERE / "take_columns.C", merged, *folders)
    assert (made.returncode, made.stderr) == (0, "")
    slots = re.findall(rf"{len(EVENTS.branches)} branches, (\d) slots, 1 loops", made.stdout)
    assert slots == ["1", "2"]
    one, two = (
        {b.name: np.fromfile(folder / b.name, dtype=b.dtype) for b in EVENTS.branches} for folder in folders
    )
    order, wanted = (np.lexsort((columns["event"], columns["run"])) for columns in (two, want))
    for name, values in want.items():
        assert one[name].tobytes() == values.tobytes(), name
        assert two[name][order].tobytes() == values[wanted].tobytes(), name


def test_friend_by_key(files: Files, tmp_path):
    merged = hadd(tmp_path / "merged.root", list(files.few))
    made = call(HERE / "join_by_key.C", merged, tmp_path / "friend.root")
    assert (made.returncode, made.stderr) == (0, "")
    n = int(read_many(merged).runs["n_events"].sum())
    assert n > 1000
    assert f"{n} events: {n} {n} {n} equal" in made.stdout
    assert int(re.findall(r"(\d+) in another place", made.stdout)[0]) > 0.9 * n


OPTIONS = {"plain": (), "fk": ("-fk",), "f6": ("-f6",), "f404": ("-f404",), "O": ("-O",)}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_hadd_keeps_everything(options, files: Files, tmp_path):
    """Two runs, ten, and with one that has no event and one that is blind."""
    blind = rewrite(tmp_path / "blind.root", files.few[9], blind=True)
    sets = {
        "two": list(files.few[:2]),
        "ten": list(files.few),
        "empty": [files.few[0], files.empty, files.few[1]],
        "blind": [blind, *files.few[:2], files.empty],
    }
    for name, inputs in sets.items():
        merged = hadd(tmp_path / f"merged_{name}.root", inputs, *options)
        assert inspect(merged).faults == ()
        got, want = read_many(merged), read_many(inputs)
        assert got.config == want.config
        assert got.provenance == want.provenance
        for part in ("runs", "steps", "backgrounds"):
            for branch, values in getattr(want, part).items():
                assert getattr(got, part)[branch].tobytes() == values.tobytes(), f"{part}.{branch}"
        assert_same_events(merged, inputs)
        spectra = [measured_spectrum(observation_from_tables(tables)) for tables in (got, want)]
        assert spectra[0].as_dict() == spectra[1].as_dict()


def assert_same_events(merged: Path, inputs: list[Path]) -> None:
    parts = [uproot.open(path)["events"].arrays(library="np") for path in inputs]
    together = uproot.open(merged)["events"].arrays(library="np")
    for branch in EVENTS.branches:
        want = np.concatenate([part[branch.name] for part in parts])
        assert together[branch.name].tobytes() == want.tobytes(), f"events.{branch.name}"


def test_hadd_of_a_run_twice_is_found(files: Files, tmp_path):
    """The broken twin of the test above: inspection must not pass it."""
    merged = hadd(tmp_path / "twice.root", [files.few[0], files.few[0]])
    assert any("is there 2 times: the same run was merged twice" in fault for fault in inspect(merged).faults)
