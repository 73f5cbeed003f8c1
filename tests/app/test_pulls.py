"""Pulls of kept toys."""

import numpy as np
import pytest

from renp_sim.app.pulls import pull_notes, pull_report, pulls_of_toys
from renp_sim.app.question import Normalisation, Question, Treatment
from renp_sim.app.toys import make_toys
from renp_sim.cli.program import run_program
from renp_sim.ntuple.toy_reader import open_toys_of_one
from tests.app.toy_files import plan, rows_of

QUESTION = Question(normalisation=Normalisation.FREE, treatment=Treatment(fixed={"lightest_mass_eV": None}))
N = 4096
LONG = {"factors": (3.0, 30.0)}
"""Counts of hundreds, where errors are parabolic and a bias, of order 1/μ, is small."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("pulls") / "toys.root"
    make_toys(plan(QUESTION, **LONG), path, 0, N)
    return path


def test_means_are_zero_and_widths_one(kept):
    """To five errors, and the bias of a few counts; the false-alarm probability of eight rows is 1e-5."""
    rows = pulls_of_toys(kept)
    assert len(rows) == 8
    for row in rows:
        assert row["n"] > 0.99 * N
        if row["factor"] > 10:
            assert abs(row["mean"]) < 5 * row["mean_error"] + 0.05, row
            assert abs(row["width"] - 1) < 5 * row["width_error"] + 0.02, row
    (row,) = (
        r
        for r in rows
        if (r["hypothesis"], r["factor"]) == ("normal/dirac", 30.0) and "norm" in r["parameter"]
    )
    table = rows_of(kept)
    own = (table["hypothesis"] == 0) & (table["fitted"] == 0) & (table["exposure_factor"] == 30.0)
    assert row["bias"] == pytest.approx(np.mean(table["fit_normalisation"][own]) - 1, abs=1e-12)


def test_a_wrong_error_is_noticed(kept):
    """Twin: toys of one exposure with the errors of another."""
    table = rows_of(kept)
    own = (table["hypothesis"] == 0) & (table["fitted"] == 0)
    short, long = (own & (table["exposure_factor"] == f) for f in LONG["factors"])
    pulls = (table["fit_normalisation"][short] - 1) / table["err_normalisation"][long]
    assert pulls.std() > 2


def test_command(kept, capsys):
    assert run_program(["pulls", str(kept)]) == 0
    out = capsys.readouterr().out
    assert out.count("normalisation") == 4
    assert f"of {N}" in out


def test_toys_without_an_error_are_told(tmp_path, capsys):
    """With a mass that floats, as in a first look: many fits end at its bound or on a kink."""
    path = tmp_path / "toys.root"
    make_toys(plan(Question(), factors=(1.0,)), path, 0, 200)
    rows = pulls_of_toys(path)
    assert all(row["n"] + sum(row["dropped"].values()) == row["n_toys"] for row in rows)
    assert any(row["dropped"].get("at_kink", 0) + row["dropped"].get("at_bound", 0) > 0 for row in rows)
    assert run_program(["pulls", str(path)]) == 0
    out = capsys.readouterr().out
    for row in rows:
        said = (
            f"{row['hypothesis']}, factor 1: {row['n_toys'] - row['n']} of 200 toys have no parabolic error"
        )
        assert said in out


def test_a_width_of_errors_that_are_none_is_told():
    row = {"hypothesis": "normal/dirac", "factor": 1.0, "parameter": "m", "n": 900, "n_toys": 900}
    row |= {"dropped": {}, "width_error": 0.02}
    assert pull_notes([row | {"width": 1.3}, row | {"width": None}]) == []
    (note,) = pull_notes([row | {"width": 1.3}, row | {"width": 8.6}])
    assert note.startswith("m: a width of 8.6 is not 1: ")


def test_headers_are_read_once(kept, monkeypatch):
    opened = []

    def counted(paths):
        opened.append(paths)
        return open_toys_of_one(paths)

    monkeypatch.setattr("renp_sim.app.pulls.open_toys_of_one", counted)
    monkeypatch.setattr("renp_sim.ntuple.toy_reader.open_toys_of_one", lambda paths: pytest.fail("again"))
    assert pull_report(kept)["rows"] == pulls_of_toys(kept)
    # of both functions, once each
    assert opened == [kept, kept]
