"""What was asked, and the answer in one sentence: no more than the fit says."""

import math

import numpy as np

from renp_sim.analysis.infer.result import FitResult, ModelFit, ParameterFit, Role
from renp_sim.app.page.words import (
    MASSES,
    hypothesis_text,
    likely,
    named,
    number,
    percent,
    region_text,
    run_names,
    value_text,
)
from renp_sim.app.thresholds import FitReport
from renp_sim.arrays import BoolArray
from renp_sim.errors import listed
from renp_sim.laser.schedule import StepKind

__all__ = ["POOR", "answer", "background_of", "in_doubt", "is_nothing_seen", "of_interest", "question_text"]

POOR = 0.01
"""A p-value below which a hypothesis is said not to describe the data."""

HARDLY = 1.0
"""Δ(−2 ln L) below which two hypotheses are said to fit alike."""

SEEN = 2.0
"""Standard deviations of the background from which on a signal is said to be seen."""


def of_interest(fitted: ModelFit) -> tuple[ParameterFit, ...]:
    """Return the parameters that were asked for: free masses and couplings; else what else is free."""
    free = [p for p in fitted.floating if p.role is Role.FREE]
    asked = [p for p in free if p.name in MASSES or p.name.startswith("interaction.")]
    return tuple(asked or free)


def question_text(fit: FitReport) -> str:
    """Return what was asked of which data."""
    names = run_names(fit.data.tables)
    best = fit.result.best
    others = [f.label for f in fit.result.fits]
    asked = " and ".join(named(p.name) for p in of_interest(best)[:3]) or "nothing that floats"
    which = f"which of {', '.join(others)} fits best, and " if len(others) > 1 else f"under {others[0]}, "
    constrained = [p.name for p in best.floating if p.role is Role.CONSTRAINED]
    known = f"; known with errors: {', '.join(constrained)}" if constrained else ""
    normalisation = fit.question.normalisation_text
    return (
        f"What do the {fit.data.observation.exposure.n_steps} steps of {listed(names, 3)} say: "
        f"{which}what is {asked}? "
        f"Normalisation Γ₀ {normalisation}{known}."
    )


def background_of(fit: FitReport) -> float:
    """Return the background that is stated for all signal steps, counts."""
    exposure = fit.data.observation.exposure
    return float(np.sum(exposure.background_counts[_sees_signal(fit)]))


def is_nothing_seen(fit: FitReport) -> bool:
    """Whether signal steps count no more than the stated background lets expect."""
    counted = float(np.sum(fit.data.observation.counts[_sees_signal(fit)]))
    background = background_of(fit)
    return counted <= 0 or (background > 0 and counted - background < SEEN * math.sqrt(background))


def _sees_signal(fit: FitReport) -> BoolArray:
    exposure = fit.data.observation.exposure
    return np.asarray((exposure.kind == StepKind.SIGNAL) & (exposure.counts_per_unit > 0))


def answer(fit: FitReport) -> str:
    """Return the answer."""
    result, best = fit.result, fit.result.best
    parts = []
    if is_nothing_seen(fit):
        counted = number(float(np.sum(fit.data.observation.counts[_sees_signal(fit)])))
        parts.append(
            f"No signal is seen, {counted} photons where background alone is expected to give "
            f"{number(background_of(fit), 4)}"
        )
    if best.p_value is not None and best.p_value < POOR:
        parts.append(
            f"no hypothesis describes the data well (asymptotic p {likely(best.p_value, 1)} of the best fit)"
        )
    parts.append(_comparison(result))
    values = [_value(p) for p in of_interest(best)[:3]]
    if values:
        parts.append(f"with {hypothesis_text(best.label)} {'; '.join(values)}")
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def in_doubt(result: FitResult) -> tuple[str, float] | None:
    """Return the best fit of another ordering, or nature, by label, and how far it is from the best."""
    best = result.best
    others = {label: delta for label, delta in result.delta_q.items() if label != best.label}
    another = {k: d for k, d in others.items() if k.partition("/")[0] != best.label.partition("/")[0]}
    among = another or others
    return min(among.items(), key=lambda item: item[1]) if among else None


def _comparison(result: FitResult) -> str:
    best, rival = hypothesis_text(result.best.label), in_doubt(result)
    if rival is None:
        return f"{best} was fitted alone"
    label, delta_q = hypothesis_text(rival[0]), rival[1]
    if delta_q < HARDLY:
        return f"{best} and {label} fit alike (Δ(−2 ln L) = {number(delta_q, 2)})"
    if math.isinf(delta_q):
        return f"{label} is impossible, since there are counts where it expects none"
    return f"{best} fits better than {label} by Δ(−2 ln L) = {number(delta_q, 3)}"


def _value(fitted: ParameterFit) -> str:
    """Return what is said of one parameter."""
    name, intervals = named(fitted.name), fitted.intervals
    if not fitted.seen:
        return f"the data say nothing of {name}"
    if intervals is None or not intervals.regions:
        return f"{name} is {value_text(fitted)}"
    regions = intervals.regions
    if len(regions) == 1 and regions[0].lower_open and regions[0].upper_open:
        return f"{name} may be anywhere in its range"
    if fitted.is_flat:
        region = region_text(fitted.name, intervals)
        return f"no single value of {name} fits best, {percent(intervals.level)} interval {region}"
    is_zero = fitted.at_bound and fitted.name in MASSES and regions[0].lower_open
    value = "compatible with 0" if is_zero else value_text(fitted)
    return f"{name} is {value}, {percent(intervals.level)} interval {region_text(fitted.name, intervals)}"
