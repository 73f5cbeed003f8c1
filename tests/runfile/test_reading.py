"""What a user may write into a run file, and what they are told about what they may not."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renp_sim.errors import ConfigError, SchemaError
from renp_sim.runfile.reading import EXAMPLES, apply_settings, example_text, read_table, write_template
from renp_sim.runfile.run import load, setup_from_table

MINIMAL: dict[str, Any] = {"run": {"seed": 1}, "laser": {"steps": [{"omega_eV": 1.07, "duration_s": 10.0}]}}


def with_settings(*settings: str) -> dict[str, Any]:
    return apply_settings(MINIMAL, settings)


def problems_of(*settings: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        setup_from_table(with_settings(*settings))
    return list(caught.value.problems)


def test_everything_but_seed_and_steps_has_a_default() -> None:
    setup = setup_from_table(MINIMAL)
    target = setup.emission.target
    assert (target.atom.name, target.density_cm3, target.volume_cm3, target.f_l) == ("Yb", 1e21, 100.0, 1 / 3)
    assert setup.emission.neutrinos.masses_eV[0] == 0.01
    assert setup.emission.interaction.name == "standard_model"
    assert setup.schedule.linewidth_eV.tolist() == [0.0]
    assert setup.detector.efficiency_at(1.07) == 1
    assert setup.detector.backgrounds == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_load(name: str) -> None:
    assert load(name).schedule.n_steps > 0


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


def test_fine_scan_is_dense_above_the_thresholds() -> None:
    omega = load("fine_scan").schedule.omega_eV
    assert len(omega) >= 40
    assert np.sum(omega > 1.0715) >= 20


def test_resolved_configuration_gives_the_run_back() -> None:
    for name in EXAMPLES:
        setup = load(name)
        again = setup_from_table(json.loads(json.dumps(setup.resolved())))
        assert again.resolved() == setup.resolved()
        assert again.run_number == setup.run_number
        assert np.array_equal(again.truth.omega_eV, setup.truth.omega_eV)
        assert np.array_equal(again.emission.neutrinos.masses_eV, setup.emission.neutrinos.masses_eV)


def test_majorana_configuration_gives_the_run_back() -> None:
    setup = setup_from_table(
        with_settings("neutrino.nature=majorana", "neutrino.alpha21_deg=40.0", "neutrino.ordering=inverted")
    )
    again = setup_from_table(setup.resolved())
    assert again.resolved() == setup.resolved()
    assert np.array_equal(again.emission.neutrinos.electron_row, setup.emission.neutrinos.electron_row)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            ["laser.steps[0].omega_eV=2.2"],
            ["laser.steps[0].omega_eV = 2.2: must lie in 0 < ω < E_eg = 2.14349 eV"],
        ),
        (["laser.steps[0].omega_eV=-1.0"], ["laser.steps[0].omega_eV = -1.0: must lie in"]),
        (["laser.linewidht_eV=1e-6"], ["laser.linewidht_eV: no such key; did you mean 'linewidth_eV'?"]),
        (["lasr.x=1"], ["lasr: no such key; did you mean 'laser'?"]),
        (["laser.steps[0].omega=1.0"], ["laser.steps[0].omega: no such key; did you mean 'omega_eV'?"]),
        (["target.density_cm3=-1.0"], ["target.density_cm3 = -1.0: should be greater than 0"]),
        (["target.density_cm3='much'"], ['target.density_cm3 = "much": should be a valid number']),
        (["target.coherence=1.5"], ["target.coherence = 1.5: should be less than or equal to 1"]),
        (["target.volume_cm3=inf"], ["target.volume_cm3 = Infinity: should be a finite number"]),
        (["target.atom=Ytterbium"], ["target.atom = 'Ytterbium': no such atom; known: Yb, Xe, Sr, Hg"]),
        (
            ["target.atom={name='Ca'}"],
            ["target.atom: Ca is not a known atom, so e_eg_eV, e_vg_eV, gamma_ref_hz"],
        ),
        (["target.spin_tensor=sideways"], ["target.spin_tensor"]),
        (["neutrino.ordering=up"], ["neutrino.ordering = \"up\": should be 'normal' or 'inverted'"]),
        (
            ["neutrino.alpha21_deg=3.0"],
            ["neutrino.alpha21_deg = 3.0: Dirac neutrinos have no Majorana phase"],
        ),
        (["neutrino.dm2_3l_eV2=-2.5e-3"], ["neutrino.dm2_3l_eV2"]),
        (
            ["neutrino.masses_eV=[0.01, 0.02, 0.05]", "neutrino.lightest_mass_eV=0.01"],
            ["neutrino.masses_eV: fixes all masses, so lightest_mass_eV must be left out"],
        ),
        (
            ["interaction.model=standard_modle"],
            ["standard_modle"],
        ),
        (["interaction.mass_eV=1.0"], ["interaction.mass_eV: no such key"]),
        (["run.seed=-1"], ["run.seed = -1: should be greater than or equal to 0"]),
        (["run.seed=1.5"], ["run.seed = 1.5: should be a valid integer"]),
        (["run.seed=18446744073709551616"], ["run.seed = 18446744073709551616: should be less than"]),
        (["laser.pulses={repetition_hz=10.0}"], ["laser.pulses: pulsed lasers are not built yet"]),
        (["output.blind=true"], ["output.blind: blind files are not built yet"]),
        (["detector.efficiency=1.2"], ["detector.efficiency = 1.2: should be less than or equal to 1"]),
        (["detector.efficiency.kind=turnon"], ["detector.efficiency"]),
        (
            ["detector.efficiency={kind='constant', valu=1.0}"],
            ["detector.efficiency.value: is missing", "valu: no"],
        ),
        (["detector.energy_window_eV=[1.2, 0.9]"], ["detector.energy_window_eV"]),
        (["laser.scan=[{omegas_eV=[1.0], points=3, total_duration_s=1.0}]"], ["laser.scan[0]: give either"]),
        (["laser.scan=[{start_eV=1.0, stop_eV=1.1, total_duration_s=1.0}]"], ["laser.scan[0]: give either"]),
        # what a value should have been is said once: its section without it breaks no rule of its own
        (
            ["laser.scan=[{omegas_eV=[], total_duration_s=1.0}]"],
            ["laser.scan[0].omegas_eV: has 0 items: needs at least 1"],
        ),
        (
            ["laser.scan=[{start_eV=1.0, stop_eV=1.1, points=0, total_duration_s=1.0}]"],
            ["laser.scan[0].points = 0: should be greater than or equal to 1"],
        ),
        (
            ["laser.scan=[{omegas_eV=[1.0], points=3, total_duration_s=1.0, pases=2}]"],
            ["laser.scan[0].pases: no such key", "laser.scan[0]: give either"],
        ),
        (["laser.linewidth_eV=0.2"], ["laser.steps[0].omega_eV = 1.07: its line reaches"]),
        (
            [
                "background=[{name='a', kind='dark_counts', rate_hz=1.0}, "
                "{name='a', kind='dark_counts', rate_hz=1.0}]"
            ],
            ["background[1].name = 'a': is taken"],
        ),
        (["background=[{name='a', kind='bright', rate_hz=1.0}]"], ["background[0]"]),
        (["laser.steps=[]"], ["laser: no step and no scan"]),
    ],
)
def test_one_line_per_mistake(settings: list[str], expected: list[str]) -> None:
    found = problems_of(*settings)
    assert len(found) == len(expected), found
    for line, part in zip(found, expected, strict=True):
        assert part in line
        assert "\n" not in line


def test_a_missing_seed_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"run\.seed: is missing and has no default; `renp-sim init FILE`"):
        setup_from_table({"run": {}, "laser": MINIMAL["laser"]})


def test_all_mistakes_at_once() -> None:
    found = problems_of(
        "run.nmae='x'",
        "target.density_cm3=-1.0",
        "neutrino.ordering=up",
        "laser.steps[0].omega_eV=3.0",
        "detector.efficiency=2.0",
        "interaction.model=wrong",
    )
    assert len(found) == 6
    assert {line.split(":")[0].split(" ")[0] for line in found} == {
        "run.nmae",
        "target.density_cm3",
        "neutrino.ordering",
        "laser.steps[0].omega_eV",
        "detector.efficiency",
        "interaction.model",
    }


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ("laser.linewidth_eV", "write section.key=value"),
        ("=3", "write section.key=value"),
        ("laser.steps[7].omega_eV=1.0", "needs a number from 0 to 0"),
        ("run.seed.x=1", "below a value"),
    ],
)
def test_wrong_settings(setting: str, part: str) -> None:
    with pytest.raises(ConfigError, match="--set") as caught:
        apply_settings(MINIMAL, [setting])
    assert part in str(caught.value)


def test_settings_reach_everywhere() -> None:
    changed = with_settings(
        "laser.steps[0].omega_eV=1.05", "target.atom=Xe", "run.name='a b'", "new.key=[1, 2]"
    )
    assert changed["laser"]["steps"][0]["omega_eV"] == 1.05
    assert changed["target"] == {"atom": "Xe"}
    assert changed["run"] == {"seed": 1, "name": "a b"}
    assert changed["new"] == {"key": [1, 2]}
    assert MINIMAL["laser"]["steps"][0]["omega_eV"] == 1.07


def test_seed_and_number_options(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[run]\nseed = 1\n[[laser.steps]]\nomega_eV = 1.07\nduration_s = 1.0\n")
    assert load(path, seed=7).config.run.seed == 7
    assert load(path, run_number=9).run_number == 9
    assert load(path, seed=7).run_number != load(path).run_number


def test_run_number_follows_what_changes_the_data() -> None:
    number = setup_from_table(MINIMAL).run_number
    assert 0 < number < 2**53
    assert setup_from_table(with_settings("run.name=other")).run_number == number
    assert setup_from_table(with_settings("output.compression=zstd")).run_number == number
    assert setup_from_table(with_settings("target.coherence=0.5")).run_number != number


@pytest.mark.parametrize(
    ("text", "part"), [("a = ", "not TOML"), (None, "no such run file"), (b"\xff\xfe", "not TOML")]
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


def test_xe_scales_from_yb() -> None:
    setup = setup_from_table(with_settings("target.atom=Xe", "laser.steps[0].omega_eV=4.0"))
    assert setup.emission.target.atom.gamma_ref_hz == pytest.approx(0.034, rel=0.02)
    changed = setup_from_table(with_settings("target.atom={name='Yb', gamma_ref_hz=4.3e-5}"))
    assert changed.emission.target.atom.gamma_ref_hz == 4.3e-5
    assert changed.emission.target.atom.e_eg_eV == 2.14349


def test_examples_are_toml() -> None:
    for name in EXAMPLES:
        assert "run" in tomllib.loads(example_text(name))


MODELS = {
    "vector": "interaction={model='vector_mediator', mass_eV=0.1, g_electron=1e-12, "
    "g_left={11=1e-12, 12=[2e-12, 1e-12]}, longitudinal=true}",
    "scalar": "interaction={model='scalar_mediator', mass_eV=0.1, y_electron=1e-6, "
    "y_scalar={33=1e-12}, formula='published', width_eV=1e-6}",
    "moments": "interaction={model='em_moments', magnetic_muB={12=[1e-11, -1e-11], 33=1e-12}}",
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_interactions_give_the_run_back(model: str) -> None:
    setup = setup_from_table(with_settings(model))
    again = setup_from_table(json.loads(json.dumps(setup.resolved())))
    assert again.emission.interaction == setup.emission.interaction
    assert again.run_number == setup.run_number


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("{model='vector_mediator', mass_eV=1.0}", "interaction.g_electron: is missing"),
        ("{model='vector_mediator', mass_eV='x', g_electron=1.0}", "interaction.mass_eV = 'x'"),
        ("{model='vector_mediator', mass_eV=-1.0, g_electron=1.0}", "mass_eV"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, g_left=3.0}", "interaction.g_left = 3.0"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, g_left={14=1.0}}", "14"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, g_left={11=[0.0, 1.0]}}", "11"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, g_left={12=1.0, 21=2.0}}", "21"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, longitudinal=1.5}", "longitudinal"),
        ("{model='scalar_mediator', mass_eV=1.0, y_electron=1.0, formula='printed'}", "formula"),
    ],
)
def test_wrong_interactions(model: str, expected: str) -> None:
    found = problems_of(f"interaction={model}")
    assert len(found) == 1
    assert expected in found[0]


def test_a_diagonal_majorana_moment_cannot_exist() -> None:
    found = problems_of(
        "interaction={model='em_moments', magnetic_muB={11=1e-11}}", "neutrino.nature=majorana"
    )
    assert len(found) == 1
    assert "CPT" in found[0]
