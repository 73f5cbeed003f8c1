"""What is answered to "how long must we run?", and the files of it."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.plan.crossing import Curve
from renp_sim.app.compare import CompareMethod
from renp_sim.app.question import Question
from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.files import write_file
from renp_sim.outputs import require_outputs
from renp_sim.plots.power import power_plot

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["Crossing", "ExposureAnswer", "write_exposure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """What one method says of one power.

    Parameters
    ----------
    method
        By which.
    power
        Asked share of experiments; None for an Asimov set.
    status
        "reached", "already" at any exposure, "never", or "several" crossings.
    factor, factor_error
        On all durations of the run file: the last crossing, and its Monte Carlo error; None without one.
    live_time_s, wall_time_s
        Of coherent steps, dead time left out, and from first to last step; None without a factor.
    crossings
        All factors at which the power passes the asked one, rising: upward first, then downward and upward.
    """

    method: CompareMethod
    power: float | None
    status: str
    factor: float | None
    factor_error: float | None
    live_time_s: float | None
    wall_time_s: float | None
    crossings: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExposureAnswer:
    """An answer, with the curves that it was read from.

    Parameters
    ----------
    asked, truth, alternative
        The question and the two hypotheses.
    significance
        One-sided, in standard deviations.
    question
        What floats.
    runs
        Name and number of each that it is of.
    results
        One per method and power.
    curve
        By method: factors, Δq or power, and its error, shape (g,) each.
    systematics
        By Asimov sets, with statistics only and with each systematic added in turn; empty if not asked for.
    notes
        What a reader must know, a line each.
    """

    asked: str
    truth: str
    alternative: str
    significance: float
    question: Question
    runs: list[dict[str, Any]]
    results: tuple[Crossing, ...]
    curve: dict[str, Curve]
    systematics: tuple[tuple[str, Crossing], ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what `exposure --json` prints."""
        return {
            "question": self.asked,
            "truth": self.truth,
            "alternative": self.alternative,
            "significance": self.significance,
            "sided": "one-sided",
            "normalisation": self.question.normalisation_text,
            "runs": self.runs,
            "results": [_table(result) for result in self.results],
            "curve": {
                method: {
                    "factor": factor.tolist(),
                    "delta_q" if method == "asimov" else "power": [
                        v if math.isfinite(v) else None for v in value.tolist()
                    ],
                    "error": error.tolist(),
                }
                for method, (factor, value, error) in self.curve.items()
            },
            "systematics": [{"added": name, **_table(found)} for name, found in self.systematics],
            "notes": list(self.notes),
        }


def _table(result: Crossing) -> dict[str, Any]:
    return {
        "method": result.method.value,
        "power": result.power,
        "status": result.status,
        "factor": result.factor,
        "factor_error": result.factor_error,
        "live_time_s": result.live_time_s,
        "wall_time_s": result.wall_time_s,
        "crossings": list(result.crossings),
    }


def write_exposure(found: ExposureAnswer, folder: Path, *, force: bool = False) -> list[Path]:
    """Write the curves as CSV, PNG and PDF and the answer as JSON into a folder, and return the files.

    Raises
    ------
    SchemaError
        If a file exists and `force` is not given, or cannot be written.
    """
    asimov = (r.factor for r in found.results if r.method is CompareMethod.ASIMOV)

    def draw() -> "Figure":
        return power_plot(
            found.curve,
            powers=sorted({r.power for r in found.results if r.power is not None}),
            asimov=next(asimov, None),
            significance=found.significance,
            title=f"{found.truth} against {found.alternative}",
        )

    answer = folder / "exposure.json"
    require_outputs([answer], force=force)
    files = write_table_and_plot(
        folder,
        "exposure",
        [
            f"{found.asked}: {found.truth} against {found.alternative}, {found.significance:g} sigma",
            "of asimov the value is delta_q, of exact and toys the power",
        ],
        ("method", "factor", "value", "error"),
        [(method, *row) for method, curve in found.curve.items() for row in np.column_stack(curve).tolist()],
        draw,
        force=force,
    )
    write_file(answer, (json.dumps(found.as_dict(), indent=1) + "\n").encode(), force=True)
    return [*files, answer]
