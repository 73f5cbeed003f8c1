"""Run files as text: from a path or by name, `--set`, the template."""

import tomllib
from pathlib import Path

import pytest

from renp_sim.errors import ConfigError, SchemaError
from renp_sim.runfile.reading import EXAMPLES, apply_settings, example_text, read_table, write_template
from renp_sim.runfile.run import load
from tests.runfile.run_tables import MINIMAL, with_settings


def test_template_is_a_run_file_with_a_fresh_seed(tmp_path: Path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    write_template(first)
    write_template(second)
    assert load(first).config.run.seed != load(second).config.run.seed
    with pytest.raises(SchemaError, match="--force"):
        write_template(first)
    write_template(first, force=True)
    with pytest.raises(SchemaError, match="cannot be written"):
        write_template(tmp_path / "missing" / "a.toml")


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ("laser.linewidth_eV", "write section.key=value"),
        ("=3", "write section.key=value"),
        ("laser.steps[7].omega_eV=1.0", "7: must be a number from 0 to 0"),
        ("laser.steps.first.omega_eV=1.0", "first: must be a number from 0 to 0"),
        ("run.seed.x=1", "seed = 1 is a value and has nothing below it"),
        ("target.density_cm3=", "no such key to take away; there is none"),
        ("run.sed=", "no such key to take away; did you mean 'seed'?"),
        ("run.seed=" + "1" * 5000, "a number has too many digits"),
        ("run.seed=" + "[" * 5000, "nested too deeply"),
        ("laser.steps[" + "1" * 5000 + "].omega_eV=1", "must be a number from 0 to 0"),
        ("laser.steps[²].omega_eV=1", "must be a number from 0 to 0"),
    ],
)
def test_wrong_settings(setting: str, part: str) -> None:
    with pytest.raises(ConfigError, match="--set") as caught:
        apply_settings(MINIMAL, [setting])
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_settings_reach_everywhere() -> None:
    changed = with_settings(
        "laser.steps[0].omega_eV=1.05", "target.atom=Xe", "run.name='a b'", "new.key=[1, 2]"
    )
    assert changed["laser"]["steps"][0]["omega_eV"] == 1.05
    assert changed["target"] == {"atom": "Xe"}
    assert changed["run"] == {"seed": 1, "name": "a b"}
    assert changed["new"] == {"key": [1, 2]}
    assert MINIMAL["laser"]["steps"][0]["omega_eV"] == 1.07


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a = ", "not TOML"),
        (None, "no such run file"),
        (b"\xff\xfe", "not TOML"),
        ("a = " + "1" * 5000, "not TOML: a number has too many digits"),
        ("a = " + "[" * 5000, "not TOML: lists or tables are nested too deeply"),
    ],
)
def test_unreadable_run_files(tmp_path: Path, text: str | bytes | None, part: str) -> None:
    path = tmp_path / "run.toml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=part):
        read_table(path)


def test_a_folder_is_no_run_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_table(tmp_path)


def test_examples_are_toml() -> None:
    for name in EXAMPLES:
        assert "run" in tomllib.loads(example_text(name))


def test_a_key_can_be_taken_away() -> None:
    table = {"neutrino": {"lightest_mass_eV": 0.01}, "laser": {"steps": [1, 2]}}
    changed = apply_settings(table, ["neutrino.lightest_mass_eV=", "laser.steps[0]="])
    assert changed == {"neutrino": {}, "laser": {"steps": [2]}}
    assert table["laser"]["steps"] == [1, 2]
    assert apply_settings(table, ["run.name=''"])["run"] == {"name": ""}


def test_a_name_that_is_no_path_is_one_line() -> None:
    with pytest.raises(ConfigError, match="null") as caught:
        read_table("a\0b")
    assert "\0" not in str(caught.value)


def test_a_file_that_is_no_text_is_called_what_it_is(tmp_path: Path) -> None:
    """`rate run.root` said that a codec cannot decode a byte."""
    said = {
        b"root\xf3\x80": "a ROOT file, not TOML: .* `fit`",
        b"\x89PNG": "not TOML, .* `renp-sim init FILE`",
    }
    for data, words in said.items():
        path = tmp_path / "given"
        path.write_bytes(data)
        with pytest.raises(ConfigError, match=words):
            read_table(path)
