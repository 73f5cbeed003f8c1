"""Schedules of candidates against a linear programme of all points of the alternative."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, linprog, minimize_scalar

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.model import Constraint
from renp_sim.analysis.plan import optimum as module
from renp_sim.analysis.plan import separation as separations
from renp_sim.analysis.plan import thinning
from renp_sim.analysis.plan.optimum import Points, length_needed, optimum
from renp_sim.analysis.plan.separation import Separation
from renp_sim.analysis.plan.thinning import thinned
from renp_sim.arrays import FloatArray, IndexArray
from tests.analysis.toy_models import Polynomial

WANTED = 9.0
K = 30
PRICE = np.ones(K)
TIME = np.linspace(0.5, 1.5, K)
KNOWN: dict[str, Constraint | None] = {"norm": Constraint(value=1.0, error=0.1)}


def separation(bent: float, constrain: dict[str, Constraint | None] | None = None) -> Separation:
    """A coupling of 1 or of 0 with a normalisation that floats; its shape is `bent` from that of the rest."""
    return of_shape(0.3 + bent * np.cos(7 * np.linspace(0, 1, K)), constrain)


def of_shape(shape: FloatArray, constrain: dict[str, Constraint | None] | None = None) -> Separation:
    """A coupling that adds so much to each candidate, relative, shape (K,)."""
    n, zero = len(shape), np.zeros(len(shape))
    signal = np.linspace(20, 30, n)
    model = Polynomial(a=signal, b=signal * shape, c=zero, d=zero + 3)
    setup = Setup.of(model, free=() if constrain else ("norm",), constrain=constrain or {}, fix={"x": 0.0})

    def part(rows: IndexArray, factor: FloatArray) -> Polynomial:
        of_rows = {key: getattr(model, key)[rows] for key in "abcd"}
        return replace(model, time=factor, **of_rows)

    return Separation(
        counts=model.expected(np.array([1.0, 1.0, 1.0])),
        setup=setup,
        candidate=np.arange(n),
        n_candidates=n,
        part=part,
        wanted=WANTED,
        truth=0,
        label="none",
    )


def at_norms(one: Separation, norms: FloatArray) -> FloatArray:
    """Return points of the alternative."""
    theta = np.tile(one.setup.theta, (len(norms), 1))
    theta[:, one.setup.index("norm")] = norms
    return theta


def first(*each: Separation) -> Points:
    return tuple((which, at_norms(one, np.ones(1))[0]) for which, one in enumerate(each))


def least_q(one: Separation, length: float) -> float:
    """Return the least Δ(−2 ln L) over the normalisation, in so many times the times, by scipy."""

    def q(norm: float) -> float:
        theta = at_norms(one, np.array([norm]))
        return float((one.rates(theta) @ (length * TIME) + one.terms(theta))[0])

    return float(minimize_scalar(q, bounds=(0.5, 3.0), method="bounded", options={"xatol": 1e-10}).fun)


def test_cost_and_bound_are_those_of_all_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """A programme of 4001 normalisations has no rounds; the twin ends when the bounds are far apart."""
    one = separation(0.3)
    rate = one.rates(at_norms(one, np.linspace(0.5, 2.5, 4001)))
    wanted = linprog(PRICE, A_ub=-rate, b_ub=-np.full(len(rate), WANTED), method="highs").fun

    gap = separations.GAP

    def is_like_all() -> bool:
        found = optimum([one], PRICE, first(one))
        assert found.bound < wanted * (1 + 1e-6) < found.cost * (1 + 2e-6)
        return found.bound > (1 - gap) * wanted and found.cost < (1 + gap) * wanted

    assert is_like_all()
    for where in (module, separations):
        monkeypatch.setattr(where, "GAP", 0.1)
    assert not is_like_all()


def test_a_fit_follows_a_point_to_new_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """From far off to the least of all; the twin stops on the way."""
    one = separation(0.3)
    starts = [at_norms(one, np.array([norm])) for norm in (0.3, 1.0, 3.0, 10.0)]
    wanted = least_q(one, 1.0)
    assert [one.near(TIME, each).q for each in starts] == pytest.approx([wanted] * 4, rel=1e-9)
    monkeypatch.setattr(separations, "FOLLOWED", 6)
    assert one.near(TIME, starts[-1]).q > 1.1 * wanted


def test_fits_that_meet_are_one_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin tells them apart by their last digits."""
    one = separation(0.3)
    starts = at_norms(one, np.array([0.8, 1.0, 3.0]))
    assert len(one.near(TIME, starts).theta) == 1
    monkeypatch.setattr(separations, "SAME", 0.0)
    assert len(one.near(TIME, starts).theta) > 1


