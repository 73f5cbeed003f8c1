"""From the sections of a configuration to the objects that do the work."""

from typing import Any

import numpy as np

from detector import background, spectrum
from detector.dead_time import NonParalysable
from detector.efficiency import EFFICIENCIES, Constant, Efficiency
from detector.resolution import Gaussian
from detector.response import Detector
from renp_sim.errors import ConfigError
from renp_sim.laser.calibration import Calibration
from renp_sim.laser.scan import Scan, Step, build_schedule
from renp_sim.laser.schedule import Schedule, StepKind
from renp_sim.physics.atom import Atom, known_atoms
from renp_sim.physics.kinematics import require_frequency
from renp_sim.physics.line import LINE_REACH, mean_spectral_function
from renp_sim.physics.neutrino import GP23_LIGHTEST_MASS_EV, Nature, Neutrinos, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target
from renp_sim.runfile.sections import (
    AtomTable,
    Background,
    Continuum,
    DarkCounts,
    DetectorSection,
    LaserLeakage,
    Qed,
    RunConfig,
)
from renp_sim.streams import name_keys

__all__ = [
    "detector_of",
    "frequency_problems",
    "lightest_mass_eV",
    "neutrinos_of",
    "oscillation_of",
    "schedule_of",
    "target_of",
    "truth_of",
]


def oscillation_of(config: RunConfig) -> Oscillation:
    """Return mixing and splittings: what is given, NuFIT 5.2 elsewhere."""
    section = config.neutrino
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


def lightest_mass_eV(config: RunConfig) -> float:
    """Return the lightest mass, eV."""
    mass = config.neutrino.lightest_mass_eV
    return GP23_LIGHTEST_MASS_EV if mass is None else mass


def neutrinos_of(config: RunConfig, oscillation: Oscillation) -> Neutrinos:
    """Return the neutrinos, from the lightest mass or from three."""
    section = config.neutrino
    if section.masses_eV is None:
        return Neutrinos.from_lightest_mass(lightest_mass_eV(config), oscillation, section.nature)
    extra = [k for k in ("lightest_mass_eV", "dm2_21_eV2", "dm2_3l_eV2") if getattr(section, k) is not None]
    if extra:
        raise ConfigError(f"neutrino.masses_eV: fixes all masses, so {', '.join(extra)} must be left out")
    return Neutrinos.from_masses(section.masses_eV, oscillation, section.nature)


def _atom(config: RunConfig) -> Atom:
    given, known = config.target.atom, known_atoms()
    if not isinstance(given, AtomTable):
        if given not in known:
            raise ConfigError(
                f"target.atom = {given!r}: no such atom; known: {', '.join(known)}; "
                "or give a table [target.atom] with name, e_eg_eV, e_vg_eV, j_e, gamma_ref_hz"
            )
        return known[given]
    values = given.model_dump(exclude_none=True)
    if given.name in known:
        base = known[given.name]
        values = {key: getattr(base, key) for key in ("e_eg_eV", "e_vg_eV", "j_e", "gamma_ref_hz")} | values
    missing = [key for key in ("e_eg_eV", "e_vg_eV", "gamma_ref_hz") if key not in values]
    if missing:
        raise ConfigError(
            f"target.atom: {given.name} is not a known atom, so {', '.join(missing)} must be given"
        )
    return Atom(**values)


def target_of(config: RunConfig) -> Target:
    """Return the target."""
    section, atom = config.target, _atom(config)
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


def frequency_problems(config: RunConfig, atom: Atom) -> list[str]:
    """Return a line for every frequency or line that is not inside 0 < ω < E_eg."""
    laser = config.laser
    asked = [(f"laser.steps[{n}].omega_eV", s.omega_eV, s.linewidth_eV) for n, s in enumerate(laser.steps)]
    for n, scan in enumerate(laser.scan):
        where = f"laser.scan[{n}]"
        asked += [(f"{where}.omegas_eV[{k}]", omega, None) for k, omega in enumerate(scan.omegas_eV or ())]
        grid = (("start_eV", scan.start_eV), ("stop_eV", scan.stop_eV))
        asked += [(f"{where}.{key}", omega, None) for key, omega in grid if omega is not None]
    problems = []
    for where, omega, own_width in asked:
        reach = LINE_REACH * (laser.linewidth_eV if own_width is None else own_width)
        if not 0 < omega < atom.e_eg_eV:
            problems.append(f"{where} = {omega}: must lie in 0 < ω < E_eg = {atom.e_eg_eV} eV of {atom.name}")
        elif not reach < omega < atom.e_eg_eV - reach:
            problems.append(
                f"{where} = {omega}: its line reaches {LINE_REACH:g}σ = {reach:g} eV and so out of "
                f"0 < ω < E_eg = {atom.e_eg_eV} eV of {atom.name}; make linewidth_eV smaller"
            )
    return problems


