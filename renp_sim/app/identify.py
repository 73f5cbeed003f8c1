"""`identify`: which wrong coupling element could pass for the true one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.compare import best_fit
from renp_sim.analysis.infer.limit import is_seen
from renp_sim.analysis.infer.result import plain
from renp_sim.analysis.likelihood.polynomial_model import as_polynomial
from renp_sim.app.experiment import Experiment, hypothesis_of_run, require_factors
from renp_sim.app.fitting import model_of
from renp_sim.app.interest import rested
from renp_sim.app.left_out import left_out
from renp_sim.app.question import Question
from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.plots.matrix import matrix_plot
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["Identification", "identify", "write_identification"]

PREFIX = "interaction."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identification:
    """Δ(−2 ln L) of every element as the explanation of counts that another one makes.

    Parameters
    ----------
    true
        Elements of the run file, each alone the truth, with their values.
    explanations
        Elements that are fitted, each alone, its size and all that floats profiled.
    exposures
        Factors on all durations.
    delta_q
        Shape (exposures, true, explanations); 0 of the truth itself.
    best
        Best values of the explanations, same shape.
    question
        What floats beside them.
    hypothesis
        Of the neutrinos.
    notes
        What a reader must know, a line each.
    """

    true: dict[str, float]
    explanations: tuple[str, ...]
    exposures: tuple[float, ...]
    delta_q: FloatArray
    best: FloatArray
    question: Question
    hypothesis: str
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what `identify --json` prints."""
        return {
            "true": self.true,
            "explanations": list(self.explanations),
            "exposures": list(self.exposures),
            "delta_q": plain(self.delta_q),
            "best": self.best.tolist(),
            "hypothesis": self.hypothesis,
            "normalisation": self.question.normalisation_text,
            "notes": list(self.notes),
        }


def identify(
    experiment: Experiment, question: Question, exposures: Sequence[float] = (1.0,)
) -> Identification:
    """Return how well each coupling element of a run file is told from every other one.

    Raises
    ------
    ConfigError
        If the run file has no coupling that is not 0, or none that is visible, or an exposure is none.
    """
    require_factors(exposures, "--exposure")
    whole = model_of(experiment, hypothesis_of_run(experiment))
    couplings = {p.name: p.value for p in whole.parameters if p.name.startswith(PREFIX)}
    true = {name: value for name, value in couplings.items() if value != 0}
    if not true:
        raise ConfigError(
            "interaction: no coupling element is different from 0, so there is nothing to identify"
        )
    unseen = _unseen(experiment, whole, question, couplings)
    if set(true) <= set(unseen):
        raise ConfigError(
            f"interaction: nothing to identify, {_said(list(true))}; choose another spin_tensor or element"
        )
    true = {name: value for name, value in true.items() if name not in unseen}
    couplings = {name: value for name, value in couplings.items() if name not in unseen}
    shape = (len(exposures), len(true), len(couplings))
    delta_q, best = np.zeros(shape), np.zeros(shape)
    for i, factor in enumerate(exposures):
        longer = experiment.scaled(factor)
        model = model_of(longer, hypothesis_of_run(longer))
        counts = [_counts(longer, model, couplings, name) for name in true]
        for k, name in enumerate(couplings):
            setup = _alone(longer, model, question, name, couplings)
            for j, each in enumerate(counts):
                fitted, q = best_fit(setup, each)
                delta_q[i, j, k] = max(q, 0.0)
                best[i, j, k] = fitted.theta[fitted.index(name)]
    return Identification(
        true=true,
        explanations=tuple(couplings),
        exposures=tuple(exposures),
        delta_q=delta_q,
        best=best,
        question=question,
        hypothesis=hypothesis_of_run(experiment).label,
        notes=(
            "of the expected counts; masses rest where the run file has them unless they are named",
            *([_said(unseen)] if unseen else []),
            *left_out(experiment.scaled(max(exposures)), question.treatment),
        ),
    )


def _unseen(
    experiment: Experiment,
    model: ExpectedCounts | JointCounts,
    question: Question,
    couplings: dict[str, float],
) -> list[str]:
    """Return the elements that no expected count depends on: what they are said to make is rounding."""
    return [
        name for name in couplings if not is_seen(_alone(experiment, model, question, name, couplings), name)
    ]


def _said(unseen: Sequence[str]) -> str:
    names = ", ".join(name.removeprefix(PREFIX) for name in unseen)
    return f"not visible: no expected count depends on {names}"


def _counts(
    experiment: Experiment, model: ExpectedCounts | JointCounts, couplings: dict[str, float], only: str
) -> FloatArray:
    """Return the counts where one element is as the run file has it and the others are 0."""
    theta = experiment.theta_true(model)
    names = [p.name for p in model.parameters]
    for name in couplings:
        if name != only:
            theta[names.index(name)] = 0.0
    return np.asarray(model.expected(theta))


def _alone(
    experiment: Experiment,
    model: ExpectedCounts | JointCounts,
    question: Question,
    only: str,
    couplings: dict[str, float],
) -> Setup:
    """Return the fit in which one element floats, the others at 0."""
    treatment = rested(question, model, (only,))
    fixed: dict[str, float | None] = {name: 0.0 for name in couplings if name != only}
    treatment = replace(treatment, fixed={**treatment.fixed, **fixed})
    setup = Setup.of(model.offering(treatment.names), treatment)
    return as_polynomial(experiment.at_truth(setup, treatment.fixed))


def write_identification(found: Identification, folder: Path, *, force: bool = False) -> list[Path]:
    """Write the matrices as CSV, PNG and PDF into a folder, and return the files.

    Raises
    ------
    SchemaError
        If a file exists and `force` is not given, or cannot be written.
    """
    names = list(found.true), list(found.explanations)
    rows = [
        (factor, names[0][j], names[1][k], float(found.delta_q[i, j, k]), float(found.best[i, j, k]))
        for i, factor in enumerate(found.exposures)
        for j, k in np.ndindex(found.delta_q.shape[1:])
    ]

    def draw() -> "Figure":
        return matrix_plot(
            found.delta_q,
            rows=[name.removeprefix(PREFIX) for name in names[0]],
            columns=[name.removeprefix(PREFIX) for name in names[1]],
            titles=[f"exposure × {factor:g}" for factor in found.exposures],
            label="Δ(−2 ln L)",
        )

    header = ("exposure", "true", "explanation", "delta_q", "best")
    return write_table_and_plot(folder, "identify", [found.hypothesis], header, rows, draw, force=force)
