"""The sensitivities of GP23: Figure 1, middle and right, and Figure 2, right, as expected 90 % CL limits.

χ²_P = 2.706 of the counts that the Standard Model expects, everything else known, no background, as there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from renp_sim.analysis.intervals import delta_q_of_level
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.app.question import Question
from renp_sim.app.scan import Scan
from renp_sim.app.sensitivity import MOMENT_BOUNDS, Sensitivity, sensitivity_of
from renp_sim.app.table_and_plot import write_csv
from renp_sim.arrays import FloatArray
from renp_sim.physics.pairs import PAIRS
from renp_sim.plots.figure import png_and_pdf, save
from renp_sim.plots.sensitivity import DrawnLimit, sensitivity_plot
from renp_sim.runfile.run import load

__all__ = ["LIMIT_FIGURES", "mediator_limits", "moment_limits", "write_limit_figure"]

LEVEL = 0.9

SETTING = "Yb, normal ordering, Dirac, lightest mass 10 meV, NuFIT 5.2, isotropic spin average, sharp line"

RUN = "gp23_three_frequencies"

SIX_EV = (1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164)
"""One in each interval between two thresholds of 10 meV, normal ordering."""

SEPARATING_EV = 1.068
"""Far below all thresholds, where an electric and a magnetic moment differ in shape."""

DAYS = np.geomspace(1.0, 1e4, 17)
"""At each frequency."""

DAY_S = 86_400.0

MASS_KEY = "interaction.mass_eV"

MASSES_EV = np.geomspace(1e-3, 1e4, 43)

BESIDE_POLES = 10.0 ** np.arange(-2.5, -0.5, 0.5)
"""Relative distances to either side of a pole, at which the fall of a limit towards it is followed."""

SETTINGS: Mapping[str, tuple[str, str]] = {
    "vector": ("interaction.g_electron=1", "interaction.g_left.11"),
    "scalar": ("interaction.y_electron=1", "interaction.y_scalar.11"),
}
"""With an electron's coupling of 1 the limit is one on the product."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LimitFigure:
    """The numbers of a figure.

    Parameters
    ----------
    name
        File name without suffix.
    says
        What is drawn, a line each, for the head of the table.
    x_name, x
        The axis, shape (g,).
    columns
        Limits by name, shape (g,) each.
    curves
        As they are drawn.
    x_label, y_label, title
        Of the plot.
    poles_eV
        Masses of the mediator at which a step stands on its pole.
    """

    name: str
    says: tuple[str, ...]
    x_name: str
    x: FloatArray
    columns: Mapping[str, FloatArray]
    curves: tuple[DrawnLimit, ...]
    x_label: str
    y_label: str
    title: str
    poles_eV: FloatArray = field(default_factory=lambda: np.empty(0))


def mediator_limits(kind: str) -> LimitFigure:
    """Return GP23's Figure 1, middle ("vector") or right ("scalar"): limits against the mediator's mass."""
    setting, parameter = SETTINGS[kind]

    def limits_at(masses_eV: FloatArray) -> Sensitivity:
        return sensitivity_of(
            RUN,
            Question(),
            [parameter],
            Scan(key=MASS_KEY, values=masses_eV, is_log=True),
            level=LEVEL,
            settings=(f"interaction.model={kind}_mediator", setting),
            band=False,
        )

    whole = limits_at(MASSES_EV)
    near = limits_at(np.outer(whole.poles_eV, np.append(1 - BESIDE_POLES, 1 + BESIDE_POLES)).ravel())
    ((name, limits),) = whole.limits.items()
    curve = DrawnLimit.of(
        name.removeprefix("interaction."),
        np.append(whole.scan.values, near.scan.values),
        (*limits, *near.limits[name]),
    )
    named = ", ".join(f"{pole_eV:.6g}" for pole_eV in whole.poles_eV.tolist())
    product = r"|g^e g_{L,11}|" if kind == "vector" else r"|y^e y_{S,11}|"
    return LimitFigure(
        name=f"figure1_limit_{kind}",
        says=(
            f"expected 90 % CL limits on the product of couplings, {kind} mediator, after Figure 1 of GP23",
            "three frequencies of 2.3 d, chi2_P = 2.706, Standard Model counts, all else known",
            f"poles of the mediator, where limits fall without end: {named} eV",
        ),
        x_name="mass_eV",
        x=curve.x,
        columns={"upper": curve.upper, "minus_lower": -curve.lower},
        curves=(curve,),
        poles_eV=whole.poles_eV,
        x_label="mediator mass [eV]",
        y_label=f"90 % CL limit on ${product}$",
        title="Yb, normal ordering, $m_1$ = 10 meV; 1.0688, 1.0699, 1.0711 eV, 2.3 d each",
    )


