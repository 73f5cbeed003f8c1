"""Tables of a run file that stand in CSV files beside it."""

import json
from pathlib import Path

import pytest

from detector.efficiency import Tabulated
from detector.spectrum import Tabulated as Spectrum
from renp_sim.app.assumptions import from_run_file
from renp_sim.errors import ConfigError
from renp_sim.runfile.run import Run, load, run_from_table

RUN = """
[run]
seed = 1
[[laser.steps]]
omega_eV = 1.07
duration_s = 10.0
[detector]
efficiency = { kind = "tabulated", file = "tables/eff.csv", common_error_rel = 0.1 }
[[background]]
name = "sky"
kind = "continuum"
rate_hz = 1.0
spectrum = { kind = "tabulated", file = "sky.csv" }
"""
EFFICIENCY = "energy_eV,efficiency\n# of 2023\n0.9, 0.1\n\n1.0, 0.25\n1.2, 0.2\n"
SKY = "energy_eV,density\n0.9,1\n1.1,3e2\n"


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "eff.csv").write_text(EFFICIENCY)
    (tmp_path / "sky.csv").write_text(SKY)
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path / "run.toml"


def problem_of(run_file: Path, *settings: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(run_file, settings)
    (line,) = caught.value.problems
    return line


def test_rows_are_as_if_they_stood_in_the_run_file(run_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the program is started: names are seen from the run file."""
    monkeypatch.chdir("/")
    run = load(run_file)
    table = Tabulated(energies_eV=(0.9, 1.0, 1.2), values=(0.1, 0.25, 0.2), common_error_rel=0.1)
    assert run.detector.efficiency == table
    inline = load(
        run_file,
        (
            "detector.efficiency={kind='tabulated', energies_eV=[0.9, 1.0, 1.2], values=[0.1, 0.25, 0.2], "
            "common_error_rel=0.1}",
            "background[0].spectrum={kind='tabulated', energies_eV=[0.9, 1.1], values=[1, 300]}",
        ),
    )
    assert run.detector == inline.detector
    assert run.number == inline.number


def test_the_stored_configuration_alone_gives_the_run_back(run_file: Path) -> None:
    run = load(run_file)
    text = json.dumps(run.resolved())
    (run_file.parent / "sky.csv").unlink()
    (run_file.parent / "tables" / "eff.csv").unlink()
    again: Run = run_from_table(json.loads(text))
    assert again.detector == run.detector
    assert again.number == run.number
    assert json.dumps(again.resolved()) == text
    assert ".csv" not in text


def test_the_number_of_a_run_follows_what_the_file_says(run_file: Path) -> None:
    """A comment changes nothing, a digit does."""
    path, number = run_file.parent / "tables" / "eff.csv", load(run_file).number
    path.write_text("# a remark\n" + EFFICIENCY)
    assert load(run_file).number == number
    path.write_text(EFFICIENCY.replace("0.25", "0.26"))
    assert load(run_file).number != number


def test_a_channel_and_a_setting_may_name_a_file(run_file: Path) -> None:
    (run_file.parent / "e.csv").write_text(EFFICIENCY)
    channel = "{share=0.5, efficiency={kind='tabulated', file='e.csv'}}"
    run = load(run_file, ("detector.efficiency=", f"detector.channels=[{channel}]"))
    assert run.detector.efficiency_at(1.0) == pytest.approx(0.125)


def test_a_model_of_a_fit_finds_its_files(run_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    _, target, _ = from_run_file(run_file, (), None)
    assert target.atom.name == "Yb"


BAD = {
    "": "its first line must name the columns: energy_eV,efficiency",
    "0.9,0.1\n1.0,0.2\n": "its first line must name the columns: energy_eV,efficiency",
    "energy_eV,density\n0.9,0.1\n": "its first line must name the columns: energy_eV,efficiency",
    "energy_eV,efficiency\n# x\n0.9,0.1\n1.0\n": "line 4: must have two numbers, energy_eV,efficiency",
    "energy_eV,efficiency\n0.9,a\n": "line 2: must have two numbers, energy_eV,efficiency",
    "energy_eV,efficiency\n0.9,0.1,7\n": "line 2: must have two numbers, energy_eV,efficiency",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_has_one_line(run_file: Path, text: str) -> None:
    (run_file.parent / "tables" / "eff.csv").write_text(text)
    assert problem_of(run_file) == f'detector.efficiency.file = "tables/eff.csv": {BAD[text]}'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("energy_eV,efficiency\n0.9,0.1\n", "detector.efficiency.energies_eV = (0.9,): needs a list of at"),
        (
            "energy_eV,efficiency\n1,0.1\n0.9,0.1\n",
            "detector.efficiency.energies_eV = (1.0, 0.9): must be",
        ),
        ("energy_eV,efficiency\n1,0.1\n2,1.5\n", "detector.efficiency.values[1] = 1.5: must lie in [0, 1]"),
        ("energy_eV,efficiency\n1,nan\n2,1\n", "detector.efficiency.values[0] = nan: must be finite"),
    ],
)
def test_values_are_checked_as_if_they_stood_in_the_run_file(run_file: Path, text: str, line: str) -> None:
    (run_file.parent / "tables" / "eff.csv").write_text(text)
    assert problem_of(run_file).startswith(line)


def test_what_is_no_file_has_one_line(run_file: Path) -> None:
    key = "detector.efficiency.file"
    (run_file.parent / "tables" / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    (run_file.parent / "tables" / "large.csv").write_text(EFFICIENCY + "\n" * (1 << 22))
    for name, reason in (
        ("none.csv", "no such file, seen from the folder of the run file"),
        ("tables", "no such file"),
        ("/dev/zero", "no such file"),
        ("tables/bytes.csv", "is not text"),
        ("tables/large.csv", "has more than 4194304 bytes"),
    ):
        assert problem_of(run_file, f"{key}='{name}'").startswith(f'{key} = "{name}": {reason}')
    assert problem_of(run_file, f"{key}=3") == f"{key} = 3: must be the name of a CSV file"
    both = "detector.efficiency={kind='tabulated', file='sky.csv', values=[1, 2]}"
    assert problem_of(run_file, both) == f"{key}: has the lists, so values must be left out"


def test_only_tables_have_files(run_file: Path) -> None:
    constant = "detector.efficiency={kind='constant', value=1, file='sky.csv'}"
    assert problem_of(run_file, constant).startswith("detector.efficiency.file: no such key; ")
    mistyped = "background[0].spectrum={kind='tabulated', fil='sky.csv', energies_eV=[1, 2], values=[1, 2]}"
    assert "did you mean 'file'?" in problem_of(run_file, mistyped)


def test_a_spectrum_is_a_density(run_file: Path) -> None:
    (sky,) = load(run_file).detector.backgrounds
    assert sky.spectrum == Spectrum(energies_eV=(0.9, 1.1), values=(1.0, 300.0))  # type: ignore[attr-defined]
