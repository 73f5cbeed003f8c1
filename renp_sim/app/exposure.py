"""How long must we run? The exposure that answers a question: by Asimov sets, every outcome or toys."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.plan.crossing import Crossings, Curve, asimov_curve, by_asimov, by_outcomes, by_toys
from renp_sim.app.compare import CompareMethod, setups_of
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.app.question import Question
from renp_sim.app.systematics import added_in_turn
from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.errors import ConfigError
from renp_sim.files import write_file
from renp_sim.outputs import require_outputs
from renp_sim.parallel.executor import Executor
from renp_sim.plots.power import power_plot
from renp_sim.runfile.run import Run

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["Crossing", "ExposureAnswer", "exposure_needed", "require_test", "write_exposure"]


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
        All factors at which the power passes the asked one, rising.
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


def _crossing(run: Run, exposure: Exposure, method: CompareMethod, found: Crossings) -> Crossing:
    """Return an answer with its times; the last crossing counts."""
    factor = found.factors[-1] if found.factors else None
    live_s = float(np.sum(exposure.live_time_s[exposure.coherence > 0]))
    settling_s = run.schedule.wall_time_s - float(np.sum(run.schedule.duration_s))
    return Crossing(
        method=method,
        power=found.power,
        status=found.status,
        factor=factor,
        factor_error=found.error,
        live_time_s=None if factor is None else factor * live_s,
        wall_time_s=None if factor is None else factor * (run.schedule.wall_time_s - settling_s) + settling_s,
        crossings=found.factors,
    )


def exposure_needed(
    run: Run,
    question: Question,
    asked: str,
    *,
    significance: float = 3.0,
    powers: Sequence[float] = (0.5, 0.9),
    methods: Sequence[CompareMethod] = (CompareMethod.ASIMOV,),
    n_toys: int = 4000,
    precision: float = 0.05,
    with_systematics: bool = False,
    with_curve: bool = True,
    experiment: Experiment | None = None,
    executor: Executor | None = None,
) -> ExposureAnswer:
    """Return the exposure at which a question of `compare` is answered.

    Parameters
    ----------
    run
        What it says is the truth; its durations are multiplied.
    question
        What floats on both sides.
    asked
        "ordering", "nature", or NAME=VALUE.
    significance
        One-sided: the alternative is excluded where its p-value is not above Φ(−significance).
    powers
        Shares of experiments under the truth that are to exclude it.
    methods
        Asimov sets, where q = significance², every outcome, or toys.
    n_toys
        At each of the exposures that are looked at first.
    precision
        Relative Monte Carlo error of an exposure by toys, until which more are drawn.
    with_systematics
        Whether to tell how long it would take with statistics only, and with each systematic added in turn.
    with_curve
        Whether Δq of Asimov sets is wanted around the exposure.
    experiment
        What the steps are exposed to, where that is not what the run says.
    executor
        Who draws and fits toys; no result depends on it.

    Raises
    ------
    ConfigError
        If the question is none, or outcomes are too many to be counted.
    """
    require_test(significance, powers)
    if not 0 < precision < 1:
        raise ConfigError(f"--precision {precision:g}: must lie between 0 and 1")
    experiment = experiment or Experiment.of(run)
    _, _, (truth, alternative) = setups_of(experiment, question, asked)
    here = _compared(experiment, question, asked)
    asimov, centre = by_asimov(here, significance)
    curves: dict[str, Curve] = {"asimov": asimov_curve(here, centre)} if with_curve else {}
    answer = partial(_crossing, run, experiment.exposure)
    results = [answer(CompareMethod.ASIMOV, asimov)] if CompareMethod.ASIMOV in methods else []
    notes = [f"the truth assumed is {truth}; it matters by up to a factor 3"]
    if asimov.status == "already":
        notes.append(
            "a wall: Δq of an Asimov set is infinite at any exposure; the exposure is that of the power"
        )
    p_value = float(ndtr(-significance))
    for method in (m for m in (CompareMethod.EXACT, CompareMethod.TOYS) if m in methods):
        if method is CompareMethod.EXACT:
            found, curve = by_outcomes(here, centre, p_value, powers)
        else:
            found, curve = by_toys(
                here,
                centre,
                p_value,
                powers,
                seed=run.config.run.seed,
                n_toys=n_toys,
                precision=precision,
                executor=executor,
            )
        curves[method.value] = curve
        results += [answer(method, each) for each in found]
    ladder = added_in_turn(experiment, question) if with_systematics else ()
    systematics = [
        (added, answer(CompareMethod.ASIMOV, by_asimov(_compared(better, known, asked), significance)[0]))
        for added, better, known in ladder
    ]
    return ExposureAnswer(
        asked=asked,
        truth=truth,
        alternative=alternative,
        significance=significance,
        question=question,
        results=tuple(results),
        curve=curves,
        systematics=tuple(systematics),
        notes=tuple(notes),
    )


def _compared(experiment: Experiment, question: Question, asked: str) -> Comparison:
    """Return both hypotheses at their best fits to what the truth expects."""
    truth, alternative, _ = setups_of(experiment, question, asked)
    model = model_of(experiment, hypothesis_of_run(experiment))
    return Comparison.of(model.expected(experiment.theta_true(model)), truth, alternative)


def require_test(significance: float, powers: Sequence[float]) -> None:
    """Raise ConfigError if there is no such test."""
    if not 0 < significance < 8:
        raise ConfigError(f"--significance {significance:g}: must lie between 0 and 8")
    if any(not 0 < power < 1 for power in powers):
        raise ConfigError(f"--power {', '.join(f'{p:g}' for p in powers)}: must lie between 0 and 1")
