"""What can vary in a prediction: names, bounds, scales and constraints, and where each stands in θ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.model import Constraint, Parameter
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError, nearest
from renp_sim.physics.neutrino import Nature, Oscillation, known_oscillation
from renp_sim.prediction.responses import Responses

__all__ = [
    "BOUND_IN_ERRORS",
    "COMMON_OFFSET",
    "FREE_OFFSET_EV",
    "Group",
    "Layout",
    "Parameters",
    "exposure_parameters",
    "is_per_step",
    "neutrino_parameters",
    "step_of",
]

Parameters = tuple[Parameter, ...]

BOUND_IN_ERRORS = 10.0
"""Bounds of constrained parameters, where physics sets no closer ones."""

FREE_OFFSET_EV = 1e-4
"""Bound of a frequency offset about which nothing is stated."""


COMMON_OFFSET = "frequency_offset_eV"
"""Of all runs; `frequency_offset_eV.run7` is that of one of several, `frequency_offset_eV.3` of a step."""

PER_STEP = ("efficiency", COMMON_OFFSET)
"""What single steps have of their own, as `efficiency.3`."""


class Group(IntEnum):
    """Kinds of parameters in their order: those before NORMALISATION ask for a new spectrum."""

    MASSES = 0
    OSCILLATION = 1
    FREQUENCY = 2
    STEP_FREQUENCY = 3
    COUPLINGS = 4
    NORMALISATION = 5
    EFFICIENCY = 6
    STEP_EFFICIENCY = 7
    BACKGROUND = 8


# no slots: what is derived is kept, since a fit asks for it in every call
@dataclass(frozen=True)
class Layout:
    """The parameters by group, and their places in the full θ."""

    groups: Mapping[Group, Parameters]

    @cached_property
    def parameters(self) -> Parameters:
        """All of them, in order."""
        return tuple(p for group in Group for p in self.groups.get(group, ()))

    @cached_property
    def values(self) -> FloatArray:
        """Where they stand if nothing is said."""
        return np.array([p.value for p in self.parameters])

    @cached_property
    def n_physics(self) -> int:
        """How many of them, from the first, change the spectrum."""
        return self.ends[Group.COUPLINGS]

    @cached_property
    def ends(self) -> list[int]:
        """Where each group ends."""
        return list(accumulate(len(self.groups.get(group, ())) for group in Group))

    def place(self, group: Group) -> slice:
        """Return where a group stands."""
        return slice(self.ends[group - 1] if group > 0 else 0, self.ends[group])

    def column(self, name: str) -> int:
        """Return where a parameter stands.

        Raises
        ------
        ConfigError
            If there is none of this name.
        """
        return int(self.columns((name,))[0])

    def columns(self, names: Sequence[str] | None) -> NDArray[np.intp]:
        """Return where some parameters stand; None means all.

        Raises
        ------
        ConfigError
            If one does not exist, a line for each.
        """
        places = {p.name: i for i, p in enumerate(self.parameters)}
        wanted = places if names is None else names
        unknown = [name for name in wanted if name not in places]
        if unknown:
            raise ConfigError(
                *(f"parameter {name!r}: not one of this model; {nearest(name, places)}" for name in unknown)
            )
        return np.array([places[name] for name in wanted], dtype=np.intp)

    def with_scales(self, group: Group, scales: FloatArray) -> "Layout":
        """Return the layout with other scales in a group."""
        pairs = zip(self.groups[group], scales.tolist(), strict=True)
        scaled = tuple(replace(parameter, scale=scale) for parameter, scale in pairs)
        return Layout({**self.groups, group: scaled})

    def group_at(self, column: int) -> Group:
        """Return the group of the parameter at a place."""
        return next(group for group in Group if column < self.place(group).stop)

    def run_offsets(self, columns: NDArray[np.intp]) -> dict[int, int]:
        """Return, by run, the places of those frequency offsets of runs that are among `columns`."""
        place = self.place(Group.FREQUENCY)
        names = [p.name for p in self.parameters]
        return {run_of(names[c]): int(c) for c in columns if place.start < c < place.stop}

    def own_offsets(self, columns: NDArray[np.intp]) -> dict[int, int]:
        """Return, by step, the places of those per-step frequency offsets that are among `columns`."""
        place = self.place(Group.STEP_FREQUENCY)
        names = [p.name for p in self.parameters]
        return {step_of(names[c]): int(c) for c in columns if place.start <= c < place.stop}


def is_per_step(name: str) -> bool:
    """Return whether a parameter is that of a single step k, as `efficiency.3` is."""
    stem, _, step = name.rpartition(".")
    return stem in PER_STEP and step.isdecimal()


def run_of(name: str) -> int:
    """Return the run of `frequency_offset_eV.run7`."""
    return int(name.rpartition(".run")[2])


def step_of(name: str) -> int:
    """Return the step k of a per-step parameter `….k`."""
    return int(name.rpartition(".")[2])


def neutrino_parameters(
    masses_eV: tuple[float, ...],
    oscillation: Oscillation,
    nature: Nature,
    e_eg_eV: float,
    n_couplings: int,
) -> dict[Group, Parameters]:
    """Return masses and oscillation parameters.

    The measured ones are constrained to the value of `oscillation` with the NuFIT 5.2 error of the ordering.
    With three masses there are no splittings; Majorana phases exist for Majorana neutrinos only.

    Parameters
    ----------
    masses_eV
        The lightest mass, or m1, m2, m3: where they stand if nothing is said.
    n_couplings
        Of an interaction beyond the Standard Model to pairs of neutrinos.

    Raises
    ------
    ConfigError
        If there are not one or three masses.
    """
    if len(masses_eV) not in (1, 3):
        raise ConfigError(
            f"masses_eV = {masses_eV}: must be one or three, (lightest_mass_eV,) or (m1_eV, m2_eV, m3_eV)"
        )
    names = ("lightest_mass_eV",) if len(masses_eV) == 1 else ("m1_eV", "m2_eV", "m3_eV")
    masses = tuple(
        # at E_eg/2 every pair with this neutrino twice is closed at any frequency
        Parameter(name=name, value=value, lower=0.0, upper=e_eg_eV / 2, scale=1e-3)
        for name, value in zip(names, masses_eV, strict=True)
    )
    measured = ["sin2_theta12", "sin2_theta13"] + ["dm2_21_eV2", "dm2_3l_eV2"] * (len(masses_eV) == 1)
    phases = ["delta_cp_deg"] + ["alpha21_deg", "alpha31_deg"] * (nature is Nature.MAJORANA)
    return {
        Group.MASSES: masses,
        Group.OSCILLATION: (
            *(_measured(name, oscillation) for name in measured),
            *(_phase(name, _number(oscillation, name), has_couplings=n_couplings > 0) for name in phases),
        ),
    }


def _measured(name: str, oscillation: Oscillation) -> Parameter:
    value = _number(oscillation, name)
    error = known_oscillation(oscillation.ordering)[name].error
    # half the value keeps signs, sin² in [0, 1] and |Δm²3l| > Δm²21 where the value is near the measured one
    room = min(BOUND_IN_ERRORS * error, abs(value) / 2)
    return Parameter(
        name=name,
        value=value,
        lower=value - room,
        upper=value + room,
        scale=error,
        constraint=Constraint(value=value, error=error),
    )


def _phase(name: str, value: float, *, has_couplings: bool) -> Parameter:
    """Return an angle: its range is one turn around where it stands.

    Amplitudes hold U_e2 ~ exp(iα21/2) and U_e3 ~ exp(i(α31/2 − δ)). Without couplings rates have their
    products in pairs only, so that α goes round in 360°; beside couplings to pairs of different neutrinos
    they interfere one by one, and 360° more is the other sign of these couplings.
    """
    is_dirac = name == "delta_cp_deg"
    turn = 720.0 if has_couplings and not is_dirac else 360.0
    return Parameter(
        name=name,
        value=value,
        lower=value - turn / 2,
        upper=value + turn / 2,
        scale=10.0,
        period=turn,
        harmonics=2 if has_couplings or is_dirac else 1,
    )


def _number(oscillation: Oscillation, name: str) -> float:
    return float(np.asarray(getattr(oscillation, name)))


def exposure_parameters(
    exposure: Exposure, responses: Responses, e_eg_eV: float, several_runs: bool
) -> dict[Group, Parameters]:
    """Return normalisation, efficiencies, backgrounds and frequency offsets.

    A constraint comes from the stated error. A per-step parameter exists where its step states one; k is the
    number of the step in the exposure, from 0. Each of several runs has an offset of its own, since each
    draws one, beside the one of all; efficiencies and backgrounds are those of one detector.

    Raises
    ------
    ConfigError
        If two background components have one name.
    """
    if len(set(exposure.components)) < len(exposure.components):
        raise ConfigError(f"background: names {list(exposure.components)}: must differ, rename one")
    # three offsets of at most this each cannot leave 0 < ω < E_eg
    room = 0.3 * float(np.min(np.minimum(exposure.omega_eV, e_eg_eV - exposure.omega_eV), initial=e_eg_eV))
    return {
        Group.FREQUENCY: (
            _offset(COMMON_OFFSET, responses.frequency.error, room),
            *(
                _offset(f"{COMMON_OFFSET}.run{run}", shared.error, room)
                for run, shared in responses.run_frequency.items()
                if several_runs
            ),
        ),
        Group.STEP_FREQUENCY: tuple(
            _offset(f"{COMMON_OFFSET}.{k}", float(responses.step_frequency_eV[k]), room)
            for k in np.flatnonzero(responses.step_frequency_eV)
        ),
        Group.NORMALISATION: (Parameter(name="normalisation", value=1.0, lower=0.0, scale=0.1),),
        Group.EFFICIENCY: (_factor("efficiency", responses.efficiency.error),),
        Group.STEP_EFFICIENCY: tuple(
            _factor(f"efficiency.{k}", float(responses.step_efficiency[k]))
            for k in np.flatnonzero(responses.step_efficiency)
        ),
        Group.BACKGROUND: tuple(
            _factor(f"background.{name}", shared.error)
            for name, shared in zip(exposure.components, responses.background, strict=True)
        ),
    }


def _factor(name: str, relative_error: float) -> Parameter:
    constraint = Constraint(value=1.0, error=relative_error) if relative_error > 0 else None
    scale = relative_error if relative_error > 0 else 0.1
    return Parameter(name=name, value=1.0, lower=0.0, scale=scale, constraint=constraint)


def _offset(name: str, error_eV: float, room_eV: float) -> Parameter:
    reach = min(room_eV, BOUND_IN_ERRORS * error_eV if error_eV > 0 else FREE_OFFSET_EV)
    constraint = Constraint(value=0.0, error=error_eV) if error_eV > 0 else None
    scale = error_eV if error_eV > 0 else 1e-6
    return Parameter(name=name, value=0.0, lower=-reach, upper=reach, scale=scale, constraint=constraint)
