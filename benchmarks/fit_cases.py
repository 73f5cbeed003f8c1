"""Fits that both sides of `benchmarks.bench_fit` can do, and the lean likelihoods that MIGRAD minimises."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from iminuit import Minuit

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.batch import fit_batch
from renp_sim.analysis.likelihood.poisson import saturated_q
from renp_sim.analysis.model import Constraint, Model, Shape
from renp_sim.analysis.search.problem import Problem
from renp_sim.app.data import read_data
from renp_sim.app.fitting import model_of
from renp_sim.app.hypothesis import Hypothesis
from renp_sim.arrays import FloatArray
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table
from tests.analysis.toy_models import Onsets, Polynomial, interference, orderings, squared, with_control

__all__ = ["Case", "cases"]

NORM = Constraint(value=1.0, error=0.1, shape=Shape.LOG_NORMAL)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fit that both sides can do.

    `lean` fits one set of counts by MIGRAD from some starts and returns −2 ln L up to a constant.
    """

    what: str
    goal: str
    models: dict[str, Model]
    free: tuple[str, ...]
    truth: tuple[float, ...]
    lean: Callable[[FloatArray, int], float]
    constrain: dict[str, Constraint | None]
    starts: tuple[int, ...] = (1, 2)
    few: int | None = None
    """Toys of the reference, where each takes long."""

    def toys(self, n_toys: int) -> FloatArray:
        mu = next(iter(self.models.values())).expected(np.array(self.truth))
        return np.random.default_rng(1).poisson(mu, size=(n_toys, len(mu))).astype(float)

    def batched(self, counts: FloatArray) -> FloatArray:
        return fit_batch(counts, self.models, free=self.free, constrain=self.constrain).best_q


def lean_coupling(model: Polynomial) -> Callable[[FloatArray, int], float]:
    a, b, c = model.a + model.d, model.b, model.c

    def fit(n: FloatArray, starts: int) -> float:
        def q(x: float) -> float:
            mu = a + x * (b + x * c)
            return float(2 * (mu - n * np.log(mu)).sum())

        found: list[float] = []
        for start in (0.3, -2.3)[:starts]:
            minuit = Minuit(q, start)
            minuit.errordef = 1
            minuit.errors[0] = 0.1
            minuit.migrad()
            found.append(minuit.fval)
        return min(found)

    return fit


def lean_three(model: Polynomial) -> Callable[[FloatArray, int], float]:
    a, b, c, d = model.a, model.b, model.c, model.d
    width = np.log1p(NORM.error)

    def fit(n: FloatArray, starts: int) -> float:
        def q(x: float, norm: float, background: float) -> float:
            mu = norm * (a + x * (b + x * c)) + background * d
            return float(2 * (mu - n * np.log(mu)).sum() + (np.log(norm) / width) ** 2)

        found: list[float] = []
        for start in (0.3, -2.3)[:starts]:
            minuit = Minuit(q, start, 1.0, 1.0)
            minuit.errordef = 1
            minuit.errors = (0.1, 0.1, 0.1)
            minuit.limits[1], minuit.limits[2] = (1e-3, None), (0, None)
            minuit.migrad()
            found.append(minuit.fval)
        return min(found)

    return fit


def lean_onsets(model: Model) -> Callable[[FloatArray], Callable[[float, float], float]]:
    """Return −2 ln L of counts as a function of mass and norm, written out."""
    assert isinstance(model, Onsets)
    thresholds, weights, strength = model.thresholds, model.weights, model.strength

    def of(n: FloatArray) -> Callable[[float, float], float]:
        def q(m: float, norm: float) -> float:
            signal = np.sqrt(np.maximum(thresholds - m * m, 0.0)) @ weights * (norm * strength)
            if np.any((signal <= 0) & (n > 0)):
                return 1e9
            return float(2 * (signal - n * np.log(np.where(signal > 0, signal, 1.0))).sum())

        return q

    return of


def own_likelihood(model: Model) -> Callable[[FloatArray], Callable[[float, float], float]]:
    """Return −2 ln L of counts as a function of mass and norm by the program's own likelihood."""

    def of(n: FloatArray) -> Callable[[float, float], float]:
        setup = Setup.of(model, free=[p.name for p in model.parameters])
        likelihood = Problem.of(setup, n[None]).likelihood()
        constant = float(saturated_q(n[:, None])[0])
        return lambda m, norm: min(float(likelihood.value(np.array([[m], [norm]]))[0]), 1e9) - constant

    return of


