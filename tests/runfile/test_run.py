"""From a run file to a run, and back."""

import json
from pathlib import Path

import numpy as np
import pytest

from renp_sim.prediction.conditions import step_conditions
from renp_sim.runfile.reading import EXAMPLES, example_text
from renp_sim.runfile.run import load, run_from_table
from tests.runfile.run_tables import MINIMAL, with_settings


def test_everything_but_seed_and_steps_has_a_default() -> None:
    run = run_from_table(MINIMAL)
    target = run.emission.target
    assert (target.atom.name, target.density_cm3, target.volume_cm3, target.f_l) == ("Yb", 1e21, 100.0, 1 / 3)
    assert run.emission.neutrinos.masses_eV[0] == 0.01
    assert run.emission.interaction.name == "standard_model"
    assert run.schedule.linewidth_eV.tolist() == [0.0]
    assert run.detector.efficiency_at(1.07) == 1
    assert run.detector.backgrounds == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_load(name: str) -> None:
    assert load(name).schedule.n_steps > 0


def test_fine_scan_is_dense_above_the_thresholds() -> None:
    omega = load("fine_scan").schedule.omega_eV
    assert len(omega) >= 40
    assert np.sum(omega > 1.0715) >= 20


def test_resolved_configuration_gives_the_run_back() -> None:
    for name in EXAMPLES:
        run = load(name)
        again = run_from_table(json.loads(json.dumps(run.resolved())))
        assert again.resolved() == run.resolved()
        assert again.number == run.number
        assert np.array_equal(again.truth.omega_eV, run.truth.omega_eV)
        assert np.array_equal(again.emission.neutrinos.masses_eV, run.emission.neutrinos.masses_eV)


def test_majorana_configuration_gives_the_run_back() -> None:
    run = run_from_table(
        with_settings("neutrino.nature=majorana", "neutrino.alpha21_deg=40.0", "neutrino.ordering=inverted")
    )
    again = run_from_table(run.resolved())
    assert again.resolved() == run.resolved()
    assert np.array_equal(again.emission.neutrinos.electron_row, run.emission.neutrinos.electron_row)


def test_three_masses_give_the_run_back() -> None:
    """They fix the splittings, which must not be written beside them."""
    run = run_from_table(with_settings("neutrino.masses_eV=[0.01, 0.02, 0.05]"))
    again = run_from_table(run.resolved())
    assert again.resolved() == run.resolved()
    assert again.emission.neutrinos.masses_eV.tolist() == [0.01, 0.02, 0.05]


def test_qed_slopes_from_half_of_the_level() -> None:
    qed = "background=[{name='qed', kind='qed', rate_hz=1.0, omega_slope_per_eV=0.5}]"
    for atom, omega_eV in (("Yb", 1.07), ("Sr", 0.88)):
        run = run_from_table(with_settings(qed, f"target.atom={atom}", f"laser.steps[0].omega_eV={omega_eV}"))
        (rate_hz,) = run.detector.background_rates_hz(step_conditions(run.schedule, run.emission.target)[0])
        half = run.emission.target.atom.e_eg_eV / 2
        assert rate_hz == pytest.approx(np.exp(0.5 * (omega_eV - half)), rel=1e-14)


