"""The run file: what every key is called, what it may be, and what it is if left out.

Frozen pydantic models that forbid unknown keys; TOML goes through JSON, in which lists are tuples and
names are enums, so that strict types hold. Reading and reporting errors is in `renp_sim.runfile.reading`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from renp_sim.laser.scan import Allocation
from renp_sim.physics.neutrino import Nature, Ordering

__all__ = ["RunConfig"]

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Range = tuple[NotNegative, NotNegative]


def _name_of_a_folder(name: str) -> str:
    if name in (".", "..") or "/" in name or not name.isprintable():
        raise ValueError(f"{name!r} cannot be the name of a folder: leave out / and control characters")
    return name


FolderName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_name_of_a_folder)]


class Section(BaseModel):
    """A section of the run file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class RunSection(Section):
    """[run]: what the run is called and its seed."""

    name: FolderName = "run"
    seed: int = Field(ge=0, lt=2**64)
    number: int | None = Field(None, gt=0, lt=2**53)


class AtomTable(Section):
    """[target.atom]: an atom of the user's, or a known name with some values changed."""

    name: str = Field(min_length=1)
    e_eg_eV: Positive | None = None
    e_vg_eV: Positive | None = None
    j_e: int | None = Field(None, ge=0)
    gamma_ref_hz: Positive | None = None


class TargetSection(Section):
    """[target]: what the laser shines on."""

    atom: str | AtomTable = "Yb"
    density_cm3: Positive = 1e21
    photon_density_cm3: Positive = 1e21
    volume_cm3: Positive = 100.0
    length_cm: Positive = 100.0
    coherence: Fraction = 1.0
    spin_tensor: Literal["isotropic", "transverse", "atomic"] | Fraction = "isotropic"


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


class CalibrationTable(Section):
    """laser.calibration: the frequency scale."""

    common_offset_eV: float | Literal["draw"] = 0.0
    common_error_eV: NotNegative = 0.0
    step_error_eV: NotNegative = 0.0


class ScanTable(Section):
    """[[laser.scan]]: frequencies that share a wall time."""

    omegas_eV: tuple[float, ...] | None = Field(None, min_length=1)
    start_eV: float | None = None
    stop_eV: float | None = None
    points: int | None = Field(None, ge=1, le=1_000_000)
    total_duration_s: Positive
    allocation: Allocation = Allocation.EQUAL_TIME
    passes: int = Field(1, ge=1, le=1_000_000)
    control_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.0
    dark_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        grid = (self.start_eV, self.stop_eV, self.points)
        if (self.omegas_eV is None) == (grid == (None, None, None)) or (
            self.omegas_eV is None and None in grid
        ):
            raise ValueError("give either omegas_eV, or start_eV, stop_eV and points")
        if self.control_fraction + self.dark_fraction >= 1:
            raise ValueError(
                "control_fraction + dark_fraction must stay below 1, or no time is left for signal"
            )
        return self


class StepTable(Section):
    """[[laser.steps]]: a single step."""

    omega_eV: float
    duration_s: Positive
    kind: Literal["signal", "control", "dark"] = "signal"
    linewidth_eV: NotNegative | None = None
    coherence: Fraction = 1.0


class LaserSection(Section):
    """[laser]: the schedule."""

    linewidth_eV: NotNegative = 0.0
    settling_s: NotNegative = 0.0
    calibration: CalibrationTable = CalibrationTable()
    scan: tuple[ScanTable, ...] = ()
    steps: tuple[StepTable, ...] = ()


class ConstantEfficiency(Section):
    """The same efficiency at every energy."""

    kind: Literal["constant"]
    value: Fraction
    common_error_rel: NotNegative = 0.0
    step_error_rel: NotNegative = 0.0


class TurnOnEfficiency(Section):
    """plateau · ½ (1 + erf((E − energy_eV)/(√2 width_eV)))."""

    kind: Literal["turn_on"]
    plateau: Fraction = 1.0
    energy_eV: Positive
    width_eV: Positive
    common_error_rel: NotNegative = 0.0
    step_error_rel: NotNegative = 0.0


