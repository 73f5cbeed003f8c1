"""What no one should type, and somebody does: one line, or the command's usage, never a traceback."""

from pathlib import Path

import pytest

from renp_sim.cli import main
from renp_sim.cli.program import run_program
from tests.cli.test_main import SHORT, fails, renp_sim

DIGITS = "9" * 5000

OURS = [
    *(("check", "fine_scan", "--set", f"run{value}") for value in ("=5", "=", "=[1]", "={}", "=x", "[0]=1")),
    *(
        ("check", "fine_scan", "--set", setting)
        for setting in (
            f"run.seed={DIGITS}",
            f"laser.settling_s={DIGITS}",
            f"laser.settling_s={DIGITS}.0",
            f"{DIGITS}={DIGITS}",
            f"laser.scan[{DIGITS}].passes=1",
            "laser.scan[-1].passes=1",
            "laser.scan=[{omegas_eV=[1.07], total_duration_s=1e9, passes=100000000}]",
            "detector.efficiency='20%'",
            'run.name="' + "x" * 300 + '"',
            "x" * 9000,
            "=1",
            "[0]=1",
            "no\nsuch.key=1",
        )
    ),
    ("rate", "fine_scan", "--omega", "nan"),
    ("rate", "fine_scan", "--omega", DIGITS),
    ("rate", "fine_scan", "--grid", f"1:1.07:{DIGITS}"),
    ("rate", "fine_scan", "--grid", f"{DIGITS}:1.07:3"),
    ("rate", "fine_scan", "--grid", "-1e308:1e308:3"),
    ("rate", "fine_scan", "--grid", "nan:1.07:3"),
    ("rate", "fine_scan", "--grid", "1:1.07:1e9"),
    ("fit", "nothing", "--level", DIGITS),
    ("fit", "nothing", "--normalisation", f"{DIGITS}%"),
    ("fit", "nothing", "--fix", f"lightest_mass_eV={DIGITS}"),
    ("fit", "nothing", "--constrain", f"lightest_mass_eV=1:{DIGITS}"),
    ("generate", "fine_scan", "-o", "a.root", "--workers", "0"),
    ("generate", "fine_scan", "-o", "a.root", "--events", "-1"),
    *((command, "") for command in ("check", "inspect", "fit", "spectrum")),
    *((command, "no\0name*") for command in ("fit",)),
]
"""The program itself says what is wrong."""

LIBRARYS = [
    ("check", "fine_scan", "--seed", DIGITS),
    ("check", "fine_scan", "--run-number", DIGITS),
    *(("generate", "fine_scan", "-o", "a.root", "--events", number) for number in (DIGITS, "1e400", "1e6x")),
    ("generate", "fine_scan", "-o", "a.root", "--workers", DIGITS),
]
"""The command line library says it, with the usage of the command."""


@pytest.mark.parametrize("arguments", OURS + LIBRARYS, ids=lambda value: ascii(" ".join(value))[:40])
def test_is_told_and_nothing_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    assert ended.value.code in (2, 3)
    assert out == ""
    if arguments in OURS and "\0" not in "".join(arguments):
        (line,) = err.splitlines()
        assert line.startswith("renp-sim: ")
    assert not list(tmp_path.iterdir())


def test_oversample_is_understood_or_refused(tmp_path: Path) -> None:
    out = tmp_path / "run.root"
    for given, line in (
        ("dark", "--oversample dark: write NAME=FACTOR, such as dark=100"),
        ("nan", "--oversample nan: write NAME=FACTOR, such as dark=100"),
        ("=2", "--oversample =2: write NAME=FACTOR, such as dark=100"),
        ("dark=many", "--oversample dark=many: write NAME=FACTOR, such as dark=100"),
        ("drak=2", "--oversample drak: no such background"),
    ):
        (told,) = fails(2, "generate", "fine_scan", "-o", out, "--oversample", given)
        assert told.startswith(f"renp-sim: {line}")
    done = renp_sim("generate", "fine_scan", "-o", out, *SHORT, "--oversample", "dark=3")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("rate", "fine_scan", "--grid", "1:3:5"),
            "--grid 1:3:5: 3 eV must lie in 0 < ω < E_eg = 2.14349 eV",
        ),
        (("rate", "fine_scan", "--omega", "3"), "--omega 3: 3 eV must lie in 0 < ω < E_eg = 2.14349 eV"),
        (
            ("optimise", "fine_scan", "--question", "ordering", "--grid", "1:3:5"),
            "--grid 1:3:5: write START:STOP:POINTS in eV, rising, inside 0 < ω < E_eg = 2.14349 eV, with",
        ),
        (
            ("limit", "fine_scan", "--parameter", "normalization"),
            "parameter 'normalization': not one of this model; did you mean 'normalisation'?",
        ),
        (
            ("optimise", "fine_scan", "--question", "lightest_mas_eV", "--error", "0.1"),
            "--question lightest_mas_eV: with --error, the name of a parameter; did you mean 'lightest_mass_",
        ),
        *(
            (
                ("sensitivity", "fine_scan", "--parameter", "normalisation", "--scan", f"exposure={factors}"),
                f"--scan exposure: {wrong}: a factor on durations must lie in 1e-12 … 1e+12",
            )
            for factors, wrong in (("1e-300:1e300:3", "1e-300"), ("1,0", "0"), ("1,1e13", "1e+13"))
        ),
        (
            ("toys", "fine_scan", "-n", "5", "-o", "toys.root", "--exposure", "1,1e300"),
            "--exposure: 1e+300: a factor on durations must lie in 1e-12 … 1e+12",
        ),
        (
            ("unblind", "a.root", "--key", "nothing", "-o", "b.root"),
            "--key nothing: no such file: `generate` wrote it beside the blind one, as a.root.key",
        ),
        (
            ("export", "a.root", "-o", "a.csv", "--to", "parquet"),
            "--to parquet: --output a.csv ends in .csv: leave --to out, or rename it",
        ),
    ],
    ids=lambda value: ascii(" ".join(value))[:60] if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_named_as_it_was_given(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_program(list(arguments)) == 2 + (arguments[0] == "unblind")
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"renp-sim: {line}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["sensitivity", "exposure"])
def test_whole_numbers_are_scanned_as_such(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Keys that take no other number, where a scan has real ones."""
    more = {
        "sensitivity": ("--parameter", "normalisation", "--scan", "laser.scan[0].passes=1:2:2"),
        "exposure": ("--question", "ordering", "--against", "laser.scan[0].passes=1,2"),
    }
    assert run_program([command, "gp23_three_frequencies", *more[command]]) == 0
    assert "laser.scan[0].passes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("exposure", "what"),
    [("nan", "--exposure: nan: a"), ("1,x", "--exposure 1,x: write numbers"), ("0", "--exposure: 0: a")],
)
def test_factors_of_identify_are_told_by_their_own_option(exposure: str, what: str) -> None:
    """Not as those of `--scan`, which it does not have."""
    (line,) = fails(2, "identify", "fine_scan", "--exposure", exposure)
    assert what in line
