"""Sensitivity: expected limits along a scan of a key of the run file, or of the exposure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.infer.band import BAND
from renp_sim.analysis.infer.limit import Limit
from renp_sim.app.experiment import require_factors
from renp_sim.app.limit import LimitMethod, limit_of
from renp_sim.app.question import Question
from renp_sim.app.scan import EXPOSURE, Scan, notes_of_points, setting_of
from renp_sim.app.subject import Subject
from renp_sim.app.systematics import Systematic, present, without
from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.arrays import FloatArray
from renp_sim.errors import NumericsError, listed
from renp_sim.plots.figure import LONG
from renp_sim.plots.sensitivity import DrawnLimit, PublishedBound, sensitivity_plot
from renp_sim.runfile.run import load

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["Sensitivity", "published_bounds", "sensitivity_of", "write_sensitivity"]

MEDIATOR_MASS = "interaction.mass_eV"

MOST_NOTES = 8

LIMITS_BY = 1.1
"""What is known perfectly must improve a limit by this factor to be what limits it."""

MAY_LIMIT = (Systematic.BACKGROUND, Systematic.NORMALISATION, Systematic.CALIBRATION)
"""What a point of the curve may be limited by, beside the counts."""

MOMENT_BOUNDS = (
    PublishedBound(label="GEMMA, Borexino", value=3e-11),
    PublishedBound(label="XENONnT", value=6e-12),
    PublishedBound(label="red giants", value=2.2e-12),
)
"""On magnetic moments, in Bohr magnetons: GP23 section 6."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensitivity:
    """Expected limits of some parameters along a scan.

    Parameters
    ----------
    scan
        What was varied.
    level, question
        Confidence level; what floats.
    limits
        By parameter, one a point.
    limited_by
        By parameter, what limits each point: counts, background, normalisation or calibration.
    poles_eV
        Masses within a scan of a mediator's mass at which a step stands on its pole.
    notes
        What a reader must know, a line each.
    """

    scan: Scan
    level: float
    question: Question
    limits: dict[str, tuple[Limit, ...]]
    limited_by: dict[str, tuple[str, ...]]
    poles_eV: FloatArray
    notes: tuple[str, ...]

    @property
    def normalisation_text(self) -> str:
        """What is known of Γ₀ beside the parameters."""
        (name, *others) = self.limits
        return self.question.normalisation_text if others else self.question.normalisation_beside(name)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a row per parameter and point."""
        for name, limits in self.limits.items():
            for value, limit, by in zip(
                self.scan.values.tolist(), limits, self.limited_by[name], strict=True
            ):
                band = limit.expected or (None,) * len(BAND)
                yield {
                    "parameter": name,
                    self.scan.key: value,
                    "lower": limit.lower,
                    "upper": limit.upper,
                    "minus_2_sigma": band[0],
                    "minus_1_sigma": band[1],
                    "plus_1_sigma": band[3],
                    "plus_2_sigma": band[4],
                    "limited_by": by,
                    "status": limit.status.value,
                }

    def as_dict(self) -> dict[str, Any]:
        """Return what `sensitivity --json` prints."""
        return {
            "scan": self.scan.key,
            "cl": self.level,
            "method": LimitMethod.ASIMOV.value,
            "sided": "two-sided",
            "normalisation": self.normalisation_text,
            "rows": list(self.rows()),
            "poles_eV": self.poles_eV.tolist(),
            "notes": list(self.notes),
        }


def sensitivity_of(
    run_file: str | Path,
    question: Question,
    parameters: Sequence[str],
    scan: Scan,
    *,
    level: float = 0.9,
    settings: Sequence[str] = (),
    seed: int | None = None,
    band: bool = True,
) -> Sensitivity:
    """Return the expected limits along a scan, by Asimov sets, as a rule with their bands.

    Raises
    ------
    ConfigError
        If a value of the scan makes no run, or a parameter is unknown.
    NumericsError
        If every value puts a step on a pole that nothing resolves; some are left out with a note.
    """
    at = _subject_at(run_file, scan, settings, seed)
    limits: dict[str, list[Limit]] = {}
    limited_by: dict[str, list[str]] = {}
    kept: list[float] = []
    notes: list[str] = []
    poles_eV = np.empty(0)
    lost: dict[float, NumericsError] = {}
    for value in scan.values.tolist():
        try:
            subject = at(value)
            reports = [
                limit_of(subject, question, parameter, level=level, method=LimitMethod.ASIMOV, band=band)
                for parameter in dict.fromkeys(parameters)
            ]
            by = [_what_limits(subject, question, level, report.limit) for report in reports]
        except NumericsError as error:
            # one mass on a pole is no reason to lose the others
            lost[value] = error
            continue
        kept.append(value)
        poles_eV = _poles_eV(subject, scan)
        for report, what in zip(reports, by, strict=True):
            limits.setdefault(report.limit.name, []).append(report.limit)
            limited_by.setdefault(report.limit.name, []).append(what)
            notes += report.notes
    if not kept:
        raise next(iter(lost.values()))
    said = [
        f"{scan.key} = {value:.9g} is left out: {error}" for value, error in list(lost.items())[:MOST_NOTES]
    ]
    if len(lost) > MOST_NOTES:
        said.append(f"{len(lost) - MOST_NOTES} more values of {scan.key} are left out")
    if len(poles_eV):
        named = listed([f"{pole_eV:.4g}" for pole_eV in poles_eV.tolist()], MOST_NOTES, "eV")
        said.append(
            f"poles of the mediator lie between the points, at {named}: limits are far "
            f"stronger beside them; --scan {scan.key}=VALUE,VALUE,… looks there"
        )
    return Sensitivity(
        scan=replace(scan, values=np.array(kept)),
        level=level,
        question=question,
        limits={name: tuple(found) for name, found in limits.items()},
        limited_by={name: tuple(found) for name, found in limited_by.items()},
        poles_eV=poles_eV,
        notes=(*said, *notes_of_points(notes)),
    )


def _subject_at(
    run_file: str | Path, scan: Scan, settings: Sequence[str], seed: int | None
) -> Callable[[float], Subject]:
    """Return what makes the run at a point of the scan."""

    def planned(*changes: str) -> Subject:
        return Subject.of(load(run_file, (*settings, *changes), seed=seed))

    if scan.key != EXPOSURE:
        return lambda value: planned(setting_of(scan.key, value))
    require_factors(scan.values, "--scan exposure")
    once = planned()
    return lambda factor: replace(once, experiment=once.experiment.scaled(factor))


def _poles_eV(subject: Subject, scan: Scan) -> FloatArray:
    """Return the masses between the first and last point at which a step stands on the pole, q² = M², rising.

    Only where the mediator may decay into two of the lightest: else it is no resonance.
    """
    if scan.key != MEDIATOR_MASS:
        return np.empty(0)
    exposure, (target, *_) = subject.experiment.exposure, subject.experiment.targets.values()
    e_eg_eV = target.atom.e_eg_eV
    omega_eV = np.unique(exposure.omega_eV[exposure.counts_per_unit > 0])
    pole_eV = np.sqrt(np.maximum(e_eg_eV * (e_eg_eV - 2 * omega_eV), 0.0))[::-1]
    least_eV = max(float(np.min(scan.values)), 2 * min(subject.experiment.assumptions.masses_eV))
    return np.asarray(pole_eV[(pole_eV > least_eV) & (pole_eV < np.max(scan.values))])


def _what_limits(subject: Subject, question: Question, level: float, found: Limit) -> str:
    """Return whose absence would improve a limit the most; counts where nothing's would by a tenth."""
    if found.upper is None:
        return found.status.value
    gains = {"counts": LIMITS_BY}
    for each in (s for s in present(subject.experiment, question) if s in MAY_LIMIT):
        experiment, asked = without(subject.experiment, question, each)
        better = replace(subject, experiment=experiment)
        upper = limit_of(better, asked, found.name, level=level, method=LimitMethod.ASIMOV).limit.upper
        gains[each.value] = found.upper / upper if upper else 0.0
    return max(gains, key=lambda name: gains[name])


