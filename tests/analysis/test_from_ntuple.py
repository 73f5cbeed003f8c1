"""From tables to an observation: every number in its place, and what is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from renp_sim.analysis.from_ntuple import observation_from_tables
from renp_sim.errors import SchemaError
from renp_sim.ntuple.reader import NtupleTables
from renp_sim.ntuple.schema import BACKGROUNDS, RUNS, STEPS, Tree


def columns(tree: Tree, n: int, **values: Any) -> dict[str, np.ndarray]:
    """Return a tree of n rows: the given branches, and a different number in every other."""
    out = {}
    for i, branch in enumerate(tree.flat):
        value = values.pop(branch.name, 100 * i + np.arange(n))
        out[branch.name] = np.array(np.broadcast_to(value, n), dtype=branch.dtype)
    assert not values
    return out


def tables(*runs: int, names: tuple[str, ...] = ("dark", "qed"), **changes: Any) -> NtupleTables:
    """Return tables of runs with two steps, signal and control, and the named components."""
    n, c = len(runs), len(names)
    run = np.repeat(runs, 2)
    step = np.tile([0, 1], n)
    component = np.tile(np.arange(c), 2 * n)
    step_values: dict[str, Any] = {"run": run, "step": step, "kind": step}
    background_values: dict[str, Any] = {
        "run": np.repeat(run, c),
        "step": np.repeat(step, c),
        "component": component,
        "expected_rate_hz": 10.0 * np.repeat(step, c) + component + 1,
        "rate_error_hz": 0.1,
        "present": ~((np.repeat(step, c) == 1) & (component == 1)),
    }
    return NtupleTables(
        paths=(),
        runs=columns(RUNS, n, run=runs, is_poisson=changes.pop("is_poisson", True)),
        steps=columns(STEPS, 2 * n, **step_values | changes.pop("steps", {})),
        backgrounds=columns(BACKGROUNDS, 2 * n * c, **background_values | changes.pop("backgrounds", {})),
        config=changes.pop("config", tuple({"background": [{"name": name} for name in names]} for _ in runs)),
        provenance=tuple({} for _ in runs),
        hashes={},
    )


def test_steps_are_the_branches() -> None:
    given = tables(7)
    observation = observation_from_tables(given)
    e = observation.exposure
    for field, branch in (
        ("omega_eV", "omega_set_eV"),
        ("linewidth_eV", "linewidth_eV"),
        ("omega_common_error_eV", "omega_common_error_eV"),
        ("omega_step_error_eV", "omega_step_error_eV"),
        ("live_time_s", "live_time_s"),
        ("coherence", "coherence"),
        ("gamma0_hz", "gamma0_hz"),
        ("efficiency", "efficiency"),
        ("efficiency_common_error", "efficiency_common_error"),
        ("efficiency_step_error", "efficiency_step_error"),
    ):
        values = getattr(e, field)
        assert values.dtype == np.float64
        np.testing.assert_array_equal(values, given.steps[branch])
    np.testing.assert_array_equal(observation.counts, given.steps["n_recorded"])
    assert e.run.tolist() == [7, 7]
    assert e.kind.tolist() == [0, 1]


def test_backgrounds_find_their_step_and_component() -> None:
    e = observation_from_tables(tables(7)).exposure
    assert e.components == ("dark", "qed")
    np.testing.assert_array_equal(e.background_rate_hz, [[1, 2], [11, 12]])
    np.testing.assert_array_equal(e.background_present, [[True, True], [True, False]])
    np.testing.assert_allclose(e.background_counts, [3, 11] * e.live_time_s)


def test_the_order_of_background_rows_does_not_matter() -> None:
    given = tables(7, 8)
    order = np.random.default_rng(1).permutation(len(given.backgrounds["run"]))
    shuffled = replace(given, backgrounds={key: v[order] for key, v in given.backgrounds.items()})
    np.testing.assert_array_equal(
        observation_from_tables(shuffled).exposure.background_rate_hz,
        observation_from_tables(given).exposure.background_rate_hz,
    )


def test_runs_share_components_by_name() -> None:
    first, second = tables(7, names=("dark", "qed")), tables(8, names=("leak", "dark"))
    both = NtupleTables(
        paths=(),
        runs={key: np.concatenate([first.runs[key], second.runs[key]]) for key in first.runs},
        steps={key: np.concatenate([first.steps[key], second.steps[key]]) for key in first.steps},
        backgrounds={
            key: np.concatenate([first.backgrounds[key], second.backgrounds[key]])
            for key in first.backgrounds
        },
        config=first.config + second.config,
        provenance=({}, {}),
        hashes={},
    )
    e = observation_from_tables(both).exposure
    assert e.components == ("dark", "qed", "leak")
    np.testing.assert_array_equal(e.background_rate_hz, [[1, 2, 0], [11, 12, 0], [2, 0, 1], [12, 0, 11]])
    np.testing.assert_array_equal(e.background_present[2:], [[True, False, True], [False, False, True]])


def test_components_without_a_configuration_are_numbered() -> None:
    assert observation_from_tables(tables(7, config=({},))).exposure.components == (
        "component0",
        "component1",
    )
    partly = tables(7, config=({"background": [{"kind": "dark_counts"}]},))
    assert observation_from_tables(partly).exposure.components == ("component0", "component1")


def test_no_background_at_all() -> None:
    observation = observation_from_tables(tables(7, names=()))
    assert observation.exposure.components == ()
    np.testing.assert_array_equal(observation.exposure.background_counts, [0.0, 0.0])


def test_truth_is_not_looked_at() -> None:
    hidden = tables(7, steps={"omega_true_eV": np.nan, "mu_signal": np.nan, "n_generated": -1})
    assert np.all(np.isfinite(observation_from_tables(hidden).exposure.omega_eV))


def test_weighted_runs_are_refused_by_name() -> None:
    with pytest.raises(SchemaError, match=r"^run 8: was made with --events"):
        observation_from_tables(tables(7, 8, is_poisson=[True, False]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (tables(7, 7), r"steps: a \(run, step\) is there twice"),
        (tables(7, backgrounds={"step": [0, 0, 1, 2]}), "run 7, step 2 is not in `steps`"),
        (tables(7, backgrounds={"component": [0, 0, 0, 1]}), r"\(run, step, component\) is there twice"),
        (tables(7, names=("dark", "dark")), "names must differ"),
        (tables(7, config=()), "1 rows but 0 configurations"),
    ],
)
def test_tables_that_contradict_each_other_are_refused(given: NtupleTables, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        observation_from_tables(given)
