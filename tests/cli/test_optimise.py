"""`renp-sim optimise` as it is typed."""

import json
from pathlib import Path

import pytest

from renp_sim.cli.program import run_program
from tests.cli.test_main import fails, renp_sim

GRID = ("--grid", "1.0685:1.0717:30")
ASKED = ("optimise", "gp23_three_frequencies", "--question", "ordering")


def test_table_and_json(tmp_path: Path) -> None:
    out = tmp_path / "best.toml"
    text = renp_sim(*ASKED, *GRID, "-o", out).stdout
    assert "of the best possible schedule of these 30 frequencies" in text
    assert "gp23_six_frequencies" in text
    assert f"wrote {out}" in text
    table = json.loads(renp_sim(*ASKED, *GRID, "--json").stdout)
    assert set(table) >= {
        *("question", "omega_eV", "share", "live_time_s", "wall_time_s", "gap_rel"),
        *("least_favourable", "gain", "toys"),
    }
    assert sum(table["share"]) == pytest.approx(1.0)
    assert set(table["gain"]) == {"given", "gp23_three_frequencies", "gp23_six_frequencies"}
    assert table["toys"] is None
    again = json.loads(renp_sim("optimise", out, "--question", "ordering", *GRID, "--json").stdout)
    assert again["gain"]["given"] == pytest.approx(1.0, rel=5e-3)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (("--robust",), "--robust: needs --prior"),
        (("--steps", "0"), "--steps 0: must be at least 1"),
        (("--error", "0.001"), "with --error, the name of a parameter"),
        (("--significance", "-1"), "--significance -1"),
        (("-o", "best.root"), "a run file is written"),
    ],
)
def test_mistakes(more: tuple[str, ...], what: str) -> None:
    (line,) = fails(2, *ASKED, *GRID, *more)
    assert what in line


def test_toys_of_a_measurement_are_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("renp_sim.app.optimise.optimised", lambda *_: pytest.fail("it went to work"))
    asked = ("optimise", "gp23_three_frequencies", "--question", "lightest_mass_eV", "--error", "0.001")
    assert run_program([*asked, "--toys", "10"]) == 2
    assert "--toys: with --error there are none" in capsys.readouterr().err
