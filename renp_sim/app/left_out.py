"""What moves counts and stands in no likelihood: a line each, with how much it is."""

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np

from detector.afterpulse import chain_spread
from detector.response import Detector
from renp_sim.analysis.floating import Treatment
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.errors import listed
from renp_sim.ntuple.toy_reader import ToyFile
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts
from renp_sim.prediction.parameters import COMMON_OFFSET
from renp_sim.runfile.run import run_from_table

__all__ = ["afterpulse_notes", "left_out", "left_out_of_toys"]

NEGLIGIBLE = 0.02
"""Share of the variance of a count: without it stated errors are at most 1 % too small."""


def left_out(experiment: Experiment, treatment: Treatment, command: str = "") -> tuple[str, ...]:
    """Return a line for each thing that spreads counts by more than 2 % of their variance and does not float.

    These are the errors that steps have of their own, unless `treatment` names them, and afterpulses, which
    make counts vary more than Poisson does; and what runs share though it may be independent. `command` is
    the one that has the options, if another one.
    """
    return (
        *_shared_errors(experiment, treatment),
        *_step_errors(experiment, treatment, command),
        *afterpulse_notes(experiment.detectors),
    )


def left_out_of_toys(file: ToyFile) -> tuple[str, ...]:
    """Return the lines of `left_out` for the run and the fits of a campaign, at its longest exposure.

    Raises
    ------
    ConfigError
        If the configuration in the file is of a version that is not understood.
    """
    about = file.campaign
    longest = max(times["factor"] for times in about["exposures"])
    experiment = Experiment.of(run_from_table(file.config)).scaled(longest)
    return left_out(experiment, Treatment(free=tuple(about["parameters"])), "toys ")


def _shared_errors(experiment: Experiment, treatment: Treatment) -> list[str]:
    """Return a line if errors of several runs are one parameter."""
    exposure = experiment.exposure

    def is_of_several(error: FloatArray) -> bool:
        return len(np.unique(exposure.run[error > 0])) > 1

    errors = {"efficiency": exposure.efficiency_common_error}
    for component, error in zip(exposure.components, exposure.background_error_hz.T, strict=True):
        errors[f"background.{component}"] = error
    names = [name for name, error in errors.items() if is_of_several(error)]
    names = [n for n in names if not any(fnmatchcase(n, pattern) for pattern in treatment.fixed)]
    if not names:
        return []
    return [
        f"{', '.join(names)}: one parameter for all runs, which moves each by its own error, so these are "
        "taken as fully correlated, and independent ones have another answer; its value is that of the run "
        "with the largest error"
    ]


def _step_errors(experiment: Experiment, treatment: Treatment, command: str) -> list[str]:
    exposure = experiment.exposure
    if not (np.any(exposure.omega_step_error_eV > 0) or np.any(exposure.efficiency_step_error > 0)):
        return []
    of_frequency = exposure.omega_step_error_eV * _rests(experiment, treatment, COMMON_OFFSET)
    of_efficiency = exposure.efficiency_step_error * _rests(experiment, treatment, "efficiency")
    if not (np.any(of_frequency > 0) or np.any(of_efficiency > 0)):
        return []
    model = model_of(experiment, hypothesis_of_run(experiment))
    theta = experiment.theta_true(model)
    expected = model.expected(theta)
    found = []
    if np.any(of_frequency > 0):
        moved = [_expected_at(experiment, theta, sign * of_frequency) for sign in (-1, 1)]
        found.append(("frequency", COMMON_OFFSET, np.abs(np.subtract(moved, expected)).max(axis=0)))
    if np.any(of_efficiency > 0):
        relative = np.divide(
            of_efficiency, exposure.efficiency, out=np.zeros_like(expected), where=exposure.efficiency > 0
        )
        found.append(("efficiency", "efficiency", relative * _signal(model, theta)))
    notes = []
    for what, name, by in found:
        # a step that its own offset opens has the variance of what it then counts
        variance = np.maximum(np.maximum(expected, by), np.finfo(float).tiny)
        most = float(np.max(np.bincount(exposure.step_number, by**2 / variance)))
        if most > NEGLIGIBLE:
            notes.append(
                f"the {what} of each step has an error of its own, which rests: it moves a count by up to "
                f"{np.sqrt(most):.2g} of its statistical errors, and this answer does not have it; "
                f"{command}--constrain '{name}.*' lets every step float"
            )
    return notes


def _rests(experiment: Experiment, treatment: Treatment, stem: str) -> BoolArray:
    """Return whether the own parameter of the step of each row is not named, shape (n,)."""
    return np.array(
        [
            not any(fnmatchcase(f"{stem}.{step}", pattern) for pattern in treatment.names)
            for step in experiment.exposure.step_number.tolist()
        ],
        dtype=bool,
    )


def _expected_at(experiment: Experiment, theta: FloatArray, moved_eV: FloatArray) -> FloatArray:
    """Return the counts with every frequency moved."""
    exposure = experiment.exposure
    elsewhere = replace(experiment, exposure=replace(exposure, omega_eV=exposure.omega_eV + moved_eV))
    return model_of(elsewhere, hypothesis_of_run(experiment)).expected(theta)


def _signal(model: ExpectedCounts | JointCounts, theta: FloatArray) -> FloatArray:
    """Return what of the counts is signal, shape (n,)."""
    without = theta.copy()
    without[[p.name for p in model.parameters].index("normalisation")] = 0.0
    return np.asarray(model.expected(theta) - model.expected(without))


def afterpulse_notes(detectors: Mapping[int, Detector]) -> list[str]:
    """Return a line if afterpulses make the variance of counts more than 2 % larger; detectors by run."""
    spread = {
        run: chain_spread(detector.afterpulse, detector.dead_time)
        for run, detector in detectors.items()
        if detector.afterpulse is not None
    }
    runs = [run for run, factor in spread.items() if factor > 1 + NEGLIGIBLE]
    if not runs:
        return []
    most = max(spread[run] for run in runs)
    where = f" of run {listed(runs)}" if len(runs) < len(detectors) else ""
    return [
        f"afterpulses make counts{where} vary {most:.3g} times as much as Poisson, which fits take them for: "
        f"errors are up to {np.sqrt(most):.3g} times too small, and a good fit has χ² too large"
    ]
