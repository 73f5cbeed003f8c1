"""Constants of scans and fits that were found by trial: each with toys that miss their minima without."""

import importlib

import numpy as np
import pytest

from renp_sim.analysis.infer.batch import fit_batch
from renp_sim.analysis.model import Constraint, Shape
from renp_sim.arrays import FloatArray
from tests.analysis.toy_models import Onsets, Polynomial

NORM = Constraint(value=1.0, error=0.1, shape=Shape.LOG_NORMAL)

FREE: dict[str, tuple[tuple[str, ...], dict[str, Constraint]]] = {
    "coupling": (("x",), {}),
    "coupling and norm": (("x", "norm"), {}),
    "coupling, known norm": (("x",), {"norm": NORM}),
    "coupling, known norm, background": (("x", "background"), {"norm": NORM}),
    "mass": (("mass",), {}),
    "mass, known norm, background": (("mass", "background"), {"norm": NORM}),
}


def problem(free: str, seed: int) -> tuple[Polynomial | Onsets, FloatArray]:
    """Return a random model of up to eight steps with 1 to 30 000 counts, and 40 toys."""
    rng = np.random.default_rng(seed)
    n, level = int(rng.integers(1, 9)), 10 ** rng.uniform(0, 4.5)
    model: Polynomial | Onsets
    if "coupling" in free:
        c = rng.uniform(0, 1, n) * (rng.uniform(size=n) < 0.8)
        c[0] = max(c[0], 0.1)
        a = rng.uniform(0, 2, n) * (rng.uniform(size=n) < 0.8)
        b = rng.uniform(-2, 2, n) * np.sqrt(a * c) * rng.choice([0, 1])
        d = rng.uniform(0, 1, n) * rng.choice([0, 0.1, 1, 10]) + 1e-3
        if rng.uniform() < 0.3:
            a[:] = b[:] = 0
        if rng.uniform() < 0.5:
            a[-1] = b[-1] = c[-1] = 0
        model = Polynomial(a=a, b=b, c=c, d=d, time=level)
        truth = float(rng.normal() * 10 ** rng.uniform(-1.5, 0.7))
    else:
        n_onsets = int(rng.integers(1, 4))
        thresholds, weights = rng.uniform(0.05, 2.2, (n, n_onsets)), rng.uniform(0.1, 1, n_onsets)
        background = level * rng.choice([0, 0.01, 0.3, 3])
        model = Onsets(thresholds=thresholds, weights=weights, strength=level, d=background)
        truth = float(rng.uniform(0, 1.4))
    return model, rng.poisson(model.expected(np.array([truth, 1, 1])), size=(40, n)).astype(float)


def lowest(free: str, model: Polynomial | Onsets, counts: FloatArray) -> FloatArray:
    names, constrain = FREE[free]
    return fit_batch(counts, {"m": model}, free=names, constrain=constrain).best_q


@pytest.mark.parametrize(
    ("constant", "weak", "free", "seed"),
    [
        ("search.grid.SIGNIFICANCE_STEP", 6.0, "coupling, known norm", 80),
        ("search.grid.MOST_POINTS", 12, "coupling, known norm, background", 105),
        ("search.grid.FEWEST_INSIDE", 1, "mass", 41),
        ("search.grid.MOST_INSIDE", 4, "mass, known norm, background", 7),
        ("search.grid.FIRST_INSIDE", 0.2, "mass", 50),
        ("search.search.TABLE_FINENESS", 1, "coupling", 121),
        ("search.pieces.ASIDE", 0.0, "coupling and norm", 163),
        ("search.pieces.KINKED_MARGIN", 0.0, "mass, known norm, background", 7),
        ("search.pieces.CLOSE_MARGIN", 0.0, "mass, known norm, background", 3),
        ("minimise.newton.BEHIND", 0.0, "coupling, known norm, background", 46),
        ("minimise.newton.DECREASE_TOLERANCE", 1e-2, "coupling and norm", 0),
        ("minimise.newton.NEAR_BOUND", 0.1, "mass", 4),
    ],
)
def test_toys_miss_minima_with_a_weaker(
    constant: str, weak: float, free: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """−2 ln L is what it is wherever a fit ends, so the lower one is the better one."""
    model, counts = problem(free, seed)
    q = lowest(free, model, counts)
    module, _, name = f"renp_sim.analysis.{constant}".rpartition(".")
    monkeypatch.setattr(importlib.import_module(module), name, weak)
    assert np.max(lowest(free, model, counts) - q) > 1e-3
