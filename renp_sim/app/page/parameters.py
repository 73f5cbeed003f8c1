"""Parameters: values, profiles, pulls of nuisances, correlations, and what each adds to the error."""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.infer.result import ModelFit, ParameterFit, Role
from renp_sim.analysis.model import Constraint, Shape
from renp_sim.app.page.answer import of_interest
from renp_sim.app.page.figures import drawing
from renp_sim.app.page.impact import ORDER, impacts
from renp_sim.app.page.parts import Block, Drawing, Section, Table, Text
from renp_sim.app.page.words import named, number, percent, region_text, unit_of, value_text
from renp_sim.app.thresholds import FitReport
from renp_sim.plots.correlation import correlation_plot
from renp_sim.plots.pulls import nuisance_plot

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["parameters_section"]

MOST_DRAWN = 24
"""Nuisances, or parameters with correlations, of which a figure can be read; tables have all."""

PULLS = "Pulls of what is known with an error, bars the error that is left relative to what was known. "
IMPACT = "Impact: how far the result moves with each, ρ σ."
NO_IMPACT = "The result has no parabolic error, so single parameters have no impact; groups are below."

ALONE = "Nothing but what was asked for floats: the errors are those of the counts alone."
NOT_HERE = "The share of each group of nuisances takes a search of its own here, and is not in this report."


def parameters_section(fit: FitReport, profile: "Figure | None") -> Section:
    """Return the section; `profile` is that of the lightest mass, None where it has none."""
    best = fit.result.best
    blocks: list[Block] = []
    if profile is not None:
        blocks.append(
            drawing(
                profile,
                key="profile",
                label=f"Profiles of the lightest mass for {', '.join(f.label for f in fit.result.fits)}",
                caption="Δ(−2 ln L) over the lightest mass, every other parameter at its best; shaded are "
                f"{percent(fit.result.level)} intervals, ticks are where a step crosses a threshold.",
            )
        )
    blocks += [_values(fitted) for fitted in fit.result.fits]
    blocks += _nuisances(best)
    blocks += _frozen(best)
    if len(best.correlation_names) > 1:
        blocks.append(_correlations(best))
    return Section(key="parameters", title="Profiles, pulls and correlations", blocks=tuple(blocks))


def _values(fitted: ModelFit) -> Table:
    rows = [
        (
            p.name,
            p.role.value,
            value_text(p),
            region_text(p.name, p.intervals),
            "–" if p.intervals is None else p.intervals.method.value,
            "–" if p.prior_pull is None else f"{p.prior_pull:+.2f}".replace("-", "−"),
        )
        for p in (*fitted.floating, *(p for p in fitted.parameters if p.role is Role.FIXED))
    ]
    head = ("parameter", "it is", "value", "intervals", "found by", "pull of the prior")
    return Table(
        caption=f"{fitted.label}: −2 ln L = {number(fitted.minus_two_ln_L, 6)} for {fitted.ndf} degrees of "
        f"freedom, {fitted.status.name.lower().replace('_', ' ')}",
        head=head,
        rows=rows,
    )


def _nuisances(best: ModelFit) -> list[Drawing]:
    """Return pulls and impacts of the constrained parameters, as a figure; none where there are none."""
    constraint_of = dict(zip(best.setup.names, best.setup.constraints, strict=True))
    nuisances = [p for p in best.floating if p.role is Role.CONSTRAINED and p.prior_pull is not None][
        :MOST_DRAWN
    ]
    if not nuisances:
        return []
    interest = of_interest(best)
    impact = _impact(best, interest[0], nuisances) if interest else None
    pull = np.array([p.prior_pull for p in nuisances], dtype=float)
    width = np.array([_width(p, constraint_of[p.name]) for p in nuisances])
    scale, unit = unit_of(interest[0].name) if interest else (1.0, "")
    what = interest[0].name.removesuffix("_eV") if interest else ""
    drawn = nuisance_plot(
        [p.name for p in nuisances],
        pull,
        width,
        None if impact is None else scale * impact,
        impact_label=f"impact on {what}" + (f" ({unit.strip()})" if unit else ""),
    )
    largest = int(np.argmax(np.abs(pull)))
    return [
        drawing(
            drawn,
            key="nuisances",
            label=f"Pulls of {len(nuisances)} nuisance parameters, the largest {pull[largest]:+.2f} of "
            f"{nuisances[largest].name}"
            + (", and their impacts on the result" if impact is not None else ""),
            caption=PULLS + (IMPACT if impact is not None else NO_IMPACT),
        )
    ]


def _impact(best: ModelFit, interest: ParameterFit, nuisances: list[ParameterFit]) -> "np.ndarray | None":
    """Return ρ σ of the result for each nuisance, shape (k,); None where the result has no parabola."""
    names = list(best.correlation_names)
    if interest.error is None or interest.name not in names:
        return None
    row = best.correlation[names.index(interest.name)]
    found = [row[names.index(p.name)] if p.name in names else np.nan for p in nuisances]
    return np.asarray(found, dtype=float) * interest.error


def _width(fitted: ParameterFit, constraint: Constraint | None) -> float:
    """Return σ̂/σ₀; NaN where it is not known."""
    if fitted.error is None or constraint is None:
        return float("nan")
    if constraint.shape is Shape.LOG_NORMAL:
        return fitted.error / (fitted.value * float(np.log1p(constraint.error)))
    return fitted.error / constraint.error


def _frozen(best: ModelFit) -> list[Block]:
    """Return what is left of the interval while groups are frozen, and what each adds."""
    interest = of_interest(best)
    steps = impacts(best, interest[0]) if interest else ()
    if not steps:
        return [Text(text=ALONE if len(best.setup.names) == len(interest) else NOT_HERE)]
    scale, unit = unit_of(interest[0].name)
    half = [scale * (each.upper - each.lower) / 2 for each in steps]
    rows = [("everything floats", "", f"{number(half[0], 4)}{unit}", "–")]
    for k, each in enumerate(steps[1:], start=1):
        added = np.sqrt(max(half[k - 1] ** 2 - half[k] ** 2, 0.0))
        rows.append(
            (
                f"+ {each.group}",
                ", ".join(each.names),
                f"{number(half[k], 4)}{unit}",
                f"{number(added, 3)}{unit}",
            )
        )
    order = ", ".join(group.value for group in ORDER)
    return [
        Table(
            caption=f"Impact on {named(interest[0].name)}: groups frozen at their best values in this order, "
            f"each with those above it (other parameters, {order}). Half widths of the interval; what a "
            "group adds is the difference in squares.",
            head=("frozen", "parameters", "half width left", "the group adds"),
            rows=rows,
        )
    ]


def _correlations(best: ModelFit) -> Block:
    names, matrix = best.correlation_names, best.correlation
    if len(names) > MOST_DRAWN:
        rows = [(name, *(number(float(r), 2) for r in row)) for name, row in zip(names, matrix, strict=True)]
        return Table(caption=f"Correlations of {best.label}", head=("", *names), rows=rows)
    off = np.abs(matrix - np.diag(np.diag(matrix)))
    i, j = np.unravel_index(int(np.nanargmax(off)), off.shape)
    return drawing(
        correlation_plot(names, matrix),
        key="correlations",
        label=f"Correlations of {len(names)} parameters; the largest is {matrix[i, j]:+.2f}, of {names[i]} "
        f"and {names[j]}",
        caption=f"Correlations of {best.label}, of the parameters that have a parabolic error.",
    )
