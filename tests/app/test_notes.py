"""What commands say beside their numbers: true, and nothing that they cannot do."""

import json
import re
from pathlib import Path

import pytest

from renp_sim.cli.program import run_program

RUN = "gp23_three_frequencies"
ONE_STEP = ("--set", "laser.scan=[{omegas_eV=[1.0688], total_duration_s=6e5}]")
STEP_ERROR = ("--set", "laser.calibration.step_error_eV=2e-4")
THREE = ("--set", "neutrino.masses_eV=[0.01, 0.013, 0.05]", "--set", "neutrino.lightest_mass_eV=")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what a command prints, with what it says on stderr."""
    assert run_program(list(arguments)) == 0
    out, err = capsys.readouterr()
    return out + err


@pytest.fixture(scope="module")
def ntuple(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("notes") / "run.root"
    assert run_program(["generate", RUN, "--output", str(path), "--quiet", *STEP_ERROR]) == 0
    return str(path)


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("notes") / "toys.root"
    asked = ("--number", "20", "--quiet", "--max-failed", "1", *ONE_STEP, *STEP_ERROR)
    assert run_program(["toys", RUN, "--output", str(path), *asked]) == 0
    return str(path)


def asked(ntuple: str, toys: str) -> list[tuple[str, ...]]:
    """Return commands that advise something."""
    return [
        ("sensitivity", RUN, "--parameter", "lightest_mass_eV", "--scan", "exposure=0.1", *STEP_ERROR),
        ("sensitivity", RUN, "--parameter", "normalisation", "--scan", "exposure=1", *THREE),
        ("limit", RUN, "--parameter", "normalisation", "--band", *STEP_ERROR),
        ("compare", RUN, "--question", "ordering", *STEP_ERROR),
        ("exposure", RUN, "--question", "ordering", *STEP_ERROR),
        ("coverage", RUN, "--parameter", "normalisation", "--truth", "1", "--toys", "50", *STEP_ERROR),
        ("excess", ntuple, "--toys", "500"),
        ("fit", ntuple, "--ordering", "normal"),
        ("pulls", toys),
        ("exposure", "--from", toys),
    ]


def test_options_that_notes_name_are_those_of_a_command(
    ntuple: str, toys: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sensitivity` advised --method, and `pulls` --constrain, which they do not have."""
    monkeypatch.setenv("COLUMNS", "200")
    named = 0
    for arguments in asked(ntuple, toys):
        for note in re.findall(r"note: (.*)", said(capsys, *arguments)):
            for before, option in re.findall(r"(?:(\b[a-z]+) )?((?<!\S)--[a-z-]+|(?<=`)--[a-z-]+)", note):
                is_command = before in ("limit", "toys", "fit", "exposure")
                help_ = said(capsys, before if is_command else arguments[0], "--help")
                assert option in help_, (arguments, note)
                named += 1
    assert named > 8


