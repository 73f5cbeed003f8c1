"""Batched fits: as low as MINUIT's from many starts, honest about what cannot be fitted, unbiased."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.batch import BatchFit, Status, fit_batch
from renp_sim.analysis.model import Constraint, Parameter, Shape
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from tests.analysis.reference_fit import local_fit, reference_fit
from tests.analysis.toy_models import (
    Onsets,
    Polynomial,
    TwoOnsets,
    interference,
    orderings,
    squared,
    with_control,
)

NORM = Constraint(value=1.0, error=0.1, shape=Shape.LOG_NORMAL)

SIDES = [-2.5, -1.0, -0.2, 0.2, 1.0, 2.5]
"""Starts of the reference in a coupling."""


def toys(model: Polynomial | Onsets, theta: list[float], n_toys: int, seed: int = 1) -> FloatArray:
    mu = model.expected(np.array(theta))
    return np.random.default_rng(seed).poisson(mu, size=(n_toys, len(mu))).astype(float)


def problems() -> dict[
    str, tuple[dict[str, Polynomial | Onsets], tuple[str, ...], dict, list[float], list[float]]
]:
    """Models, free, constrained, truth (of the first model) and starts of the reference, by name."""
    heavy = {label: replace(model, d=1.5) for label, model in orderings().items()}
    return {
        "interference": ({"m": interference()}, ("x",), {}, [0.5, 1, 1], SIDES),
        "interference at its centre": ({"m": interference()}, ("x",), {}, [-1.0, 1, 1], SIDES),
        "squared coupling": ({"m": squared()}, ("x",), {}, [0.7, 1, 1], SIDES),
        "coupling, norm, background": (
            {"m": with_control()}, ("x", "background"), {"norm": NORM}, [0.5, 1, 1], SIDES,
        ),
        "norm and background": ({"m": with_control()}, ("norm", "background"), {}, [0, 1, 1], [0.0]),
        "mass and free norm": (orderings(), ("mass", "norm"), {}, [0.45, 1, 1], []),
        "mass, norm, background": (heavy, ("mass", "background"), {"norm": NORM}, [0.8, 1, 1], []),
    }  # fmt: skip


def agreement(name: str, n_toys: int) -> tuple[FloatArray, BatchFit]:
    """Return −2 ln L of the batched fit minus that of the reference, best over the models."""
    models, free, constrain, truth, starts = problems()[name]
    counts = toys(next(iter(models.values())), truth, n_toys)
    fits = fit_batch(counts, models, free=free, constrain=constrain)
    setups = [Setup.of(model, free=free, constrain=constrain) for model in models.values()]
    reference = [min(reference_fit(setup, row, starts)[0] for setup in setups) for row in counts]
    return fits.best_q - np.array(reference), fits


def agrees(difference: FloatArray) -> bool:
    """Median within 1e-6, and not one toy in 2000 worse by 0.01, which allows one of a few hundred."""
    return bool(
        np.median(np.abs(difference)) <= 1e-6 and np.sum(difference > 0.01) <= max(1, 5e-4 * len(difference))
    )


@pytest.mark.parametrize("name", list(problems()))
def test_no_fit_is_worse_than_minuit_from_many_starts(name: str) -> None:
    n_toys = 50 if "mass" in name else 300
    difference, fits = agreement(name, n_toys)
    assert agrees(difference), (np.median(difference), np.sort(difference)[-5:])
    assert fits.failed() == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", list(problems()))
def test_no_fit_of_a_thousand_is_worse_than_minuit(name: str) -> None:
    difference, fits = agreement(name, 1000)
    assert agrees(difference), (np.median(difference), np.sort(difference)[-5:])
    assert fits.failed() <= 1


def test_a_free_norm_that_makes_up_for_a_coupling_hides_no_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Toys whose lowest point is at a large coupling and a small norm; without far points they miss it."""
    model = with_control()
    setup = Setup.of(model, free=("x", "norm"))
    counts = toys(model, [0.5, 1, 1], 403)[[67, 170, 212, 402]]
    limits = [(-np.inf, np.inf), (0.0, np.inf)]
    starts = [(0.3, 1.0), (-2.3, 1.0), (8.0, 0.1), (-8.0, 0.1)]
    lowest = [min(local_fit(setup, row, np.array(at), limits)[0] for at in starts) for row in counts]
    difference = fit_batch(counts, {"m": model}, free=("x", "norm")).best_q - lowest
    assert np.max(difference) < 1e-4
    monkeypatch.setattr("renp_sim.analysis.search.grid.FAR", np.empty(0))
    without = fit_batch(counts, {"m": model}, free=("x", "norm")).best_q - lowest
    assert np.max(without) > 0.01


