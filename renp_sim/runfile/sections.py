"""The run file: what every key is called, what it may be, and what it is if left out.

Frozen dataclasses; `renp_sim.runfile.tables` reads them, and the kinds that some keys name, by their fields.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from detector.afterpulse import Afterpulse
from detector.background import Background
from detector.dead_time import DeadTime
from detector.domain import Fraction, NotNegative, Positive, Range
from detector.drift import Drift
from detector.efficiency import Efficiency
from detector.resolution import Resolution
from detector.response import Detector
from renp_sim.physics.interactions import Interaction, StandardModel
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.physics.target import REFERENCE_DENSITY_CM3, REFERENCE_VOLUME_CM3
from renp_sim.runfile.laser_section import LaserSection
from renp_sim.runfile.section import Section

__all__ = [
    "AtomTable",
    "ChannelTable",
    "DetectorSection",
    "DriftSection",
    "NeutrinoSection",
    "OutputSection",
    "RunConfig",
    "RunSection",
    "TargetSection",
]

LONGEST_NAME = 200

Density = Annotated[float, Range(0, 1e30, is_open=True)]
Level = Annotated[float, Range(1e-6, 1e9)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSection(Section):
    """What the run is called, and its seed.

    Parameters
    ----------
    name
        Title of the run, and the folder that `renp-sim run` writes.
    seed
        The one seed: the same run file and seed give the same events.
    number
        Run number; by default a hash of the seed and of every section that changes the data.
    """

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
    """An atom of the user's, or a known name with some values changed.

    Parameters
    ----------
    name
        What the atom is called; of a known one all that is not given is known.
    e_eg_eV
        Level e above g, eV.
    e_vg_eV
        Level v above g, eV; v lies above e.
    j_e
        Angular momentum of e, for spin_tensor = "atomic".
    gamma_ref_hz
        Γ_ref, the rate scale at 10²¹ cm⁻³ and 100 cm³, s⁻¹.
    """

    name: str
    e_eg_eV: Level | None = None
    e_vg_eV: Level | None = None
    j_e: Annotated[int, Range(0, 100)] | None = None
    gamma_ref_hz: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSection(Section):
    """What the laser shines on.

    Parameters
    ----------
    atom
        A known atom by name, or a table.
    density_cm3
        n_a, of the atoms, cm⁻³.
    photon_density_cm3
        n_γ, of the trigger laser's photons, cm⁻³.
    volume_cm3
        Of the cylinder along the laser, cm³.
    length_cm
        Of the cylinder along the laser, cm.
    coherence
        η; that of a step multiplies it.
    spin_tensor
        Isotropic as published, transverse (f_L = 0), that of the atom from j_e, or f_L as a number.
    """

    atom: str | AtomTable = "Yb"
    density_cm3: Density = REFERENCE_DENSITY_CM3
    photon_density_cm3: Density = REFERENCE_DENSITY_CM3
    volume_cm3: Positive = REFERENCE_VOLUME_CM3
    length_cm: Positive = 100.0
    coherence: Fraction = 1.0
    spin_tensor: Literal["isotropic", "transverse", "atomic"] | Fraction = "isotropic"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutrinoSection(Section):
    """Masses, mixing, nature; what is left out comes from NuFIT 5.2 for the ordering.

    Parameters
    ----------
    ordering
        Which neutrino is the lightest: ν₁ (normal) or ν₃ (inverted).
    nature
        Whether neutrinos are their own antiparticles (majorana).
    lightest_mass_eV
        By default 0.01 eV; the splittings give the others.
    masses_eV
        m1, m2, m3 instead, eV.
    sin2_theta12
        sin² of the mixing angle θ₁₂.
    sin2_theta13
        sin² of the mixing angle θ₁₃.
    delta_cp_deg
        Dirac phase δ, °.
    alpha21_deg, alpha31_deg
        Phase of Majorana neutrinos, °; not with Dirac ones.
    dm2_21_eV2
        m2² − m1², eV².
    dm2_3l_eV2
        m3² − m1² (normal) or m3² − m2² < 0 (inverted), eV².
    """

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


PLAIN = Detector()

PLAIN_INTERACTION = StandardModel()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTable(Section):
    """A part of the detector with an efficiency of its own; as many as wanted, numbered from 0 in the ntuple.

    Parameters
    ----------
    share
        Probability that a photon reaches it; what the shares lack of 1 is lost.
    efficiency
        Probability that a photon is seen there, before the window; a number or a table. The errors of
        channels are independent.
    """

    share: Annotated[float, Range(0, 1, is_open=True)]
    efficiency: Fraction | Efficiency = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSection(Section):
    """What happens to a photon.

    Parameters
    ----------
    energy_window_eV
        Reconstructed energies that are recorded, eV.
    resolution
        How energies are smeared; by default not at all.
    dead_time
        What a recorded photon costs the next; by default nothing.
    afterpulse
        What a recorded pulse causes later; by default nothing.
    efficiency
        Probability that a photon is seen, before the window; a number or a table.
    channels
        Several channels instead of one efficiency.
    """

    energy_window_eV: tuple[NotNegative, NotNegative] = PLAIN.energy_window_eV
    resolution: Resolution | None = None
    dead_time: DeadTime | None = None
    afterpulse: Afterpulse | None = None
    efficiency: Fraction | Efficiency = 1.0
    channels: tuple[ChannelTable, ...] = ()

    def problems(self) -> list[str]:
        """Return whether the efficiency is given in two ways."""
        is_twice = self.channels and self.efficiency != 1.0
        return ["efficiency: must be left out, since channels have their own"] if is_twice else []


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSection(Section):
    """What moves over the run: factors that are 1 as it starts.

    Parameters
    ----------
    efficiency
        Of the detector's efficiency for every photon; truth, of which `steps.efficiency` says nothing.
    density
        Of n_a, on which signal and QED emission depend; known, and so in `steps.gamma0_hz`.
    """

    efficiency: Drift | None = None
    density: Drift | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSection(Section):
    """What is written.

    Parameters
    ----------
    blind
        Whether the truth is hidden; FILE.key beside the file has it, for `renp-sim unblind`.
    keep_undetected
        Whether lost signal photons have rows too.
    compression
        Of the ROOT file.
    """

    blind: bool = False
    keep_undetected: bool = False
    compression: Literal["lz4", "zstd", "none"] = "lz4"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig(Section):
    """A whole run file."""

    run: RunSection
    target: TargetSection
    neutrino: NeutrinoSection
    interaction: Interaction = PLAIN_INTERACTION
    laser: LaserSection
    detector: DetectorSection
    background: tuple[Background, ...] = ()
    drift: DriftSection
    output: OutputSection
