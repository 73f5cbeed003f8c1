"""Limits on one parameter: observed of files, expected of a run file, by the method that is asked for."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.band import BAND
from renp_sim.analysis.infer.belts import belts_of
from renp_sim.analysis.infer.cls import PValues, cls_limit
from renp_sim.analysis.infer.feldman_cousins import feldman_cousins_limit
from renp_sim.analysis.infer.limit import Limit, LimitStatus, profile_limit
from renp_sim.analysis.infer.toy_band import toy_band
from renp_sim.analysis.infer.toys import Toys
from renp_sim.analysis.likelihood.polynomial_model import as_polynomial
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.interest import limit_setup
from renp_sim.app.left_out import left_out
from renp_sim.app.limit_notes import limit_notes
from renp_sim.app.question import Question
from renp_sim.app.subject import Subject
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor, Serial
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts

__all__ = ["LimitMethod", "LimitReport", "PValues", "limit_of"]

NULL_IS_ZERO = ("interaction.*", "normalisation")
"""Signals, of which a limit is expected where there is none; others stand at the truth of the run file."""


class LimitMethod(StrEnum):
    """How a limit is found."""

    ASIMOV = "asimov"
    PROFILE = "profile"
    CLS = "cls"
    FELDMAN_COUSINS = "feldman-cousins"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LimitReport:
    """A limit and what it was asked of.

    Parameters
    ----------
    limit
        The result; of a run file its `upper` is the expected median.
    method
        How it was found.
    p_values
        Where those come from.
    setup
        What floats, at the truth or where it started.
    question
        With the normalisation.
    hypothesis, runs
        What was assumed, and of which runs: name and number of each.
    is_planned
        Whether it is expected and not observed.
    n_toys
        Toys that the band or the p-values are from, 0 without.
    notes
        What a reader must know, a line each.
    """

    limit: Limit
    method: LimitMethod
    p_values: PValues
    setup: Setup
    question: Question
    hypothesis: str
    runs: list[dict[str, Any]]
    is_planned: bool
    n_toys: int
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what `limit --json` prints."""
        limit = self.limit
        return {
            "parameter": limit.name,
            "cl": limit.level,
            "method": self.method.value,
            "upper": limit.upper,
            "lower": limit.lower,
            # JSON has no infinity: null is no end
            "intervals": [
                [end if math.isfinite(end) else None for end in (r.lower, r.upper)] for r in limit.regions
            ],
            "delta_q": limit.delta_q,
            "sided": limit.sided,
            "normalisation": self.question.normalisation_beside(limit.name),
            "expected": None if limit.expected is None else list(limit.expected),
            "visible": limit.status is not LimitStatus.NOT_VISIBLE,
            "status": limit.status.value,
            "best": limit.best,
            "runs": self.runs,
            "is_expected": self.is_planned,
            "hypothesis": self.hypothesis,
            "upper_error": limit.upper_error,
            "lower_error": limit.lower_error,
            "p_values": self.p_values.value,
            "toys": self.n_toys,
            "floating": [name for name in self.setup.names if name != limit.name],
            "notes": list(self.notes),
        }