def test_several_kinked_parameters_know_what_toys_measured() -> None:
    """Each toy has a measured value of its own, also where the search starts from many places."""
    model = TwoOnsets(thresholds=np.linspace(0.2, 1.4, 9))
    counts = np.random.default_rng(5).poisson(model.expected(np.array([0.6, 0.9])), size=(3, 9))
    measured = np.array([0.8, 0.9, 1.0])
    known = Constraint(value=0.9, error=0.02)
    at_once = fit_batch(
        counts, {"m": model}, free=("m1",), constrain={"m2": known}, constraint_values={"m2": measured}
    )
    for toy, value in enumerate(measured.tolist()):
        own = {"m2": replace(known, value=value)}
        alone = fit_batch(counts[toy : toy + 1], {"m": model}, free=("m1",), constrain=own)
        assert_allclose(at_once.q[toy], alone.q[0], rtol=1e-9)


def test_a_single_start_is_found_out() -> None:
    """The broken twin of the comparison: half of the toys of two minima end in the wrong one."""
    model = interference()
    counts = toys(model, [-1.9, 1, 1], 60)
    setup = Setup.of(model, free=("x",))
    right = np.array([reference_fit(setup, row, SIDES)[0] for row in counts])
    one = np.array([reference_fit(setup, row, [1.0])[0] for row in counts])
    assert not agrees(one - right)


def test_the_same_toy_gets_the_same_fit_in_any_company() -> None:
    models, free, constrain, truth, _ = problems()["mass, norm, background"]
    counts = toys(models["normal"], truth, 300)
    whole = fit_batch(counts, models, free=free, constrain=constrain)
    few = fit_batch(counts[17:22], models, free=free, constrain=constrain)
    assert_allclose(few.q, whole.q[17:22], atol=1e-6)
    assert_array_equal(few.best, whole.best[17:22])


def test_models_are_told_apart() -> None:
    models = {label: replace(model, strength=300.0) for label, model in orderings().items()}
    counts = toys(models["inverted"], [0.45, 1, 1], 50)
    fits = fit_batch(counts, models, free=("mass", "norm"))
    # ΔT of the expectation is 5, its spread 2√5: 13 % go wrong, 17 of 50 with probability 1e-4
    is_inverted = np.array(fits.labels)[fits.best] == "inverted"
    assert np.sum(is_inverted) > 33
    assert_array_equal(is_inverted, fits.delta_q("normal", "inverted") >= 0)
    assert_allclose(fits.best_q[is_inverted], fits.of("inverted").q[is_inverted])
    with pytest.raises(KeyError):
        fits.of("no such model")


def test_one_step_and_a_norm_fit_exactly() -> None:
    zero = np.zeros(1)
    model = Polynomial(a=np.array([4.0]), b=zero, c=zero, d=np.array([2.0]))
    counts = np.arange(2.0, 30.0)[:, None]
    fits = fit_batch(counts, {"m": model}, free=("norm",))
    assert_allclose(fits.of("m").theta[:, 1], (counts[:, 0] - 2.0) / 4.0, atol=1e-4)
    assert_allclose(fits.best_q, 0.0, atol=1e-6)


def test_zero_counts_end_at_the_bound() -> None:
    fits = fit_batch(np.zeros((3, 8)), {"m": with_control()}, free=("norm", "background"))
    solution = fits.of("m")
    assert_array_equal(solution.theta[:, 1:], 0.0)
    assert_array_equal(solution.q, 0.0)
    assert set(solution.status.tolist()) <= {Status.AT_BOUND, Status.UNCONSTRAINED}


@pytest.mark.parametrize("name", list(problems()))
def test_zero_counts_everywhere_give_numbers(name: str) -> None:
    models, free, constrain, _, _ = problems()[name]
    n_steps = next(iter(models.values())).expected(np.ones(3)).shape[-1]
    fits = fit_batch(np.zeros((2, n_steps)), models, free=free, constrain=constrain)
    assert np.all(np.isfinite(fits.q))
    assert all(np.all(np.isfinite(solution.theta)) for solution in fits.solutions)


