"""The program as a user runs it: commands, JSON, exit codes, one clear line per mistake."""

import inspect
import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from renp_sim.cli import main
from renp_sim.cli.commands import COMMANDS
from renp_sim.cli.summary import print_fit
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.ntuple.writer import NtupleWriter
from tests.ntuple.ntuple_sample import sample, write

PROGRAM = [sys.executable, "-m", "renp_sim"]
SHORT = ("--set", "laser.scan=[{omegas_eV=[1.0688, 1.0711, 1.07164], total_duration_s=3e5}]")


MOMENT = ("--set", "interaction={model='em_moments', magnetic_muB={11=1e200}}")


def renp_sim(*arguments: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"COLUMNS": "120", "NO_COLOR": "1"}
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def fails(code: int, *arguments: str | Path) -> list[str]:
    """Run, check the exit code, and return the lines on stderr: no traceback, nothing on stdout."""
    done = renp_sim(*arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()


@pytest.fixture(scope="module")
def ntuple(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "run.root"
    done = renp_sim("generate", "fine_scan", "-o", path, *SHORT)
    assert done.returncode == 0, done.stderr
    return path


def test_every_command_explains_itself() -> None:
    text = renp_sim("--help").stdout
    commands = (
        *("init", "check", "keys", "rate", "generate", "inspect", "spectrum", "fit", "run", "report"),
        *("figures", "reweight", "merge", "unblind", "export"),
        *("limit", "compare", "identify", "sensitivity", "exposure", "excess", "toys", "pulls", "coverage"),
        "optimise",
    )
    for command in commands:
        assert command in text
        page = renp_sim(command, "--help")
        assert page.returncode == 0
        assert "Usage" in page.stdout


def test_version() -> None:
    said = renp_sim("--version").stdout
    assert said.startswith("renp-sim 0.")
    assert re.fullmatch(r"renp-sim \S+ \(schema 1\.\d; Python 3\.\S+, numpy \S+, scipy \S+, .*\)\n", said)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nonsense"], "no such command 'nonsense': see `renp-sim --help`"),
        (["fit"], "fit: missing argument 'FILE...': see `renp-sim fit --help`"),
        (["fit", "a.root", "--level", "high"], "fit: invalid value for '--level': "),
        (["fit", "a.root", "--levle", "0.9"], "fit: no such option"),
        (
            ["generate", "fine_scan"],
            "generate: missing option '--output' / '-o': see `renp-sim generate --help`",
        ),
        (["fit", "a.root", "--masses", "four"], "fit: invalid value for '--masses': "),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], line: str) -> None:
    """As every other mistake is: where, what was given, what to do."""
    (said,) = fails(2, *arguments)
    assert said.startswith(f"renp-sim: {line}")
    assert "see `renp-sim" in said


def test_help_is_what_nothing_asks_for() -> None:
    done = renp_sim()
    assert "Usage" in done.stdout + done.stderr
    assert "identify" in done.stdout + done.stderr


def test_init_check_rate(tmp_path: Path) -> None:
    run = tmp_path / "run.toml"
    assert renp_sim("init", run).returncode == 0
    assert fails(3, "init", run) == [
        f"renp-sim: {run}: exists already: choose another name, or --force to replace it"
    ]
    printed = renp_sim("check", run)
    assert printed.returncode == 0
    again = tmp_path / "again.toml"
    again.write_text(printed.stdout)
    assert renp_sim("check", again).stdout == printed.stdout
    assert json.loads(renp_sim("check", run, "--json").stdout)["target"]["atom"]["name"] == "Yb"


def test_rate_json_has_the_agreed_shape() -> None:
    table = json.loads(renp_sim("rate", "gp23_three_frequencies", "--json").stdout)
    assert list(table) == [
        "omega_eV",
        "spectral_function",
        "pairs",
        "rate_hz",
        "expected_counts",
        "background_counts",
        "thresholds_eV",
        "kind",
    ]
    assert list(table["pairs"]) == [f"{i}{j}" for i in "123" for j in "123"]
    assert list(table["thresholds_eV"]) == ["11", "12", "13", "22", "23", "33"]
    assert np.round(table["expected_counts"], 2).tolist() == [25.03, 19.47, 17.82]
    # digits as they were computed: 17 are enough to give a double back
    assert table["spectral_function"][0] == pytest.approx(0.06297292953, abs=5e-12)
    assert np.sum([table["pairs"][pair][0] for pair in table["pairs"]]) == pytest.approx(
        table["spectral_function"][0], rel=1e-14
    )