def _limit_label(parameters: Sequence[str]) -> str:
    """Return what is limited, with its unit if all have one."""
    for part, unit in (("_muB", r"$\mu_\mathrm{B}$"), ("_eV2", "eV²"), ("_eV", "eV"), ("_deg", "°")):
        if all(part in name for name in parameters):
            return f"limit [{unit}]"
    return "limit"


def published_bounds(parameters: Sequence[str]) -> tuple[PublishedBound, ...]:
    """Return published bounds in the unit of all parameters; none where they differ or have none."""
    return MOMENT_BOUNDS if all("magnetic_muB" in name for name in parameters) else ()


def write_sensitivity(found: Sensitivity, folder: Path, *, force: bool = False) -> list[Path]:
    """Write curves as CSV, PNG and PDF into a folder, and return the files.

    Raises
    ------
    SchemaError
        If a file exists and `force` is not given, or cannot be written.
    """
    level = f"{100 * found.level:g} % CL"
    rows = list(found.rows())

    reach = (
        float(np.max(found.scan.values) / np.min(found.scan.values)) if found.scan.key == EXPOSURE else 1.0
    )
    is_log = found.scan.is_log or reach >= LONG

    def draw() -> "Figure":
        return sensitivity_plot(
            [DrawnLimit.of(name, found.scan.values, limits) for name, limits in found.limits.items()],
            x_label=found.scan.label,
            is_log=is_log,
            bounds=published_bounds(list(found.limits)),
            poles=found.poles_eV,
            y_label=_limit_label(list(found.limits)),
            title=f"expected {level} limits, two-sided, normalisation {found.normalisation_text}",
        )

    return write_table_and_plot(
        folder,
        "sensitivity",
        [f"expected limits of an Asimov set, {level}, two-sided"],
        list(rows[0]),
        [list(row.values()) for row in rows],
        draw,
        force=force,
    )
