"""Which of two intervals is right, told by what needs no search of the fit.

A parabola has the error of the inverse of second derivatives of −2 ln L, which are differenced here. An end
of any other interval lies where −2 ln L, minimised over all else by differential evolution, is a level above
the best fit; where the program ends is looked at beside, as a place like any other. The expectation is that
of the program.
"""

import math
from typing import Any

import numpy as np
from scipy.optimize import Bounds, differential_evolution, minimize

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.search.axis import reach_of
from renp_sim.analysis.search.problem import Problem
from renp_sim.analysis.search.search import search
from renp_sim.app.fitting import problem_of
from renp_sim.arrays import FloatArray
from renp_sim.cli.fit_options import question_of
from tests.analysis.frozen_fits import SAME_END, FrozenFit, data_of

__all__ = ["is_right"]

Table = dict[str, Any]

STEPS = (0.02, 0.002, 0.0002)
"""Of differences, in errors: the first may cross kinks, and the last leaves a curvature to 1e-3 where −2 ln L
is small."""

REACH = 6.0
"""Errors around the best fit in which all else is looked for."""


def is_right(case: FrozenFit, label: str, name: str, fit: Table) -> bool:
    """Return whether the interval of a parameter has the error, or ends at the level, that it should."""
    setup, interval = _setup_of(case, label, fit), fit["intervals"][name]
    if interval["method"] == "parabola":
        error = (interval["regions"][0][1] - interval["regions"][0][0]) / 2 / math.sqrt(interval["delta_q"])
        others = [_curvature_error(case, setup, fit, name, step) for step in STEPS]
        return any(abs(error / other - 1) < SAME_END for other in others)
    ends = [
        end
        for lower, upper, *is_open in interval["regions"]
        for end, open_end in zip((lower, upper), is_open, strict=True)
        if not open_end
    ]
    best, level = fit["minus_two_ln_L"], math.sqrt(interval["delta_q"])
    roots = [math.sqrt(max(_lowest(case, setup, fit, name, end) - best, 0.0)) for end in ends]
    return all(abs(root - level) < SAME_END for root in roots)


def _setup_of(case: FrozenFit, label: str, fit: Table) -> Setup:
    """Return what floats, where the fit left it."""
    data, question = data_of(case), question_of(**case.options)
    (hypothesis,) = (h for h in question.hypotheses(data.assumptions.nature) if h.label == label)
    setup = Setup.of(*problem_of(data.experiment, question, hypothesis, 0.02))
    theta = setup.theta.copy()
    for name, value in fit["values"].items():
        theta[setup.index(name)] = value
    return setup.moved(theta)


def _q(case: FrozenFit, setup: Setup, x: FloatArray) -> FloatArray:
    """Return −2 ln L of free parameters (f, b), shape (b,)."""
    theta = np.repeat(setup.theta[None], x.shape[1], axis=0)
    counts = np.repeat(case.observation.counts[None], x.shape[1], axis=0)
    return Problem.of(setup, counts, theta).likelihood().value(x)


def _errors(setup: Setup, fit: Table) -> FloatArray:
    """Return about how well each free parameter is known, shape (f,)."""
    widths = [fit["intervals"].get(name, {}).get("regions") for name in setup.names]
    return np.array(
        [
            max(region[1] - region[0] for region in regions) / 2 if regions else scale
            for regions, scale in zip(widths, setup.scale.tolist(), strict=True)
        ]
    )


def _curvature_error(case: FrozenFit, setup: Setup, fit: Table, name: str, share: float) -> float:
    best, step = setup.theta[setup.free], np.diag(share * _errors(setup, fit))

    def second(a: FloatArray, b: FloatArray) -> float:
        points = np.stack([best + a + b, best + a - b, best - a + b, best - a - b], axis=1)
        return float(_q(case, setup, points) @ np.array([1.0, -1.0, -1.0, 1.0])) / 4

    scaled = np.array([[second(a, b) for b in step] for a in step]) / share**2
    at = setup.names.index(name)
    return float(np.sqrt(2 * np.linalg.inv(scaled)[at, at]) * step[at, at] / share)


def _lowest(case: FrozenFit, setup: Setup, fit: Table, name: str, value: float) -> float:
    """Return the least −2 ln L with one parameter held.

    Where the program ends is looked at too, since a valley may be narrower than generations are dense.
    """
    at = setup.names.index(name)
    errors = np.delete(_errors(setup, fit), at)
    # a fit looks for what has kinks no farther
    ends = [reach_of(setup, other) if other in setup.kinked else setup.limits(other) for other in setup.names]
    lower, upper = np.delete(np.array(ends).T, at, axis=1)
    theta = setup.theta.copy()
    theta[setup.index(name)] = value
    rest = setup.without(name).moved(theta)
    found = search(rest, case.observation.counts[None]).theta[0, rest.free]
    best = np.delete(setup.theta[setup.free], at)
    low = np.maximum(np.minimum(best, found) - REACH * errors, lower)
    high = np.minimum(np.maximum(best, found) + REACH * errors, upper)

    bounds = Bounds(low, high)

    def q(x: FloatArray) -> Any:
        columns = np.insert(x.reshape(len(x), -1), at, value, axis=0)
        values = _q(case, setup, columns)
        return values if x.ndim == 2 else values[0]

    def evolved(start: FloatArray) -> Any:
        return differential_evolution(
            q,
            bounds,
            x0=np.clip(start, low, high),
            vectorized=True,
            updating="deferred",
            popsize=20,
            maxiter=300,
            tol=1e-10,
            atol=1e-9,
            seed=1,
            polish=False,
        ).x

    def finer(start: FloatArray) -> float:
        options: Any = {"xatol": 1e-12, "fatol": 1e-9, "maxiter": 2000}
        inside = np.clip(start, low, high)
        return float(minimize(q, inside, method="Nelder-Mead", bounds=bounds, options=options).fun)

    return min(finer(start) for start in (found, evolved(best)))