def test_a_pair_that_is_too_heavy_has_no_threshold() -> None:
    text = renp_sim("rate", "gp23_three_frequencies", "--set", "neutrino.lightest_mass_eV=2").stdout
    thresholds = text.split("┏")[0].split()
    assert thresholds[1::2] == ["ω_11", "ω_12", "ω_13", "ω_22", "ω_23", "ω_33"]
    assert thresholds[2::2] == 6 * ["none"]


def test_rate_budget(tmp_path: Path) -> None:
    """A table, JSON, a plot; it is of the run's steps."""
    plot = tmp_path / "budget.png"
    done = renp_sim("rate", "fine_scan", "--budget", "--plot", plot, *SHORT)
    assert done.returncode == 0, done.stderr
    assert "limited by" in done.stdout
    assert done.stdout.endswith(f"wrote {plot}\n")
    assert plot.stat().st_size > 1000
    told = json.loads(renp_sim("rate", "fine_scan", "--budget", "--json", *SHORT).stdout)
    assert set(told) == {"omega_eV", "kind", "counts", "fraction", "relative", "limited_by"}
    assert set(told["counts"]) == {"signal", "dark"}
    (line,) = fails(2, "rate", "fine_scan", "--budget", "--omega", "1.07")
    assert "--budget: is of the steps of the run" in line


def test_dead_time_is_noted_and_refused(tmp_path: Path) -> None:
    settings = ("--set", "detector.dead_time.tau_s=1.0", *SHORT)
    for command in (("check",), ("rate",), ("generate",)):
        output = ("-o", tmp_path / "run.root", "--quiet") if command == ("generate",) else ()
        done = renp_sim(*command, "fine_scan", *settings, *output)
        assert done.returncode == 0, done.stderr
        assert "note: dead time takes" in done.stderr
    pulses = ("--set", "laser.pulses={repetition_hz=0.01, window_s=50.0, coherence_decay_s=20.0}")
    (line,) = fails(2, "check", "fine_scan", *settings, *pulses, "--set", "target.volume_cm3=1e6")
    assert "no mean would be right to 1 %" in line


def test_rate_at_chosen_frequencies() -> None:
    chosen = ("--omega", "1.0688", "--omega", "1.0711", "--grid", "1.0:1.2:3", "--json")
    table = json.loads(renp_sim("rate", "gp23_three_frequencies", *chosen).stdout)
    assert table["omega_eV"] == [1.0688, 1.0711, 1.0, 1.1, 1.2]
    assert table["expected_counts"] is None
    assert table["spectral_function"][-2:] == [0.0, 0.0]


def test_inspect(ntuple: Path) -> None:
    done = renp_sim("inspect", ntuple)
    assert done.returncode == 0
    assert "no faults" in done.stdout
    table = json.loads(renp_sim("inspect", ntuple, "--json").stdout)
    assert table["is_sound"]
    assert table["runs"][0]["n_steps"] == 3


def test_inspect_of_a_run_that_was_merged_twice(tmp_path: Path) -> None:
    """Nothing is said of schema 1.0, which has no hashes either."""
    done = renp_sim("inspect", write(tmp_path / "twice.root", sample(1), sample(1)))
    assert done.returncode == 3
    assert "run 1, more than once\n" in done.stdout
    assert "schema 1.0" not in done.stdout
    assert "the same run was merged twice: merge again, each file once" in done.stderr


def test_spectrum(ntuple: Path, tmp_path: Path) -> None:
    table = json.loads(renp_sim("spectrum", ntuple, "--json").stdout)
    assert table["omega_eV"] == [1.0688, 1.0711, 1.07164]
    folder = tmp_path / "plots"
    assert renp_sim("spectrum", ntuple, "-o", folder).returncode == 0
    assert sorted(p.name for p in folder.iterdir()) == ["spectrum.pdf", "spectrum.png"]


