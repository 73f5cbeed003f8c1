"""Runs of different atoms in one model: it is the sum of its parts, with shared parameters."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.app.data import read_data
from renp_sim.app.fitting import fit_data, model_of
from renp_sim.app.question import Normalisation, Question
from renp_sim.errors import ConfigError
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import VectorMediator
from renp_sim.physics.neutrino import Nature, Ordering, Oscillation
from renp_sim.physics.target import Target
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table
from tests.prediction.exposures import known_exposure, place, start, yb_model

YB_EV = [1.069, 1.0712, 1.07164]
XE_EV = [4.153, 4.1576]
ORDER = [0, 3, 1, 4, 2]
"""Runs 1 (Yb) and 2 (Xe) in turn: the rows of a target need not be neighbours."""


def joined(first: Exposure, second: Exposure) -> Exposure:
    """Return the steps of two exposures, mixed."""
    arrays = {
        f.name: np.concatenate([getattr(first, f.name), getattr(second, f.name)])[ORDER]
        for f in fields(first)
        if f.name != "components"
    }
    return replace(first, **arrays)


def xe_model(steps: Exposure, **changes) -> ExpectedCounts:
    """Return the Standard Model of Xe, isotropic."""
    return ExpectedCounts(
        exposure=steps,
        target=Target(atom=known_atoms()["Xe"]),
        oscillation=Oscillation.nufit(Ordering.NORMAL),
        **changes,
    )


def pair(xe_errors: float = 1.0, **changes) -> tuple[JointCounts, ExpectedCounts, ExpectedCounts]:
    """Return the joint model and its parts; the errors of the Xe run are this factor times those of Yb."""
    yb_steps = known_exposure(YB_EV, linewidth_eV=1e-6, run=1)
    xe_steps = known_exposure(
        XE_EV,
        linewidth_eV=1e-6,
        run=2,
        gamma0_hz=0.02,
        efficiency_common_error=0.01 * xe_errors,
        omega_common_error_eV=5e-6 * xe_errors,
        background_error_hz=[1e-5 * xe_errors, 4e-6 * xe_errors],
    )
    yb, xe = yb_model(yb_steps, **changes), xe_model(xe_steps, **changes)
    whole = joined(yb_steps, xe_steps)
    return JointCounts(exposure=whole, models=(yb, xe), model_of_run={1: 0, 2: 1}), yb, xe


MOVED = {
    "lightest_mass_eV": 0.012,
    "normalisation": 1.1,
    "efficiency": 1.02,
    "background.dark": 1.3,
    "frequency_offset_eV": 3e-6,
    "efficiency.1": 0.99,
}
"""`efficiency.1` of the whole is the first step of Xe."""


def moved(model: JointCounts | ExpectedCounts) -> np.ndarray:
    """Return θ with those of MOVED that the model has, under their names in it."""
    theta = {p.name: p.value for p in model.parameters}
    return np.array(list((theta | {k: v for k, v in MOVED.items() if k in theta}).values()))


def test_the_likelihood_is_the_sum_over_the_atoms() -> None:
    whole, yb, xe = pair()
    theta = moved(whole)
    own_yb, own_xe = moved(yb), moved(xe)
    # efficiency.1 is a step of Xe in the whole, its first one, and none of Yb
    own_yb[place(yb, "efficiency.1")] = 1.0
    own_xe[place(xe, "efficiency.1")], own_xe[place(xe, "efficiency.0")] = 1.0, 0.99
    counts = np.random.default_rng(1).poisson(whole.expected(start(whole))).astype(float)
    is_yb = whole.exposure.run == 1
    apart = sum(
        poisson_deviance(counts[rows], model.expected(own)).sum()
        for model, own, rows in ((yb, own_yb, is_yb), (xe, own_xe, ~is_yb))
    )
    together = poisson_deviance(counts, whole.expected(theta)).sum()
    assert together == pytest.approx(apart, rel=1e-12)


def test_parameters_are_shared_by_name_and_steps_are_rows_of_the_whole() -> None:
    whole, yb, xe = pair()
    names = [p.name for p in whole.parameters]
    assert len(set(names)) == len(names)
    own = {f"{stem}.{k}" for stem in STEMS for k in range(5)} | {
        f"frequency_offset_eV.run{r}" for r in (1, 2)
    }
    assert set(names) == {p.name for p in yb.parameters} | own
    mass = whole.parameters[place(whole, "lightest_mass_eV")]
    assert mass.upper == min(m.parameters[place(m, "lightest_mass_eV")].upper for m in (yb, xe))
    theta = start(whole)
    theta[place(whole, "efficiency.3")] = 1.5
    ratio = whole.expected(theta) / whole.expected(start(whole))
    assert_array_equal(np.flatnonzero(ratio != 1), [3])


STEMS = ("efficiency", "frequency_offset_eV")


def test_the_offset_of_a_run_moves_that_run_alone() -> None:
    whole, _, _ = pair(0.5)
    for run, error_eV in ((1, 5e-6), (2, 2.5e-6)):
        column = place(whole, f"frequency_offset_eV.run{run}")
        constraint = whole.parameters[column].constraint
        assert constraint is not None
        assert constraint.error == pytest.approx(error_eV)
        theta = start(whole)
        theta[column] += error_eV
        moved_steps = whole.expected(theta) != whole.expected(start(whole))
        assert_array_equal(moved_steps, whole.exposure.run == run)
        assert_array_equal(whole.gradient(theta)[:, column] != 0, whole.exposure.run == run)


@pytest.mark.parametrize("errors", [1.0, 0.5, 0.0])
def test_gradient_is_that_of_differences(errors: float) -> None:
    whole, _, _ = pair(errors)
    theta = moved(whole)
    exact = whole.gradient(theta)
    # a fiftieth of a constraint, or of a typical step: the cubic term is below 1e-5 of the counts
    for i, parameter in enumerate(whole.parameters):
        h = 0.02 * parameter.scale
        ends = np.repeat(theta[None], 2, axis=0)
        ends[:, i] += [-h, h]
        low, high = whole.expected(ends)
        change = np.abs(exact[:, i]) * 2 * h
        assert np.max(np.abs(exact[:, i] * 2 * h - (high - low))) < 2e-3 * np.max(change) + 1e-9, (
            parameter.name
        )


def test_the_smaller_error_follows_in_proportion() -> None:
    whole, _, _ = pair(0.5)
    one = whole.parameters[place(whole, "efficiency")]
    assert one.constraint is not None
    assert one.constraint.error == pytest.approx(0.01 / 0.2)
    signal = whole.offering(("efficiency",))
    change = signal.expected(np.array([1.1])) - signal.expected(np.array([1.0]))
    slope = signal.gradient(np.array([1.0]))[:, 0]
    assert_allclose(change, 0.1 * slope, rtol=1e-9)
    full, _, _ = pair(1.0)
    ratio = slope / full.offering(("efficiency",)).gradient(np.array([1.0]))[:, 0]
    assert_allclose(ratio, np.where(whole.exposure.run == 1, 1.0, 0.5), rtol=1e-12)


def test_kinks_are_those_of_all_atoms() -> None:
    whole, yb, xe = pair(0.5)
    for name in ("lightest_mass_eV", "dm2_3l_eV2"):
        both = np.union1d(yb.kinks(name, start(yb)), xe.kinks(name, start(xe)))
        assert_allclose(whole.kinks(name, start(whole)), both, rtol=1e-12)
    assert len(whole.kinks("normalisation", start(whole))) == 0
    # Xe moves by half the common offset, so it crosses at twice the value
    offsets = np.union1d(
        yb.kinks("frequency_offset_eV", start(yb)), 2 * xe.kinks("frequency_offset_eV", start(xe))
    )
    assert len(offsets) > 0
    assert_allclose(whole.kinks("frequency_offset_eV", start(whole)), offsets, rtol=1e-9)


def test_quadratic_gives_the_expectation_back() -> None:
    vector = VectorMediator(
        mass_eV=1.0, g_electron=1e-12, g_left=CouplingMatrix.from_elements({"11": 3e-11, "12": 1e-11})
    )
    whole, _, _ = pair(0.5, interaction=vector)
    for names in (
        ("interaction.g_left.11", "interaction.g_left.12.re", "background.dark"),
        ("efficiency", "background.qed"),
        ("efficiency.1", "efficiency.2"),
    ):
        theta = moved(whole)
        form = whole.quadratic(names, theta)
        assert form is not None
        columns = [place(whole, name) for name in names]
        x = np.array([whole.parameters[c].value + 0.7 * whole.parameters[c].scale for c in columns])
        theta[columns] = x
        got = form.constant + form.linear @ x + np.einsum("kpq,p,q->k", form.square, x, x)
        assert_allclose(got, whole.expected(theta), rtol=1e-9)
    assert whole.quadratic(("efficiency", "normalisation"), moved(whole)) is None


def test_what_is_not_there_is_refused() -> None:
    whole, _, _ = pair()
    with pytest.raises(ConfigError, match=r"'efficiency\.7': not one of this model"):
        whole.offering(("efficiency.7",))
    with pytest.raises(ConfigError, match="run 2: has no model"):
        replace(whole, model_of_run={1: 0})
    with pytest.raises(ValueError, match="the last axis must hold"):
        whole.expected(np.ones(3))


TABLES = [
    {
        "run": {"seed": 11},
        "target": {"atom": "Yb", "volume_cm3": 3e4},
        "laser": {"linewidth_eV": 1e-6, "scan": [{"omegas_eV": YB_EV, "total_duration_s": 6 * 86400.0}]},
        "background": [{"name": "dark", "kind": "dark_counts", "rate_hz": 1e-4, "error_rel": 0.1}],
    },
    {
        "run": {"seed": 12},
        "target": {"atom": "Xe", "volume_cm3": 1e2},
        "laser": {"linewidth_eV": 1e-6, "scan": [{"omegas_eV": XE_EV, "total_duration_s": 4 * 86400.0}]},
    },
]


def test_files_of_two_atoms_are_fitted_together(tmp_path: Path) -> None:
    """The fit of both is no better than each of its own, and its mass lies between theirs."""
    paths = [tmp_path / f"run{i}.root" for i in range(2)]
    for table, path in zip(TABLES, paths, strict=True):
        generate(run_from_table(table), path)
    question = Question(orderings=(Ordering.NORMAL,), normalisation=Normalisation.FREE)
    data = read_data(paths)
    both = fit_data(data, question)
    assert isinstance(model_of(data.experiment, question.hypotheses(Nature.DIRAC)[0]), JointCounts)
    assert both.best.valid
    apart = [fit_data(read_data([path]), question).best for path in paths]
    assert both.best.minus_two_ln_L > sum(one.minus_two_ln_L for one in apart) - 1e-6
    assert both.best.p_value is not None
    assert both.best.p_value > 1e-3  # false alarm 0.1 %
    own = [one.expected for one in apart]
    assert_allclose(both.best.expected, np.concatenate(own), rtol=0.5)