def schedule_of(config: RunConfig, emission: Emission, detector: Detector) -> Schedule:
    """Return the laser schedule as it is set."""
    laser = config.laser

    def signal_rate(omega_eV: Any) -> Any:
        spectrum = mean_spectral_function(omega_eV, laser.linewidth_eV, emission).sum(axis=(-2, -1))
        return spectrum * detector.efficiency_at(omega_eV)

    steps = [
        Step(
            omega_eV=step.omega_eV,
            duration_s=step.duration_s,
            kind=StepKind[step.kind.upper()],
            linewidth_eV=step.linewidth_eV,
            coherence=step.coherence,
        )
        for step in laser.steps
    ]
    scans = [
        Scan(
            omegas_eV=scan.omegas_eV or tuple(_grid(scan.start_eV, scan.stop_eV, scan.points)),
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
        calibration=_calibration(config),
        signal_rate=signal_rate,
    )


def truth_of(config: RunConfig, schedule: Schedule, e_eg_eV: float) -> Schedule:
    """Return the schedule as it was: with the true offsets of the frequency scale."""
    truth = schedule.as_it_was(_calibration(config).offsets_eV(schedule.n_steps, config.run.seed))
    require_frequency(truth.omega_eV, e_eg_eV, "laser.calibration: true frequency")
    return truth


def _calibration(config: RunConfig) -> Calibration:
    given = config.laser.calibration
    offset = given.common_offset_eV
    return Calibration(
        common_offset_eV=None if offset == "draw" else float(offset),
        common_error_eV=given.common_error_eV,
        step_error_eV=given.step_error_eV,
    )


def _grid(start_eV: float | None, stop_eV: float | None, points: int | None) -> list[float]:
    assert start_eV is not None and stop_eV is not None and points is not None  # noqa: PT018
    return [float(x) for x in np.linspace(start_eV, stop_eV, points)]


def detector_of(config: RunConfig, e_eg_eV: float) -> Detector:
    """Return the detector and its backgrounds."""
    section = config.detector
    names = [component.name for component in config.background]
    name_keys(names)
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ConfigError(
                f"background[{number}].name = {name!r}: is taken; every component needs its own name"
            )
    return Detector(
        efficiency=_efficiency(section),
        resolution=Gaussian(sigma_eV=section.resolution.sigma_eV if section.resolution else 0.0),
        energy_window_eV=section.energy_window_eV,
        backgrounds=tuple(_background(b, section.energy_window_eV, e_eg_eV) for b in config.background),
        dead_time=NonParalysable(tau_s=section.dead_time.tau_s if section.dead_time else 0.0),
    )


def _efficiency(section: DetectorSection) -> Efficiency:
    given = section.efficiency
    if isinstance(given, float):
        return Constant(value=given)
    kinds = {kind.kind: kind for kind in EFFICIENCIES}
    return kinds[given.kind](**given.model_dump(exclude={"kind"}))


def _background(given: Background, window_eV: tuple[float, float], e_eg_eV: float) -> background.Background:
    shared: dict[str, Any] = {"name": given.name, "rate_hz": given.rate_hz, "error_rel": given.error_rel}
    match given:
        case DarkCounts():
            return background.DarkCounts(**shared)
        case Continuum():
            return background.Continuum(**shared, spectrum=_spectrum(given, window_eV))
        case LaserLeakage():
            return background.LaserLeakage(**shared)
        case Qed():
            return background.Qed(
                **shared,
                suppression=given.suppression,
                reference_density_cm3=given.reference_density_cm3.n_a,
                reference_photon_density_cm3=given.reference_density_cm3.n_gamma,
                density_power=given.powers.n_a,
                photon_density_power=given.powers.n_gamma,
                omega_slope_per_eV=given.omega_slope_per_eV,
                # the end of the neutrino spectrum: no choice of laser steps moves it
                reference_omega_eV=e_eg_eV / 2,
            )


def _spectrum(given: Continuum, window_eV: tuple[float, float]) -> spectrum.Spectrum:
    if given.spectrum == "flat":
        return spectrum.Flat(low_eV=window_eV[0], high_eV=window_eV[1])
    kinds = {kind.kind: kind for kind in spectrum.SPECTRA}
    return kinds[given.spectrum.kind](**given.spectrum.model_dump(exclude={"kind"}))
