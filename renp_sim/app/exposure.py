"""How long must we run? The exposure that answers a question: by Asimov sets, every outcome or toys."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.outcomes import Uniforms
from renp_sim.analysis.infer.power import Power, exact_power, toy_power
from renp_sim.app.compare import CompareMethod, hypotheses_of, setups_of
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.app.limit import normalisation_text
from renp_sim.app.question import Question
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.runfile.run import Run

__all__ = ["Crossing", "ExposureAnswer", "exposure_needed"]

LEAST, MOST = 1e-6, 1e8
"""Factors on the durations of a run file between which an answer is looked for."""

FACTOR_TOLERANCE = 1e-6
"""In the logarithm of a factor."""

CURVE_POINTS = 121
"""Of the power by every outcome."""

TOOTH = 0.02
"""Where the power is this near to an asked one its saw-tooth may pass it more than once."""

FINER = 40
"""Parts into which such a cell is divided: teeth are as many as outcomes (`test_teeth_are_all_listed`)."""

BELOW, ABOVE = 0.15, 8.0
"""Ends of that curve, in Asimov exposures; at a wall, in exposures for one count beyond it."""

TOY_POINTS = 9
"""Exposures at which toys are drawn, around the Asimov one."""


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
    notes
        What a reader must know, a line each.
    """

    asked: str
    truth: str
    alternative: str
    significance: float
    question: Question
    results: tuple[Crossing, ...]
    curve: dict[str, tuple[FloatArray, FloatArray, FloatArray]]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what `exposure --json` prints."""
        return {
            "question": self.asked,
            "truth": self.truth,
            "alternative": self.alternative,
            "significance": self.significance,
            "sided": "one-sided",
            "normalisation": normalisation_text(self.question),
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Study:
    """A question, at any exposure."""

    run: Run
    experiment: Experiment
    question: Question
    asked: str

    def at(self, factor: float) -> Comparison:
        """Return both hypotheses at their best fits to what the truth expects of a longer run."""
        longer = replace(self.experiment, exposure=self.experiment.exposure.scaled(factor))
        truth, alternative, _ = setups_of(longer, self.question, self.asked)
        model = model_of(longer, hypothesis_of_run(longer))
        return Comparison.of(model.expected(longer.theta_true(model)), truth, alternative)

    def crossing(
        self,
        method: CompareMethod,
        power: float | None,
        crossings: Sequence[float],
        error: float | None = None,
        status: str | None = None,
    ) -> Crossing:
        """Return the answer for these crossings, the last one counting."""
        factor = crossings[-1] if crossings else None
        exposure, schedule = self.experiment.exposure, self.run.schedule
        live_s = float(np.sum(exposure.live_time_s[exposure.coherence > 0]))
        settling_s = schedule.wall_time_s - float(np.sum(schedule.duration_s))
        return Crossing(
            method=method,
            power=power,
            status=status or ("several" if len(crossings) > 1 else "reached" if crossings else "never"),
            factor=factor,
            factor_error=error,
            live_time_s=None if factor is None else factor * live_s,
            wall_time_s=None if factor is None else factor * (schedule.wall_time_s - settling_s) + settling_s,
            crossings=tuple(crossings),
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
        At each of the exposures that are looked at.

    Raises
    ------
    ConfigError
        If the question is none, or outcomes are too many to be counted.
    """
    if not 0 < significance < 8:
        raise ConfigError(f"--significance {significance:g}: must lie between 0 and 8")
    if any(not 0 < power < 1 for power in powers):
        raise ConfigError(f"--power {', '.join(f'{p:g}' for p in powers)}: must lie between 0 and 1")
    experiment = Experiment.of(run)
    study = _Study(run=run, experiment=experiment, question=question, asked=asked)
    _, _, (truth, alternative) = setups_of(experiment, question, asked)
    hypotheses_of(experiment, asked)
    asimov, centre, curve = _asimov(study, significance)
    curves, results = {"asimov": curve}, [asimov] if CompareMethod.ASIMOV in methods else []
    p_value = float(ndtr(-significance))
    notes = [f"the truth assumed is {truth}; it matters by up to a factor 3"]
    if asimov.status == "already":
        notes.append(
            "a wall: Δq of an Asimov set is infinite at any exposure; the exposure is that of the power"
        )
    for method in (CompareMethod.EXACT, CompareMethod.TOYS):
        if method in methods:
            found, curves[method.value] = _by_power(study, method, centre, p_value, powers, n_toys)
            results += found
    return ExposureAnswer(
        asked=asked,
        truth=truth,
        alternative=alternative,
        significance=significance,
        question=question,
        results=tuple(results),
        curve=curves,
        notes=tuple(notes),
    )


Curve = tuple[FloatArray, FloatArray, FloatArray]


