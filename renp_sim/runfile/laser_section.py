"""[laser] of the run file: the line, its calibration, scans and steps."""

from dataclasses import dataclass
from typing import Annotated, Literal

from detector.domain import Fraction, NotNegative, Positive, Range
from renp_sim.laser.scan import Allocation
from renp_sim.laser.schedule import StepKind
from renp_sim.runfile.section import Section

__all__ = ["CalibrationTable", "LaserSection", "PulsesTable", "ScanTable", "StepTable"]

MOST_STEPS = 1_000_000

Count = Annotated[int, Range(1, MOST_STEPS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationTable(Section):
    """The frequency scale.

    Parameters
    ----------
    common_offset_eV
        True offset of all steps, eV; "draw" takes one from the error.
    common_error_eV
        Stated error that all steps share, eV.
    step_error_eV
        Stated error that each step has for itself, eV; its own offset is drawn from it.
    """

    common_offset_eV: float | Literal["draw"] = 0.0
    common_error_eV: NotNegative = 0.0
    step_error_eV: NotNegative = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PulsesTable(Section):
    """Windows that repeat, in which alone photons are counted; the first one opens as a step begins.

    Dead time stands still between them: what is left of it as a window ends goes on in the next one.

    Parameters
    ----------
    repetition_hz
        Windows per second, s⁻¹.
    window_s
        How long each is open, s.
    coherence_decay_s
        τ, s: η falls as exp(−2t/τ) from the opening of each; by default it does not.
    """

    repetition_hz: Annotated[float, Range(1e-6, 1e12)]
    window_s: Annotated[float, Range(1e-12, 1e6)]
    coherence_decay_s: Annotated[float, Range(1e-12, 1e12)] | None = None

    def problems(self) -> list[str]:
        """Return whether windows overlap."""
        if not self.repetition_hz * self.window_s > 1:
            return []
        return [
            f"window_s = {self.window_s:g}: windows overlap, since {self.repetition_hz:g} Hz leave "
            f"{1 / self.repetition_hz:g} s for each; make it shorter"
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTable(Section):
    """Frequencies that share a wall time; as many scans as wanted.

    Parameters
    ----------
    omegas_eV
        Frequencies, eV; or a grid instead.
    start_eV
        Where the grid begins, eV.
    stop_eV
        Where the grid ends, eV.
    points
        Number of its frequencies.
    total_duration_s
        Wall time, with the settling, s.
    allocation
        How the frequencies share it.
    passes
        How often the frequencies are run through.
    control_fraction
        Share of the time with the laser on but no coherence.
    dark_fraction
        Share of the time with the laser off.
    """

    omegas_eV: tuple[float, ...] | None = None
    start_eV: float | None = None
    stop_eV: float | None = None
    points: Count | None = None
    total_duration_s: Positive
    allocation: Allocation = Allocation.EQUAL_TIME
    passes: Count = 1
    control_fraction: Fraction = 0.0
    dark_fraction: Fraction = 0.0

    def problems(self) -> list[str]:
        """Return whether the frequencies are given in no way or in two, and whether no time is left."""
        found = ["omegas_eV: needs at least one frequency"] if self.omegas_eV == () else []
        grid = (self.start_eV, self.stop_eV, self.points)
        is_listed, is_grid = self.omegas_eV is not None, None not in grid
        if is_listed == is_grid or (is_listed and grid != (None, None, None)):
            found.append("omegas_eV: give either this, or start_eV, stop_eV and points")
        n_frequencies = len(self.omegas_eV) if self.omegas_eV is not None else self.points or 0
        if n_frequencies * self.passes > MOST_STEPS:
            found.append(
                f"passes = {self.passes}: of {n_frequencies} frequencies are more than {MOST_STEPS} steps"
            )
        if self.control_fraction + self.dark_fraction >= 1:
            found.append("control_fraction: with dark_fraction below 1, or no time is left for signal")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTable(Section):
    """A single step, before the scans; as many as wanted.

    Parameters
    ----------
    omega_eV
        Frequency, eV.
    duration_s
        Wall time, s; of a continuous laser photons are counted all the while.
    kind
        Signal; control, the laser on but no coherence; dark, the laser off.
    linewidth_eV
        Gaussian σ of its line, eV; by default that of the laser.
    coherence
        η of the step; that of the target multiplies it.
    """

    omega_eV: float
    duration_s: Positive
    kind: StepKind = StepKind.SIGNAL
    linewidth_eV: NotNegative | None = None
    coherence: Fraction = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LaserSection(Section):
    """The laser and its schedule; a run needs at least one step or scan.

    Parameters
    ----------
    linewidth_eV
        Gaussian σ of the line, eV; 0 is sharp.
    settling_s
        Time between two steps in which nothing is counted, s.
    pulses
        Windows of a pulsed laser; by default it is continuous.
    calibration
        The frequency scale.
    scan
        Scans over frequencies.
    steps
        Single steps before the scans.
    """

    linewidth_eV: NotNegative = 0.0
    settling_s: NotNegative = 0.0
    pulses: PulsesTable | None = None
    calibration: CalibrationTable
    scan: tuple[ScanTable, ...] = ()
    steps: tuple[StepTable, ...] = ()