def limit_of(
    subject: Subject,
    question: Question,
    parameter: str,
    *,
    level: float = 0.9,
    method: LimitMethod = LimitMethod.PROFILE,
    band: bool = False,
    p_values: PValues = PValues.AUTO,
    n_toys: int = 0,
    is_power_constrained: bool = False,
    belts: Path | None = None,
    executor: Executor | None = None,
) -> LimitReport:
    """Return the limit on a parameter.

    Parameters
    ----------
    subject
        Files, whose limit is observed, or a run file, whose limit is expected.
    question
        What floats beside it, and what is known of the normalisation.
    parameter
        By name, `interaction.g_left.11`; an element off the diagonal is its real part.
    level
        Confidence level.
    method
        `ASIMOV` is that of a run file, by its expected counts.
    band
        Whether −2 … 2 standard deviations of the counts are wanted too.
    p_values
        Of CLs.
    n_toys
        Of p-values that cannot be counted, and of the band where it is not asymptotic.
    is_power_constrained
        Whether a limit may not be stronger than that of data one standard deviation down, which have little
        power to exclude what lies below (Cowan et al., arXiv:1105.3166).
    belts
        File of Feldman–Cousins belts that are reused, and that keeps what is made, whatever stops it.
    executor
        Who draws and fits toys, and counts outcomes for belts; no result depends on it.

    Raises
    ------
    ConfigError
        If a name, the method or the number of toys does not fit.
    SchemaError
        If the file of belts is for something else, or cannot be written.
    """
    _require(subject, level, method, n_toys)
    if belts is not None and method is not LimitMethod.FELDMAN_COUSINS:
        raise ConfigError(f"--belts {belts}: is for --method feldman-cousins")
    experiment = subject.experiment
    whole, setup, name = limit_setup(experiment, question, parameter)
    setup, expected = as_polynomial(_at_null(setup, name)), _expected(experiment, whole, name)
    counts = expected if subject.counts is None else subject.counts
    is_profile = method in (LimitMethod.ASIMOV, LimitMethod.PROFILE)
    has_toy_band = band and subject.is_planned and is_profile
    notes: list[str] = []
    if method is LimitMethod.FELDMAN_COUSINS:
        with belts_of(belts, setup, name, seed=subject.seed, n_toys=n_toys) as kept:
            found = feldman_cousins_limit(setup, counts, name, level, kept, executor)
        chosen, n_toys = PValues.TOYS if kept.n_toys else PValues.EXACT, kept.n_toys
    else:
        toys = Toys(seed=subject.seed, n=n_toys, executor=executor or Serial()) if n_toys else None
        found, chosen = _found(setup, counts, name, level, method, band, p_values, toys)
        if chosen is PValues.EXACT and toys is not None:
            notes, n_toys = ["every outcome was counted, so no toys were drawn"], 0
        if has_toy_band and toys is not None and found.upper is not None and found.delta_q is not None:
            truth = _at_null(experiment.at_truth(setup, {}), name).theta
            ends = toy_band(setup, name, truth, found.upper, found.delta_q, toys)
            found = replace(found, expected=ends)
    if is_power_constrained:
        found = _power_constrained(found, setup, expected, method)
    return LimitReport(
        limit=found,
        method=method,
        p_values=chosen,
        setup=setup,
        question=question,
        hypothesis=hypothesis_of_run(experiment).label,
        runs=experiment.runs_table,
        is_planned=subject.is_planned,
        n_toys=n_toys,
        notes=(
            *subject.notes,
            *notes,
            *limit_notes(setup, found, chosen, experiment),
            *left_out(experiment, question.treatment),
        ),
    )


def _require(subject: Subject, level: float, method: LimitMethod, n_toys: int) -> None:
    """Raise ConfigError if a limit cannot be asked for so."""
    if not 0.5 < level < 1:
        raise ConfigError(f"--cl {level:g}: must be above 0.5 and below 1")
    if n_toys < 0:
        raise ConfigError(f"--toys {n_toys}: must be a positive number")
    if method is LimitMethod.ASIMOV and not subject.is_planned:
        raise ConfigError("--method asimov: is for a run file, whose counts are expected; files have some")


def _at_null(setup: Setup, name: str) -> Setup:
    """Return the set-up with a signal at 0; other parameters stay where they are."""
    if not any(fnmatchcase(name, pattern) for pattern in NULL_IS_ZERO):
        return setup
    theta = setup.theta.copy()
    theta[setup.index(name)] = 0.0
    return setup.moved(theta)


def _expected(experiment: Experiment, whole: ExpectedCounts | JointCounts, name: str) -> FloatArray:
    """Return what is counted on average without the signal, whatever the fit leaves at rest elsewhere."""
    truth = _at_null(Setup.of(whole).moved(experiment.theta_true(whole)), name)
    return np.asarray(whole.expected(truth.theta))


def _found(
    setup: Setup,
    counts: FloatArray,
    name: str,
    level: float,
    method: LimitMethod,
    band: bool,
    p_values: PValues,
    toys: Toys | None,
) -> tuple[Limit, PValues]:
    if method is LimitMethod.CLS:
        found = cls_limit(setup, counts, name, level, band=band, p_values=p_values, toys=toys)
        return found.limit, found.p_values
    return profile_limit(setup, counts, name, level, band=band), PValues.ASYMPTOTIC


def _power_constrained(found: Limit, setup: Setup, null_counts: FloatArray, method: LimitMethod) -> Limit:
    """Return a limit that is not stronger than that of data one standard deviation down.

    Raises
    ------
    ConfigError
        If the method has no such band.
    """
    if method is LimitMethod.FELDMAN_COUSINS:
        raise ConfigError("--power-constrained: is for --method profile and cls; this one needs none")
    if found.upper is None:
        return found
    if method is LimitMethod.CLS:
        least = cls_limit(setup, null_counts, found.name, found.level, band=True).limit.expected
    else:
        least = profile_limit(setup, null_counts, found.name, found.level, band=True).expected
    down = None if least is None else least[BAND.index(-1.0)]
    if down is None or found.upper >= down:
        return found
    lower = -down if found.lower == -found.upper else found.lower
    return replace(found, upper=down, lower=lower, status=LimitStatus.POWER_CONSTRAINED)
