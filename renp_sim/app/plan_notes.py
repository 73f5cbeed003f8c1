"""What who reads a planned schedule must know."""

import numpy as np

from renp_sim.analysis.infer.fit import few_counts
from renp_sim.app.experiment import Experiment
from renp_sim.app.left_out import afterpulse_notes
from renp_sim.app.plan import OptimalSchedule, Prior
from renp_sim.arrays import FloatArray
from renp_sim.laser.schedule import StepKind
from renp_sim.runfile.run import Run

__all__ = ["notes_of_plan"]

OFFSET = "laser.calibration.common_offset_eV"


def notes_of_plan(plan: OptimalSchedule) -> tuple[str, ...]:
    """Return what holds of a plan only with a reservation, a line each."""
    run = plan.layout.run
    return (
        *_few(plan),
        *_one_sided(plan),
        *_assumed(run, plan.prior),
        *afterpulse_notes({run.number: run.detector}),
    )


def _few(plan: OptimalSchedule) -> list[str]:
    few, asking = few_counts(_most_expected(plan)), plan.asking
    if not few:
        return []
    asked = asking.alternatives(Experiment.of(plan.layout.run))
    return [
        f"{few}: an Asimov set is no median experiment there, and the time may be off by 1/Z² or so, "
        f"{asking.significance**-2:.0%}; `exposure` of this schedule says what toys need, with "
        + " and ".join(f"--question {each}" for each in asked)
        + f" --significance {asking.significance:g} --power 0.5 --method toys"
    ]


def _most_expected(plan: OptimalSchedule) -> FloatArray:
    """Return what each signal step expects of the truth or its alternative, shape (k,).

    Of the two the larger, since what is missing tells them apart too; of several alternatives the least.
    """
    found, rows = plan.found, np.isin(plan.candidates.candidate, plan.steps)
    rows &= plan.candidates.run.schedule.kind == StepKind.SIGNAL
    time = found.time[plan.candidates.candidate[rows]]
    least = np.full(len(time), np.inf)
    for weight, (which, theta) in zip(found.weight, found.points, strict=True):
        if weight > 0:
            separation = plan.separations[which]
            most = np.maximum(separation.counts, separation.setup.model.expected(theta))
            least = np.minimum(least, time * most[rows])
    return least


def _one_sided(plan: OptimalSchedule) -> list[str]:
    """Return which ends of the interval that is asked for there are none of."""
    asking, notes = plan.asking, []
    for run in plan.prior.runs(plan.layout.run):
        experiment = Experiment.of(run)
        outside = asking.outside(experiment)
        if outside:
            notes.append(
                f"{outside[0]} is outside of its range: the error is that of the other side, of which "
                f"{asking.alternatives(experiment)[0]} is excluded"
            )
    return list(dict.fromkeys(notes))


def _assumed(run: Run, prior: Prior) -> list[str]:
    """Return what a plan takes for granted."""
    schedule, notes = run.schedule, []
    if prior.truths == ({},):
        notes.append("the truth assumed is what the run file says; --prior says which others there may be")
    if np.any(schedule.omega_common_error_eV > 0) and not any(OFFSET in truth for truth in prior.truths):
        error_eV = float(np.max(schedule.omega_common_error_eV))
        notes.append(
            f"the frequency scale is assumed to have no offset, known to {error_eV:g} eV; steps may stand "
            f"nearer to a threshold: --prior {OFFSET}={-error_eV:g},0,{error_eV:g} --robust keeps away"
        )
    if run.config.drift.density is not None or run.config.drift.efficiency is not None:
        notes.append(
            "drifts are left out: the frequencies are meant to be interleaved, so that all share them"
        )
    own = run.config.laser.linewidth_eV
    if np.any(schedule.linewidth_eV != own) or any(step.coherence != 1 for step in run.config.laser.steps):
        notes.append(
            f"the line of every step is that of the laser, {own:g} eV, and its coherence that of the target; "
            "steps of the run file that have their own are not followed"
        )
    own_errors = {
        "calibration": ("frequency_offset_eV", schedule.omega_step_error_eV),
        "efficiency": ("efficiency", Experiment.of(run).exposure.efficiency_step_error),
    }
    notes += [
        f"{what} errors of single steps are left out; "
        f"`exposure --constrain '{name}.*'` of the new run file has them"
        for what, (name, error) in own_errors.items()
        if np.any(error > 0)
    ]
    return notes
