"""What the detector is told of the steps of a schedule."""

from detector.conditions import StepConditions
from renp_sim.laser.schedule import Schedule, StepKind
from renp_sim.physics.target import Target

__all__ = ["step_conditions"]


def step_conditions(schedule: Schedule, target: Target) -> tuple[StepConditions, ...]:
    """Return the conditions of each step, at the frequencies of the schedule."""
    return tuple(
        StepConditions(
            omega_eV=omega_eV,
            duration_s=open_time_s,
            laser_on=kind != StepKind.DARK,
            coherence=target.coherence * coherence,
            density_cm3=target.density_cm3,
            photon_density_cm3=target.photon_density_cm3,
            live_fraction=live_fraction,
            linewidth_eV=linewidth_eV,
            end_eV=target.atom.e_eg_eV / 2,
            course=None if schedule.is_steady else schedule.clock(step),
        )
        for step, omega_eV, linewidth_eV, open_time_s, live_fraction, kind, coherence in zip(
            range(schedule.n_steps),
            schedule.omega_eV.tolist(),
            schedule.linewidth_eV.tolist(),
            schedule.open_time_s.tolist(),
            schedule.live_fraction.tolist(),
            schedule.kind.tolist(),
            schedule.coherence.tolist(),
            strict=True,
        )
    )
