"""Fits of one observation: exact answers, intervals against brute force, honest warnings."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.stats import chi2

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer import minuit, result
from renp_sim.analysis.infer.contour import contour
from renp_sim.analysis.infer.fit import FitResult, Role, fit
from renp_sim.analysis.infer.minuit import minuit_of, polished
from renp_sim.analysis.infer.profile import profile
from renp_sim.analysis.intervals import Method
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.model import Constraint, Shape
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError, FitError
from tests.analysis.toy_models import (
    COUPLING,
    Polynomial,
    interference,
    observation,
    orderings,
    squared,
    with_control,
)

COUNTS = np.array([31.0, 29.0, 21.0, 20.0, 11.0, 5.0, 22.0, 17.0])


def single(a: float, d: float = 0.0) -> Polynomial:
    zero = np.zeros(1)
    return Polynomial(a=np.array([a]), b=zero, c=zero, d=np.array([d]))


def test_one_step_norm_is_counts_over_expectation() -> None:
    result = fit(observation([12.0]), {"m": single(4.0)}, free=("norm",))
    norm = result.best.parameter("norm")
    assert_allclose(norm.value, 3.0, rtol=1e-5)
    assert norm.error is not None
    assert_allclose(norm.error, np.sqrt(12) / 4, rtol=1e-3)
    assert_allclose(result.best.minus_two_ln_L, 0.0, atol=1e-8)


def test_a_polished_fit_is_at_its_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """From far off to a thousandth of an error; MINUIT by itself stops a hundredth away."""
    setup = Setup.of(single(4.0), free=("norm",))

    def away_in_errors() -> float:
        found = [polished(minuit_of(setup, np.array([12.0]), np.array([at])), setup)[0] for at in (0.2, 5.0)]
        return float(np.max(np.abs(np.array(found) - 3.0)) / (np.sqrt(12) / 4))

    assert away_in_errors() < 1e-3
    monkeypatch.setattr(minuit, "TOLERANCE", 0.1)
    assert away_in_errors() > 1e-3


def test_minos_interval_is_where_the_likelihood_is_one_above() -> None:
    result = fit(observation([12.0]), {"m": single(4.0)}, free=("norm",))
    (region,) = result.best.parameter("norm").intervals.regions
    assert result.best.parameter("norm").intervals.method is Method.MINOS

    def excess(norm: float) -> float:
        return float(poisson_deviance(12.0, 4 * norm)) - 1

    assert_allclose(region.lower, brentq(excess, 1, 3), rtol=1e-4)
    assert_allclose(region.upper, brentq(excess, 3, 6), rtol=1e-4)


@pytest.mark.parametrize("level", [0.6826894921, 0.95])
def test_minos_and_profile_agree(level: float) -> None:
    """A second model with an invisible square takes the way of the profile."""
    model = with_control()
    linear = replace(model, b=np.zeros(8), c=np.zeros(8))
    one = fit(observation(COUNTS), {"m": linear}, free=("norm", "background"), level=level).best
    other = fit(observation(COUNTS), {"m": replace(linear, c=np.full(8, 1e-30))}, free=("norm", "background"),
                constrain={"x": Constraint(value=0.0, error=1e-3)}, level=level).best  # fmt: skip
    for name in ("norm", "background"):
        a, b = one.parameter(name).intervals, other.parameter(name).intervals
        assert (a.method, b.method) == (Method.MINOS, Method.PROFILE)
        assert_allclose(
            [a.regions[0].lower, a.regions[0].upper], [b.regions[0].lower, b.regions[0].upper], rtol=2e-4
        )


def test_correlation_is_that_of_the_fisher_matrix_for_asimov_counts() -> None:
    model = with_control()
    truth = np.array([0.0, 1.0, 1.0])
    result = fit(observation(model.expected(truth)), {"m": model}, free=("norm", "background")).best
    jacobian = model.gradient(truth)[:, 1:]
    covariance = np.linalg.inv(jacobian.T @ (jacobian / model.expected(truth)[:, None]))
    errors = np.sqrt(np.diag(covariance))
    assert result.correlation_names == ("norm", "background")
    assert_allclose(result.correlation, covariance / np.outer(errors, errors), atol=1e-3)
    assert_allclose([p.error for p in result.floating], errors, rtol=1e-3)
    assert_allclose(result.minus_two_ln_L, 0.0, atol=1e-8)
    assert_allclose(result.p_value, 1.0)


def brute_regions(delta: FloatArray, x: FloatArray, level: float) -> list[tuple[float, float]]:
    inside = np.concatenate([[False], delta <= level, [False]])
    starts, stops = np.flatnonzero(inside[1:] & ~inside[:-1]), np.flatnonzero(inside[:-1] & ~inside[1:])
    return [(x[i], x[j - 1]) for i, j in zip(starts, stops, strict=True)]


@pytest.mark.parametrize(("truth", "n_regions"), [(2.0, 2), (0.3, 1)])
def test_interference_gives_as_many_regions_as_there_are(truth: float, n_regions: int) -> None:
    model = replace(interference(), time=10.0)
    counts = model.expected(np.array([truth, 1.0, 1.0])).round()
    intervals = fit(observation(counts), {"m": model}, free=("x",)).best.parameter("x").intervals
    x = np.linspace(-6, 5, 220_001)
    mu = model.expected(np.stack([x, np.ones_like(x), np.ones_like(x)], axis=1))
    q = poisson_deviance(counts, mu).sum(axis=1)
    brute = brute_regions(q - q.min(), x, 1.0)
    assert_allclose([(r.lower, r.upper) for r in intervals.regions], brute, atol=1e-4)
    if n_regions == 2:
        assert fit(observation(counts), {"m": model}, free=("x",), level=0.9999).best.parameter("x").intervals


def test_a_squared_coupling_has_both_signs() -> None:
    model = replace(squared(), time=10.0)
    counts = model.expected(np.array([1.5, 1.0, 1.0])).round()
    regions = fit(observation(counts), {"m": model}, free=("x",)).best.parameter("x").intervals.regions
    assert len(regions) == 2
    assert_allclose([regions[0].lower, regions[0].upper], [-regions[1].upper, -regions[1].lower], atol=1e-4)


def test_mass_intervals_are_those_of_brute_force() -> None:
    model = replace(orderings()["normal"], d=1.0)
    counts = np.array([1.0, 2.0, 9.0, 13.0, 22.0, 35.0])
    result = fit(observation(counts), {"m": model}, free=("mass",), level=0.95).best
    x = np.linspace(0, 2, 400_001)
    mu = model.expected(np.stack([x, np.ones_like(x), np.ones_like(x)], axis=1))
    q = poisson_deviance(counts, mu).sum(axis=1)
    regions = result.parameter("mass").intervals.regions
    brute = brute_regions(q - q.min(), x, result.parameter("mass").intervals.delta_q)
    assert_allclose([(r.lower, r.upper) for r in regions], brute, atol=2e-5)
    assert_allclose(result.minus_two_ln_L, q.min(), atol=1e-5)


@pytest.mark.parametrize(
    "counts", [[1, 1, 0, 2, 6, 12], [0, 1, 6, 15, 17, 19], [1, 8, 11, 14, 16, 23], [3, 9, 13, 18, 22, 31]]
)
def test_thresholds_leave_disconnected_intervals(counts: list[int]) -> None:
    model = replace(orderings()["normal"], d=1.0)
    intervals = (
        fit(observation(np.array(counts)), {"m": model}, free=("mass",)).best.parameter("mass").intervals
    )
    x = np.linspace(0, 2, 400_001)
    mu = model.expected(np.stack([x, np.ones_like(x), np.ones_like(x)], axis=1))
    q = poisson_deviance(np.array(counts), mu).sum(axis=1)
    brute = brute_regions(q - q.min(), x, 1.0)
    assert len(brute) == 2
    assert_allclose([(r.lower, r.upper) for r in intervals.regions], brute, atol=5e-5)


def test_a_limit_from_the_wall_is_open() -> None:
    """Background only: any mass beyond the wall is allowed, and the upper end is no crossing."""
    model = replace(orderings()["normal"], d=5.0, strength=300.0)
    result = fit(observation(np.full(6, 5.0)), {"m": model}, free=("mass",)).best
    (region,) = result.parameter("mass").intervals.regions
    assert region.upper == 2.0
    assert region.upper_open
    assert not region.lower_open
    assert result.parameter("mass").intervals.level_at_bound is not None


def test_a_mass_of_zero_is_at_its_bound() -> None:
    model = replace(orderings()["normal"], strength=300.0, d=1.0)
    counts = model.expected(np.array([0.0, 1.0, 1.0])) * 1.05
    result = fit(observation(counts), {"m": model}, free=("mass",)).best
    mass = result.parameter("mass")
    assert mass.value == 0.0
    assert mass.at_bound
    assert mass.error is None
    assert mass.intervals.regions[0].lower_open
    assert result.status is Status.AT_BOUND


def test_a_best_mass_on_a_kink_has_no_parabola() -> None:
    model = replace(orderings()["normal"], strength=300.0, d=1.0)
    kink = np.sqrt(0.5)
    counts = model.expected(np.array([kink, 1.0, 1.0]))
    result = fit(observation(counts), {"m": model}, free=("mass",)).best
    assert result.status is Status.AT_KINK
    assert result.parameter("mass").value == pytest.approx(kink, abs=1e-12)
    assert result.parameter("mass").error is None
    assert any("kink" in warning for warning in result.warnings)


def test_constraint_pulls_are_those_of_the_prior() -> None:
    model = with_control()
    known = {"background": Constraint(value=0.5, error=0.1)}
    result = fit(observation(COUNTS), {"m": model}, free=("norm",), constrain=known).best
    background = result.parameter("background")
    assert background.role is Role.CONSTRAINED
    assert background.prior_pull is not None
    assert_allclose(background.prior_pull, (background.value - 0.5) / 0.1)
    assert background.prior_pull > 1  # the control steps say 1
    assert result.parameter("norm").prior_pull is None
    assert result.ndf == 8 + 1 - 2


def test_log_normal_constraint_alone_is_its_own_answer() -> None:
    """A step that sees nothing of it leaves value and error of the constraint."""
    known = {"background": Constraint(value=2.0, error=0.3, shape=Shape.LOG_NORMAL)}
    result = fit(observation([12.0]), {"m": single(4.0)}, free=("norm",), constrain=known).best
    background = result.parameter("background")
    assert_allclose(background.value, 2.0, rtol=1e-5)
    (region,) = background.intervals.regions
    assert_allclose([region.lower, region.upper], [2 / 1.3, 2 * 1.3], rtol=1e-4)


def test_models_are_compared() -> None:
    models = {label: replace(model, strength=1000.0) for label, model in orderings().items()}
    counts = models["inverted"].expected(np.array([0.3, 1.0, 1.0]))
    result = fit(observation(counts), models, free=("mass", "norm"))
    assert result.best.label == "inverted"
    assert result.delta_q["inverted"] == 0
    assert result.delta_q["normal"] > 1
    assert result.fit("normal").parameter("mass").intervals is not None
    with pytest.raises(KeyError):
        result.fit("other")
    with pytest.raises(KeyError):
        result.best.parameter("other")
    assert result.best.value_of("norm", 7.0) == result.best.parameter("norm").value
    assert result.best.value_of("other", 7.0) == 7.0


def test_models_that_differ_by_rounding_are_equally_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those that differ by a millionth; the twins tell too much, or too little."""

    def good(change: float) -> tuple[str, ...]:
        models = {"first": single(4.0 * (1 + change)), "second": single(4.0)}
        return fit(observation([4.0]), models).equally_good

    assert good(1e-5) == ("first", "second")
    assert good(1e-3) == ("second",)
    monkeypatch.setattr(result, "TIE", 0.0)
    assert good(1e-5) == ("second",)
    monkeypatch.setattr(result, "TIE", 1e-5)
    assert good(1e-3) == ("first", "second")


