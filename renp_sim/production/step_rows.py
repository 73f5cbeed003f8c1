"""Rows of the `steps`, `backgrounds` and `runs` trees: the bookkeeping of a run."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import Columns, FloatArray
from renp_sim.generator.photons import SignalPhotons
from renp_sim.laser.schedule import Schedule
from renp_sim.ntuple.schema import LEGENDS, SCHEMA_MAJOR, SCHEMA_MINOR
from renp_sim.physics.neutrino import Ordering
from renp_sim.physics.rates import Emission
from renp_sim.prediction.exposure import exposure_of
from renp_sim.production.job import Job
from renp_sim.runfile.run import Run

__all__ = ["run_row", "step_tables"]


def step_tables(
    run: Run, job: Job, n_recorded: NDArray[np.int64], lost_s: FloatArray
) -> tuple[Columns, Columns]:
    """Return the columns of `steps`, one row per laser step, and of `backgrounds`.

    The truth μ uses the live time, so that μ_signal = gamma0_hz · coherence · Ī · efficiency · live_time_s
    holds to the digit, with the efficiency as it was: of a drift the stated one knows nothing.

    Parameters
    ----------
    run, job
        The run, and what made its events.
    n_recorded, lost_s
        Recorded photons and dead time of each step, shape (n,).
    """
    live_time_s = (run.schedule.open_time_s - lost_s) * job.live_fraction
    # the mean dead time is not asked for: what was lost is known
    detector = run.detector.never_dead()

    def exposure(schedule: Schedule, emission: Emission | None) -> Exposure:
        made = exposure_of(schedule, run.emission.target, detector, run=run.number, emission=emission)
        return replace(made, live_time_s=live_time_s)

    # the mean efficiency of a line would tell of a blind run what spectrum it has
    is_blind = run.config.output.blind
    known = truth = exposure(run.schedule, None if is_blind else run.emission)
    has_moved = not np.array_equal(run.schedule.omega_eV, run.truth.omega_eV)
    if is_blind or has_moved or run.truth.efficiency is not None:
        truth = exposure(run.truth, run.emission)
    return _step_rows(known, truth, job.signal, n_recorded), _background_rows(known, truth)


def _step_rows(
    known: Exposure, truth: Exposure, signal: SignalPhotons, n_recorded: NDArray[np.int64]
) -> Columns:
    schedule = signal.schedule
    return {
        "run": known.run,
        "step": known.step.astype(np.int32),
        "scan_pass": schedule.scan_pass,
        "kind": known.kind,
        "omega_set_eV": known.omega_eV,
        "linewidth_eV": known.linewidth_eV,
        "omega_common_error_eV": known.omega_common_error_eV,
        "omega_step_error_eV": known.omega_step_error_eV,
        "omega_true_eV": truth.omega_eV,
        "start_s": schedule.start_s,
        "duration_s": schedule.duration_s,
        "live_time_s": known.live_time_s,
        "coherence": known.coherence,
        "gamma0_hz": known.gamma0_hz,
        "efficiency": known.efficiency,
        "efficiency_common_error": known.efficiency_common_error,
        "efficiency_step_error": known.efficiency_step_error,
        "n_recorded": n_recorded,
        "n_generated": signal.counts,
        "mu_signal": truth.gamma0_hz
        * truth.coherence
        * signal.spectrum
        * truth.efficiency
        * truth.live_time_s,
        "mu_background": truth.background_counts,
    }


def _background_rows(known: Exposure, truth: Exposure) -> Columns:
    """Return a row per step and component."""
    n, c = known.background_rate_hz.shape
    return {
        "run": np.repeat(known.run, c),
        "step": np.repeat(known.step.astype(np.int32), c),
        "component": np.tile(np.arange(c, dtype=np.int16), n),
        "expected_rate_hz": known.background_rate_hz.ravel(),
        "rate_error_hz": known.background_error_hz.ravel(),
        "present": known.background_present.ravel(),
        "mu": (truth.background_hz * truth.live_time_s[:, None]).ravel(),
    }


def run_row(run: Run, steps: Columns, *, n_events: int, is_poisson: bool) -> dict[str, Any]:
    """Return the row of `runs`, all but its provenance."""
    target = run.emission.target
    oscillation, neutrinos = run.oscillation, run.emission.neutrinos
    masses = neutrinos.masses_eV
    return {
        "run": run.number,
        "schema_major": SCHEMA_MAJOR,
        "schema_minor": SCHEMA_MINOR,
        "seed": np.uint64(run.config.run.seed),
        "n_events": n_events,
        "n_recorded": int(steps["n_recorded"].sum()),
        "n_generated": int(steps["n_generated"].sum()),
        "live_time_s": float(steps["live_time_s"].sum()),
        "wall_time_s": run.schedule.wall_time_s,
        "is_blind": False,
        "is_poisson": is_poisson,
        "e_eg_eV": target.atom.e_eg_eV,
        "e_vg_eV": target.atom.e_vg_eV,
        "gamma_ref_hz": target.atom.gamma_ref_hz,
        "spin_f_l": target.f_l,
        "ordering": _coded("ordering", oscillation.ordering),
        "nature": _coded("nature", neutrinos.nature),
        "sin2_theta12": oscillation.sin2_theta12,
        "sin2_theta13": oscillation.sin2_theta13,
        "dm2_21_eV2": float(neutrinos.differences_eV2[1, 0]),
        "dm2_3l_eV2": float(
            neutrinos.differences_eV2[2, 0 if oscillation.ordering is Ordering.NORMAL else 1]
        ),
        "m1_eV": masses[0],
        "m2_eV": masses[1],
        "m3_eV": masses[2],
        "config": run.resolved(),
    }


def _coded(branch: str, word: str) -> int:
    """Return the number that stands for a word in a branch."""
    return next(number for number, meaning in LEGENDS[branch].items() if meaning == word)