def test_a_parameter_that_nothing_sees_is_unconstrained() -> None:
    model = replace(interference(), d=np.zeros(6))
    counts = toys(model, [0.0, 1, 1], 20)
    fits = fit_batch(counts, {"m": model}, free=("norm", "background"))
    assert np.all(fits.status == Status.UNCONSTRAINED)
    assert_array_equal(fits.of("m").theta[:, 2], 1.0)
    assert_allclose(fits.of("m").q, fit_batch(counts, {"m": model}, free=("norm",)).of("m").q, atol=1e-6)


def test_two_parameters_that_nothing_tells_apart_are_unconstrained() -> None:
    zero = np.zeros(2)
    model = Polynomial(a=np.array([3.0, 6.0]), b=zero, c=zero, d=np.array([3.0, 6.0]))
    fits = fit_batch(toys(model, [0, 1, 1], 10), {"m": model}, free=("norm", "background"))
    assert np.all(fits.status == Status.UNCONSTRAINED)
    # a constraint on one of them tells them apart
    told = fit_batch(toys(model, [0, 1, 1], 10), {"m": model}, free=("norm",), constrain={"background": NORM})
    assert np.all(told.status <= Status.AT_BOUND)


def test_all_steps_above_every_threshold_say_so() -> None:
    dark = replace(orderings()["normal"], thresholds=-np.ones((6, 3)))
    counts = np.zeros((4, 6))
    fits = fit_batch(counts, {"dark": dark}, free=("mass", "norm"))
    assert np.all(fits.status == Status.UNCONSTRAINED)
    assert_array_equal(fits.q, 0.0)
    counts[2, 1] = 1.0
    fits = fit_batch(counts, {"dark": dark}, free=("mass", "norm"))
    assert fits.status[:, 0].tolist() == [3, 3, Status.IMPOSSIBLE, 3]
    assert fits.best_q[2] == np.inf
    assert fits.failed() == 1


def test_a_mass_beyond_the_wall_is_background() -> None:
    """With nothing but background in the counts the fit lies on the wall or beyond it."""
    model = replace(orderings()["normal"], d=5.0, strength=300.0)
    counts = np.full((1, 6), 5.0)
    fits = fit_batch(counts, {"m": model}, free=("mass",))
    wall = np.sqrt(model.thresholds.max())
    assert fits.of("m").theta[0, 0] >= wall
    assert_allclose(fits.best_q, 0.0, atol=1e-9)


def test_steps_without_live_time_change_nothing() -> None:
    models, free, constrain, truth, _ = problems()["coupling, norm, background"]
    model = models["m"]
    counts = toys(model, truth, 30)
    longer = replace(model, **{k: np.append(getattr(model, k), 0.0) for k in "abcd"})
    with_empty = np.concatenate([counts, np.zeros((30, 1))], axis=1)
    one = fit_batch(counts, {"m": model}, free=free, constrain=constrain)
    other = fit_batch(with_empty, {"m": longer}, free=free, constrain=constrain)
    assert_allclose(other.q, one.q, atol=1e-6)


def test_nothing_free_is_the_value_itself() -> None:
    model = interference()
    counts = toys(model, [0, 1, 1], 5)
    fits = fit_batch(counts, {"m": model})
    assert np.all(fits.status == Status.CONVERGED)
    assert fits.q.shape == (5, 1)


def test_no_toys_are_no_fits() -> None:
    for name in ("interference", "coupling, norm, background", "mass and free norm"):
        models, free, constrain, _, _ = problems()[name]
        n_steps = next(iter(models.values())).expected(np.ones(3)).shape[-1]
        assert fit_batch(np.zeros((0, n_steps)), models, free=free, constrain=constrain).q.shape[0] == 0


def test_bounded_coupling_stays_inside() -> None:
    model = replace(interference(), x=Parameter(name="x", value=0.2, lower=0.0, upper=0.6))
    counts = toys(interference(), [-1.5, 1, 1], 200)
    solution = fit_batch(counts, {"m": model}, free=("x",)).of("m")
    x = solution.theta[:, 0]
    assert np.all((x >= 0) & (x <= 0.6))
    assert_array_equal(solution.status == Status.AT_BOUND, (x == 0) | (x == 0.6))
    assert 0 < np.sum(x == 0) < 200


