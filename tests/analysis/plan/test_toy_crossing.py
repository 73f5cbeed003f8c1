"""How many toys an exposure takes: as many as its error asks for, teeth of discrete counts or not."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from renp_sim.analysis.infer.power import Power
from renp_sim.analysis.plan import toy_crossing
from renp_sim.analysis.plan.crossing import Crossings
from renp_sim.analysis.plan.toy_crossing import by_toys, toy_crossings
from renp_sim.arrays import FloatArray

STEEP = 4.0
"""Slope of the probit of the power in the logarithm of the exposure."""


def drawn_for(
    monkeypatch: pytest.MonkeyPatch, precision: float, teeth: float, power: float = 0.5
) -> tuple[int, Crossings]:
    """Return how many toys are drawn, and what is found.

    A power is known to half a standard deviation over the root of its toys, and rises in teeth.
    """
    drawn = []

    def gathered(_: Any, __: Any, calls: list[Any]) -> Iterator[list[FloatArray]]:
        for (_here, factor), parts in calls:
            drawn.append(sum(part.last - part.first for part in parts))
            yield [np.full((2, 1, drawn[-1]), factor)]

    rng = np.random.default_rng(20231)

    def power_of(statistic: FloatArray, _: FloatArray, __: float) -> Power:
        along, error = float(np.log(statistic[0, 0])), 0.5 / np.sqrt(statistic.shape[-1])
        value = ndtr(STEEP * along + teeth * np.sign(np.sin(70 * along))) + error * rng.standard_normal()
        return Power(value=float(np.clip(value, 0, 1)), error=error)

    monkeypatch.setattr(toy_crossing, "gathered", gathered)
    monkeypatch.setattr(toy_crossing, "weighted_power", power_of)
    ((found,), _) = by_toys(object(), 1.0, 0.00135, [power], seed=1, n_toys=500, precision=precision)  # type: ignore[arg-type]
    return sum(drawn), found


@pytest.mark.parametrize("teeth", [0.0, 0.2])
def test_as_many_toys_as_a_precision_takes(monkeypatch: pytest.MonkeyPatch, teeth: float) -> None:
    """At 1, teeth or not, within four errors; fifteen times the precision takes many times the toys."""
    few, rough = drawn_for(monkeypatch, 0.03, teeth)
    many, fine = drawn_for(monkeypatch, 0.002, teeth)
    assert rough.error is not None
    assert fine.error is not None
    assert rough.error <= 0.03
    assert fine.error <= 0.002
    assert abs(fine.factors[-1] - 1) < 4 * fine.error
    assert 4 * few < many < toy_crossing.MOST_TOYS


def test_a_power_that_rises_slowly_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the error of a background limits, an Asimov exposure is far too short; the twin ends there."""
    monkeypatch.setattr(sys.modules[__name__], "STEEP", 0.6)
    _, found = drawn_for(monkeypatch, 0.1, 0.0, power=0.9)
    assert found.error is not None
    assert abs(found.factors[-1] - np.exp(1.2816 / 0.6)) < 4 * found.error
    monkeypatch.setattr(toy_crossing, "LONGEST", 1.0)
    assert drawn_for(monkeypatch, 0.1, 0.0, power=0.9)[1].status == "never"


def test_only_what_is_near_is_a_straight_line() -> None:
    """A power that a background's error limits: of exact points near it the root is right to 0.5 %."""
    factors = np.sort(np.concatenate([np.geomspace(0.5, 60, 12), 8 * np.geomspace(1 / 1.15, 1.15, 5)]))
    probit = 2 * np.sqrt(factors / (1 + factors / 8)) - 3
    curve = (factors, np.asarray(ndtr(probit)), np.full(len(factors), 1e-3))
    (found,) = toy_crossings(curve, float(ndtr(1))).factors
    assert found == pytest.approx(8, rel=0.005)
    near = np.abs(probit - 1) < 1.5
    slope, offset = np.polyfit(np.sqrt(factors[near]), probit[near], 1)
    assert abs(((1 - offset) / slope) ** 2 / 8 - 1) > 0.03


def test_errors_of_a_saw_tooth_are_those_of_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin takes points for a straight line: its errors are too small by far."""
    x = np.log(np.geomspace(0.8, 1.25, 12))
    pulls = {True: [], False: []}
    rng = np.random.default_rng(5)
    for _ in range(400):
        y = STEEP * x + 0.2 * rng.choice([-1.0, 1.0], len(x)) + 0.02 * rng.standard_normal(len(x))
        for with_teeth in (True, False):
            if not with_teeth:
                monkeypatch.setattr(toy_crossing, "brentq", lambda *_: 0.0)
            line, covariance = toy_crossing._line(x, y, np.full(len(x), 0.02))
            pulls[with_teeth].append(line[1] / np.sqrt(covariance[1, 1]))
            monkeypatch.undo()
    # the width of 400 is known to 3.5 %; alarm at five times that
    assert abs(np.std(pulls[True]) - 1) < 0.18
    assert np.std(pulls[False]) > 5
