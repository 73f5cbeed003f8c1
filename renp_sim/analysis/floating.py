"""Which parameters of a model float in a fit, within which bounds and with which external knowledge."""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.errors import ConfigError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from renp_sim.analysis.model import Constraint, Model, Parameter

__all__ = ["Setup", "Treatment"]


class Enters(Enum):
    """How a parameter enters μ, the others held."""

    LINEARLY = "linearly"
    SQUARED = "squared"
    OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What a fit does with the parameters of a model; those that are not named rest at the model's value.

    Parameters
    ----------
    free
        Float without a constraint term, even if the model states one.
    fixed
        Stay, at this value, or where the model has them where None.
    constrained
        Float with this constraint, or with the model's own where None.
    """

    free: tuple[str, ...] = ()
    fixed: "Mapping[str, float | None]" = field(default_factory=dict)
    constrained: "Mapping[str, Constraint | None]" = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters that are named."""
        return tuple(dict.fromkeys([*self.free, *self.constrained, *self.fixed]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setup:
    """A model with f of its p parameters floating and the rest at rest.

    Parameters
    ----------
    model
        Expected counts.
    theta
        All parameters: where floating ones start and where the others stay, shape (p,).
    free
        Indices of the floating ones, shape (f,).
    constraints
        One per floating parameter, None where there is none.
    lower, upper
        Bounds of the floating parameters, shape (f,).
    kinked
        Names of floating parameters at whose values inside the bounds a step crosses a threshold.
    squared
        Names of floating parameters that enter squared, as couplings do.
    linear
        Names of floating parameters in which μ is linear, the others held.
    """

    model: "Model"
    theta: FloatArray
    free: IndexArray
    constraints: "tuple[Constraint | None, ...]"
    lower: FloatArray = field(repr=False)
    upper: FloatArray = field(repr=False)
    kinked: frozenset[str]
    squared: frozenset[str]
    linear: frozenset[str]

    @classmethod
    def of(
        cls,
        model: "Model",
        treatment: Treatment | None = None,
        *,
        free: "Collection[str]" = (),
        fix: "Mapping[str, float | None] | None" = None,
        constrain: "Mapping[str, Constraint | None] | None" = None,
    ) -> "Setup":
        """Return the set-up in which these parameters float.

        Parameters
        ----------
        model
            Its parameters that are not named stay at their value.
        treatment
            What is done with them, instead of the three that follow.
        free
            Float without a constraint term, even if the model states one.
        fix
            Stay, at this value, or where the model has them where None.
        constrain
            Float with this constraint, or with the model's own where None.

        Raises
        ------
        ConfigError
            If a name is unknown or given twice, a value is out of bounds, or the model has no constraint
            of its own where one is asked for.
        """
        if treatment is not None:
            free, fix, constrain = treatment.free, treatment.fixed, treatment.constrained
        fix, constrain = dict(fix or {}), dict(constrain or {})
        parameters = {parameter.name: parameter for parameter in model.parameters}
        problems = _faults(set(parameters), free, fix, constrain)
        theta = np.array([p.value for p in model.parameters], dtype=float)
        index: list[int] = []
        constraints: list[Constraint | None] = []
        for i, parameter in enumerate(model.parameters):
            given = fix.get(parameter.name)
            value = parameter.folded(parameter.value if given is None else given)
            if not parameter.lower <= value <= parameter.upper:
                bounds = f"[{parameter.lower:g}, {parameter.upper:g}]"
                problems.append(f"fix {parameter.name} = {value:g}: must lie in {bounds}")
            theta[i] = value
            if parameter.name in free:
                index.append(i)
                constraints.append(None)
            elif parameter.name in constrain:
                wanted = constrain[parameter.name] or parameter.constraint
                if wanted is None:
                    problems.append(
                        f"constrain {parameter.name}: the model states no error of it; give value and error"
                    )
                    continue
                wanted = replace(wanted, value=parameter.folded(wanted.value))
                # a bound of the fit may be narrower than what is measured, but 0 is one of nature
                if wanted.value < 0 <= parameter.lower:
                    problems.append(
                        f"constrain {parameter.name} = {wanted.value:g}: cannot be negative: give what is ≥ 0"
                    )
                index.append(i)
                constraints.append(wanted)
                theta[i] = min(max(wanted.value, parameter.lower), parameter.upper)
        if problems:
            raise ConfigError(*problems)
        chosen = [model.parameters[i] for i in index]
        reach = [p.bounds(constraint) for p, constraint in zip(chosen, constraints, strict=True)]
        enters = {p.name: _enters(model, p, theta) for p in chosen}
        return cls(
            model=model,
            theta=theta,
            free=np.array(index, dtype=np.intp),
            constraints=tuple(constraints),
            lower=np.array([lower for lower, _ in reach]),
            upper=np.array([upper for _, upper in reach]),
            kinked=frozenset(p.name for p in chosen if _is_kinked(model, p, theta)),
            squared=frozenset(name for name, how in enters.items() if how is Enters.SQUARED),
            linear=frozenset(name for name, how in enters.items() if how is Enters.LINEARLY),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the floating parameters."""
        return tuple(self.model.parameters[i].name for i in self.free)

    @property
    def scale(self) -> FloatArray:
        """Typical steps of the floating parameters, shape (f,)."""
        return np.array([self.model.parameters[i].scale for i in self.free], dtype=float)

    def index(self, name: str) -> int:
        """Return where a parameter stands among all of the model's.

        Raises
        ------
        ConfigError
            If the model has no such parameter.
        """
        names = [parameter.name for parameter in self.model.parameters]
        if name not in names:
            raise ConfigError(_unknown(name, set(names)))
        return names.index(name)

    def limits(self, name: str) -> tuple[float, float]:
        """Return the bounds of a parameter; of an angle one turn, around what is known of it."""
        parameter = self.model.parameters[self.index(name)]
        if parameter.period is not None and name in self.names and name not in self.angles:
            return parameter.bounds(self.constraints[self.names.index(name)])
        return parameter.lower, parameter.upper

    @property
    def searched(self) -> tuple[str, ...]:
        """Kinked parameters whose kinks a fit must search, in order.

        One with a constraint of the model's own is no member: it moves by a few of its errors only, and
        the safeguards of the Newton steps see it over a kink.
        """
        own = {parameter.name for parameter in self.model.parameters if parameter.constraint is not None}
        return tuple(name for name in self.names if name in self.kinked and name not in own)

    @property
    def bent(self) -> tuple[str, ...]:
        """Floating parameters that enter squared, in order: −2 ln L may have a minimum on either side."""
        return tuple(name for name in self.names if name in self.squared)

    @property
    def angles(self) -> frozenset[str]:
        """Floating parameters without a constraint in which μ is periodic: Majorana phases."""
        chosen = zip((self.model.parameters[i] for i in self.free), self.constraints, strict=True)
        return frozenset(p.name for p, constraint in chosen if p.period is not None and constraint is None)

    @property
    def harmonic(self) -> frozenset[str]:
        """Floating angles in which μ is a sum of cosines and sines."""
        return frozenset(p.name for p in (self.model.parameters[i] for i in self.free) if p.harmonics)

    def folded(self, theta: FloatArray) -> FloatArray:
        """Return rows of θ (b, p) with angles in the turn around where the model has them."""
        out = np.array(theta)
        for name in self.angles:
            i, parameter = self.index(name), self.model.parameters[self.index(name)]
            turns = np.round((out[:, i] - parameter.value) / (parameter.period or 1.0))
            out[:, i] -= turns * (parameter.period or 1.0)
        return out

    @property
    def amplitudes(self) -> tuple[str, ...]:
        """Floating couplings with an end in which μ is no quadratic form, in order."""
        chosen = (self.model.parameters[i] for i in self.free)
        known = self.squared | self.linear
        return tuple(
            p.name for p in chosen if p.is_amplitude and np.isfinite(p.upper) and p.name not in known
        )

    def without(self, *names: str) -> "Setup":
        """Return the set-up in which these parameters rest, their constraints dropped."""
        keep = np.array([i for i, n in enumerate(self.names) if n not in names], dtype=np.intp)
        return replace(
            self,
            free=self.free[keep],
            constraints=tuple(self.constraints[i] for i in keep),
            lower=self.lower[keep],
            upper=self.upper[keep],
        )

    def tabled(self) -> "Setup":
        """Return the set-up with the model that is cheapest while only the floating parameters move."""
        return replace(self, model=self.model.tabled(self.names))

    def moved(self, theta: FloatArray) -> "Setup":
        """Return the set-up that starts from these values, shape (p,)."""
        return replace(self, theta=theta)

    def standing_for(self, model: "Model") -> "Setup":
        """Return the set-up of another model with the same parameters."""
        return replace(self, model=model)

    def measured(self, values: FloatArray) -> "Setup":
        """Return the set-up whose constraints say these values, shape (f,); what has none is not read."""
        constraints = tuple(
            None if constraint is None else replace(constraint, value=float(value))
            for constraint, value in zip(self.constraints, values, strict=True)
        )
        return replace(self, constraints=constraints)


def _is_kinked(model: "Model", parameter: "Parameter", theta: FloatArray) -> bool:
    kinks = model.kinks(parameter.name, theta)
    return bool(np.any((kinks > parameter.lower) & (kinks < parameter.upper)))


def _enters(model: "Model", parameter: "Parameter", theta: FloatArray) -> Enters:
    quadratic = model.quadratic((parameter.name,), theta)
    if quadratic is None:
        return Enters.OTHERWISE
    return Enters.SQUARED if np.any(quadratic.square != 0) else Enters.LINEARLY


def _unknown(name: str, known: set[str]) -> str:
    return f"{name}: no such parameter of the model; {nearest(name, sorted(known))}"


def _faults(
    known: set[str],
    free: "Collection[str]",
    fix: "Mapping[str, float | None]",
    constrain: "Mapping[str, Constraint | None]",
) -> list[str]:
    """Return a line for each name that is unknown or given twice."""
    given = [*free, *fix, *constrain]
    problems = [_unknown(name, known) for name in dict.fromkeys(given) if name not in known]
    twice = sorted({name for name in given if given.count(name) > 1})
    return problems + [f"{name}: given twice; it is either free, fixed or constrained" for name in twice]
