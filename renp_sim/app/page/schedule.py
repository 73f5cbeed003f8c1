"""The schedule: shares of the time, thresholds of both orderings, line and calibration on one scale."""

import numpy as np

from renp_sim.app.hypothesis import Hypothesis
from renp_sim.app.page.figures import drawing
from renp_sim.app.page.parts import Facts, Section, Table
from renp_sim.app.page.words import duration, number, percent
from renp_sim.app.thresholds import FitReport
from renp_sim.arrays import FloatArray
from renp_sim.laser.schedule import StepKind
from renp_sim.physics.neutrino import Neutrinos, Ordering
from renp_sim.physics.pairs import PAIRS
from renp_sim.plots.schedule import schedule_plot

__all__ = ["live_time_s", "schedule_section", "thresholds_of_orderings", "wall_time_s"]

KINDS = {StepKind.SIGNAL: "signal", StepKind.CONTROL: "control", StepKind.DARK: "dark"}


def live_time_s(fit: FitReport) -> float:
    """Return the live time of all steps, s."""
    return float(np.sum(fit.data.observation.exposure.live_time_s))


def wall_time_s(fit: FitReport) -> float:
    """Return the wall time of all runs, settling included, s."""
    return float(np.sum(fit.data.tables.runs["wall_time_s"]))


def thresholds_of_orderings(fit: FitReport) -> dict[str, dict[str, float]]:
    """Return ω_ij by ordering and pair: those of its best fit; at the best lightest mass if it has none.

    Without those that depend on a mass which the data do not see.
    """
    found: dict[str, dict[str, float]] = {}
    for fitted in sorted(fit.result.fits, key=lambda f: fit.result.delta_q[f.label]):
        every = fit.thresholds[fitted.label].items()
        rows = {pair: row.value for pair, row in every if row.value is not None}
        found.setdefault(fitted.label.partition("/")[0], rows)
    best, data = fit.result.best, fit.data
    masses = [p for p in best.parameters if p.name in ("lightest_mass_eV", "m1_eV", "m2_eV", "m3_eV")]
    for ordering in Ordering:
        if ordering.value not in found and masses and all(p.seen for p in masses):
            hypothesis = Hypothesis(ordering=ordering, nature=data.assumptions.nature)
            oscillation = hypothesis.oscillation(data.assumptions.oscillation)
            neutrinos = Neutrinos.from_lightest_mass(min(p.value for p in masses), oscillation)
            at = neutrinos.thresholds_eV(data.first_target.atom.e_eg_eV)
            found[ordering.value] = {pair: float(at[place]) for pair, place in PAIRS.items()}
    return {ordering.value: found[ordering.value] for ordering in Ordering if found.get(ordering.value)}


def schedule_section(fit: FitReport) -> Section:
    """Return the section."""
    exposure = fit.data.observation.exposure
    total_s = live_time_s(fit)
    omega_eV, place = np.unique(exposure.omega_eV, return_inverse=True)

    def largest(values: FloatArray) -> FloatArray:
        out: FloatArray = np.zeros(len(omega_eV))
        np.maximum.at(out, place, values)
        return out

    line, error = (
        exposure.linewidth_eV,
        np.hypot(exposure.omega_common_error_eV, exposure.omega_step_error_eV),
    )
    live_s = np.bincount(place, exposure.live_time_s)
    thresholds = thresholds_of_orderings(fit)
    where = f" in {fit.atom_of_thresholds}" if fit.atom_of_thresholds else ""
    drawn = schedule_plot(
        omega_eV,
        live_s / (total_s or 1.0),
        linewidth_eV=largest(line),
        error_eV=largest(error),
        thresholds_eV=thresholds,
    )
    of_orderings = f"the thresholds of {' and '.join(thresholds)} ordering, " if thresholds else ""
    label = (
        f"Shares of the live time of all steps at {len(omega_eV)} frequencies from "
        f"{number(float(omega_eV[0]), 8)} to {number(float(omega_eV[-1]), 8)} eV, above {of_orderings}"
        "the laser line and the calibration error on the same scale"
    )
    at_fits = (
        f"the thresholds ω_ij{where} of both orderings at their best fits, by ij, " if thresholds else ""
    )
    caption = (
        "Share of the live time of all steps, control and dark ones included, at each frequency; below it "
        f"{at_fits}the laser line (±σ) and the stated calibration error (±σ), to the same scale: what is "
        "narrower than the mark is a tick."
    )
    return Section(
        key="schedule",
        title="Schedule",
        blocks=(
            drawing(drawn, key="schedule", label=label, caption=caption),
            Facts(caption="What is to be resolved", rows=_scales(fit, omega_eV, thresholds)),
            _kinds(fit, total_s),
            *([_threshold_table(thresholds, where)] if thresholds else []),
        ),
    )


def _scales(
    fit: FitReport, omega_eV: FloatArray, thresholds: dict[str, dict[str, float]]
) -> list[tuple[str, str]]:
    exposure = fit.data.observation.exposure
    places = sorted({value for row in thresholds.values() for value in row.values()})
    gaps = np.diff(places)
    widths = (
        ("laser line, σ", exposure.linewidth_eV),
        ("calibration, common to all steps", exposure.omega_common_error_eV),
        ("calibration, of each step", exposure.omega_step_error_eV),
    )
    rows = [(name, _span(values)) for name, values in widths]
    if len(omega_eV) > 1:
        rows.append(("closest frequencies", f"{number(1e6 * float(np.min(np.diff(omega_eV))))} µeV"))
    if np.any(gaps > 0):
        rows.append(("closest thresholds", f"{number(1e6 * float(np.min(gaps[gaps > 0])), 4)} µeV"))
    return rows


def _span(values_eV: FloatArray) -> str:
    low, high = 1e6 * float(np.min(values_eV)), 1e6 * float(np.max(values_eV))
    if high == 0:
        return "0, sharp or exact"
    return f"{number(high)} µeV" if low == high else f"{number(low)} to {number(high)} µeV"


def _kinds(fit: FitReport, total_s: float) -> Table:
    """Return how the time is shared."""
    exposure, steps = fit.data.observation.exposure, fit.data.tables.steps
    wall_s = wall_time_s(fit)
    rows = []
    for kind, name in KINDS.items():
        chosen = exposure.kind == kind
        if np.any(chosen):
            live_s = float(np.sum(exposure.live_time_s[chosen]))
            lasting_s = float(np.sum(steps["duration_s"][chosen]))
            shares = (percent(live_s / (total_s or 1.0), 3), percent(lasting_s / (wall_s or 1.0), 3))
            rows.append(
                (name, str(int(np.sum(chosen))), duration(live_s), shares[0], duration(lasting_s), shares[1])
            )
    settling_s = wall_s - float(np.sum(steps["duration_s"]))
    if settling_s > 1e-9 * wall_s:
        rows.append(("settling", "", "", "", duration(settling_s), percent(settling_s / wall_s, 3)))
    head = ("steps for", "number", "live time", "of all live time", "wall time", "of all wall time")
    return Table(caption="Time shares", head=head, rows=rows)


def _threshold_table(thresholds: dict[str, dict[str, float]], where: str) -> Table:
    rows = [
        (
            f"ν{pair[0]}ν{pair[1]}",
            *(f"{row[pair]:.9f}" if pair in row else "anything" for row in thresholds.values()),
        )
        for pair in PAIRS
    ]
    return Table(
        caption=f"Thresholds ω_ij{where} (eV)",
        head=("pair", *(f"{name} ordering" for name in thresholds)),
        rows=rows,
    )
