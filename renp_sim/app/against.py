"""How long a run must last, against how good the apparatus is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.app.experiment import Experiment
from renp_sim.app.exposure import exposure_needed
from renp_sim.app.exposure_answer import ExposureAnswer
from renp_sim.app.question import Question
from renp_sim.app.scan import Scan, notes_of_points, scan_of, setting_of
from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.errors import ConfigError
from renp_sim.plots.against import against_plot
from renp_sim.runfile.run import Run, load

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["KEYS", "Against", "exposure_against", "write_against"]

BACKGROUND = "background"
"""Multiplies the rates of all backgrounds, as they are stated; live times stay."""

KEYS = {
    "efficiency": "detector.efficiency",
    "linewidth": "laser.linewidth_eV",
    "calibration": "laser.calibration.common_error_eV",
    "coherence": "target.coherence",
}
"""Short names of keys of the run file."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Against:
    """Answers to one question, along a scan.

    Parameters
    ----------
    scan
        What was varied.
    answers
        One a value.
    """

    scan: Scan
    answers: tuple[ExposureAnswer, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what `exposure --against --json` prints."""
        each = [answer.as_dict() for answer in self.answers]
        common = ("question", "truth", "alternative", "significance", "sided", "normalisation")
        return {
            **{key: each[0][key] for key in common},
            "against": self.scan.key,
            "rows": [
                {"value": value, "results": table["results"], "systematics": table["systematics"]}
                for value, table in zip(self.scan.values.tolist(), each, strict=True)
            ],
            "notes": list(notes_of_points(note for table in each for note in table["notes"])),
        }


def exposure_against(
    run_file: str | Path,
    question: Question,
    asked: str,
    against: str,
    *,
    settings: Sequence[str] = (),
    seed: int | None = None,
    **options: Any,
) -> Against:
    """Return the exposure that is needed for each of some values.

    Parameters
    ----------
    run_file, settings, seed
        Of the run.
    question, asked, options
        As for `renp_sim.app.exposure.exposure_needed`.
    against
        "NAME=VALUE,…" or as `renp_sim.app.scan.scan_of` reads it: background is a factor on all stated
        rates, efficiency, linewidth (eV), calibration (eV), coherence and keys of the run file are values.

    Raises
    ------
    ConfigError
        If a value makes no run, or the question is none.
    """
    scan = scan_of(against, option="--against")
    answers = (
        exposure_needed(run, question, asked, experiment=experiment, with_curve=False, **options)
        for run, experiment in _varied(run_file, scan, settings, seed)
    )
    return Against(scan=scan, answers=tuple(answers))


def _varied(
    run_file: str | Path, scan: Scan, settings: Sequence[str], seed: int | None
) -> Iterator[tuple[Run, Experiment]]:
    """Yield the run and what its steps are exposed to at each value."""
    if scan.key != BACKGROUND:
        key = KEYS.get(scan.key, scan.key)
        for value in scan.values.tolist():
            run = load(run_file, (*settings, setting_of(key, value)), seed=seed)
            yield run, Experiment.of(run)
        return
    run = load(run_file, tuple(settings), seed=seed)
    experiment = Experiment.of(run)
    exposure = experiment.exposure
    if not np.any(exposure.background_rate_hz > 0):
        raise ConfigError("--against background: the run has none to multiply; give it a [[background]]")
    if np.min(scan.values) < 0:
        raise ConfigError(f"--against background: {np.min(scan.values):g}: a factor on rates must be ≥ 0")
    for factor in scan.values.tolist():
        scaled = replace(
            exposure,
            background_rate_hz=factor * exposure.background_rate_hz,
            background_error_hz=factor * exposure.background_error_hz,
        )
        yield run, replace(experiment, exposure=scaled)


def write_against(found: Against, folder: Path, *, force: bool = False) -> list[Path]:
    """Write the exposures as CSV, PNG and PDF into a folder, and return the files.

    Raises
    ------
    SchemaError
        If a file exists and `force` is not given, or cannot be written.
    """
    rows = [
        (value, r.method.value, r.power, r.status, r.factor, r.factor_error, r.live_time_s, r.wall_time_s)
        for value, answer in zip(found.scan.values.tolist(), found.answers, strict=True)
        for r in answer.results
    ]
    header = (
        *(found.scan.key, "method", "power", "status"),
        *("factor", "factor_error", "live_time_s", "wall_time_s"),
    )
    first = found.answers[0]
    says = f"{first.asked}: {first.truth} against {first.alternative}, {first.significance:g} sigma"

    def draw() -> "Figure":
        curves: dict[str, list[tuple[float, float]]] = {}
        for value, method, power, *_, live_s, _ in rows:
            label = method if power is None else f"{method}, power {power:g}"
            curves.setdefault(label, [])
            if live_s is not None:
                curves[label].append((value, live_s))
        label = "factor on the background" if found.scan.key == BACKGROUND else found.scan.key
        return against_plot(curves, x_label=label, title=f"{first.truth} against {first.alternative}")

    return write_table_and_plot(folder, "exposure_against", [says], header, rows, draw, force=force)
