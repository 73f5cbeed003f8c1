"""From the sections of a configuration to the objects that do the work."""

from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np

from detector.background import Background
from detector.channels import Channel, Channels
from detector.efficiency import Constant, Efficiency
from detector.response import Detector
from renp_sim.errors import ConfigError, nearest
from renp_sim.laser.calibration import Calibration
from renp_sim.laser.pulses import Pulses
from renp_sim.laser.scan import Scan, Step, build_schedule
from renp_sim.laser.schedule import Schedule
from renp_sim.physics.atom import Atom, known_atoms
from renp_sim.physics.kinematics import require_frequency
from renp_sim.physics.line import LINE_REACH, mean_efficiency, mean_spectral_function
from renp_sim.physics.neutrino import GP23_LIGHTEST_MASS_EV, Nature, Neutrinos, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target
from renp_sim.runfile.laser_section import CalibrationTable, LaserSection, PulsesTable, ScanTable
from renp_sim.runfile.problems import shown
from renp_sim.runfile.sections import (
    AtomTable,
    ChannelTable,
    DetectorSection,
    DriftSection,
    NeutrinoSection,
    RunConfig,
    TargetSection,
)
from renp_sim.runfile.tables import table_of
from renp_sim.streams import name_keys

__all__ = [
    "detector_of",
    "drift_problems",
    "frequency_problems",
    "lightest_mass_eV",
    "neutrinos_of",
    "oscillation_of",
    "schedule_of",
    "target_of",
    "truth_of",
]

ENERGIES = 257
"""At which the highest efficiency is looked for, beside its breaks."""


def oscillation_of(section: NeutrinoSection) -> Oscillation:
    """Return mixing and splittings: what is given, NuFIT 5.2 elsewhere."""
    keys = (
        "sin2_theta12",
        "sin2_theta13",
        "delta_cp_deg",
        "dm2_21_eV2",
        "dm2_3l_eV2",
        "alpha21_deg",
        "alpha31_deg",
    )
    given = {key: getattr(section, key) for key in keys if getattr(section, key) is not None}
    phases = [key for key in ("alpha21_deg", "alpha31_deg") if key in given]
    if section.nature is Nature.DIRAC and phases:
        raise ConfigError(
            *(
                f"neutrino.{key} = {given[key]}: Dirac neutrinos have no Majorana phase; "
                'leave it out or set nature = "majorana"'
                for key in phases
            )
        )
    return Oscillation.nufit(section.ordering, **given)


def lightest_mass_eV(section: NeutrinoSection) -> float:
    """Return the lightest mass, eV."""
    mass = section.lightest_mass_eV
    return GP23_LIGHTEST_MASS_EV if mass is None else mass


def neutrinos_of(section: NeutrinoSection, oscillation: Oscillation) -> Neutrinos:
    """Return the neutrinos, from the lightest mass or from three."""
    if section.masses_eV is None:
        return Neutrinos.from_lightest_mass(lightest_mass_eV(section), oscillation, section.nature)
    extra = [k for k in ("lightest_mass_eV", "dm2_21_eV2", "dm2_3l_eV2") if getattr(section, k) is not None]
    if extra:
        raise ConfigError(f"neutrino.masses_eV: fixes all masses, so {', '.join(extra)} must be left out")
    return Neutrinos.from_masses(section.masses_eV, oscillation, section.nature)


def _atom(given: str | AtomTable) -> Atom:
    known = known_atoms()
    if not isinstance(given, AtomTable):
        if given not in known:
            raise ConfigError(
                f"target.atom = {shown(given)}: no such atom; {nearest(given, known)}; "
                "or give a table [target.atom] with name, e_eg_eV, e_vg_eV, j_e, gamma_ref_hz"
            )
        return known[given]
    if not given.name:
        # that the name is missing has been told
        raise ConfigError
    values = {key: value for key, value in table_of(given).items() if value is not None}
    if given.name in known:
        base = known[given.name]
        values = {key: getattr(base, key) for key in ("e_eg_eV", "e_vg_eV", "j_e", "gamma_ref_hz")} | values
    missing = [key for key in ("e_eg_eV", "e_vg_eV", "gamma_ref_hz") if key not in values]
    if missing:
        raise ConfigError(
            f"target.atom: {given.name} is not a known atom, so {', '.join(missing)} must be given"
        )
    return Atom(**values)


def target_of(section: TargetSection) -> Target:
    """Return the target."""
    atom = _atom(section.atom)
    match section.spin_tensor:
        case "isotropic":
            f_l = 1 / 3
        case "transverse":
            f_l = 0.0
        case "atomic":
            f_l = atom.longitudinal_share()
        case number:
            f_l = float(number)
    return Target(
        atom=atom,
        density_cm3=section.density_cm3,
        photon_density_cm3=section.photon_density_cm3,
        volume_cm3=section.volume_cm3,
        length_cm=section.length_cm,
        coherence=section.coherence,
        f_l=f_l,
    )


def frequency_problems(laser: LaserSection, atom: Atom) -> list[str]:
    """Return a line for every frequency or line that is not inside 0 < ω < E_eg."""
    asked = [(f"laser.steps[{n}].omega_eV", s.omega_eV, s.linewidth_eV) for n, s in enumerate(laser.steps)]
    for n, scan in enumerate(laser.scan):
        where = f"laser.scan[{n}]"
        asked += [(f"{where}.omegas_eV[{k}]", omega, None) for k, omega in enumerate(scan.omegas_eV or ())]
        grid = (("start_eV", scan.start_eV), ("stop_eV", scan.stop_eV))
        asked += [(f"{where}.{key}", omega, None) for key, omega in grid if omega is not None]
    problems = []
    for where, omega, own_width in asked:
        reach = LINE_REACH * (laser.linewidth_eV if own_width is None else own_width)
        # a stand-in for a value that is missing is NaN, of which nothing is said
        if omega <= 0 or omega >= atom.e_eg_eV:
            problems.append(f"{where} = {omega}: must lie in 0 < ω < E_eg = {atom.e_eg_eV} eV of {atom.name}")
        elif omega <= reach or omega >= atom.e_eg_eV - reach:
            problems.append(
                f"{where} = {omega}: its line reaches {LINE_REACH:g}σ = {reach:g} eV and so out of "
                f"0 < ω < E_eg = {atom.e_eg_eV} eV of {atom.name}; make linewidth_eV smaller"
            )
    return problems