def test_what_only_rounding_separates_has_no_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A normalisation makes up for all of the coupling; the twin would measure for 1e16 s."""
    one = separation(0.0)
    assert optimum([one], PRICE, first(one)).cost == np.inf
    monkeypatch.setattr(module, "HOPELESS", 1e300)
    assert np.isfinite(optimum([one], PRICE, first(one)).cost)


@pytest.mark.parametrize("scale", [0.01, 1.0, 10.0])
def test_a_length_is_what_makes_the_least_what_is_wanted(
    scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another experiment knows the normalisation Δq is not quite proportional to the time."""
    one = separation(0.3, KNOWN)
    wanted = float(brentq(lambda length: least_q(one, length * scale) - WANTED, 1e-4, 1e4, xtol=1e-12))
    assert length_needed([one], scale * TIME) == pytest.approx(wanted, rel=3e-5)
    monkeypatch.setattr(module, "LENGTH_TOLERANCE", 0.5)
    assert length_needed([one], scale * TIME) != pytest.approx(wanted, rel=3e-4)


def test_two_steps_of_a_least_time_are_found() -> None:
    """A normalisation takes two; each single one seems enough until a fit is made, and none was told."""
    one, least = separation(0.3, {"norm": Constraint(value=1.0, error=0.3)}), 500.0
    whole = optimum([one], PRICE, first(one))
    assert np.sum(whole.time > 0) == 2
    assert thinned(whole, [one], PRICE, least=least).cost == pytest.approx(2 * least, rel=1e-9)


def two_places(one: float, other: float, n: int) -> list[Separation]:
    """Two alternatives that are told at two places, with a normalisation that is known."""
    known: dict[str, Constraint | None] = {"norm": Constraint(value=1.0, error=1e-3)}
    u = np.linspace(0, 1, n)
    return [of_shape(0.1 + 0.4 * np.exp(-(((u - place) / 0.3) ** 2)), known) for place in (one, other)]


def best_step(both: list[Separation]) -> int:
    """Return the one candidate that needs least for two alternatives, at a normalisation of 1."""
    rates = [one.rates(at_norms(one, np.ones(1)))[0] for one in both]
    return int(np.argmax(np.min(rates, axis=0)))


def only_step(both: list[Separation], **asked: Any) -> int:
    """Return the one candidate that is chosen."""
    price = np.ones(both[0].n_candidates)
    whole = optimum(both, price, first(*both))
    assert np.sum(whole.time > 0) == 2
    (step,) = np.flatnonzero(thinned(whole, both, price, **asked).time).tolist()
    return int(step)


def test_of_steps_of_a_least_time_the_best_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """So long a time makes any step cost the same; the twin takes one of those at which most time was."""
    both = two_places(0.3, 0.8, K)
    assert only_step(both, least=200.0) == best_step(both)
    monkeypatch.setattr(thinning, "TIE", 0.0)
    assert only_step(both, least=200.0) != best_step(both)


@pytest.mark.parametrize("places", [(0.3, 0.8), (0.1, 0.9)])
def test_one_step_for_two_is_between_theirs(
    places: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it tells either but a little; it was looked for no farther than eight candidates away."""
    both = two_places(*places, 200)
    assert only_step(both, most_steps=1) == best_step(both)
    monkeypatch.setattr(thinning, "NEAR", 0)
    assert only_step(both, most_steps=1) != best_step(both)