def test_fit(ntuple: Path) -> None:
    table = json.loads(renp_sim("fit", ntuple, "--json").stdout)
    assert set(table["fits"]) == {"normal/dirac", "inverted/dirac"}
    fitted = table["fits"]["normal/dirac"]["parameters"]["lightest_mass_eV"]
    assert 0.0 <= fitted["value"] < 0.05
    assert set(table["thresholds_eV"]["normal/dirac"]) == {"11", "12", "13", "22", "23", "33"}
    text = renp_sim("fit", ntuple, "--ordering", "normal", "--normalisation", "10%").stdout
    assert "normalisation" in text


def test_fit_prints_the_correlations_of_what_floats(ntuple: Path) -> None:
    """The lower triangle, as --json has it; none where one parameter floats."""
    asked = (
        "fit",
        ntuple,
        "--ordering",
        "normal",
        "--normalisation",
        "10%",
        "--constrain",
        "efficiency=1:5%",
    )
    correlation = json.loads(renp_sim(*asked, "--json").stdout)["fits"]["normal/dirac"]["correlation"]
    names, matrix = correlation["names"], correlation["matrix"]
    assert len(names) > 2
    lines = renp_sim(*asked).stdout.splitlines()
    start = lines.index("correlations of normal/dirac") + 1
    assert lines[start].split() == [str(column) for column in range(1, len(names))]
    for row, name in enumerate(names):
        shown = [f"{value:+.3f}" for value in matrix[row][:row]]
        assert lines[start + 1 + row].split() == [str(row + 1), name, *shown]
        # each number ends under that of its column
        assert all(
            lines[start + 1 + row][: lines[start].index(str(column + 1)) + 1].endswith(shown[column])
            for column in range(row)
        )
    alone = renp_sim("fit", ntuple, "--ordering", "normal", "--fix", "background.dark=1").stdout
    assert "lightest_mass_eV" in alone
    assert "correlations" not in alone