def test_masses_of_a_model_are_used_where_they_rest(ntuple: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The note said that they are not."""
    lines = said(capsys, "limit", ntuple, "--parameter", "normalisation", "--model", RUN)
    assert "its neutrino.lightest_mass_eV only where masses rest, and not its laser" in lines
    assert "masses rest at 0.01 eV" in lines


def test_masses_that_somebody_holds_are_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    """The note said 0.01 eV, where they stood at what --fix said."""
    lines = said(capsys, "limit", RUN, "--parameter", "normalisation", "--fix", "lightest_mass_eV=0.02")
    assert "masses rest" not in lines


def test_three_masses_are_freed_by_their_own_names(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "limit", RUN, "--parameter", "normalisation", *THREE)
    assert "--free 'm?_eV' profiles them" in lines
    freed = said(capsys, "limit", RUN, "--parameter", "normalisation", "--free", "m?_eV", *THREE)
    assert "m1_eV, m2_eV, m3_eV" in freed


def test_a_comparison_says_which_delta_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """That of the Asimov set stood beside the median of every outcome."""
    lines = said(capsys, "compare", RUN, "--question", "ordering", "--method", "exact", *ONE_STEP)
    assert "Δ(−2lnL) of the Asimov set = 0.9" in lines
    assert "e-1" not in lines


def test_a_limit_on_the_normalisation_does_not_call_it_fixed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "normalisation free, as the parameter;" in said(capsys, "limit", RUN, "--parameter=normalisation")
    scan = ("sensitivity", RUN, "--scan", "exposure=1", "--parameter")
    assert "normalisation free, as the parameter\n" in said(capsys, *scan, "normalisation")
    assert "normalisation fixed\n" in said(capsys, *scan, "lightest_mass_eV")


def test_every_crossing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The table has the last one only."""
    lines = said(capsys, "exposure", RUN, "--question", "ordering", "--method", "exact", *ONE_STEP)
    (line,) = re.findall(r"power 0.5 is crossed \d+ times, at factors (.*); after the last", lines)
    factors = [float(factor) for factor in line.split(", ") if factor != "…"]
    assert len(factors) > 5
    assert factors == sorted(factors)
    assert f"{factors[-1]:g}" in lines.split("note:")[0]


def test_the_rate_of_xenon_is_said_to_be_too_large(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    xenon = ("--set", "target.atom=Xe", "--set", "laser.scan=[{omegas_eV=[4.15], total_duration_s=6e5}]")
    note = (
        "Γ_ref of Xe, 0.034 s⁻¹, leaves out the spin factor of its transition: with it 0.0028 to 0.0085 s⁻¹"
    )
    assert f"note: {note} and rates are 4 to 12 times lower" in said(capsys, "rate", RUN, *xenon)
    assert "Γ_ref" not in said(capsys, "rate", RUN)
    stated = "target.atom={name='Xe', gamma_ref_hz=0.005}"
    assert "Γ_ref" not in said(capsys, "rate", RUN, *xenon, "--set", stated)
    path, page = tmp_path / "xe.root", tmp_path / "xe.html"
    said(capsys, "generate", RUN, "--output", str(path), *xenon)
    assert note in said(capsys, "fit", str(path), "--ordering", "normal")
    said(capsys, "report", str(path), "--output", str(page))
    assert note in page.read_text("utf-8")


def test_a_signal_without_background_has_few_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is expected without it, and so nothing was said of the level."""
    lines = said(capsys, "limit", RUN, "--parameter", "normalisation")
    assert "3 of 3 steps expect fewer than 10 counts (down to 0.39): the level is asymptotic" in lines


@pytest.mark.parametrize(
    ("settings", "value", "answer"),
    [
        # heavier than every step can tell: all above 56 meV expect nothing
        (["neutrino.lightest_mass_eV=0.2"], "or another, as good  [0.05", "no single value of"),
        # beyond the last threshold of any mass
        (["laser.scan=[{omegas_eV=[1.0718], total_duration_s=6e5}]"], "anything  (", "say nothing of"),
    ],
)
def test_a_mass_that_is_not_measured_is_not_given_as_one(
    settings: list[str], value: str, answer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was 0.05618086, where anything heavier fits as well."""
    path = str(tmp_path / "run.root")
    said(capsys, "generate", RUN, "--output", path, *(each for s in settings for each in ("--set", s)))
    lines = said(capsys, "fit", path, "--ordering", "normal")
    (line,) = re.findall(r"  lightest_mass_eV = (.*)", lines)
    assert value in line
    assert "no step expects a count at the best fit: the data" in lines
    assert answer in said(capsys, "report", path, "--ordering", "normal", "-o", str(tmp_path / "r.html"))


def test_thresholds_of_a_mass_that_is_not_seen_are_not_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They were those of the value at which the fit began, in words, JSON, report and plots."""
    path, page = str(tmp_path / "run.root"), tmp_path / "r.html"
    unseen = "laser.scan=[{omegas_eV=[1.0718], total_duration_s=6e5}]"
    said(capsys, "generate", RUN, "--output", path, "--set", unseen)
    lines = said(capsys, "fit", path)
    assert len(re.findall(r"  ω_\d\d = anything  \[0\.0", lines)) == 6
    thresholds = json.loads(said(capsys, "fit", path, "--json"))["thresholds_eV"]
    assert {row["value"] for rows in thresholds.values() for row in rows.values()} == {None}
    said(capsys, "report", path, "-o", str(page))
    assert "Thresholds ω_ij" not in page.read_text("utf-8")
    # one that is held is known
    held = said(capsys, "fit", path, "--fix", "lightest_mass_eV=0.01")
    assert len(re.findall(r"  ω_\d\d = 1\.0", held)) == 6


def test_a_file_without_counts_has_no_excess(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It had one of Δ = 0 somewhere, and Δ = 0 was enough for three standard deviations."""
    path = str(tmp_path / "run.root")
    said(capsys, "generate", RUN, "--output", path, "--set", "neutrino.lightest_mass_eV=0.2")
    lines = said(capsys, "excess", path, "--toys", "200")
    assert "no place counts more than without it" in lines
    assert "largest at" not in lines
    assert "needed anywhere: any above 0 for 2σ, any above 0 for 3σ" in lines
    assert "without an excess no count is expected" in lines
    assert run_program(["excess", path, "--toys", "200", "--output", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize("command", ["fit", "spectrum", "inspect", "pulls", "report"])
def test_a_run_file_in_the_place_of_an_ntuple_is_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`pulls` asked for photons, which it does not read."""
    path = tmp_path / "run.toml"
    path.write_text("[run]\nseed = 1\n", "utf-8")
    assert run_program([command, str(path)]) == 3
    told = f"renp-sim: {path}: is not a ROOT file: `renp-sim generate` makes one of a run file\n"
    assert capsys.readouterr().err == told
