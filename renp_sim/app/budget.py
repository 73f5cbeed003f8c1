"""`rate --budget`: what each step is expected to record of what, and what limits it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from renp_sim.app.rate_figure import require_plot_suffix
from renp_sim.app.rates import expected_of_schedule
from renp_sim.arrays import FloatArray
from renp_sim.laser.schedule import StepKind
from renp_sim.outputs import require_outputs
from renp_sim.physics.line import LINE_REACH, mean_spectral_function
from renp_sim.plots.budget import budget_plot
from renp_sim.plots.figure import save
from renp_sim.plots.letters import no_formula
from renp_sim.runfile.run import Run

__all__ = ["LIMITS", "Budget", "budget_of", "plot_budget"]

LIMITS = ("signal", "background", "calibration", "dead time")
"""What can limit a step, in the order of `Budget.relative`."""


NOTHING = 1e-9
"""Counts of a signal that is none: what the far tail of a line leaves above the last threshold."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Budget:
    """Expected counts of n steps, and what limits each.

    Parameters
    ----------
    omega_eV, kind
        Set frequency, and what the step is for, shape (n,).
    components
        "signal", then the backgrounds.
    counts
        Expected recorded counts, shape (n, 1 + c).
    relative
        In units of the signal S of the step, shape (n, 4), infinite where there is none:
        signal, 1/√S, its own fluctuation;
        background, √(B + Σ (stated error)²)/S, the fluctuation of all background and how well it is known;
        calibration, how much S changes if the frequency is off by its stated errors;
        dead time, the share of the open time that it takes.
    """

    omega_eV: FloatArray
    kind: tuple[str, ...]
    components: tuple[str, ...]
    counts: FloatArray
    relative: FloatArray

    @property
    def fraction(self) -> FloatArray:
        """Counts relative to all of the step, shape (n, 1 + c); 0 where none are expected."""
        total = self.counts.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(self.counts, total, out=np.zeros_like(self.counts), where=total > 0))

    @property
    def limited_by(self) -> tuple[str, ...]:
        """What is largest of `relative` in each step; "no signal" where there is none."""
        worst = np.argmax(self.relative, axis=1).tolist()
        is_there = (self.counts[:, 0] > NOTHING).tolist()
        return tuple(LIMITS[k] if there else "no signal" for k, there in zip(worst, is_there, strict=True))

    def as_dict(self) -> dict[str, Any]:
        """Return what `rate --budget --json` prints; `relative` is null where there is no signal."""
        return {
            "omega_eV": self.omega_eV.tolist(),
            "kind": list(self.kind),
            "counts": dict(zip(self.components, self.counts.T.tolist(), strict=True)),
            "fraction": dict(zip(self.components, self.fraction.T.tolist(), strict=True)),
            "relative": {
                name: [x if np.isfinite(x) else None for x in column]
                for name, column in zip(LIMITS, self.relative.T.tolist(), strict=True)
            },
            "limited_by": list(self.limited_by),
        }


def budget_of(run: Run) -> Budget:
    """Return the budget of a run at the set frequencies.

    Raises
    ------
    ConfigError
        If the dead time of a step has no mean that is right to 1 %.
    NumericsError
        If a step sits on a pole that nothing resolves.
    """
    report, expected = expected_of_schedule(run)
    backgrounds, schedule = run.detector.backgrounds, run.schedule
    signal = np.array([step.signal_counts for step in expected])
    background = np.array([step.background_counts for step in expected]).reshape(len(signal), -1)
    error = background * [component.error_rel for component in backgrounds]
    dead = 1 - np.array([step.live_time_s for step in expected]) / schedule.open_time_s
    noise = np.sqrt(background.sum(axis=1) + np.square(error).sum(axis=1))
    shift = _calibration_shift(run, report.spectral_function)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.column_stack([1 / np.sqrt(signal), noise / signal, shift, dead])
    relative[signal <= 0] = np.inf
    return Budget(
        omega_eV=schedule.omega_eV,
        kind=tuple(StepKind(kind).name.lower() for kind in schedule.kind.tolist()),
        components=("signal", *(component.name for component in backgrounds)),
        counts=np.column_stack([signal, background]),
        relative=relative,
    )


def plot_budget(run: Run, budget: Budget, path: Path, *, force: bool = False) -> None:
    """Draw the counts of each step, stacked.

    Raises
    ------
    ConfigError
        If the suffix is unknown.
    SchemaError
        If the file exists, is the run file, or cannot be written.
    """
    require_plot_suffix(path)
    require_outputs([path], inputs=[run.source], force=force)
    counts = dict(zip(budget.components, budget.counts.T, strict=True))
    save(budget_plot(counts, title=no_formula(run.config.run.name)), path)


def _calibration_shift(run: Run, spectrum: FloatArray) -> FloatArray:
    """Return half of |I(ω + δ) − I(ω − δ)| relative to I(ω), δ the stated errors together, shape (n,)."""
    schedule = run.schedule
    error_eV = np.hypot(schedule.omega_common_error_eV, schedule.omega_step_error_eV)
    if not np.any(error_eV):
        return np.zeros_like(spectrum)
    room_eV = np.minimum(schedule.omega_eV, run.emission.target.atom.e_eg_eV - schedule.omega_eV)
    # no further than half of the way to where the line would leave the spectrum
    error_eV = np.minimum(error_eV, np.maximum(room_eV - LINE_REACH * schedule.linewidth_eV, 0.0) / 2)

    def at(offset_eV: FloatArray) -> FloatArray:
        omega_eV = schedule.omega_eV + offset_eV
        mean = mean_spectral_function(omega_eV, schedule.linewidth_eV, run.emission)
        return np.asarray(mean.sum(axis=(-2, -1)))

    change = np.abs(at(error_eV) - at(-error_eV)) / 2
    return np.divide(change, spectrum, out=np.zeros_like(change), where=spectrum > 0)