def test_many_correlations_are_left_to_json(ntuple: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Eight parameters fit on 80 columns, nine are left to --json."""
    table = json.loads(renp_sim("fit", ntuple, "--ordering", "normal", "--json").stdout)
    for n in (8, 9):
        names = [f"parameter_number_{k}" for k in range(n)]
        table["fits"]["normal/dirac"]["correlation"] = {"names": names, "matrix": np.eye(n).tolist()}
        print_fit(table)
        lines = capsys.readouterr().out.splitlines()
        shown = [line for line in lines if "parameter_number_" in line]
        assert max(map(len, shown), default=0) <= 80
        assert len(shown) == (8 if n == 8 else 0)
        assert ("correlations of normal/dirac: 9 parameters; --json has the matrix" in lines) == (n == 9)


def test_run_does_all_of_it(tmp_path: Path) -> None:
    done = renp_sim("run", "-o", "out", *SHORT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = {p.name for p in (tmp_path / "out").iterdir()}
    # too few frequencies to search for thresholds
    plots = ("spectrum", "energies", "lightest_mass")
    made = {"events.root", "results.json", "report.html"}
    assert names == made | {f"{p}.{s}" for p in plots for s in ("png", "pdf")}
    lines = done.stdout.splitlines()
    assert re.match(r"fine-scan \(run \d+\): \d+ signal photons emitted, \d+ photons recorded", lines[0])
    assert "the lightest mass is " in lines[1]
    rows_of_a_screen = sum(max(-(-len(line) // 80), 1) for line in lines)
    assert rows_of_a_screen <= 24
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["fit"]["best"] in ("normal/dirac", "inverted/dirac")
    again = renp_sim("run", "-o", "out", *SHORT, cwd=tmp_path)
    assert again.returncode == 3
    assert "--force" in again.stderr


def test_the_shell_completes_commands() -> None:
    environment = os.environ | {
        "_RENP_SIM_COMPLETE": "complete_bash",
        "COMP_WORDS": "renp-sim re",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(PROGRAM, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == ["report", "reweight"]


def test_a_terminal_is_told_at_once_what_is_done() -> None:
    """Before the libraries are loaded, which take a second; whoever looks at no terminal is told nothing."""
    code = (
        "import sys; from renp_sim.cli.progress import announce; sys.stderr.isatty = lambda: {}; "
        "announce('photons', quiet={}); assert not {{'numpy', 'matplotlib'}} & set(sys.modules)"
    )
    for is_terminal, quiet, said in ((True, False, "photons\n"), (True, True, ""), (False, False, "")):
        program = [sys.executable, "-c", code.format(is_terminal, quiet)]
        done = subprocess.run(program, capture_output=True, text=True, check=True)
        assert done.stderr == said


def test_wrong_input_gets_one_clear_line(ntuple: Path, tmp_path: Path) -> None:
    run = "gp23_three_frequencies"
    torn = tmp_path / "torn.root"
    torn.write_bytes(ntuple.read_bytes()[:5000])
    (tmp_path / "text.root").write_text("not a ROOT file")
    cases: list[tuple[int, tuple[str | Path, ...], str]] = [
        (2, ("check", tmp_path / "missing.toml"), "no such run file"),
        (2, ("check", run, "--set", "laser.linewidht_eV=1"), "did you mean 'linewidth_eV'"),
        (2, ("rate", run, "--omega", "2.5"), "must lie in 0 < ω < E_eg"),
        (2, ("rate", run, "--grid", "1:2"), "START:STOP:POINTS"),
        (2, ("rate", run, "--grid", "1:2:1000000000000000"), "number of points must lie in"),
        (2, ("rate", run, "--json", "--set", "target.density_cm3=1e200"), "target.density_cm3 = 1e+200"),
        (2, ("rate", run, "--set", "neutrino.lightest_mass_eV=1e300"), "neutrino.lightest_mass_eV = 1e+300"),
        (2, ("rate", run, "--json", *MOMENT), "interaction.magnetic_muB.11 = 1e+200"),
        (2, ("generate", run, "-o", tmp_path / "a.root", "--workers", "0"), "must be at least 1"),
        (2, ("generate", run, "-o", tmp_path / "a.root", "--events", "-5"), "must not be negative"),
        (3, ("generate", run, "-o", tmp_path / "no" / "a.root"), "cannot be written"),
        (3, ("generate", run, "-o", ntuple), "--force"),
        (3, ("inspect", tmp_path / "missing.root"), "no such file"),
        (3, ("inspect", torn), "truncated"),
        (3, ("spectrum", tmp_path / "text.root"), "text.root"),
        (3, ("fit", torn), "truncated"),
        (3, ("fit", ntuple, ntuple), "twice"),
        (2, ("fit", ntuple, "--free", "nothing"), "no such parameter"),
        (2, ("fit", ntuple, "--seed", "1"), "--model RUN, which is not given"),
        (2, ("fit", ntuple, "--model", run, "--set", "target.atom=Sr"), "target.atom: Sr of --model has"),
        (2, ("fit", ntuple, "--normalisation", "some"), "--normalisation"),
        (2, ("fit", ntuple, "--level", "1.5"), "--level"),
        (2, ("fit", ntuple, "--fix", "normalisation=inf"), "--fix"),
    ]
    for code, arguments, part in cases:
        lines = fails(code, *arguments)
        assert len(lines) == 1, (arguments, lines)
        assert part in lines[0], (arguments, lines)
        assert lines[0].startswith("renp-sim: ")
    assert not (tmp_path / "a.root").exists()


def test_several_mistakes_are_told_at_once() -> None:
    wrong = ("--set", "target.density_cm3=-1.0", "--set", "neutrino.ordering=up", "--set", "run.seed=-1")
    assert len(fails(2, "check", "fine_scan", *wrong)) == 3


def test_weighted_files_are_not_fitted(tmp_path: Path) -> None:
    path = tmp_path / "weighted.root"
    assert renp_sim("generate", "fine_scan", "-o", path, "--events", "1e2", *SHORT).returncode == 0
    assert read_tables(path).runs["n_generated"].tolist() == [100]
    (line,) = fails(3, "fit", path)
    assert "made with --events or --oversample" in line
    dark = ("--set", "background=[{name='dark', kind='dark_counts', rate_hz=1e-5}]", "--oversample", "dark=2")
    more = tmp_path / "oversampled.root"
    assert renp_sim("generate", "fine_scan", "-o", more, *dark, *SHORT).returncode == 0
    (line,) = fails(3, "fit", more)
    assert "made with --events or --oversample" in line


def test_merge_and_export(ntuple: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.root"
    assert renp_sim("generate", "fine_scan", "-o", other, "--seed", "5", *SHORT).returncode == 0
    both = tmp_path / "both.root"
    done = renp_sim("merge", both, ntuple, other)
    assert done.returncode == 0, done.stderr
    assert "2 runs" in done.stdout
    assert renp_sim("inspect", both).returncode == 0
    merged = json.loads(renp_sim("fit", both, "--ordering", "normal", "--json").stdout)
    apart = json.loads(renp_sim("fit", ntuple, other, "--ordering", "normal", "--json").stdout)
    assert merged["fits"] == apart["fits"]
    lines = fails(3, "merge", tmp_path / "twice.root", ntuple, ntuple)
    assert len(lines) == 1
    table = tmp_path / "events.csv"
    assert renp_sim("export", both, "-o", table).returncode == 0
    columns = np.genfromtxt(table, delimiter=",", names=True)
    with_pyarrow = tmp_path / "events.parquet"
    assert renp_sim("export", both, "-o", with_pyarrow).returncode == 0
    from pyarrow.parquet import read_table

    parquet = read_table(with_pyarrow)
    assert parquet.num_rows == len(columns)
    for name in ("event", "time_s", "cos_theta_star", "photon_energy_eV"):
        values = parquet[name].to_numpy()
        assert np.array_equal(values, columns[name].astype(values.dtype), equal_nan=values.dtype.kind == "f")
    assert fails(3, "export", both, "-o", table, "--to", "csv")[0].endswith("--force to replace it")


def test_too_little_memory_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(import_module("renp_sim.cli.program"), "app", exhausted)
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 4
    assert capsys.readouterr().err.startswith("renp-sim: out of memory: ask for fewer")


def test_steps_beyond_all_thresholds_leave_every_threshold_open(tmp_path: Path) -> None:
    beyond = "laser.scan=[{omegas_eV=[1.0720, 1.0725], total_duration_s=1e5}]"
    path = tmp_path / "beyond.root"
    assert renp_sim("generate", "gp23_three_frequencies", "-o", path, "--set", beyond).returncode == 0
    done = renp_sim("fit", path, "--ordering", "normal", "--json")
    assert done.returncode == 0, done.stderr
    for row in json.loads(done.stdout)["thresholds_eV"]["normal/dirac"].values():
        ((low, high),) = row["intervals"]
        assert low == 0
        assert 1.06 < high <= 1.071745
        assert row["value"] is None


def test_thresholds_of_masses_that_nothing_bounds_have_no_holes(tmp_path: Path) -> None:
    """Along a mass of any size the profile of a sum is flat, and a search sees what is none."""
    run, path = tmp_path / "run.toml", tmp_path / "run.root"
    assert renp_sim("init", run).returncode == 0
    assert renp_sim("generate", run, "-o", path, "--seed", "1").returncode == 0
    done = renp_sim("fit", path, "--masses", "three", "--ordering", "normal", "--json")
    assert done.returncode == 0, done.stderr
    thresholds = json.loads(done.stdout)["thresholds_eV"]["normal/dirac"]
    for pair in ("12", "13", "23"):
        ((low, high),) = thresholds[pair]["intervals"]
        assert low == 0
        # the truth, 10 meV of the lightest mass, is a fit nearly as good
        assert high > 1.0717 - 0.001


def test_more_photons_than_a_file_holds_are_refused(tmp_path: Path) -> None:
    dark = "background=[{name='dark', kind='dark_counts', rate_hz=1e30}]"
    for setting in ("target.volume_cm3=1e30", dark):
        note, line = fails(2, "generate", "fine_scan", "-o", tmp_path / "run.root", "--set", setting)
        assert note.startswith("renp-sim: note: dead time takes 100 %")
        assert "target.volume_cm3" in line
    assert not list(tmp_path.iterdir())


def test_interrupted_jobs_leave_nothing_behind(tmp_path: Path) -> None:
    long = ("--set", "laser.scan=[{omegas_eV=[1.07], total_duration_s=1e10}]")
    command = [*PROGRAM, "generate", "fine_scan", "-o", str(tmp_path / "run.root"), *long]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    part = tmp_path / "run.root.part"
    while not part.exists():
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert "interrupted" in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert not (tmp_path / "run.root").exists()
    assert not part.exists()


def test_a_file_of_another_program_needs_a_model(ntuple: Path, tmp_path: Path) -> None:
    """A file whose runs carry no configuration: one clear line, and `--model` fits it."""
    bare = tmp_path / "bare.root"
    tables = read_tables(ntuple)
    with NtupleWriter(bare) as writer:
        for block in iterate_events(ntuple):
            writer.events(block)
        writer.steps(tables.steps)
        writer.backgrounds(tables.backgrounds)
        writer.run(
            {name: values[0] for name, values in tables.runs.items()} | {"config": {}, "provenance": {}}
        )
    lines = fails(3, "fit", bare)
    assert len(lines) == 1
    assert "--model" in lines[0]
    table = json.loads(renp_sim("fit", bare, "--model", "fine_scan", "--ordering", "normal", "--json").stdout)
    own = json.loads(renp_sim("fit", ntuple, "--ordering", "normal", "--json").stdout)
    best = [t["fits"]["normal/dirac"]["minus_two_ln_L"] for t in (table, own)]
    assert best[0] == pytest.approx(best[1], rel=1e-12)


@pytest.mark.parametrize("command", [("rate", "fine_scan"), ("spectrum", "NTUPLE")])
def test_no_digit_is_cut_on_a_narrow_screen(
    ntuple: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, str],
) -> None:
    printed = []
    for columns in ("20", "40", "300"):
        monkeypatch.setenv("COLUMNS", columns)
        with pytest.raises(SystemExit):
            main([str(ntuple) if part == "NTUPLE" else part for part in command])
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] == printed[2]
    assert "…" not in printed[0]


@pytest.mark.parametrize("command", [("check",), ("rate", "--json")])
def test_what_a_run_file_hardly_means_is_said(command: tuple[str, ...]) -> None:
    qed = ("--set", "background=[{name='qed', kind='qed', rate_hz=0.1}]")
    beyond = ("--set", "laser.scan=[{omegas_eV=[1.0711, 1.072], total_duration_s=1e5}]")
    done = renp_sim(command[0], "fine_scan", *command[1:], *qed, *beyond)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("renp-sim: note: coherent steps at ω = 1.072 eV see nothing of background 'qed'")
    assert "note" not in done.stdout


def test_lines_of_help_are_those_of_the_commands() -> None:
    """What is listed without importing anything is what each command says of itself."""
    for name, line in COMMANDS.items():
        command = getattr(import_module(f"renp_sim.cli.{name}"), name)
        assert " ".join(str(inspect.getdoc(command)).split("\n\n")[0].split()) == line


def test_the_shell_completes_options_of_a_command() -> None:
    environment = os.environ | {
        "_RENP_SIM_COMPLETE": "complete_bash",
        "COMP_WORDS": "renp-sim rate --om",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(PROGRAM, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == ["--omega"]


def test_a_slip_in_the_name_of_a_command_gets_a_suggestion() -> None:
    done = renp_sim("rat")
    assert done.returncode == 2
    assert "Did you mean 'rate'" in done.stderr


def test_a_command_imports_only_what_it_needs() -> None:
    """`--help` no command, `rate` no scipy: each costs what half of a start takes."""
    for arguments, absent in (
        (("--help",), "renp_sim.cli.rate"),
        (("rate", "gp23_three_frequencies"), "scipy"),
    ):
        program = (
            "import sys\nfrom renp_sim.cli import main\n"
            f"try:\n    main({list(arguments)})\n"
            f"except SystemExit:\n    print({absent!r} in sys.modules, file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stderr.split() == ["False"], arguments
