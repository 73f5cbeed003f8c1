"""Batched fits against iminuit on the same toys: speed and agreement.

Run as `python benchmarks/bench_fit.py [--quick]`.
Every line measures both sides interleaved in one run and prints the ratio of their times per toy. The
reference minimises a lean numpy likelihood, written out for each model, by MIGRAD: once from one start, as
fast as it goes, and once from the starts that it needs to find the same minima. One thread on either side.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from iminuit import Minuit
from numpy.typing import NDArray
from timing import interleaved

sys.path.append(str(Path(__file__).parents[1] / "tests" / "analysis"))

from reference_fit import reference_fit
from toy_models import Onsets, Polynomial, interference, orderings, squared, with_control

from renp_sim.analysis.batch_fit import fit_batch
from renp_sim.analysis.model import Constraint, Model, Shape
from renp_sim.analysis.setup import Setup
from renp_sim.app.memory import keep_freed_memory

FloatArray = NDArray[np.float64]

NORM = Constraint(value=1.0, error=0.1, shape=Shape.LOG_NORMAL)
SIDES = [-2.5, -1.0, -0.2, 0.2, 1.0, 2.5]


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
    counts: int = 0

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

        found = []
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

        found = []
        for start in (0.3, -2.3)[:starts]:
            minuit = Minuit(q, start, 1.0, 1.0)
            minuit.errordef = 1
            minuit.errors = (0.1, 0.1, 0.1)
            minuit.limits[1], minuit.limits[2] = (1e-3, None), (0, None)
            minuit.migrad()
            found.append(minuit.fval)
        return min(found)

    return fit


def lean_mass(models: dict[str, Onsets]) -> Callable[[FloatArray, int], float]:
    """A scan with the norm in closed form, then MIGRAD in the pieces around the lowest points."""
    grids = []
    for model in models.values():
        ends = np.array([0.0, *model.kinks("mass", np.zeros(3)), 2.0])
        mass = np.concatenate([np.linspace(x, y, 5)[:-1] for x, y in itertools.pairwise(ends)])
        theta = np.stack([mass, np.ones_like(mass), np.ones_like(mass)], axis=1)
        grids.append((model, ends, mass, model.expected(theta)))

    def fit(n: FloatArray, starts: int) -> float:
        found = []
        for model, ends, mass, mu in grids:
            total = mu.sum(axis=1)
            norm = n.sum() / np.where(total > 0, total, 1.0)
            scaled = norm[:, None] * mu
            closed = np.any((scaled <= 0) & (n > 0), axis=1)
            terms = scaled - n * np.log(np.where(scaled > 0, scaled, 1.0))
            coarse = np.where(closed, np.inf, 2 * terms.sum(axis=1))
            thresholds, weights, strength = model.thresholds, model.weights, model.strength

            def q(m: float, norm: float) -> float:
                signal = np.sqrt(np.maximum(thresholds - m * m, 0.0)) @ weights * (norm * strength)
                if np.any((signal <= 0) & (n > 0)):
                    return 1e9
                return float(2 * (signal - n * np.log(np.where(signal > 0, signal, 1.0))).sum())

            pieces = dict.fromkeys(
                int(np.clip(np.searchsorted(ends, mass[g] + side) - 1, 0, len(ends) - 2))
                for g in np.argsort(coarse)[: 2 * starts]
                for side in (-1e-9, 1e-9)
            )
            for piece in list(pieces)[:starts]:
                inside = (mass >= ends[piece]) & (mass <= ends[piece + 1])
                g = int(np.flatnonzero(inside)[np.argmin(coarse[inside])])
                start = float(np.clip(mass[g], ends[piece] + 1e-4, ends[piece + 1] - 1e-4))
                minuit = Minuit(q, start, float(norm[g]))
                minuit.errordef = 1
                minuit.errors = (0.01, 0.1)
                minuit.limits[0], minuit.limits[1] = (ends[piece], ends[piece + 1]), (0, None)
                minuit.migrad()
                found.append(minuit.fval)
        return min(found)

    return fit


def cases() -> list[Case]:
    far = replace(interference(), b=10 * interference().b)
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
            lean=lean_mass(orderings()),
            constrain={},
            starts=(1, 2, 4),
        ),
    ]


def speed(case: Case, n_toys: int, n_reference: int, rounds: int) -> None:
    counts = case.toys(n_toys)
    for starts in case.starts:

        def reference(starts: int = starts) -> None:
            for row in counts[:n_reference]:
                case.lean(row, starts)

        ratio = interleaved(reference, lambda: case.batched(counts), rounds=rounds)
        scale = n_toys / n_reference
        low, high = (scale * end for end in ratio.spread)
        print(
            f"{case.what}: MIGRAD from {starts} start{'s' * (starts > 1)} "
            f"{1e6 * ratio.first_s / n_reference:.0f} µs, batched {1e6 * ratio.second_s / n_toys:.2f} µs, "
            f"ratio {scale * ratio.ratio:.0f} ({low:.0f} … {high:.0f}); goal {case.goal}"
        )


def agreement(case: Case, n_toys: int) -> None:
    counts = case.toys(n_toys)
    setups = [Setup.of(model, free=case.free, constrain=case.constrain) for model in case.models.values()]
    starts = [] if "mass" in case.free else SIDES
    reference = [min(reference_fit(setup, row, starts)[0] for setup in setups) for row in counts]
    difference = case.batched(counts) - np.array(reference)
    print(
        f"{case.what}: {n_toys} toys, median |Δ(−2 ln L)| {np.median(np.abs(difference)):.1e} (goal ≤ 1e-6), "
        f"worse than multi-start MINUIT by 0.01: {np.mean(difference > 0.01):.2%} (goal ≤ 0.05 %), better by "
        f"0.01: {np.mean(difference < -0.01):.2%}, largest {np.max(difference):.1e}"
    )


def main() -> None:
    keep_freed_memory()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer toys")
    options = parser.parse_args()
    many, few, rounds = (16_384, 60, 3) if options.quick else (65_536, 200, 7)
    for case in cases():
        speed(case, many, few, rounds)
    for case in cases():
        scale = 10 if "mass" in case.free else 1
        agreement(case, (200 if options.quick else 4000) // scale)


if __name__ == "__main__":
    main()