def test_few_counts_are_warned_of() -> None:
    result = fit(observation([4.0]), {"m": single(4.0)}, free=("norm",))
    assert any("1 of 1 steps expect fewer than 10 counts (down to 4)" in w for w in result.warnings)
    many = fit(observation([40.0]), {"m": single(4.0)}, free=("norm",))
    assert many.warnings == ()


def is_finite_json(result: FitResult) -> bool:
    """Whether it can be written and read: json refuses NaN and infinities."""
    text = json.dumps(result.as_dict(), allow_nan=False)
    return json.loads(text)["best"] == result.best.label


@pytest.mark.parametrize("counts", [np.zeros(6), np.array([0.0, 0, 0, 0, 0, 1])])
def test_hardly_any_counts_give_a_result_that_says_so(counts: FloatArray) -> None:
    result = fit(observation(counts), orderings(), free=("mass", "norm"))
    assert is_finite_json(result)
    assert result.warnings
    for model in result.fits:
        for parameter in model.floating:
            assert np.isfinite(parameter.value)
            assert parameter.intervals is None or parameter.intervals.regions


def test_zero_counts_limit_the_norm_in_closed_form() -> None:
    """Δq = 2·4·norm, so the 68 % end is at 1/8."""
    result = fit(observation([0.0]), {"m": single(4.0)}, free=("norm",)).best
    norm = result.parameter("norm")
    assert norm.value == 0.0
    assert norm.at_bound
    (region,) = norm.intervals.regions
    assert region.lower_open
    assert_allclose(region.upper, 1 / 8, rtol=1e-4)
    assert norm.intervals.level_at_bound is not None


