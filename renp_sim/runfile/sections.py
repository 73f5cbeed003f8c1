"""The run file: what every key is called, what it may be, and what it is if left out.

Frozen dataclasses; `renp_sim.runfile.tables` reads them, and the kinds that some keys name, by their fields.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from detector.background import Background
from detector.dead_time import DeadTime
from detector.domain import Fraction, NotNegative, Positive, Range
from detector.efficiency import Efficiency
from detector.resolution import Resolution
from detector.response import Detector
from renp_sim.laser.scan import Allocation
from renp_sim.laser.schedule import StepKind
from renp_sim.physics.interactions import Interaction, StandardModel
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.physics.target import REFERENCE_DENSITY_CM3, REFERENCE_VOLUME_CM3

__all__ = [
    "AtomTable",
    "CalibrationTable",
    "DetectorSection",
    "LaserSection",
    "NeutrinoSection",
    "OutputSection",
    "RunConfig",
    "RunSection",
    "ScanTable",
    "Section",
    "StepTable",
    "TargetSection",
]

MOST_STEPS = 1_000_000
LONGEST_NAME = 200

Density = Annotated[float, Range(0, 1e30, is_open=True)]
Level = Annotated[float, Range(1e-6, 1e9)]
Count = Annotated[int, Range(1, MOST_STEPS)]


class Section:
    """A section of the run file, or a table in it."""

    __slots__ = ()

    def problems(self) -> list[str]:
        """Return what keys that are right each for itself contradict: lines that begin with a key."""
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSection(Section):
    """[run]: what the run is called and its seed."""

    name: str = "run"
    seed: Annotated[int, Range(0, 2**64 - 1)]
    number: Annotated[int, Range(1, 2**53 - 1)] | None = None

    def problems(self) -> list[str]:
        """Return what is wrong with the name: files and folders are called after it."""
        is_path = any(mark in self.name for mark in "/\\") or self.name.strip(" .") == ""
        if self.name.isprintable() and len(self.name) <= LONGEST_NAME and not is_path:
            return []
        return [f"name: must have 1 to {LONGEST_NAME} printable characters, and be no path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomTable(Section):
    """[target.atom]: an atom of the user's, or a known name with some values changed."""

    name: str
    e_eg_eV: Level | None = None
    e_vg_eV: Level | None = None
    j_e: Annotated[int, Range(0, 100)] | None = None
    gamma_ref_hz: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSection(Section):
    """[target]: what the laser shines on."""

    atom: str | AtomTable = "Yb"
    density_cm3: Density = REFERENCE_DENSITY_CM3
    photon_density_cm3: Density = REFERENCE_DENSITY_CM3
    volume_cm3: Positive = REFERENCE_VOLUME_CM3
    length_cm: Positive = 100.0
    coherence: Fraction = 1.0
    spin_tensor: Literal["isotropic", "transverse", "atomic"] | Fraction = "isotropic"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutrinoSection(Section):
    """[neutrino]: masses, mixing, nature; what is left out comes from NuFIT 5.2 for the ordering."""

    ordering: Ordering = Ordering.NORMAL
    nature: Nature = Nature.DIRAC
    lightest_mass_eV: NotNegative | None = None
    masses_eV: tuple[NotNegative, NotNegative, NotNegative] | None = None
    sin2_theta12: Fraction | None = None
    sin2_theta13: Fraction | None = None
    delta_cp_deg: float | None = None
    alpha21_deg: float | None = None
    alpha31_deg: float | None = None
    dm2_21_eV2: Positive | None = None
    dm2_3l_eV2: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationTable(Section):
    """laser.calibration: the frequency scale."""

    common_offset_eV: float | Literal["draw"] = 0.0
    common_error_eV: NotNegative = 0.0
    step_error_eV: NotNegative = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTable(Section):
    """[[laser.scan]]: frequencies that share a wall time."""

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
        if self.control_fraction + self.dark_fraction >= 1:
            found.append("control_fraction: with dark_fraction below 1, or no time is left for signal")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTable(Section):
    """[[laser.steps]]: a single step, before the scans."""

    omega_eV: float
    duration_s: Positive
    kind: StepKind = StepKind.SIGNAL
    linewidth_eV: NotNegative | None = None
    coherence: Fraction = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LaserSection(Section):
    """[laser]: the schedule."""

    linewidth_eV: NotNegative = 0.0
    settling_s: NotNegative = 0.0
    calibration: CalibrationTable = CalibrationTable()
    scan: tuple[ScanTable, ...] = ()
    steps: tuple[StepTable, ...] = ()


PLAIN = Detector()

PLAIN_INTERACTION = StandardModel()


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSection(Section):
    """[detector]: what happens to a photon."""

    energy_window_eV: tuple[NotNegative, NotNegative] = PLAIN.energy_window_eV
    resolution: Resolution | None = None
    dead_time: DeadTime | None = None
    efficiency: Fraction | Efficiency = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSection(Section):
    """[output]: what is written."""

    keep_undetected: bool = False
    compression: Literal["lz4", "zstd", "none"] = "lz4"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig(Section):
    """A whole run file."""

    run: RunSection
    target: TargetSection = TargetSection()
    neutrino: NeutrinoSection = NeutrinoSection()
    interaction: Interaction = PLAIN_INTERACTION
    laser: LaserSection = LaserSection()
    detector: DetectorSection = DetectorSection()
    background: tuple[Background, ...] = ()
    output: OutputSection = OutputSection()