def moment_limits(kind: str) -> LimitFigure:
    """Return a half of GP23's Figure 2, right: "magnetic" or "electric" moments against exposure."""
    columns: dict[str, FloatArray] = {}
    curves = []
    for omegas, suffix in (((SEPARATING_EV, *SIX_EV), ""), (SIX_EV, "_without_1.068")):
        for number, (pair, upper) in enumerate(_moment_limits(kind, omegas).items()):
            columns[f"{kind}_{pair}{suffix}"] = upper
            symbol = r"\mu" if kind == "magnetic" else r"\epsilon"
            curves.append(
                DrawnLimit(
                    label=rf"${symbol}_{{{pair}}}$",
                    x=DAYS,
                    upper=upper,
                    lower=-upper,
                    band=np.full((4, len(DAYS)), np.nan),
                    is_even=True,
                    number=number,
                    is_dashed=bool(suffix),
                )
            )
    return LimitFigure(
        name=f"figure2_limit_{kind}",
        says=(
            f"expected 90 % CL limits on {kind} moments in Bohr magnetons, after Figure 2 (right) of GP23",
            "GP23's six frequencies and 1.068 eV, and without it; off the diagonal real and hermitian",
        ),
        x_name="days_per_frequency",
        x=DAYS,
        columns=columns,
        curves=tuple(curves),
        x_label="time at each frequency [d]",
        y_label=r"90 % CL limit [$\mu_B$]",
        title=f"Yb, normal ordering, $m_1$ = 10 meV; {kind} moments; dashed: without 1.068 eV",
    )


def _moment_limits(kind: str, omegas_eV: tuple[float, ...]) -> dict[str, FloatArray]:
    """Return limits at all exposures by pair, from one curve: Δq of an Asimov set grows with the time.

    With nothing else floating it is that of the counts themselves, tabled over the size of a moment.
    """
    scan = f"laser.scan=[{{omegas_eV={list(omegas_eV)}, total_duration_s={len(omegas_eV) * DAY_S}}}]"
    experiment = Experiment.of(load(RUN, (scan, "interaction.model=em_moments")))
    whole = model_of(experiment, hypothesis_of_run(experiment))
    names = [p.name for p in whole.parameters]
    wanted = np.log(delta_q_of_level(LEVEL) / DAYS)
    found = {}
    for pair in PAIRS:
        name = f"interaction.{kind}_muB.{pair}"
        model = whole.offering((name if name in names else f"{name}.re",))
        form = model.quadratic((model.parameters[0].name,), np.zeros(1))
        assert form is not None
        size = model.parameters[0].scale * np.geomspace(1e-3, 1e2, 4001)
        signal = form.linear[:, 0] * size[:, None] + form.square[:, 0, 0] * size[:, None] ** 2
        q = np.sum(poisson_deviance(form.constant, form.constant + signal), axis=1)
        found[pair] = np.exp(np.interp(wanted, np.log(q), np.log(size)))
    return found


def write_limit_figure(found: LimitFigure, folder: Path) -> None:
    """Write the plot as PNG and PDF and the numbers as CSV."""
    drawn = sensitivity_plot(
        found.curves,
        x_label=found.x_label,
        is_log=True,
        bounds=MOMENT_BOUNDS if "magnetic" in found.name else (),
        poles=found.poles_eV,
        y_label=found.y_label,
        title=found.title,
    )
    save(drawn, *png_and_pdf(folder / found.name))
    says = (*found.says, SETTING)
    rows = np.column_stack([found.x, *found.columns.values()]).tolist()
    write_csv(folder / f"{found.name}.csv", says, (found.x_name, *found.columns), rows)


LIMIT_FIGURES: Mapping[str, Callable[[], LimitFigure]] = {
    "figure1_limit_vector": lambda: mediator_limits("vector"),
    "figure1_limit_scalar": lambda: mediator_limits("scalar"),
    "figure2_limit_magnetic": lambda: moment_limits("magnetic"),
    "figure2_limit_electric": lambda: moment_limits("electric"),
}
"""By the name of their files."""