def test_an_unseen_parameter_is_said_to_be_unseen() -> None:
    result = fit(observation([12.0]), {"m": single(4.0)}, free=("norm", "background")).best
    background = result.parameter("background")
    assert not background.seen
    assert background.error is None
    (region,) = background.intervals.regions
    assert (region.lower, region.upper, region.lower_open, region.upper_open) == (0.0, np.inf, True, True)
    assert result.status is Status.UNCONSTRAINED
    assert any(w.startswith("background: the data do not see it") for w in result.warnings)
    assert_allclose(result.parameter("norm").value, 3.0, rtol=1e-5)
    assert result.ndf == 0
    assert result.p_value is None


def test_all_steps_above_every_threshold_say_so() -> None:
    dark = replace(orderings()["normal"], thresholds=-np.ones((6, 3)))
    result = fit(observation(np.zeros(6)), {"dark": dark}, free=("mass", "norm"))
    assert is_finite_json(result)
    assert "no step expects a count" in result.warnings[0]
    with pytest.raises(
        FitError, match=r"no model allows the counts: steps 2 have counts .* give a background"
    ) as e:
        fit(observation([0.0, 0, 1, 0, 0, 0]), {"dark": dark}, free=("mass",))
    assert isinstance(e.value.last, FitResult)


def test_nothing_free_is_a_goodness_of_fit() -> None:
    model = single(4.0)
    result = fit(observation([6.0]), {"m": model}).best
    assert_allclose(result.minus_two_ln_L, poisson_deviance(6.0, 4.0))
    assert result.ndf == 1
    assert result.parameter("norm").role is Role.FIXED
    assert result.correlation.shape == (0, 0)