def test_seed_and_number_options(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[run]\nseed = 1\n[[laser.steps]]\nomega_eV = 1.07\nduration_s = 1.0\n")
    assert load(path, seed=7).config.run.seed == 7
    assert load(path, run_number=9).number == 9
    assert load(path, seed=7).number != load(path).number


def test_run_number_follows_what_changes_the_data() -> None:
    number = run_from_table(MINIMAL).number
    assert 0 < number < 2**53
    assert run_from_table(with_settings("run.name=other")).number == number
    assert run_from_table(with_settings("output.compression=zstd")).number == number
    assert run_from_table(with_settings("target.coherence=0.5")).number != number


def test_xe_scales_from_yb() -> None:
    run = run_from_table(with_settings("target.atom=Xe", "laser.steps[0].omega_eV=4.0"))
    assert run.emission.target.atom.gamma_ref_hz == pytest.approx(0.034, rel=0.02)
    changed = run_from_table(with_settings("target.atom={name='Yb', gamma_ref_hz=4.3e-5}"))
    assert changed.emission.target.atom.gamma_ref_hz == 4.3e-5
    assert changed.emission.target.atom.e_eg_eV == 2.14349


MODELS = {
    "vector": "interaction={model='vector_mediator', mass_eV=0.1, g_electron=1e-12, "
    "g_left={11=1e-12, 12=[2e-12, 1e-12]}, longitudinal=true}",
    "scalar": "interaction={model='scalar_mediator', mass_eV=0.1, y_electron=1e-6, "
    "y_scalar={33=1e-12}, formula='published', width_eV=1e-6}",
    "moments": "interaction={model='em_moments', magnetic_muB={12=[1e-11, -1e-11], 33=1e-12}}",
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_interactions_give_the_run_back(model: str) -> None:
    run = run_from_table(with_settings(model))
    again = run_from_table(json.loads(json.dumps(run.resolved())))
    assert again.emission.interaction == run.emission.interaction
    assert again.number == run.number


QED = "background=[{name='two-photon', kind='qed', rate_hz=5.0}]"


def test_qed_ends_where_the_pairs_do_and_a_step_beyond_is_told() -> None:
    steps = "laser.steps=[{omega_eV=1.0717, duration_s=1e3}, {omega_eV=1.072, duration_s=1e3}]"
    run = run_from_table(with_settings(QED, steps))
    conditions = step_conditions(run.schedule, run.emission.target)
    assert [run.detector.background_rates_hz(c).tolist() for c in conditions] == [[5.0], [0.0]]
    (note,) = run.notes
    assert note.startswith("coherent steps at ω = 1.072 eV see nothing of background 'two-photon'")
    assert "ends at E_eg/2 = 1.071745 eV" in note
    assert note.endswith("lies between the last threshold, 1.07165169 eV, and that")
    beyond = ", ".join(f"{{omega_eV={1.072 + k / 1000}, duration_s=1e3}}" for k in range(5))
    (note,) = run_from_table(with_settings(QED, f"laser.steps=[{beyond}]")).notes
    assert note.startswith("coherent steps at ω = 1.072, 1.073, 1.074 eV and 2 more see nothing of")


@pytest.mark.parametrize(
    "settings",
    [
        (QED, "laser.steps=[{omega_eV=1.0717, duration_s=1e3}]"),
        (QED, "laser.steps=[{omega_eV=1.072, duration_s=1e3, kind='control'}]"),
        (QED, "laser.steps=[{omega_eV=1.0718, duration_s=1e3, linewidth_eV=1e-5}]"),
        ("laser.steps=[{omega_eV=1.072, duration_s=1e3}]",),
    ],
    ids=["inside", "no coherence meant", "line reaches", "no such background"],
)
def test_what_is_meant_needs_no_note(settings: tuple[str, ...]) -> None:
    assert run_from_table(with_settings(*settings)).notes == ()


def test_the_coherent_control_of_the_template_sees_qed_and_no_pair() -> None:
    """It stands there commented out; no example has a coherent step beyond the end either."""
    (line,) = (line for line in example_text("template").splitlines() if line.startswith("# omega_eV"))
    run = run_from_table(with_settings(QED, f"laser.steps=[{{{line[2:].split('#')[0]}, duration_s=1.0}}]"))
    ends = run.emission.neutrinos.thresholds_eV(run.emission.target.atom.e_eg_eV)
    assert ends.max() < run.schedule.omega_eV[0] < run.emission.target.atom.e_eg_eV / 2
    for name in EXAMPLES:
        example = load(name)
        assert np.all(example.schedule.omega_eV < example.emission.target.atom.e_eg_eV / 2)
