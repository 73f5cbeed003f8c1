"""How long must we run? The exposure that answers a question: by Asimov sets, every outcome or toys."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from scipy.special import ndtr

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.weights import MOST_SIGMA
from renp_sim.analysis.plan.crossing import MOST, Crossings, Curve, asimov_curve, by_asimov
from renp_sim.analysis.plan.exact_crossing import by_outcomes
from renp_sim.analysis.plan.toy_crossing import by_toys
from renp_sim.app.compare import CompareMethod, setups_of
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.exposure_answer import Crossing, ExposureAnswer
from renp_sim.app.fitting import model_of
from renp_sim.app.left_out import left_out
from renp_sim.app.question import Question
from renp_sim.app.systematics import added_in_turn
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor
from renp_sim.runfile.run import Run

__all__ = ["exposure_needed", "require_test"]


TEETH = (
    "where counts are few the power is a saw-tooth: toys give the exposure of a line through it, exact the "
    "last one at which it is passed"
)


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
        Who draws and fits toys, and counts outcomes; no result depends on it.

    Raises
    ------
    ConfigError
        If the question is none, or outcomes are too many to be counted and no other method is asked.
    """
    require_test(significance, powers)
    if not 0 < precision < 1:
        raise ConfigError(f"--precision {precision:g}: must be above 0 and below 1")
    experiment = experiment or Experiment.of(run)
    _, _, (truth, alternative) = setups_of(experiment, question, asked)
    here = _compared(experiment, question, asked)
    asimov, centre = by_asimov(here, significance)
    curves: dict[str, Curve] = {"asimov": asimov_curve(here, centre)} if with_curve else {}
    answer = partial(_crossing, run, experiment.exposure)
    results = [answer(CompareMethod.ASIMOV, asimov)] if CompareMethod.ASIMOV in methods else []
    p_value = float(ndtr(-significance))
    by_counting = {
        CompareMethod.EXACT: partial(by_outcomes, here, p_value, powers, executor=executor),
        CompareMethod.TOYS: partial(
            by_toys,
            here,
            centre,
            p_value,
            powers,
            seed=run.config.run.seed,
            n_toys=n_toys,
            precision=precision,
            executor=executor,
        ),
    }
    counted, refused = _counted(methods, by_counting)
    for method, (found, curve) in counted.items():
        # hypotheses that expect the same have none
        curves |= {method.value: curve} if len(curve[0]) else {}
        results += [answer(method, each) for each in found]
    longest = max((result.factor for result in results if result.factor), default=1.0)
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
        runs=experiment.runs_table,
        results=tuple(results),
        curve=curves,
        systematics=tuple(systematics),
        notes=(
            *_notes(asimov, truth, alternative),
            *([TEETH] if len(counted) > 1 else []),
            # what is small in a short run may rule in the long one that answers
            *left_out(experiment.scaled(longest), question.treatment),
            *refused,
        ),
    )


def _counted(
    methods: Sequence[CompareMethod],
    by_counting: Mapping[CompareMethod, Callable[[], tuple[list[Crossings], Curve]]],
) -> tuple[dict[CompareMethod, tuple[list[Crossings], Curve]], list[str]]:
    """Return what those methods say that are asked, and why one refuses where others answer without it."""
    counted: dict[CompareMethod, tuple[list[Crossings], Curve]] = {}
    refused: list[str] = []
    for method in (m for m in by_counting if m in methods):
        try:
            counted[method] = by_counting[method]()
        except ConfigError as error:
            if len(set(methods)) == 1:
                raise
            refused += error.problems
    return counted, refused


def _notes(asimov: Crossings, truth: str, alternative: str) -> list[str]:
    """Return what a reader must know."""
    notes = [f"the truth assumed is {truth}; of another one the answer differs, often by factors"]
    if asimov.status == "already":
        notes.append(
            "a wall: Δq of an Asimov set is infinite at any exposure; the exposure is that of the power"
        )
    elif asimov.status == "never":
        notes.append(f"never: up to {MOST:.0e} times as long, {alternative} can expect what {truth} does")
    return notes


def _compared(experiment: Experiment, question: Question, asked: str) -> Comparison:
    """Return both hypotheses at their best fits to what the truth expects."""
    truth, alternative, _ = setups_of(experiment, question, asked)
    model = model_of(experiment, hypothesis_of_run(experiment))
    return Comparison.of(model.expected(experiment.theta_true(model)), truth, alternative)


def require_test(significance: float, powers: Sequence[float]) -> None:
    """Raise ConfigError if there is no such test."""
    if not 0 < significance < MOST_SIGMA:
        raise ConfigError(f"--significance {significance:g}: must be above 0 and below {MOST_SIGMA:g}")
    if any(not 0 < power < 1 for power in powers):
        raise ConfigError(f"--power {', '.join(f'{p:g}' for p in powers)}: must be above 0 and below 1")
