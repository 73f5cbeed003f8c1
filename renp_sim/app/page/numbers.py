"""The table of key numbers."""

import numpy as np

from renp_sim.analysis.infer.goodness import Goodness
from renp_sim.app.page.answer import background_of, of_interest
from renp_sim.app.page.folder import Found
from renp_sim.app.page.parts import Facts, Section
from renp_sim.app.page.planned import exposure_facts, limit_facts
from renp_sim.app.page.schedule import KINDS, live_time_s, wall_time_s
from renp_sim.app.page.spectrum import expected_background
from renp_sim.app.page.words import (
    duration,
    likely,
    named,
    number,
    percent,
    region_text,
    run_names,
    value_text,
)
from renp_sim.app.thresholds import FitReport
from renp_sim.errors import listed
from renp_sim.laser.schedule import StepKind

__all__ = ["numbers_section"]


def numbers_section(fit: FitReport, found: Found) -> Section:
    """Return the section."""
    rows = [*_exposure(fit), *_fit(fit), *limit_facts(found), *exposure_facts(found)]
    return Section(
        key="numbers", title="Key numbers", blocks=(Facts(caption="What was taken and found", rows=rows),)
    )


def _exposure(fit: FitReport) -> list[tuple[str, str]]:
    data = fit.data
    exposure, best = data.observation.exposure, fit.result.best
    names = run_names(data.tables)
    kinds = [
        f"{int(np.sum(exposure.kind == kind))} {name}"
        for kind, name in KINDS.items()
        if np.any(exposure.kind == kind)
    ]
    signal = data.fitted.exposure.kind == StepKind.SIGNAL
    background = float(np.sum(expected_background(fit)[signal]))
    blind = data.tables.runs["is_blind"].astype(bool)
    return [
        ("runs", listed(names, 5)),
        ("blind", f"{int(np.sum(blind))} of {len(names)}: what the data hide was given by --model")
        if np.any(blind)
        else ("blind", "no"),
        ("steps", f"{exposure.n_steps} ({', '.join(kinds)})"),
        ("live time of all steps", duration(live_time_s(fit))),
        ("wall time", duration(wall_time_s(fit))),
        ("recorded photons", f"{float(np.sum(data.observation.counts)):.0f}"),
        (f"expected signal, {best.label}", number(float(np.sum(best.expected[signal])) - background, 5)),
        (
            "expected background in signal steps",
            f"{number(background, 5)} as fitted, {number(background_of(fit), 5)} as stated",
        ),
    ]


def _fit(fit: FitReport) -> list[tuple[str, str]]:
    result = fit.result
    rows = []
    for fitted in result.fits:
        for parameter in of_interest(fitted):
            found = parameter.intervals
            means = (
                ""
                if found is None
                else f"; Δ(−2 ln L) = {number(found.delta_q, 4)}, {percent(found.level)} {found.sided}"
            )
            if found is not None and found.level_at_bound is not None:
                means += f", {percent(found.level_at_bound)} one-sided where the truth is the bound"
            rows.append(
                (
                    f"{named(parameter.name)}, {fitted.label}",
                    f"{value_text(parameter)}, {region_text(parameter.name, found)}{means}",
                )
            )
    for label, delta_q in result.delta_q.items():
        fitted = result.fit(label)
        p_value = "" if fitted.p_value is None else f", asymptotic p {likely(fitted.p_value)}"
        above = "best" if label == result.best.label else f"{number(delta_q, 5)} above {result.best.label}"
        rows.append(
            (
                f"−2 ln L, {label}",
                f"{number(fitted.minus_two_ln_L, 5)} for {fitted.ndf} degrees of freedom{p_value} ({above})",
            )
        )
    if fit.goodness is not None:
        good = fit.goodness
        rows.append(
            (
                f"p-value from toys, {result.best.label}",
                f"{_of_toys(good)} from {good.n_toys} toys",
            )
        )
    return rows


def _of_toys(good: Goodness) -> str:
    if good.is_bound:
        return likely(good.p_value, is_bound=True)
    return f"{number(good.p_value, 3)} ± {number(good.p_error, 1)}"
