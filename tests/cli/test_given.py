"""Nothing of a command line is left out without a word."""

import json

import pytest

from renp_sim.cli.program import run_program

RUN = "gp23_three_frequencies"
ASKED = (RUN, "--question", "ordering")
COUPLING = (RUN, "--set", "interaction.model=em_moments", "--parameter", "interaction.magnetic_muB.11")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("exposure", *ASKED, "--power", "0.7"), "--power: is for --method toys or exact"),
        (("exposure", *ASKED, "--toys", "10"), "--toys: is for --method toys"),
        (
            ("exposure", *ASKED, "--method", "exact", "--precision", "0.1"),
            "--precision: is for --method toys",
        ),
        (("compare", *ASKED, "--toys", "10"), "--toys: is for --method toys"),
        (("compare", *ASKED, "--method", "exact", "--toys", "10"), "--toys: is for --method toys"),
        (("limit", *COUPLING, "--p-values", "toys"), "--p-values: is for --method cls"),
        (("limit", *COUPLING, "--toys", "10"), "--toys: is for --method cls or feldman-cousins, or"),
        (("limit", *COUPLING, "--method", "feldman-cousins", "--band"), "--band: is for --method asimov"),
        (
            ("limit", *COUPLING, "--method", "cls", "--p-values", "exact", "--toys", "10"),
            "--toys: is for --p-values toys or auto",
        ),
        (("toys", RUN, "-n", "5", "-o", "x.root", "--power", "0.7"), "--power: is for toys of a --question"),
        (
            ("toys", *ASKED, "-n", "5", "-o", "x.root", "--hypothesis", "truth", "--significance", "2"),
            "--significance: is for toys of a --question under both hypotheses",
        ),
        (
            ("toys", *ASKED, "-n", "5", "-o", "x.root", "--power", "0.7"),
            "--power: is for toys of two --exposure",
        ),
    ],
)
def test_an_option_of_which_nothing_would_come_is_refused(tmp_path, monkeypatch, capsys, arguments, line):
    monkeypatch.chdir(tmp_path)
    assert run_program(list(arguments)) == 2
    out, err = capsys.readouterr()
    (said,) = err.splitlines()
    assert said.startswith(f"renp-sim: {line}")
    assert said.endswith("out")
    assert out == ""
    assert not list(tmp_path.iterdir())


def test_what_stored_toys_do_not_say_is_not_asked_of_them(tmp_path, capsys):
    """Toys of one exposure, and of one hypothesis."""
    for name, options in (("a", ("--question", "ordering")), ("b", ())):
        made = str(tmp_path / f"{name}.root")
        assert run_program(["toys", RUN, *options, "-n", "5", "-o", made, "--max-failed", "1"]) == 0
    capsys.readouterr()
    for name, option, value in (
        ("a", "--power", "0.7"),
        ("b", "--power", "0.7"),
        ("b", "--significance", "2"),
    ):
        assert run_program(["exposure", "--from", str(tmp_path / f"{name}.root"), option, value]) == 2
        out, err = capsys.readouterr()
        assert err.startswith(f"renp-sim: {option}: is for toys of ")
        assert out == ""
    assert run_program(["exposure", "--from", str(tmp_path / "a.root"), "--significance", "2"]) == 0


def test_a_default_says_nothing(capsys):
    assert run_program(["exposure", *ASKED, "--power", "0.5,0.9", "--precision", "0.05"]) == 0
    assert "asimov" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("compare", *ASKED, "--method", "asimov", "--method", "toys"),
            "compare: --method: given 2 times, but it has one value: see",
        ),
        (
            ("exposure", *ASKED, "--power", "0.5", "--power", "0.9", "--power", "0.8"),
            "exposure: --power: given 3 times, but it has one value, several separated by commas: see",
        ),
        (("generate", RUN, "-o", "a.root", "--output", "b.root"), "generate: --output: given 2 times"),
        (("check", RUN, "--seed", "1", "--seed", "1"), "check: --seed: given 2 times"),
    ],
)
def test_a_second_value_is_refused(tmp_path, monkeypatch, capsys, arguments, line):
    monkeypatch.chdir(tmp_path)
    assert run_program(list(arguments)) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"renp-sim: {line}")
    assert not list(tmp_path.iterdir())


def test_what_may_be_repeated_is(capsys):
    again = ("--set", "run.seed=1", "--set", "run.number=2")
    assert run_program(["check", RUN, *again, "--json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["seed"] == 1


def test_systematics_along_a_scan_are_printed(capsys):
    """JSON had them, the table left them out."""
    dark = "background=[{name='dark', kind='dark_counts', rate_hz=1e-5}]"
    along = ("exposure", *ASKED, "--set", dark, "--against", "efficiency=0.1,0.2", "--systematics")
    assert run_program(list(along)) == 0
    out = capsys.readouterr().out
    assert "Asimov, what limits: each with all above it" in out
    assert out.count("│ 0.1 ") > 2


def test_no_toys_are_not_the_usual_number(capsys):
    """0 is a number as any other, and not the default."""
    for command in ("compare", "exposure"):
        assert run_program([command, *ASKED, "--method", "toys", "--toys", "0"]) == 2
        assert "--toys 0: must lie in 1 … " in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0.1", "0.5", "0.99"])
def test_a_share_that_is_meant_as_per_cent_is_told(capsys, text):
    assert run_program(["compare", *ASKED, "--normalisation", text]) == 0
    out, err = capsys.readouterr()
    (said,) = err.splitlines()
    assert said.startswith(f"renp-sim: note: --normalisation {text}: {text} per cent, that is 0.00")
    assert f"normalisation {text}%" in out


@pytest.mark.parametrize("text", ["0.1%", "10", "1"])
def test_what_is_clear_is_not_told(capsys, text):
    assert run_program(["compare", *ASKED, "--normalisation", text]) == 0
    assert capsys.readouterr().err == ""


def test_what_cannot_be_counted_is_a_note_beside_other_answers(capsys):
    """Six steps have more outcomes than are counted; alone that is the error it was."""
    asked = ("exposure", "gp23_six_frequencies", "--question", "ordering")
    assert run_program([*asked, "--method", "exact"]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    refused = "--method exact: outcomes are too many to be counted; use toys, or fewer steps"
    assert said == f"renp-sim: {refused}"
    assert run_program([*asked, "--method", "exact,asimov", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert [row["method"] for row in table["results"]] == ["asimov"]
    assert refused in table["notes"]


def test_whose_live_time_is_told(tmp_path, capsys):
    """An exposure is that of signal steps, what a file has that of all."""
    made = str(tmp_path / "run.root")
    asked = ("gp23_three_frequencies", "--set")
    scan = "laser.scan=[{omegas_eV=[1.07, 1.071], total_duration_s=4e5, control_fraction=0.25}]"
    assert run_program(["generate", *asked, scan, "-o", made]) == 0
    capsys.readouterr()
    assert run_program(["inspect", made]) == 0
    assert "all steps live 400000 s of " in capsys.readouterr().out
    question = ("exposure", *asked, scan, "--question", "lightest_mass_eV=0.02")
    assert run_program([*question, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert row["live_time_s"] == pytest.approx(3e5 * row["factor"])
    assert run_program(list(question)) == 0
    assert "┃ signal live [d] ┃" in capsys.readouterr().out