def schedule_of(laser: LaserSection, drift: DriftSection, emission: Emission, detector: Detector) -> Schedule:
    """Return the laser schedule as it is set, with the drift of the density, which is known."""

    def signal_rate(omega_eV: Any) -> Any:
        width_eV = laser.linewidth_eV
        spectrum = mean_spectral_function(omega_eV, width_eV, emission).sum(axis=(-2, -1))
        return spectrum * mean_efficiency(omega_eV, np.full(len(omega_eV), width_eV), detector, emission)

    steps = [
        Step(
            omega_eV=step.omega_eV,
            duration_s=step.duration_s,
            kind=step.kind,
            linewidth_eV=step.linewidth_eV,
            coherence=step.coherence,
        )
        for step in laser.steps
    ]
    scans = [
        Scan(
            omegas_eV=_frequencies_eV(scan),
            total_duration_s=scan.total_duration_s,
            allocation=scan.allocation,
            passes=scan.passes,
            control_fraction=scan.control_fraction,
            dark_fraction=scan.dark_fraction,
        )
        for scan in laser.scan
    ]
    return build_schedule(
        steps,
        scans,
        linewidth_eV=laser.linewidth_eV,
        settling_s=laser.settling_s,
        calibration=_calibration(laser.calibration),
        pulses=_pulses(laser.pulses),
        density=drift.density,
        signal_rate=signal_rate,
    )


def truth_of(config: RunConfig, schedule: Schedule, e_eg_eV: float) -> Schedule:
    """Return the schedule as it was: true offsets of the frequency scale, and an efficiency that drifts."""
    calibration = _calibration(config.laser.calibration)
    offsets_eV = calibration.offsets_eV(schedule.n_steps, config.run.seed)
    truth = schedule.as_it_was(offsets_eV, config.drift.efficiency)
    require_frequency(truth.omega_eV, e_eg_eV, "laser.calibration: true frequency")
    return truth


def _pulses(given: PulsesTable | None) -> Pulses | None:
    if given is None:
        return None
    return Pulses(
        repetition_hz=given.repetition_hz,
        window_s=given.window_s,
        coherence_decay_s=given.coherence_decay_s,
    )


def _calibration(given: CalibrationTable) -> Calibration:
    offset = given.common_offset_eV
    return Calibration(
        common_offset_eV=None if offset == "draw" else float(offset),
        common_error_eV=given.common_error_eV,
        step_error_eV=given.step_error_eV,
    )


def _frequencies_eV(scan: ScanTable) -> tuple[float, ...]:
    if scan.start_eV is None or scan.stop_eV is None or scan.points is None:
        return scan.omegas_eV or ()
    return tuple(np.linspace(scan.start_eV, scan.stop_eV, scan.points).tolist())


def detector_of(section: DetectorSection, backgrounds: tuple[Background, ...]) -> Detector:
    """Return the detector and its backgrounds."""
    plain = Detector()
    problems = _name_problems([component.name for component in backgrounds])
    if problems or any(isnan(channel.share) for channel in section.channels):
        # that a share is missing or wrong has been told
        raise ConfigError(*problems)
    try:
        return Detector(
            efficiency=_channels(section.channels) if section.channels else _efficiency(section.efficiency),
            resolution=section.resolution or plain.resolution,
            energy_window_eV=section.energy_window_eV,
            backgrounds=backgrounds,
            dead_time=section.dead_time or plain.dead_time,
            afterpulse=section.afterpulse,
        )
    except ValueError as error:
        raise ConfigError(f"detector.{error}") from None


def drift_problems(drift: DriftSection, detector: Detector) -> list[str]:
    """Return whether the efficiency would drift above 1."""
    if drift.efficiency is None:
        return []
    low, high = detector.energy_window_eV
    energy_eV = np.union1d(np.linspace(low, high, ENERGIES), np.asarray(detector.breaks_eV))
    highest = float(np.max(detector.efficiency.at(energy_eV)))
    reached = highest * float(np.max(drift.efficiency.factor(np.array([0.0, 1.0]))))
    if reached <= 1:
        return []
    return [
        f"drift.efficiency.total_rel: takes an efficiency of {highest:.6g} to {reached:.6g}: "
        "make it so small that this stays below 1, or the efficiency smaller"
    ]


def _channels(tables: Sequence[ChannelTable]) -> Channels:
    channels = (Channel(share=table.share, efficiency=_efficiency(table.efficiency)) for table in tables)
    return Channels(channels=tuple(channels))


def _efficiency(given: float | Efficiency) -> Efficiency:
    return Constant(value=given) if isinstance(given, float) else given


def _name_problems(names: Sequence[str]) -> list[str]:
    """Return a line for every component that has the name of one before it, or shares its random numbers."""
    taken = [
        f"background[{number}].name = {shown(name)}: is taken; every component needs its own name"
        for number, name in enumerate(names)
        if name in names[:number]
    ]
    try:
        name_keys(names)
    except ConfigError as error:
        taken.append(f"background: {error}")
    return taken