def test_the_result_can_be_written_down() -> None:
    result = fit(observation(COUNTS), {"m": with_control()}, free=("x", "norm"), fix={"background": 1.0})
    assert is_finite_json(result)
    table = result.as_dict()["fits"]["m"]["parameters"]
    assert table["x"]["intervals"]["method"] == "profile"
    assert table["x"]["intervals"]["sided"] == "two-sided"
    assert table["background"]["role"] == "fixed"


def test_mistakes_are_named() -> None:
    with pytest.raises(ConfigError, match="shape"):
        fit(observation(np.zeros((2, 6))), {"m": interference()})
    with pytest.raises(ConfigError, match="expects 6 steps, the observation has 5"):
        fit(observation(np.zeros(5)), {"m": interference()})
    with pytest.raises(ConfigError, match="none is given"):
        fit(observation(np.zeros(5)), {})
    with pytest.raises(ValueError, match="level = 2"):
        fit(observation(np.zeros(6)), {"m": interference()}, level=2.0)


def test_contour_is_where_the_profile_reaches_two_degrees_of_freedom() -> None:
    model = with_control()
    options = {"free": ("norm", "background"), "constrain": {"x": Constraint(value=0.3, error=0.2)}}
    points = contour(observation(COUNTS), model, ("norm", "background"), **options, level=0.9, size=12)
    assert points.shape == (13, 2)
    assert_allclose(points[0], points[-1])
    for norm, background in points[::3]:
        on_it = profile(
            observation(COUNTS),
            model,
            {"norm": [norm], "background": [background]},
            constrain=options["constrain"],
        )
        assert_allclose(on_it.delta_q, chi2.ppf(0.9, 2), rtol=2e-2)


def test_contour_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ConfigError, match="contour of x: it does not float"):
        contour(observation(COUNTS), with_control(), ("x", "norm"), free=("norm",))
    with pytest.raises(ConfigError, match="contour with mass floating: it has kinks"):
        contour(observation(np.zeros(6)), orderings()["normal"], ("mass", "norm"), free=("mass", "norm"))


def test_what_one_model_has_floats_in_it_alone() -> None:
    """As Majorana phases; what no model has is refused."""
    with_coupling, without = interference(), replace(interference(), x=replace(COUPLING, name="other"))
    counts = with_coupling.expected(np.array([1.5, 1.0, 1.0]))
    models = {"with": with_coupling, "without": without}
    found = fit(observation(counts), models, free=("x", "norm"))
    assert [p.name for p in found.fits[0].floating] == ["x", "norm"]
    assert [p.name for p in found.fits[1].floating] == ["norm"]
    with pytest.raises(ConfigError, match="no such parameter"):
        fit(observation(counts), models, free=("y",))
