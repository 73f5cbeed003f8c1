"""`compare`: whether an alternative to what a run file says, or to what describes data, is excluded."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from renp_sim.analysis.floating import Setup, Treatment
from renp_sim.analysis.infer.compare import Comparison, Significance
from renp_sim.analysis.infer.fit import few_counts
from renp_sim.analysis.infer.toys import Toys
from renp_sim.analysis.infer.weights import BEYOND, is_beyond
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.app.hypothesis import Hypothesis
from renp_sim.app.left_out import left_out
from renp_sim.app.question import Nature, Ordering, Question, treatment_of
from renp_sim.app.subject import Subject
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor, Serial

__all__ = ["CompareMethod", "CompareReport", "compare", "hypotheses_of", "setup_of", "setups_of"]

PHASES = ("alpha21_deg", "alpha31_deg")
"""Of Majorana neutrinos; nobody knows them, so they are profiled."""


class CompareMethod(StrEnum):
    """Where the p-value comes from."""

    ASIMOV = "asimov"
    TOYS = "toys"
    EXACT = "exact"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompareReport:
    """An answer.

    Parameters
    ----------
    asked
        The question as it was put.
    truth, alternative
        What the hypotheses are called.
    method
        Where the p-value comes from.
    comparison
        The fits.
    significance
        By the method.
    delta_q_band
        Δ(−2 ln L) of experiments under the truth, −2 … 2 standard deviations; None of an Asimov set.
    question
        With the normalisation.
    is_planned
        Whether the median experiment under the truth is meant, and no data.
    n_toys
        0 without.
    notes
        What a reader must know, a line each.
    """

    asked: str
    truth: str
    alternative: str
    method: CompareMethod
    comparison: Comparison
    significance: Significance
    delta_q_band: tuple[float, ...] | None
    question: Question
    is_planned: bool
    n_toys: int
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what `compare --json` prints."""
        both = self.comparison
        is_finite = math.isfinite(both.delta_q)
        return {
            "question": self.asked,
            "truth": self.truth,
            "alternative": self.alternative,
            "method": self.method.value,
            "delta_q": both.delta_q if is_finite else None,
            "delta_q_band": None if self.delta_q_band is None else list(self.delta_q_band),
            "wall": both.is_wall,
            "truth_at": _values(both.truth),
            "alternative_at": _values(both.alternative),
            "normalisation": self.question.normalisation_text,
            "p_value": self.significance.p_value,
            "p_error": self.significance.p_error,
            "median_significance": self.significance.sigma if self.is_planned else None,
            "significance": self.significance.sigma,
            "is_bound": self.significance.is_bound,
            "asymptotic_significance": both.asymptotic().sigma,
            "sided": "one-sided",
            "is_expected": self.is_planned,
            "toys": self.n_toys,
            "notes": list(self.notes),
        }


def _values(setup: Setup) -> dict[str, float]:
    return {name: float(setup.theta[setup.index(name)]) for name in setup.names}


def compare(
    subject: Subject,
    question: Question,
    asked: str,
    *,
    method: CompareMethod = CompareMethod.ASIMOV,
    n_toys: int = 10_000,
    executor: Executor | None = None,
) -> CompareReport:
    """Return whether the alternative of a question is excluded.

    Parameters
    ----------
    subject
        A run file, whose hypothesis is the truth, or files, whose counts are looked at.
    question
        What floats on both sides; masses and Majorana phases do unless they are named.
    asked
        "ordering", "nature", or NAME=VALUE.
    method
        Where the p-value comes from.
    n_toys
        Under each hypothesis.
    executor
        Who draws and fits toys; no result depends on it.

    Raises
    ------
    ConfigError
        If the question is none, or outcomes are too many to be counted.
    """
    experiment = subject.experiment
    truth, alternative, labels = setups_of(experiment, question, asked)
    counts = subject.counts
    if counts is None:
        # whatever is fixed in the fits, an expectation is that of the run file
        model = model_of(experiment, hypothesis_of_run(experiment))
        counts = model.expected(experiment.theta_true(model))
    both = Comparison.of(counts, truth, alternative)
    band = None
    if method is CompareMethod.ASIMOV:
        significance = both.asymptotic()
    elif method is CompareMethod.EXACT:
        significance, band = both.exact(is_data=not subject.is_planned)
    else:
        toys = Toys(seed=subject.seed, n=n_toys, executor=executor or Serial())
        significance, band = both.by_toys(toys, is_data=not subject.is_planned)
    return CompareReport(
        asked=asked,
        truth=labels[0],
        alternative=labels[1],
        method=method,
        comparison=both,
        significance=significance,
        delta_q_band=band,
        question=question,
        is_planned=subject.is_planned,
        n_toys=n_toys if method is CompareMethod.TOYS else 0,
        notes=(
            *subject.notes,
            *_notes(both, method, labels[0], is_planned=subject.is_planned),
            *left_out(experiment, question.treatment),
            *_of_bound(significance, n_toys),
        ),
    )


