"""Rows of the `steps`, `backgrounds` and `runs` trees: the bookkeeping of a run."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray
from renp_sim.ntuple.schema import SCHEMA_MAJOR, SCHEMA_MINOR
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.production.slices import Job, StepTally
from renp_sim.runfile.run import Run

__all__ = ["background_rows", "run_row", "step_rows"]

Columns = dict[str, NDArray[Any]]


def step_rows(setup: Run, job: Job, tallies: list[StepTally]) -> Columns:
    """Return the columns of `steps`, one row per laser step.

    The live time is the open time less the dead time that was lost; the truth μ uses it, so that
    μ_signal = gamma0_hz · coherence · Ī · efficiency · live_time_s holds to the digit.
    """
    schedule, target, n = setup.schedule, setup.emission.target, setup.schedule.n_steps
    recorded, lost_s = np.zeros(n, dtype=np.int64), np.zeros(n)
    for tally in tallies:
        recorded[tally.step] += tally.n_recorded
        lost_s[tally.step] += tally.lost_s
    live_s = schedule.duration_s * schedule.live_fraction - lost_s
    efficiency = setup.detector.efficiency_at(schedule.omega_set_eV)
    known = setup.detector.efficiency
    coherence = target.coherence * schedule.coherence
    spectrum = mean_spectral_function(schedule.omega_true_eV, schedule.linewidth_eV, setup.emission)
    true_efficiency = setup.detector.efficiency_at(schedule.omega_true_eV)
    mu_signal = target.gamma0_hz * coherence * spectrum.sum(axis=(-2, -1)) * true_efficiency * live_s
    return {
        "run": np.full(n, setup.number, dtype=np.int64),
        "step": np.arange(n, dtype=np.int32),
        "scan_pass": schedule.scan_pass,
        "kind": schedule.kind,
        "omega_set_eV": schedule.omega_set_eV,
        "linewidth_eV": schedule.linewidth_eV,
        "omega_common_error_eV": schedule.omega_common_error_eV,
        "omega_step_error_eV": schedule.omega_step_error_eV,
        "omega_true_eV": schedule.omega_true_eV,
        "start_s": schedule.start_s,
        "duration_s": schedule.duration_s,
        "live_time_s": live_s,
        "coherence": coherence,
        "gamma0_hz": np.full(n, target.gamma0_hz),
        "efficiency": efficiency,
        "efficiency_common_error": efficiency * known.common_error_rel,
        "efficiency_step_error": efficiency * known.step_error_rel,
        "n_recorded": recorded,
        "n_generated": job.generator.counts,
        "mu_signal": mu_signal,
        "mu_background": _background_rates_hz(setup, at_true_frequency=True).sum(axis=1) * live_s,
    }


def background_rows(setup: Run, steps: Columns) -> Columns:
    """Return the columns of `backgrounds`, one row per step and component."""
    components = setup.detector.backgrounds
    n, c = setup.schedule.n_steps, len(components)
    rate_hz = _background_rates_hz(setup, at_true_frequency=False)
    true_hz = _background_rates_hz(setup, at_true_frequency=True)
    error_rel = np.array([component.error_rel for component in components])
    present = [[b.present(conditions) for b in components] for conditions in setup.step_conditions()]
    return {
        "run": np.repeat(steps["run"], c),
        "step": np.repeat(steps["step"], c),
        "component": np.tile(np.arange(c, dtype=np.int16), n),
        "expected_rate_hz": rate_hz.ravel(),
        "rate_error_hz": (rate_hz * error_rel).ravel(),
        "present": np.array(present, dtype=np.bool_).reshape(n, c).ravel(),
        "mu": (true_hz * steps["live_time_s"][:, None]).ravel(),
    }


def _background_rates_hz(setup: Run, *, at_true_frequency: bool) -> FloatArray:
    """Return recorded background rates before dead time, shape (steps, components)."""
    conditions = setup.step_conditions(at_true_frequency=at_true_frequency)
    rates = [setup.detector.background_rates_hz(condition) for condition in conditions]
    return np.array(rates).reshape(len(conditions), len(setup.detector.backgrounds))


def run_row(
    setup: Run, job: Job, steps: Columns, n_events: int, provenance: dict[str, Any]
) -> dict[str, Any]:
    """Return the row of `runs`."""
    schedule, target = setup.schedule, setup.emission.target
    oscillation, neutrinos = setup.oscillation, setup.emission.neutrinos
    masses = neutrinos.masses_eV
    return {
        "run": setup.number,
        "schema_major": SCHEMA_MAJOR,
        "schema_minor": SCHEMA_MINOR,
        "seed": np.uint64(setup.config.run.seed),
        "n_events": n_events,
        "n_recorded": int(steps["n_recorded"].sum()),
        "n_generated": int(steps["n_generated"].sum()),
        "live_time_s": float(steps["live_time_s"].sum()),
        "wall_time_s": float(schedule.duration_s.sum()),
        "is_blind": False,
        "is_poisson": job.generator.n_events is None,
        "e_eg_eV": target.atom.e_eg_eV,
        "e_vg_eV": target.atom.e_vg_eV,
        "gamma_ref_hz": target.atom.gamma_ref_hz,
        "spin_f_l": target.f_l,
        "ordering": 0 if oscillation.ordering is Ordering.NORMAL else 1,
        "nature": 0 if neutrinos.nature is Nature.DIRAC else 1,
        "sin2_theta12": oscillation.sin2_theta12,
        "sin2_theta13": oscillation.sin2_theta13,
        "dm2_21_eV2": float(neutrinos.differences_eV2[1, 0]),
        "dm2_3l_eV2": float(
            neutrinos.differences_eV2[2, 0 if oscillation.ordering is Ordering.NORMAL else 1]
        ),
        "m1_eV": masses[0],
        "m2_eV": masses[1],
        "m3_eV": masses[2],
        "config": setup.resolved(),
        "provenance": provenance,
    }