class TabulatedEfficiency(Section):
    """Straight lines between points, 0 outside the table."""

    kind: Literal["tabulated"]
    energies_eV: tuple[float, ...] = Field(min_length=2)
    values: tuple[Fraction, ...] = Field(min_length=2)
    common_error_rel: NotNegative = 0.0
    step_error_rel: NotNegative = 0.0


EfficiencyTable = Annotated[
    ConstantEfficiency | TurnOnEfficiency | TabulatedEfficiency, Field(discriminator="kind")
]


class GaussianResolution(Section):
    """Gaussian energy resolution."""

    kind: Literal["gaussian"] = "gaussian"
    sigma_eV: NotNegative


class DeadTimeTable(Section):
    """Dead time after each recorded photon."""

    kind: Literal["non_paralysable"] = "non_paralysable"
    tau_s: NotNegative


class DetectorSection(Section):
    """[detector]: what happens to a photon."""

    energy_window_eV: Range = (0.0, 10.0)
    resolution: GaussianResolution | None = None
    dead_time: DeadTimeTable | None = None
    efficiency: Fraction | EfficiencyTable = 1.0


class FlatSpectrum(Section):
    """A spectrum even between two energies."""

    kind: Literal["flat"]
    low_eV: NotNegative
    high_eV: Positive


class ExponentialSpectrum(Section):
    """A spectrum ∝ exp(−E/scale_eV) between two energies."""

    kind: Literal["exponential"]
    low_eV: NotNegative
    high_eV: Positive
    scale_eV: Positive


class TabulatedSpectrum(Section):
    """Straight lines between points, 0 outside; its norm is free."""

    kind: Literal["tabulated"]
    energies_eV: tuple[NotNegative, ...] = Field(min_length=2)
    values: tuple[NotNegative, ...] = Field(min_length=2)


SpectrumTable = Annotated[FlatSpectrum | ExponentialSpectrum | TabulatedSpectrum, Field(discriminator="kind")]


class BackgroundBase(Section):
    """What every background has."""

    name: str = Field(min_length=1, max_length=100)
    rate_hz: NotNegative
    error_rel: NotNegative = 0.0


class DarkCounts(BackgroundBase):
    """Counts of the detector itself: always present, not subject to efficiency or resolution."""

    kind: Literal["dark_counts"]


class Continuum(BackgroundBase):
    """Ambient photons: always present, subject to efficiency and resolution."""

    kind: Literal["continuum"]
    spectrum: Literal["flat"] | SpectrumTable = "flat"
    """`"flat"`: even over the detector's energy window."""


class ReferenceDensity(Section):
    """Densities at which the rate of a QED background is given."""

    n_a: Positive = 1e21
    n_gamma: Positive = 1e21


class DensityPowers(Section):
    """Powers of the densities with which it scales."""

    n_a: NotNegative = 2.0
    n_gamma: NotNegative = 1.0


class Qed(BackgroundBase):
    """Coherent QED emission: present with coherence, smooth in ω."""

    kind: Literal["qed"]
    reference_density_cm3: ReferenceDensity = ReferenceDensity()
    powers: DensityPowers = DensityPowers()
    omega_slope_per_eV: float = 0.0
    suppression: NotNegative = 1.0


class LaserLeakage(BackgroundBase):
    """Laser light: present with the laser on, at its frequency; scales with n_γ and the duty cycle."""

    kind: Literal["laser_leakage"]


Background = Annotated[DarkCounts | Continuum | Qed | LaserLeakage, Field(discriminator="kind")]


class OutputSection(Section):
    """[output]: what is written."""

    keep_undetected: bool = False
    compression: Literal["lz4", "zstd", "none"] = "lz4"


class RunConfig(Section):
    """A whole run file.

    `interaction` is checked against the fields of the interaction it names (`renp_sim.runfile.kinds`),
    so that a new interaction is one file and one name.
    """

    run: RunSection
    target: TargetSection = TargetSection()
    neutrino: NeutrinoSection = NeutrinoSection()
    interaction: dict[str, Any] = {"model": "standard_model"}
    laser: LaserSection
    detector: DetectorSection = DetectorSection()
    background: tuple[Background, ...] = ()
    output: OutputSection = OutputSection()
