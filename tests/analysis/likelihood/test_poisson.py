"""−2 ln L against its definition, closed forms and finite differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.constraint import ConstraintTerms, prior_pull
from renp_sim.analysis.likelihood.mean import Mean, ModelMean
from renp_sim.analysis.likelihood.piece import MeanInPiece, Piece, TermsInPiece
from renp_sim.analysis.likelihood.poisson import Likelihood, poisson_deviance, poisson_q, saturated_q
from renp_sim.analysis.likelihood.polynomial_mean import PolynomialMean, polynomial_mean
from renp_sim.analysis.model import Constraint, Shape
from renp_sim.analysis.search.problem import Problem
from renp_sim.analysis.search.search import search
from tests.analysis.toy_models import Onsets, Polynomial, interference, orderings, profile_fits, with_control

GAUSS = Constraint(value=1.1, error=0.2)
LOG = Constraint(value=0.9, error=0.15, shape=Shape.LOG_NORMAL)


def test_deviance_is_exact_at_its_corners() -> None:
    n = np.array([0.0, 0.0, 3.0, 3.0, 2.0])
    mu = np.array([0.0, 1.5, 3.0, 0.0, -1.0])
    assert poisson_deviance(n, mu).tolist() == [0.0, 3.0, 0.0, np.inf, np.inf]
    assert poisson_deviance(0.0, -1.0) == np.inf
    assert poisson_deviance(5.0, 1e-320) == np.inf  # below what can be divided by


def test_deviance_is_the_likelihood_ratio_to_the_saturated_model() -> None:
    n, mu = np.array([4.0, 17.0]), np.array([6.2, 14.1])

    def minus_two_log(expected: np.ndarray) -> np.ndarray:
        return -2 * (n * np.log(expected) - expected)

    assert_allclose(poisson_deviance(n, mu), minus_two_log(mu) - minus_two_log(n), rtol=1e-12)


def test_sum_over_steps_has_the_same_corners() -> None:
    counts = np.array([[0.0, 0.0, 3.0, 1.0], [2.0, 0.0, 4.0, 1.0]])
    mu = np.array([[0.0, 0.0, 2.0, 1.0], [2.0, 1.0, 5.0, 0.0]])
    expected = poisson_deviance(counts, mu).sum(axis=0)
    assert_allclose(poisson_q(counts, mu, saturated_q(counts)), expected)
    # the short way, taken where no μ vanishes, agrees
    assert_allclose(
        poisson_q(counts, mu + 0.5, saturated_q(counts)), poisson_deviance(counts, mu + 0.5).sum(axis=0)
    )
    assert poisson_q(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


def test_prior_pull_is_in_standard_deviations() -> None:
    assert_allclose(prior_pull(GAUSS, [0.9, 1.1, 1.3]), [-1, 0, 1], atol=1e-12)
    assert_allclose(prior_pull(LOG, [0.9 / 1.15, 0.9, 0.9 * 1.15]), [-1, 0, 1], atol=1e-12)
    assert prior_pull(LOG, 0.0) == -np.inf


def test_constraint_terms_are_squared_pulls() -> None:
    terms = ConstraintTerms.of((None, GAUSS, LOG))
    x = np.array([[7.0, 7.0], [1.5, 1.1], [1.0, 0.9]])
    assert_allclose(terms.value(x), prior_pull(GAUSS, x[1]) ** 2 + prior_pull(LOG, x[2]) ** 2)
    assert terms.value(np.array([[0.0], [1.0], [-0.1]])) == np.inf


def test_constraint_terms_of_toys_take_their_own_values() -> None:
    values = np.array([[0.0, 1.0, 2.0], [0.0, 3.0, 4.0]])
    terms = ConstraintTerms.of((None, GAUSS, LOG), values)
    x = values.T + 0.1
    for toy, row in enumerate(values):
        own = (
            Constraint(value=row[1], error=0.2),
            Constraint(value=row[2], error=0.15, shape=Shape.LOG_NORMAL),
        )
        alone = ConstraintTerms.of((None, *own)).value(x[:, [toy]])
        assert_allclose(terms.value(x)[toy], alone[0])
        assert_allclose(terms.take(np.array([toy])).value(x[:, [toy]]), alone)


@pytest.mark.parametrize(
    ("value", "error", "shape"), [(1, 0, "gaussian"), (1, -1, "gaussian"), (0, 1, "log_normal")]
)
def test_impossible_constraints_are_refused(value: float, error: float, shape: str) -> None:
    with pytest.raises(ValueError, match="must be > 0"):
        Constraint(value=value, error=error, shape=Shape(shape))


def likelihoods() -> dict[str, tuple[Likelihood, np.ndarray]]:
    """Every kind of mean, with points at which all its derivatives exist."""
    rng = np.random.default_rng(5)
    control = with_control()
    kinked = orderings()["normal"]
    out = {}
    for name, model, x in (
        ("polynomial", control, np.array([[0.3, -1.2, 2.0], [0.8, 1.2, 0.3], [1.1, 0.7, 2.0]])),
        ("kinked", kinked, np.array([[0.3, 0.62, 0.95], [0.8, 1.2, 1.1], [1.1, 0.7, 2.0]])),
    ):
        setup = Setup.of(
            model, free=(model.parameters[0].name,), constrain={"norm": LOG, "background": GAUSS}
        )
        counts = rng.poisson(model.expected(x.T)).astype(float).T
        terms = ConstraintTerms.of(setup.constraints)
        means: dict[str, Mean] = {
            "model": ModelMean(
                model=model,
                template=setup.theta,
                free=setup.free,
                bent=(0,),
                step=np.full(3, 1e-6),
                linear=False,
            )
        }
        if (polynomial := polynomial_mean(model, setup.names, setup.theta)) is not None:
            means["polynomial"] = polynomial
        for kind, mean in means.items():
            out[f"{name} as {kind}"] = Likelihood(counts=counts, mean=mean, terms=terms), x
        if isinstance(model, Onsets):
            piece = Piece(position=0, low=np.array([0.25, 0.6, 0.9]), high=np.array([0.5, 0.7, 1.0]))
            u = x.copy()
            u[0] = piece.inverse(x[0])
            on_mass = ConstraintTerms.of((GAUSS, LOG, None))
            out["in_piece"] = (
                Likelihood(
                    counts=counts,
                    mean=MeanInPiece(inner=means["model"], piece=piece),  # type: ignore[arg-type]
                    terms=TermsInPiece(inner=on_mass, piece=piece),
                ),
                u,
            )
    return out


CASES = ("polynomial as model", "polynomial as polynomial", "kinked as model", "in_piece")


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_that_of_the_value(case: str) -> None:
    likelihood, x = likelihoods()[case]
    gradient = likelihood.derivatives(x)[0]
    for p in range(len(x)):
        h = np.zeros_like(x)
        h[p] = 1e-5
        by_differences = (likelihood.value(x + h) - likelihood.value(x - h)) / 2e-5
        # rounding of q ~ 1e-14 · 10² / 1e-5, truncation h² q'''
        assert_allclose(gradient[p], by_differences, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("case", ["polynomial as polynomial", "in_piece"])
def test_hessian_is_that_of_the_gradient(case: str) -> None:
    likelihood, x = likelihoods()[case]
    hessian = likelihood.derivatives(x)[1]
    for p in range(len(x)):
        h = np.zeros_like(x)
        h[p] = 1e-5
        above, below = (likelihood.derivatives(x + side * h)[0] for side in (1, -1))
        scale = np.abs(hessian).max()
        assert_allclose(hessian[p], (above - below) / 2e-5, rtol=2e-4, atol=1e-5 * scale)


def hessian_of_a_mass() -> tuple[float, float]:
    """Return the second derivative of −2 ln L in a mass, and the same by differences of the slope."""
    setup = Setup.of(orderings()["normal"], free=("mass",)).moved(np.array([0.3, 1.0, 1.0]))
    problem = Problem.of(setup, setup.model.expected(np.array([[0.35, 1.0, 1.0]])))
    likelihood, x, h = problem.likelihood(), np.array([[0.3]]), 1e-6
    above, below = (likelihood.derivatives(x + by)[0].item() for by in (h, -h))
    return likelihood.derivatives(x)[1].item(), (above - below) / (2 * h)


def test_hessian_of_a_problem_is_that_of_its_slope(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin differences gradients over a tenth of a typical step."""
    own, right = hessian_of_a_mass()
    assert own == pytest.approx(right, rel=1e-3)
    monkeypatch.setattr("renp_sim.analysis.search.problem.CURVATURE_STEP", 0.1)
    assert hessian_of_a_mass()[0] != pytest.approx(right, rel=1e-3)