def _asimov(study: _Study, significance: float) -> tuple[Crossing, float, Curve]:
    """Return the exposure at which q of an Asimov set is Z², and where a power is looked for."""
    method = CompareMethod.ASIMOV

    def excess(log_factor: float) -> float:
        return math.sqrt(max(study.at(math.exp(log_factor)).delta_q, 0.0)) - significance

    here = study.at(1.0)
    if here.is_wall:
        beyond = here.counts[here.alternative.model.expected(here.alternative.theta) <= 0]
        centre = 1.0 / float(np.sum(beyond))
        return study.crossing(method, None, (), status="already"), centre, _curve_of([centre], [math.inf])
    first = here.delta_q
    if first <= 0:
        return study.crossing(method, None, (), status="never"), 1.0, _curve_of([1.0], [first])
    # without constraints q grows with the exposure, so the first guess is the answer
    guess = math.log(min(max(significance**2 / first, LEAST), MOST))
    low = high = guess
    while excess(low) > 0 and low > math.log(LEAST):
        low -= 0.5
    while excess(high) < 0 and high < math.log(MOST):
        high += 0.5
    if excess(high) < 0:
        return study.crossing(method, None, (), status="never"), math.exp(guess), _curve_of([1.0], [first])
    root = brentq(excess, low, high, xtol=FACTOR_TOLERANCE) if low < high else low
    factor = math.exp(float(root))
    factors = factor * np.geomspace(0.1, 10, 11)
    curve = _curve_of(factors, [study.at(f).delta_q for f in factors.tolist()])
    return study.crossing(method, None, (factor,)), factor, curve


def _curve_of(factor: Sequence[float] | FloatArray, value: Sequence[float]) -> Curve:
    return np.asarray(factor, dtype=float), np.array(value, dtype=float), np.zeros(len(value))


def _by_power(
    study: _Study,
    method: CompareMethod,
    centre: float,
    p_value: float,
    powers: Sequence[float],
    n_toys: int,
) -> tuple[list[Crossing], Curve]:
    """Return the exposures at which the power is what is asked."""
    if method is CompareMethod.EXACT:

        def exact(factor: float) -> Power:
            return exact_power(study.at(factor), p_value)

        curve = _finer(exact, centre * np.geomspace(BELOW, ABOVE, CURVE_POINTS), powers)
        return [_exact_crossing(study, exact, curve, power) for power in powers], curve

    def drawn(factor: float) -> Power:
        both = study.at(factor)
        uniforms = Uniforms.of(
            both.alternative, len(both.counts), seed=study.run.config.run.seed, n_toys=n_toys
        )
        return toy_power(both, uniforms, p_value)

    factors = centre * np.geomspace(0.4, 4.0, TOY_POINTS)
    found = [drawn(f) for f in factors.tolist()]
    curve = (factors, np.array([p.value for p in found]), np.array([p.error for p in found]))
    return [_toy_crossing(study, curve, power) for power in powers], curve


def _finer(power_at: Callable[[float], Power], factors: FloatArray, powers: Sequence[float]) -> Curve:
    """Return the power at exposures, and at more of them where it is near to one that is asked."""
    values = np.array([power_at(f).value for f in factors.tolist()])
    near = np.min(np.abs(values[:, None] - np.asarray(powers)), axis=1) < TOOTH
    passed = np.any((values[1:, None] >= powers) != (values[:-1, None] >= powers), axis=1)
    cells = np.flatnonzero(near[1:] | near[:-1] | passed).tolist()
    inner = [np.geomspace(factors[i], factors[i + 1], FINER + 1)[1:-1] for i in cells]
    more = np.concatenate([np.empty(0), *inner])
    every = np.concatenate([factors, more])
    order = np.argsort(every)
    all_values = np.concatenate([values, [power_at(f).value for f in more.tolist()]])
    return every[order], all_values[order], np.zeros(len(every))


def _exact_crossing(
    study: _Study, power_at: Callable[[float], Power], curve: Curve, power: float
) -> Crossing:
    """Return where a saw-tooth passes a power, each place found by halving."""
    factors, values, _ = curve
    is_enough = values >= power
    crossings = []
    for i in np.flatnonzero(is_enough[1:] != is_enough[:-1]).tolist():
        low, high = math.log(factors[i]), math.log(factors[i + 1])
        while high - low > FACTOR_TOLERANCE:
            middle = (low + high) / 2
            if (power_at(math.exp(middle)).value >= power) == is_enough[i]:
                low = middle
            else:
                high = middle
        crossings.append(math.exp((low + high) / 2))
    status = "already" if np.all(is_enough) else None
    return study.crossing(
        CompareMethod.EXACT, power, crossings, error=0.0 if crossings else None, status=status
    )


def _toy_crossing(study: _Study, curve: Curve, power: float) -> Crossing:
    """Return where a straight line through nearby probits of the power is that of the asked one."""
    factors, values, errors = curve
    method = CompareMethod.TOYS
    if np.all(values >= power):
        return study.crossing(method, power, (), status="already")
    if not np.any(values >= power):
        return study.crossing(method, power, ())
    safe = np.clip(values, 1e-4, 1 - 1e-4)
    probit = ndtri(safe)
    # dΦ⁻¹(p) = dp/φ
    spread = np.maximum(errors, 1e-4) * math.sqrt(2 * math.pi) * np.exp(probit**2 / 2)
    away = np.abs(probit - ndtri(power))
    # nearly straight there; two points at least
    near = away <= max(1.5, float(np.sort(away)[1]))
    x = np.log(factors)[near]
    (slope, offset), covariance = np.polyfit(x, probit[near], 1, w=1 / spread[near], cov="unscaled")
    root = (float(ndtri(power)) - offset) / slope
    error = math.sqrt(covariance[1, 1] + 2 * root * covariance[0, 1] + root**2 * covariance[0, 0]) / abs(
        slope
    )
    factor = math.exp(root)
    return study.crossing(method, power, (factor,), error=factor * error)