def test_constraint_of_a_kinked_parameter_counts() -> None:
    models = {"normal": orderings()["normal"]}
    counts = toys(models["normal"], [0.45, 1, 1], 20)
    tight = {"mass": Constraint(value=0.62, error=1e-4)}
    fits = fit_batch(counts, models, free=("norm",), constrain=tight)
    assert_allclose(fits.of("normal").theta[:, 0], 0.62, atol=1e-3)
    setup = Setup.of(models["normal"], free=("norm",), constrain={"mass": Constraint(value=0.6, error=0.1)})
    loose = fit_batch(counts, models, free=("norm",), constrain={"mass": Constraint(value=0.6, error=0.1)})
    reference = [reference_fit(setup, row, [])[0] for row in counts[:10]]
    assert np.max(loose.best_q[:10] - reference) < 1e-4


def test_randomised_constraints_are_those_of_the_toy() -> None:
    models, free, constrain, truth, _ = problems()["coupling, norm, background"]
    counts = toys(models["m"], truth, 6)
    values = np.linspace(0.8, 1.2, 6)
    together = fit_batch(counts, models, free=free, constrain=constrain, constraint_values={"norm": values})
    for toy, value in enumerate(values):
        own = {"norm": replace(NORM, value=float(value))}
        alone = fit_batch(counts[[toy]], models, free=free, constrain=own)
        assert_allclose(together.q[toy], alone.q[0], atol=1e-6)
    with pytest.raises(ConfigError, match="background: it is not constrained"):
        fit_batch(counts, models, free=free, constrain=constrain, constraint_values={"background": values})


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"shape \(6,\): toys need \(b, n\)"):
        fit_batch(np.zeros(6), {"m": interference()})
    with pytest.raises(ConfigError, match="expects 6 steps, the counts have 5"):
        fit_batch(np.zeros((2, 5)), {"m": interference()})
    with pytest.raises(ConfigError, match="none is given"):
        fit_batch(np.zeros((2, 5)), {})


def closure_pulls(constrained_to: float, n_toys: int = 4000) -> FloatArray:
    """Pulls (θ̂ − θ_true)/σ̂ of the norm with background from control steps and a constrained efficiency."""
    model = with_control()
    strong = replace(model, time=20.0, background=replace(model.background, constraint=None))
    rng = np.random.default_rng(11)
    counts = rng.poisson(strong.expected(np.array([0.0, 1.0, 1.0])), size=(n_toys, 8)).astype(float)
    known = Constraint(value=constrained_to, error=0.02)
    measured = rng.normal(constrained_to, 0.02, n_toys)
    fits = fit_batch(
        counts,
        {"m": strong},
        free=("norm",),
        constrain={"background": known},
        constraint_values={"background": measured},
    )
    theta = fits.of("m").theta
    mu = strong.expected(theta)
    jacobian = strong.gradient(theta)[..., 1:]
    fisher = np.einsum("bkp,bkq,bk->bpq", jacobian, jacobian, 1 / mu)
    fisher[:, 1, 1] += 1 / 0.02**2
    error = np.sqrt(np.linalg.inv(fisher)[:, 0, 0])
    return np.asarray((theta[:, 1] - 1.0) / error)


def is_standard_normal(pulls: FloatArray) -> bool:
    """Mean within 4 errors, width within 5 errors: false alarm 1e-4."""
    n = len(pulls)
    return bool(abs(np.mean(pulls)) < 4 / np.sqrt(n) and abs(np.std(pulls) - 1) < 5 / np.sqrt(2 * n))


def test_pulls_are_standard_normal() -> None:
    """False alarm 1e-4 with this seed's one draw."""
    assert is_standard_normal(closure_pulls(1.0))


def test_pulls_with_a_wrong_background_are_not() -> None:
    assert not is_standard_normal(closure_pulls(1.03))


def test_toys_on_both_sides_of_a_coupling_keep_their_own_counts() -> None:
    """Each toy has one start, left or right of the centre: as many starts as toys, but out of order."""
    model = replace(with_control(), b=0.3 * with_control().b, time=100.0)
    left, right = (toys(model, [x, 1, 1], 20, seed=3) for x in (-3.0, 3.0))
    counts = np.stack([left, right], axis=1).reshape(40, -1)
    fits = fit_batch(counts, {"m": model}, free=("x", "background")).of("m")
    assert_array_equal(fits.theta[:, 0] > 0, np.tile([False, True], 20))
    setup = Setup.of(model, free=("x", "background"))
    reference = [reference_fit(setup, row, [-3.0, 3.0])[0] for row in counts]
    assert_allclose(fits.q, reference, atol=1e-4)
