import json

import numpy as np
import pytest

import detector.background
from renp_sim.laser.schedule import StepKind
from renp_sim.ntuple.blind import hide_truth, shown_truth
from renp_sim.ntuple.schema import (
    BACKGROUNDS,
    EVENTS,
    LEGENDS,
    RUNS,
    STEPS,
    TREES,
    Branch,
    Origin,
    markdown_table,
    schema_json,
)
from renp_sim.physics.neutrino import Nature, Ordering

SCHEMA_1_0 = {
    "runs": """
        run:int64 schema_major:int32 schema_minor:int32 seed:uint64 n_events:int64 n_recorded:int64
        n_generated:int64 live_time_s:float64 wall_time_s:float64 is_blind:bool is_poisson:bool
        e_eg_eV:float64 e_vg_eV:float64 gamma_ref_hz:float64 spin_f_l:float64 ordering:int8 nature:int8
        sin2_theta12:float64 sin2_theta13:float64 dm2_21_eV2:float64 dm2_3l_eV2:float64
        m1_eV:float64 m2_eV:float64 m3_eV:float64 config:blob provenance:blob""",
    "steps": """
        run:int64 step:int32 scan_pass:int32 kind:int8 omega_set_eV:float64 linewidth_eV:float64
        omega_common_error_eV:float64 omega_step_error_eV:float64 omega_true_eV:float64
        start_s:float64 duration_s:float64 live_time_s:float64 coherence:float64 gamma0_hz:float64
        efficiency:float64 efficiency_common_error:float64 efficiency_step_error:float64
        n_recorded:int64 n_generated:int64 mu_signal:float64 mu_background:float64""",
    "backgrounds": """
        run:int64 step:int32 component:int16 expected_rate_hz:float64 rate_error_hz:float64
        present:bool mu:float64""",
    "events": """
        run:int64 event:int64 step:int32 time_s:float64 photon_energy_eV:float32 channel:int16
        recorded:bool weight:float64 origin:int8 nu_i:int8 nu_j:int8 omega_emitted_eV:float64
        emission_time_s:float64 cos_theta_star:float64 phi:float64 nu_i_energy_eV:float64
        nu_j_energy_eV:float64 nu_i_px_eV:float64 nu_i_py_eV:float64 nu_i_pz_eV:float64
        nu_j_px_eV:float64 nu_j_py_eV:float64 nu_j_pz_eV:float64 x_cm:float32 y_cm:float32 z_cm:float32""",
}
"""The contract with every file written so far: a change here is a new version of the schema."""


SINCE_1_0 = {"runs": ["hashes:blob:1"], "steps": [], "backgrounds": [], "events": []}
"""What minor versions added, and which one did."""


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_branches_are_those_of_version_1(tree):
    stated = [(f"{b.name}:{'blob' if b.is_blob else b.dtype}", b.since) for b in tree.branches]
    assert [name for name, since in stated if since == 0] == SCHEMA_1_0[tree.name].split()
    assert [f"{name}:{since}" for name, since in stated if since > 0] == SINCE_1_0[tree.name]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_no_branch_is_named_twice(tree):
    names = [branch.name for branch in tree.branches]
    # uproot adds a counter of this name before each blob
    names += [f"n{blob.name}" for blob in tree.blobs]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("m1_eV", "eV"),
        ("dm2_3l_eV2", "eV^2"),
        ("live_time_s", "s"),
        ("x_cm", "cm"),
        ("gamma0_hz", "Hz"),
        ("weight", ""),
        ("scan_pass", ""),
        ("run", ""),
    ],
)
def test_unit_is_the_end_of_the_name(name, unit):
    assert Branch(name=name, dtype="float64", meaning="").unit == unit


def test_legends_agree_with_the_enums():
    words = {kind.value: kind.name.lower() for kind in StepKind}
    assert {value: text.split(" ")[0] for value, text in LEGENDS["kind"].items()} == words
    # a blind file hides what the detector cannot; afterpulses have no model of their own yet
    of_detector = {origin.name: origin.value for origin in detector.background.Origin}
    others = {"HIDDEN": -1, "AFTERPULSE": 5}
    assert {origin.name: origin.value for origin in Origin} == of_detector | others
    # `runs` is written by looking the words up
    assert set(LEGENDS["ordering"].values()) == {"hidden", *Ordering}
    assert set(LEGENDS["nature"].values()) == {"hidden", *Nature}


def test_truth_of_events_starts_with_the_origin():
    truth = [branch.name for branch in EVENTS.branches if branch.truth]
    assert truth == [branch.name for branch in EVENTS.branches][8:]


def test_hidden_truth_is_not_shown_and_the_rest_is_untouched():
    flat = {b.name: np.ones(3, dtype=b.dtype) for b in EVENTS.flat}
    hidden = hide_truth(EVENTS, flat)
    assert not any(shown.any() for shown in shown_truth(EVENTS, hidden).values())
    assert all(shown.all() for shown in shown_truth(EVENTS, flat).values())
    assert hidden["time_s"] is flat["time_s"]
    assert {name: values.dtype for name, values in hidden.items()} == {
        name: values.dtype for name, values in flat.items()
    }


def test_nothing_that_tells_the_ordering_or_the_seed_is_left_in_a_blind_row_of_runs():
    flat = {b.name: np.ones(1, dtype=b.dtype) for b in RUNS.flat}
    hidden = hide_truth(RUNS, flat)
    assert hidden["seed"][0] == 0
    assert hidden["ordering"][0] == hidden["nature"][0] == -1
    # the sign of the larger splitting is the ordering, and the best fits of the angles depend on it
    for name in ("dm2_3l_eV2", "sin2_theta13", "sin2_theta12", "m1_eV", "m3_eV"):
        assert np.isnan(hidden[name][0])


def test_json_names_every_branch_with_unit_and_meaning():
    legend = json.loads(schema_json())
    assert (legend["name"], legend["version"]) == ("renp-sim", "1.1")
    for tree in TREES:
        branches = legend["trees"][tree.name]["branches"]
        assert [b["name"] for b in branches] == [b.name for b in tree.branches]
        assert all(b["meaning"] for b in branches)
    assert legend["legends"]["origin"]["-1"] == "hidden"


def test_markdown_has_a_row_for_every_branch():
    table = markdown_table()
    assert all(table.count(f"`{tree.name}`: ") == 1 for tree in (RUNS, STEPS, BACKGROUNDS, EVENTS))
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) == sum(len(tree.branches) for tree in TREES) + len(LEGENDS)
    assert all(line.count("|") in (3, 5) for line in rows)
    assert "| `m1_eV` | float64 | eV | truth: neutrino mass m_1 |" in rows