def _of_bound(found: Significance, n_toys: int) -> list[str]:
    """Return what must be known of a p-value that is a bound."""
    if not found.is_bound:
        return []
    none = f"none of {n_toys} toys is as extreme: p is that or less; more --toys say more"
    return [BEYOND if is_beyond(found.sigma or 0.0) else none]


def _notes(both: Comparison, method: CompareMethod, truth: str, *, is_planned: bool) -> list[str]:
    """Return what a reader must know."""
    notes = [f"the truth assumed is {truth}; of another one the answer differs, often by factors"]
    notes = notes if is_planned else []
    if both.is_wall:
        notes.append(
            "a step is open in truth and closed in the alternative: Δq is infinite, and the power says more"
        )
    few = few_counts(both.truth.model.expected(both.truth.theta))
    if method is CompareMethod.ASIMOV and (both.is_wall or few):
        notes.append(
            f"{few or 'Δq is infinite'}: the p-value is asymptotic; --method exact or toys gives a right one"
        )
    return notes


def hypotheses_of(experiment: Experiment, asked: str) -> tuple[Hypothesis, Hypothesis]:
    """Return the hypothesis of the run and its alternative; the same one where a parameter has another value.

    Raises
    ------
    ConfigError
        If the question is none.
    """
    own = hypothesis_of_run(experiment)
    if asked == "ordering":
        other = Ordering.INVERTED if own.ordering is Ordering.NORMAL else Ordering.NORMAL
        return own, replace(own, ordering=other)
    if asked == "nature":
        nature = Nature.MAJORANA if own.nature is Nature.DIRAC else Nature.DIRAC
        return own, replace(own, nature=nature)
    if "=" not in asked:
        raise ConfigError(f"--question {asked}: write ordering, nature or NAME=VALUE")
    return own, own


def setups_of(experiment: Experiment, question: Question, asked: str) -> tuple[Setup, Setup, tuple[str, str]]:
    """Return what floats in truth and alternative, at the truth of the run file, and their names.

    Raises
    ------
    ConfigError
        If the question is none, or a parameter unknown or asked for twice.
    """
    own, other = hypotheses_of(experiment, asked)
    labels = (own.label, other.label)
    if asked in ("ordering", "nature"):
        truth = setup_of(experiment, question, own, beside=other)
        return truth, setup_of(experiment, question, other, beside=own), labels
    name, value = _named_value(asked)
    held = question.treatment
    if any(fnmatchcase(name, pattern) for pattern in held.names):
        raise ConfigError(f"--question {asked}: {name} floats in truth and is held in the alternative only")
    floating = replace(question, treatment=replace(held, free=(*held.free, name)))
    fixed = replace(question, treatment=replace(held, fixed={**held.fixed, name: value}))
    return (
        setup_of(experiment, floating, own),
        setup_of(experiment, fixed, own),
        (own.label, f"{own.label} with {name} = {value:g}"),
    )


def _named_value(asked: str) -> tuple[str, float]:
    name, _, text = asked.partition("=")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"--question {asked}: write NAME=VALUE with a finite number")
    return name.strip(), value


def setup_of(
    experiment: Experiment, question: Question, hypothesis: Hypothesis, beside: Hypothesis | None = None
) -> Setup:
    """Return what floats under a hypothesis, where the run file has it.

    What is asked may name parameters of the hypothesis `beside` it.
    """
    whole = model_of(experiment, hypothesis)
    elsewhere = [] if beside is None else [p.name for p in model_of(experiment, beside).parameters]
    held = question.treatment
    names = [p.name for p in whole.parameters]
    phases = [
        name
        for name in PHASES
        if name in names and not any(fnmatchcase(name, pattern) for pattern in held.names)
    ]
    asked = replace(question, treatment=replace(held, free=(*held.free, *phases)))
    treatment: Treatment = treatment_of(asked, whole, elsewhere)
    model = whole.offering(treatment.names)
    return experiment.at_truth(Setup.of(model, treatment), treatment.fixed)