def in_pieces(
    models: dict[str, Model],
    likelihood_of: Callable[[Model], Callable[[FloatArray], Callable[[float, float], float]]],
    most: float,
    rest: tuple[float, ...] = (),
) -> Callable[[FloatArray, int], float]:
    """A scan of the mass with the norm in closed form, then MIGRAD in the pieces around the lowest points."""
    grids = []
    for model in models.values():
        mass = model.parameters[0]
        ends = np.array([mass.lower, *model.kinks(mass.name, np.array([most / 2, 1.0, *rest])), most])
        points = np.concatenate([np.linspace(x, y, 5)[:-1] for x, y in itertools.pairwise(ends)])
        theta = np.stack([points, *(np.full_like(points, value) for value in (1.0, *rest))], axis=1)
        grids.append((likelihood_of(model), ends, points, model.expected(theta), mass.scale))

    def fit(n: FloatArray, starts: int) -> float:
        found: list[float] = []
        for likelihood, ends, points, mu, scale in grids:
            total = mu.sum(axis=1)
            norm = n.sum() / np.where(total > 0, total, 1.0)
            scaled = norm[:, None] * mu
            closed = np.any((scaled <= 0) & (n > 0), axis=1)
            terms = scaled - n * np.log(np.where(scaled > 0, scaled, 1.0))
            coarse = np.where(closed, np.inf, 2 * terms.sum(axis=1))
            q = likelihood(n)
            pieces = dict.fromkeys(
                int(np.clip(np.searchsorted(ends, points[g] + side) - 1, 0, len(ends) - 2))
                for g in np.argsort(coarse)[: 2 * starts]
                for side in (-1e-9, 1e-9)
            )
            for piece in list(pieces)[:starts]:
                low, high = ends[piece], ends[piece + 1]
                inside = (points >= low) & (points <= high)
                g = int(np.flatnonzero(inside)[np.argmin(coarse[inside])])
                margin = min(1e-3 * scale, 0.1 * (high - low))
                minuit = Minuit(q, float(np.clip(points[g], low + margin, high - margin)), float(norm[g]))
                minuit.errordef = 1
                minuit.errors = (0.1 * scale, 0.1)
                minuit.limits[0], minuit.limits[1] = (low, high), (0, None)
                minuit.migrad()
                found.append(minuit.fval)
        return min(found)

    return fit


def standard_model() -> dict[str, Model]:
    """Six frequencies around the thresholds, a line of 5 µeV: 700 photons."""
    omegas = [1.0688, 1.0699, 1.0711, 1.0715, 1.07161, 1.07164]
    run = {
        "run": {"seed": 3},
        "target": {"volume_cm3": 1e3},
        "laser": {"linewidth_eV": 5e-6, "scan": [{"omegas_eV": omegas, "total_duration_s": 12 * 86400.0}]},
        "detector": {"efficiency": 1.0},
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.root"
        generate(run_from_table(run), path)
        data = read_data([path])
    whole = {o: model_of(data.experiment, Hypothesis(ordering=o, nature=Nature.DIRAC)) for o in Ordering}
    return {
        o: model.offering(("lightest_mass_eV", "normalisation"))
        for o, model in whole.items()
        if isinstance(model, ExpectedCounts)
    }


def cases() -> list[Case]:
    far = replace(interference(), b=10 * interference().b)
    physics = standard_model()
    return [
        Case(
            what="one coupling with interference",
            goal="≥ 1000",
            models={"m": interference()},
            free=("x",),
            truth=(0.5, 1, 1),
            lean=lean_coupling(interference()),
            constrain={},
        ),
        Case(
            what="one coupling, one minimum",
            goal="≥ 1000",
            models={"m": far},
            free=("x",),
            truth=(0.5, 1, 1),
            lean=lean_coupling(far),
            constrain={},
            starts=(1,),
        ),
        Case(
            what="one squared coupling",
            goal="≥ 1000",
            models={"m": squared()},
            free=("x",),
            truth=(0.7, 1, 1),
            lean=lean_coupling(squared()),
            constrain={},
            starts=(1,),
        ),
        Case(
            what="coupling + normalisation + background",
            goal="≥ 300",
            models={"m": with_control()},
            free=("x", "background"),
            truth=(0.5, 1, 1),
            lean=lean_three(with_control()),
            constrain={"norm": NORM},
        ),
        Case(
            what="mass, both orderings, free normalisation",
            goal="≥ 30",
            models=dict(orderings()),
            free=("mass", "norm"),
            truth=(0.45, 1, 1),
            lean=in_pieces(dict(orderings()), lean_onsets, most=2.0, rest=(1.0,)),
            constrain={},
            starts=(1, 2, 4),
        ),
        Case(
            what="Standard Model mass, both orderings, free normalisation",
            goal="≥ 30",
            models=physics,
            free=("lightest_mass_eV", "normalisation"),
            truth=(0.01, 1),
            lean=in_pieces(physics, own_likelihood, most=0.06),
            constrain={},
            starts=(1, 2),
            few=4,
        ),
    ]
