"""Files of toys: merged in parts, refused where they do not belong together, inspected."""

from dataclasses import replace

import numpy as np
import pytest
import uproot

from renp_sim.analysis.minimise.solution import Status
from renp_sim.app.toy_summary import read_campaign
from renp_sim.app.toys import make_toys
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.inspect import inspect
from renp_sim.ntuple.merge import merge
from renp_sim.ntuple.reader import read_tables
from renp_sim.ntuple.toy_reader import iterate_toys, open_toys
from renp_sim.ntuple.toy_schema import TOY_LEGENDS, toy_tree
from tests.app.toy_files import assert_same, plan, rows_of
from tests.ntuple.ntuple_sample import sample, write


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Three ranges of a campaign, and the whole of it."""
    folder = tmp_path_factory.mktemp("parts")
    spans = {"whole": (0, 4200), "a": (0, 1000), "b": (1000, 4100), "c": (4100, 4200)}
    for name, (first, last) in spans.items():
        make_toys(plan(), folder / f"{name}.root", first, last)
    return {name: folder / f"{name}.root" for name in spans}


def test_merged_ranges_are_the_whole(parts, tmp_path):
    made = merge(tmp_path / "all.root", [parts[name] for name in "cab"])
    assert made.n_toys == 4200
    assert_same(rows_of(tmp_path / "all.root"), rows_of(parts["whole"]))
    assert read_campaign(tmp_path / "all.root") == read_campaign(parts["whole"])
    assert read_campaign([parts[name] for name in "bca"]) == read_campaign(parts["whole"])


def test_every_branch_of_runs_comes_along(parts):
    with uproot.open(parts["a"]) as file:
        assert file.classnames(cycle=False) == {"schema": "TObjString", "toys": "TTree", "runs": "TTree"}
        assert file["runs"].num_entries == 1
        assert file["runs/n_events"].array().tolist() == [0]


def test_what_does_not_belong_together(parts, tmp_path):
    make_toys(plan(factors=(1.0,)), tmp_path / "other.root", 5000, 5010)
    write(tmp_path / "photons.root", sample(1))
    for names, message in (
        ((parts["a"], parts["whole"]), r"toys 0 … 999 are already in"),
        ((parts["whole"], parts["c"]), r"toys 4100 … 4199 are already in"),
        ((parts["a"], tmp_path / "other.root"), "another configuration than"),
        ((parts["a"], tmp_path / "photons.root"), "has no toys"),
    ):
        with pytest.raises(SchemaError, match=message):
            merge(tmp_path / "out.root", list(names))
    assert not (tmp_path / "out.root").exists()
    with pytest.raises(SchemaError, match="holds toys, no photons"):
        read_tables(parts["a"])


def test_inspect_shows_what_is_there(parts, tmp_path):
    report = inspect([parts["a"], parts["c"]])
    assert report.is_sound
    table = report.as_dict()["toys"][1]
    assert (table["n_toys"], table["ranges"], table["n_fits"]) == (100, [[4100, 4200]], 800)
    assert table["factors"] == [1.0, 2.5]
    assert sum(table["statuses"].values()) == 800


def test_a_flipped_bit_is_found(parts, tmp_path):
    torn = bytearray(parts["a"].read_bytes())
    with uproot.open(parts["a"]) as file:
        branch = file["toys/nll"]
        torn[int(branch.member("fBasketSeek")[0] + branch.member("fBasketBytes")[0] // 2)] ^= 1
    (tmp_path / "torn.root").write_bytes(torn)
    (fault,) = inspect(tmp_path / "torn.root").faults
    assert "torn.root" in fault


def test_a_branch_that_an_older_version_did_not_write_is_one_line(parts):
    file = open_toys(parts["a"])
    older = replace(file, branches=tuple(name for name in file.branches if name != "log_ratio"))
    with pytest.raises(
        SchemaError, match="has no branch `log_ratio`, an older version wrote it: make it again"
    ):
        next(iterate_toys(older, ["nll", "log_ratio"]))


def test_names_of_parameters_become_branches():
    names = [branch.name for branch in toy_tree(["background.dark counts", "m1_eV"]).branches]
    assert names[-5:-1] == [
        *("fit_background_dark_counts", "err_background_dark_counts"),
        *("fit_m1_eV", "err_m1_eV"),
    ]
    with pytest.raises(ConfigError, match=r"fit_a_b too: rename it"):
        toy_tree(["a.b", "a b"])


def test_the_legend_is_that_of_fits():
    assert TOY_LEGENDS["status"] == {s.value: s.name.lower() for s in Status}


def test_no_value_is_missing(parts):
    """NaN is where a parameter does not float, and where an error means nothing."""
    rows = rows_of(parts["a"])
    assert np.isfinite(rows["nll"]).all()
    well = rows["status"] == 0
    assert np.isfinite(rows["err_background_dark_counts"][well]).mean() > 0.99
    assert np.isnan(rows["err_background_dark_counts"][~well]).all()
