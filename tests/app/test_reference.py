"""The reference of keys and parameters: made from the program, whole, and as it is in the documentation."""

from pathlib import Path
from typing import Any

import pytest

from renp_sim.app.reference import parameter_names, reference
from renp_sim.physics.interactions import VectorMediator
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.exposure import exposure_of
from renp_sim.runfile.kinds import KINDS
from renp_sim.runfile.kinds import TABLES as FROM_CSV
from renp_sim.runfile.reference import KeyTable, key_tables
from renp_sim.runfile.run import run_from_table
from renp_sim.runfile.tables import FILE, keys_of

ROOT = Path(__file__).parents[2]
TABLES = key_tables()


def test_the_documentation_has_it() -> None:
    """`renp-sim keys > docs/guide/keys.md` after a change of keys."""
    assert (ROOT / "docs" / "guide" / "keys.md").read_text("utf-8") == reference()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.heading)
def test_every_key_has_a_meaning(table: KeyTable) -> None:
    assert table.says
    for row in table.rows:
        assert row.meaning, row.key
        assert row.takes


@pytest.mark.parametrize("interface", KINDS)
def test_every_kind_has_a_table_with_all_of_its_keys(interface: Any) -> None:
    kinds = KINDS[interface]
    for name, kind in kinds.known.items():
        # efficiencies and spectra both have a table of their own
        candidates = [t for t in TABLES if t.heading.endswith(f', {kinds.key} = "{name}"')]
        keys = [{row.key.partition(".")[0] for row in table.rows} for table in candidates]
        # and a file may stand for the lists of a table
        assert set(keys_of(kind)) | ({FILE} if kind in FROM_CSV else set()) in keys


def test_units_follow_from_the_keys() -> None:
    units = {row.key: row.unit for table in TABLES for row in table.rows}
    assert units["density_cm3"] == units["reference_density_cm3.n_a"] == "cm⁻³"
    assert units["volume_cm3"] == "cm³"
    assert (units["omega_eV"], units["dm2_21_eV2"], units["omega_slope_per_eV"]) == ("eV", "eV²", "eV⁻¹")
    assert (units["rate_hz"], units["tau_s"], units["length_cm"]) == ("s⁻¹", "s", "cm")
    assert (units["passes"], units["coherence"]) == ("", "")


def test_the_parameters_of_a_fit_are_listed() -> None:
    run = run_from_table(
        {
            "run": {"seed": 1},
            "interaction": {"model": "vector_mediator", "mass_eV": 0.1, "g_electron": 1e-12},
            "neutrino": {"nature": "majorana"},
            "laser": {
                "calibration": {"common_error_eV": 1e-6, "step_error_eV": 1e-7},
                "steps": [{"omega_eV": 1.07, "duration_s": 1.0}],
            },
            "detector": {"efficiency": {"kind": "constant", "value": 0.2, "step_error_rel": 0.1}},
            "background": [{"name": "NAME", "kind": "dark_counts", "rate_hz": 1.0}],
        }
    )
    emission = run.emission
    assert isinstance(emission.interaction, VectorMediator)
    model = ExpectedCounts(
        exposure=exposure_of(run.schedule, emission.target, run.detector),
        target=emission.target,
        oscillation=run.oscillation,
        nature=emission.neutrinos.nature,
        interaction=emission.interaction,
    )
    listed = {name for names in parameter_names().values() for name in names}
    assert {parameter.name.replace(".0", ".k") for parameter in model.parameters} <= listed
