"""What a run file predicts without generating anything: spectra, thresholds, rates, expected counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detector.response import NEVER_DEAD, Expectation
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError, NumericsError
from renp_sim.laser.schedule import StepKind
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.pairs import ORDERED_PAIRS, PAIRS
from renp_sim.prediction.conditions import step_conditions
from renp_sim.prediction.expectations import NOTED, dead_time_notes, expectations
from renp_sim.runfile.run import Run

__all__ = [
    "RateReport",
    "asked_frequencies",
    "dead_time_notes_of",
    "expected_of_schedule",
    "rate_at",
    "rate_of_schedule",
]


MAX_POINTS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateReport:
    """Rates at n frequencies.

    Parameters
    ----------
    omega_eV
        Frequencies, shape (n,).
    pair_spectrum
        I_ij averaged over the line, shape (n, 3, 3).
    rate_hz
        Γ₀ η I, before efficiency, shape (n,).
    expected_counts, background_counts
        Recorded signal and background photons of the schedule's steps, shape (n,); None at frequencies
        without a duration.
    thresholds_eV
        ω_ij, shape (3, 3).
    kind
        Of each step, "signal", "control" or "dark"; empty at frequencies without a duration.
    """

    omega_eV: FloatArray
    pair_spectrum: FloatArray
    rate_hz: FloatArray
    expected_counts: FloatArray | None
    background_counts: FloatArray | None
    thresholds_eV: FloatArray
    kind: tuple[str, ...] = ()

    @property
    def spectral_function(self) -> FloatArray:
        """I(ω) = Σ_ij I_ij(ω), shape (n,)."""
        return np.asarray(self.pair_spectrum.sum(axis=(-2, -1)))

    def as_dict(self) -> dict[str, Any]:
        """Return what `rate --json` prints."""
        return {
            "omega_eV": self.omega_eV.tolist(),
            "spectral_function": self.spectral_function.tolist(),
            "pairs": {pair: self.pair_spectrum[:, i, j].tolist() for pair, (i, j) in ORDERED_PAIRS.items()},
            "rate_hz": self.rate_hz.tolist(),
            "expected_counts": None if self.expected_counts is None else self.expected_counts.tolist(),
            "background_counts": None if self.background_counts is None else self.background_counts.tolist(),
            "thresholds_eV": {pair: float(self.thresholds_eV[place]) for pair, place in PAIRS.items()},
            "kind": list(self.kind) or None,
        }


def asked_frequencies(omegas_eV: Sequence[float], grid: str | None, e_eg_eV: float) -> FloatArray | None:
    """Return the frequencies of `--omega` and `--grid start:stop:points`, or None if there are none.

    Raises
    ------
    ConfigError
        If the grid is not of this form, or a frequency is not inside 0 < ω < E_eg.
    """
    for omega_eV in omegas_eV:
        _require_inside(f"--omega {omega_eV:g}", omega_eV, e_eg_eV)
    if grid is None:
        return np.array(omegas_eV) if omegas_eV else None
    try:
        first, last, n = grid.split(":")
        start, stop, points = float(first), float(last), int(n)
    except ValueError:
        raise ConfigError(f"--grid {grid}: write START:STOP:POINTS, such as 1.068:1.072:401") from None
    if not 1 <= points <= MAX_POINTS:
        raise ConfigError(f"--grid {grid}: the number of points must lie in 1 … {MAX_POINTS}")
    for end_eV in (start, stop):
        _require_inside(f"--grid {grid}", end_eV, e_eg_eV)
    return np.concatenate([omegas_eV, np.linspace(start, stop, points)])


def _require_inside(given: str, omega_eV: float, e_eg_eV: float) -> None:
    if not 0 < omega_eV < e_eg_eV:
        raise ConfigError(f"{given}: {omega_eV:g} eV must lie in 0 < ω < E_eg = {e_eg_eV:g} eV")


def rate_at(run: Run, omega_eV: FloatArray) -> RateReport:
    """Return rates at given frequencies, with the laser's line width.

    Raises
    ------
    DomainError
        If a frequency or its line is not inside 0 < ω < E_eg.
    """
    linewidth = np.full(len(omega_eV), run.config.laser.linewidth_eV)
    return _report(run, omega_eV, linewidth, np.ones(len(omega_eV)))


def rate_of_schedule(run: Run) -> RateReport:
    """Return rates and expected counts of the schedule's steps, at the set frequencies."""
    report, expected = expected_of_schedule(run)
    return replace(
        report,
        expected_counts=np.array([step.signal_counts for step in expected]),
        background_counts=np.array([step.background_counts.sum() for step in expected]),
        kind=tuple(StepKind(kind).name.lower() for kind in run.schedule.kind.tolist()),
    )


def expected_of_schedule(run: Run) -> tuple[RateReport, list[Expectation]]:
    """Return rates and what is expected of the detector in each step, as it is set.

    Raises
    ------
    ConfigError
        If the dead time of a step has no mean that is right to 1 %.
    """
    schedule = run.schedule
    strength = schedule.coherence * schedule.gamma0_factor
    report = _report(run, schedule.omega_eV, schedule.linewidth_eV, strength)
    conditions = step_conditions(schedule, run.emission.target)
    return report, expectations(schedule, conditions, run.detector, report.rate_hz, run.emission)


def dead_time_notes_of(run: Run) -> tuple[str, ...]:
    """Return a line if dead time takes more than 5 % of a step; none where a rate cannot be told.

    Raises
    ------
    ConfigError
        If the dead time of a step has no mean that is right to 1 %.
    """
    tau_s = run.detector.dead_time.tau_s
    if tau_s == 0:
        return ()
    try:
        if run.schedule.is_steady:
            # of a rate R it takes less than R τ, which is less work than its mean in each of many steps
            _, alive = expected_of_schedule(
                replace(run, detector=replace(run.detector, dead_time=NEVER_DEAD))
            )
            if max(step.signal_rate_hz + step.background_rate_hz.sum() for step in alive) * tau_s < NOTED:
                return ()
        _, expected = expected_of_schedule(run)
    except NumericsError:
        # a pole that nothing resolves: who asks for its rate is told
        return ()
    return dead_time_notes(expected, run.schedule)


def _report(run: Run, omega_eV: FloatArray, linewidth_eV: FloatArray, strength: FloatArray) -> RateReport:
    emission = run.emission
    # passes of a scan have the same lines
    lines, which = np.unique(np.stack([omega_eV, linewidth_eV]), axis=1, return_inverse=True)
    spectrum = mean_spectral_function(lines[0], lines[1], emission)[which.ravel()]
    gamma_hz = emission.target.gamma0_hz * emission.target.coherence * strength
    return RateReport(
        omega_eV=omega_eV,
        pair_spectrum=spectrum,
        rate_hz=gamma_hz * spectrum.sum(axis=(-2, -1)),
        expected_counts=None,
        background_counts=None,
        thresholds_eV=emission.neutrinos.thresholds_eV(emission.target.atom.e_eg_eV),
    )
