"""From a run file to a run, and back."""

import json
from pathlib import Path

import numpy as np
import pytest
from run_tables import MINIMAL, with_settings

from renp_sim.runfile.reading import EXAMPLES
from renp_sim.runfile.run import load, setup_from_table


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


def test_fine_scan_is_dense_above_the_thresholds() -> None:
    omega = load("fine_scan").schedule.omega_set_eV
    assert len(omega) >= 40
    assert np.sum(omega > 1.0715) >= 20


def test_resolved_configuration_gives_the_run_back() -> None:
    for name in EXAMPLES:
        setup = load(name)
        again = setup_from_table(json.loads(json.dumps(setup.resolved())))
        assert again.resolved() == setup.resolved()
        assert again.run_number == setup.run_number
        assert np.array_equal(again.schedule.omega_true_eV, setup.schedule.omega_true_eV)
        assert np.array_equal(again.emission.neutrinos.masses_eV, setup.emission.neutrinos.masses_eV)


def test_majorana_configuration_gives_the_run_back() -> None:
    setup = setup_from_table(
        with_settings("neutrino.nature=majorana", "neutrino.alpha21_deg=40.0", "neutrino.ordering=inverted")
    )
    again = setup_from_table(setup.resolved())
    assert again.resolved() == setup.resolved()
    assert np.array_equal(again.emission.neutrinos.electron_row, setup.emission.neutrinos.electron_row)


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


def test_xe_scales_from_yb() -> None:
    setup = setup_from_table(with_settings("target.atom=Xe", "laser.steps[0].omega_eV=4.0"))
    assert setup.emission.target.atom.gamma_ref_hz == pytest.approx(0.034, rel=0.02)
    changed = setup_from_table(with_settings("target.atom={name='Yb', gamma_ref_hz=4.3e-5}"))
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
    setup = setup_from_table(with_settings(model))
    again = setup_from_table(json.loads(json.dumps(setup.resolved())))
    assert again.emission.interaction == setup.emission.interaction
    assert again.run_number == setup.run_number
