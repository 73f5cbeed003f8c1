"""Sensitivity: expected limits along a scan of a key of the run file, or of the exposure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.infer.band import BAND
from renp_sim.analysis.infer.limit import Limit
from renp_sim.app.experiment import require_factors
from renp_sim.app.limit import LimitMethod, limit_of
from renp_sim.app.question import Question
from renp_sim.app.subject import Subject
from renp_sim.app.systematics import Systematic, present, without
from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.plots.sensitivity import DrawnLimit, PublishedBound, sensitivity_plot
from renp_sim.runfile.run import load

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = [
    "Scan",
    "Sensitivity",
    "published_bounds",
    "scan_of",
    "sensitivity_of",
    "setting_of",
    "write_sensitivity",
]

EXPOSURE = "exposure"
"""Scans a factor on all durations."""

MOST_POINTS = 10_000

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
class Scan:
    """What is varied.

    Parameters
    ----------
    key
        A key of the run file, or `exposure`.
    values
        Shape (g,).
    is_log
        Whether they are even in the logarithm.
    """

    key: str
    values: FloatArray
    is_log: bool

    @property
    def label(self) -> str:
        """What an axis is called."""
        return "exposure, in durations of the run file" if self.key == EXPOSURE else self.key


def scan_of(text: str, option: str = "--scan") -> Scan:
    """Return the scan that `KEY=START:STOP:POINTS[:log]` or `KEY=VALUE,VALUE,…` means.

    Raises
    ------
    ConfigError
        If it means none.

    Examples
    --------
    >>> scan_of("interaction.mass_eV=1e-3:1e3:3:log").values.tolist()
    [0.001, 1.0, 1000.0]
    """
    key, equals, asked = text.partition("=")
    try:
        if ":" in asked:
            first, last, n, *rest = asked.split(":")
            start, stop, points = float(first), float(last), int(n)
            is_log = rest == ["log"]
            if (rest and not is_log) or not 1 <= points <= MOST_POINTS or (is_log and min(start, stop) <= 0):
                raise ValueError
            values = np.geomspace(start, stop, points) if is_log else np.linspace(start, stop, points)
        else:
            values, is_log = np.array([float(value) for value in asked.split(",")]), False
    except ValueError:
        values, is_log = np.empty(0), False
    if not equals or not key.strip() or not len(values) or not np.all(np.isfinite(values)):
        raise ConfigError(
            f"{option} {text}: write KEY=START:STOP:POINTS or KEY=START:STOP:POINTS:log, POINTS a whole "
            f"number up to {MOST_POINTS}, or KEY=VALUE,VALUE; KEY is one of the run file or `exposure`"
        )
    return Scan(key=key.strip(), values=values, is_log=is_log)


def setting_of(key: str, value: float) -> str:
    """Return the setting of a key; a whole number is written as one, since some keys take no other.

    Examples
    --------
    >>> setting_of("laser.scan[0].passes", 2.0), setting_of("target.coherence", 0.5)
    ('laser.scan[0].passes=2', 'target.coherence=0.5')
    """
    return f"{key}={int(value) if value.is_integer() and abs(value) < 2**53 else value!r}"


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
    notes
        What a reader must know, a line each.
    """

    scan: Scan
    level: float
    question: Question
    limits: dict[str, tuple[Limit, ...]]
    limited_by: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]

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
            "normalisation": self.question.normalisation_text,
            "rows": list(self.rows()),
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
    """
    limits: dict[str, list[Limit]] = {}
    limited_by: dict[str, list[str]] = {}
    notes: dict[str, None] = {}
    for subject in _subjects(run_file, scan, settings, seed):
        for parameter in dict.fromkeys(parameters):
            report = limit_of(subject, question, parameter, level=level, method=LimitMethod.ASIMOV, band=True)
            name = report.limit.name
            limits.setdefault(name, []).append(report.limit)
            limited_by.setdefault(name, []).append(
                _what_limits(subject, question, parameter, level, report.limit)
            )
            notes |= dict.fromkeys(report.notes)
    return Sensitivity(
        scan=scan,
        level=level,
        question=question,
        limits={name: tuple(found) for name, found in limits.items()},
        limited_by={name: tuple(found) for name, found in limited_by.items()},
        notes=tuple(notes)[:8],
    )


def _subjects(
    run_file: str | Path, scan: Scan, settings: Sequence[str], seed: int | None
) -> Iterator[Subject]:
    """Yield the run at each point of the scan."""

    def planned(*changes: str) -> Subject:
        return Subject.of(load(run_file, (*settings, *changes), seed=seed))

    if scan.key != EXPOSURE:
        yield from (planned(setting_of(scan.key, value)) for value in scan.values.tolist())
        return
    require_factors(scan.values, "--scan exposure")
    once = planned()
    yield from (replace(once, experiment=once.experiment.scaled(f)) for f in scan.values.tolist())


def _what_limits(subject: Subject, question: Question, parameter: str, level: float, found: Limit) -> str:
    """Return whose absence would improve a limit the most; counts where nothing's would by a tenth."""
    if found.upper is None:
        return found.status.value
    gains = {"counts": LIMITS_BY}
    for each in (s for s in present(subject.experiment, question) if s in MAY_LIMIT):
        experiment, asked = without(subject.experiment, question, each)
        better = replace(subject, experiment=experiment)
        upper = limit_of(better, asked, parameter, level=level, method=LimitMethod.ASIMOV).limit.upper
        gains[each.value] = found.upper / upper if upper else 0.0
    return max(gains, key=lambda name: gains[name])


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

    def draw() -> "Figure":
        return sensitivity_plot(
            [DrawnLimit.of(name, found.scan.values, limits) for name, limits in found.limits.items()],
            x_label=found.scan.label,
            is_log=found.scan.is_log or found.scan.key == EXPOSURE,
            bounds=published_bounds(list(found.limits)),
            title=f"expected {level} limits, two-sided, normalisation {found.question.normalisation_text}",
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