def test_hessian_of_expected_counts_is_the_fisher_matrix() -> None:
    likelihood, x = likelihoods()["polynomial as polynomial"]
    asimov = Likelihood(counts=likelihood.mean.value(x), mean=likelihood.mean, terms=likelihood.terms)
    assert_allclose(asimov.derivatives(x)[1], asimov.fisher(x), rtol=1e-12)


def test_polynomial_and_model_say_the_same() -> None:
    every = likelihoods()
    polynomial, x = every["polynomial as polynomial"]
    model, _ = every["polynomial as model"]
    assert_allclose(polynomial.value(x), model.value(x), rtol=1e-12)
    assert_allclose(polynomial.derivatives(x)[0], model.derivatives(x)[0], rtol=1e-9, atol=1e-9)
    assert_allclose(polynomial.fisher(x), model.fisher(x), rtol=1e-9)


@pytest.mark.parametrize("most_monomials", [0, 8])
def test_polynomial_of_several_couplings(most_monomials: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By products of polynomials, or of Jacobians where there are too many monomials: the same sums."""
    monkeypatch.setattr("renp_sim.analysis.likelihood.polynomial_mean.MOST_MONOMIALS", most_monomials)
    rng = np.random.default_rng(3)
    n_steps, unit = 4, np.eye(3, dtype=int)
    exponents = [np.zeros(3, dtype=int), *unit, *(unit[p] + unit[q] for p in range(3) for q in range(p + 1))]
    terms = {tuple(e.tolist()): rng.normal(size=n_steps) for e in exponents}
    mean = PolynomialMean.of(terms)
    x, slope, weight = rng.normal(size=(3, 6)), rng.normal(size=(n_steps, 6)), rng.normal(size=(n_steps, 6))

    def mu(x):  # type: ignore[no-untyped-def]
        return sum(c[:, None] * np.prod(x ** np.array(e)[:, None], axis=0) for e, c in terms.items())

    assert_allclose(mean.value(x), mu(x))
    assert mean.bent == (0, 1, 2)
    h = 1e-3  # central differences of a quadratic are exact but for rounding
    steps = [h * unit[p][:, None] for p in range(3)]
    jacobian = np.stack([(mu(x + s) - mu(x - s)) / (2 * h) for s in steps])
    bend = np.array([[(mu(x + s + t) - mu(x + s) - mu(x + t) + mu(x)) / h**2 for t in steps] for s in steps])
    gram = np.einsum("kb,pkb,qkb->pqb", weight, jacobian, jacobian)
    gradient, hessian = mean.derivatives(x, slope, weight)
    assert_allclose(gradient, np.einsum("kb,pkb->pb", slope, jacobian), atol=1e-9)
    assert_allclose(hessian, gram + np.einsum("kb,pqkb->pqb", slope, bend), atol=1e-7)
    assert_allclose(mean.gram(x, weight), gram, atol=1e-9)


def test_toys_are_independent() -> None:
    likelihood, x = likelihoods()["polynomial as polynomial"]
    for toy in range(x.shape[1]):
        alone = likelihood.take(np.array([toy]))
        assert_allclose(alone.value(x[:, [toy]]), likelihood.value(x)[toy])


def test_product_of_norm_and_coupling_is_seen_as_a_polynomial() -> None:
    mean = polynomial_mean(interference(), ("x", "norm", "background"), np.array([0.0, 1.0, 1.0]))
    assert mean is not None
    assert mean.bent == (0,)
    assert polynomial_mean(orderings()["normal"], ("mass", "norm"), np.array([0.5, 1.0, 1.0])) is None


@pytest.mark.parametrize("power", [2.0, 1.0001])
def test_norm_that_is_not_linear_is_not_taken_for_linear(power: float) -> None:
    class Squashed(Polynomial):
        """A model that claims to be quadratic in each parameter alone, but whose slope in x bends in N."""

        def quadratic(self, parameters, theta):  # type: ignore[no-untyped-def]
            moved = theta.copy()
            moved[1] = theta[1] ** power if parameters == ("x",) else theta[1]
            return super().quadratic(parameters, moved)

    model = interference()
    bent = Squashed(a=model.a, b=model.b, c=model.c, d=model.d)
    assert polynomial_mean(bent, ("x", "norm"), np.array([0.0, 1.0, 1.0])) is None


def on_off(n_on: float, n_off: float, alpha: float) -> tuple[Polynomial, np.ndarray]:
    """μ_on = norm + α·background, μ_off = background."""
    zero = np.zeros(2)
    model = Polynomial(a=np.array([1.0, 0.0]), b=zero, c=zero, d=np.array([alpha, 1.0]))
    return model, np.array([n_on, n_off])


def cash_w(n_on: float, n_off: float, alpha: float, s: float) -> float:
    """The W statistic: the background profiled in closed form (XSPEC manual, appendix B)."""
    total, ratio = n_on + n_off, alpha + 1
    root = np.sqrt((total - ratio * s / alpha) ** 2 + 4 * ratio * n_off * s / alpha)
    b = (total - ratio * s / alpha + root) / (2 * ratio)
    return float(poisson_deviance([n_on, n_off], [s + alpha * b, b]).sum())


@pytest.mark.parametrize(("n_on", "n_off", "alpha"), [(20.0, 31.0, 0.4), (3.0, 8.0, 0.5), (0.0, 5.0, 0.2)])
def test_joint_likelihood_profiles_to_the_w_statistic(n_on: float, n_off: float, alpha: float) -> None:
    model, counts = on_off(n_on, n_off, alpha)
    setup = Setup.of(model, free=("norm", "background"))
    s = np.linspace(0.0, 2 * n_on + 3, 7)
    found = profile_fits(setup, counts, ("norm",), s[:, None])
    assert_allclose(found.q, [cash_w(n_on, n_off, alpha, value) for value in s], atol=1e-6)


def test_difference_to_no_signal_is_the_significance_of_li_and_ma() -> None:
    """Eq. (17) of Li & Ma, ApJ 272 (1983) 317."""
    n_on, n_off, alpha = 25.0, 30.0, 0.4
    model, counts = on_off(n_on, n_off, alpha)
    setup = Setup.of(model, free=("norm", "background"))
    total = n_on + n_off
    squared = 2 * (
        n_on * np.log((1 + alpha) / alpha * n_on / total) + n_off * np.log((1 + alpha) * n_off / total)
    )
    none = profile_fits(setup, counts, ("norm",), np.zeros((1, 1))).q[0]
    assert_allclose(none - search(setup, counts[None]).q[0], squared, atol=1e-6)
