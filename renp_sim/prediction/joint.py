"""One model over runs of different targets: physics is shared, and so is what has the same name."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.model import Parameter, Quadratic
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.errors import ConfigError, nearest
from renp_sim.physics.neutrino import Neutrinos
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.parameters import is_per_step, step_of

__all__ = ["JointCounts", "steps_of_runs"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """The steps of one target, and its θ as shift + response · (columns of the whole θ)."""

    model: ExpectedCounts
    rows: IndexArray
    columns: IndexArray
    shift: FloatArray
    response: FloatArray

    def theta(self, theta: FloatArray) -> FloatArray:
        """Return θ of the part, shape (..., own p)."""
        own: FloatArray = self.shift + self.response * theta[..., self.columns]
        return own


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointCounts:
    """Expected counts of runs with different targets, as `renp_sim.analysis.model.Model` asks for them.

    Parameters of the same name are one parameter. Where the targets state different errors for it, it is
    that of the largest, and the others follow in proportion, as steps do within one target. The k of a
    per-step parameter is the number of the step in the whole exposure. Each run has an offset of its own.

    Parameters
    ----------
    exposure
        The steps of all runs.
    models
        One for each target, of the same neutrinos and interaction. Of their own exposures nothing is used.
    model_of_run
        Index into `models` by run number.
    offered
        Names of the parameters; None offers every one, in the order in which the targets name them.

    Raises
    ------
    ConfigError
        For a parameter that does not exist, or a run without a model.
    """

    exposure: Exposure
    models: tuple[ExpectedCounts, ...]
    model_of_run: Mapping[int, int]
    offered: tuple[str, ...] | None = None
    _parameters: tuple[Parameter, ...] = field(init=False, repr=False)
    _parts: tuple[_Part, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.exposure.run.tolist()) - set(self.model_of_run))
        if unknown:
            raise ConfigError(f"run {', '.join(map(str, unknown))}: has no model; give each run one")
        which = np.array([self.model_of_run[run] for run in self.exposure.run.tolist()], dtype=np.intp)
        rows = [np.flatnonzero(which == i) for i in range(len(self.models))]
        several = len(set(self.exposure.run.tolist())) > 1
        whole = [
            replace(model, exposure=self.exposure.take(own), offered=None, several_runs=several)
            for model, own in zip(self.models, rows, strict=True)
        ]
        number = self.exposure.step_number
        # by name in the whole, the same parameter as each part has it
        versions = [
            {_renumbered(p.name, np.unique(number[own]).tolist()): p for p in model.parameters}
            for model, own in zip(whole, rows, strict=True)
        ]
        known = {
            name: replace(_shared([part[name] for part in versions if name in part]), name=name)
            for name in dict.fromkeys(name for part in versions for name in part)
        }
        names = list(known) if self.offered is None else list(self.offered)
        missing = [name for name in names if name not in known]
        if missing:
            raise ConfigError(
                *(f"parameter {name!r}: not one of this model; {nearest(name, known)}" for name in missing)
            )
        parts = []
        for model, own, part in zip(whole, rows, versions, strict=True):
            columns = [i for i, name in enumerate(names) if name in part]
            mine = [part[names[i]] for i in columns]
            response = np.array([_response(part[names[i]], known[names[i]]) for i in columns])
            parts.append(
                _Part(
                    model=model.offering([p.name for p in mine]),
                    rows=own,
                    columns=np.array(columns, dtype=np.intp),
                    shift=(1 - response) * np.array([p.value for p in mine]),
                    response=response,
                )
            )
        object.__setattr__(self, "_parameters", tuple(known[name] for name in names))
        object.__setattr__(self, "_parts", tuple(parts))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The offered parameters, in the order of the last axis of θ."""
        return self._parameters

    def offering(self, names: Sequence[str]) -> Self:
        """Return the same model with these parameters only."""
        return replace(self, offered=tuple(names))

    def starting(self, values: Mapping[str, float]) -> Self:
        """Return the same model with its masses standing at these values, where they are named."""
        return replace(self, models=tuple(model.starting(values) for model in self.models))

    def tabled(self, names: Sequence[str]) -> Self:
        """Return the same model with μ from tables, if that is cheaper while these parameters move."""
        wanted = [self._column(name) for name in names]
        parts = []
        for part in self._parts:
            own = [p.name for p, c in zip(part.model.parameters, part.columns, strict=True) if c in wanted]
            parts.append(replace(part, model=part.model.tabled(own)))
        twin = copy(self)
        object.__setattr__(twin, "_parts", tuple(parts))
        return twin

    def at(self, exposure: Exposure) -> Self:
        """Return the same model for another exposure of the same runs, or of some of them."""
        return replace(self, exposure=exposure)

    def neutrinos(self, theta: FloatArray) -> Neutrinos:
        """Return the neutrinos of each θ, shape (b, p), with one leading axis; all targets have the same."""
        part = self._parts[0]
        return part.model.neutrinos(part.theta(self._checked(theta)))

    def expected(self, theta: FloatArray) -> FloatArray:
        """Return μ, shape (..., n), for θ of shape (..., p).

        Raises
        ------
        DomainError
            If a parameter leaves the domain of the physics, such as a negative mass.
        """
        theta = self._checked(theta)
        result = np.empty((*theta.shape[:-1], self.exposure.n_steps))
        for part in self._parts:
            result[..., part.rows] = part.model.expected(part.theta(theta))
        return result

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Return ∂μ/∂θ, shape (..., n, p)."""
        theta = self._checked(theta)
        result = np.zeros((*theta.shape[:-1], self.exposure.n_steps, len(self._parameters)))
        for part in self._parts:
            own = part.model.gradient(part.theta(theta)) * part.response
            result[..., part.rows[:, None], part.columns] = own
        return result

    def kinks(
        self, parameter: str, theta: FloatArray, low: float = -np.inf, high: float = np.inf
    ) -> FloatArray:
        """Return the sorted values of a parameter at which a step of any target crosses a threshold."""
        theta, column = self._checked(theta), self._column(parameter)
        found = [np.empty((*theta.shape[:-1], 0))]
        for part in self._parts:
            for i in np.flatnonzero(part.columns == column):
                shift, response = part.shift[i], part.response[i]
                if response > 0:
                    name, ends = part.model.parameters[i].name, (shift + response * e for e in (low, high))
                    found.append((part.model.kinks(name, part.theta(theta), *ends) - shift) / response)
        every = np.sort(np.concatenate(found, axis=-1), axis=-1)
        return every if theta.ndim > 1 else np.unique(every)

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        """Return the coefficients where μ of every target is quadratic in these parameters; else None."""
        theta, wanted = self._checked(theta), [self._column(name) for name in parameters]
        n, p = self.exposure.n_steps, len(parameters)
        constant, linear, square = np.zeros(n), np.zeros((n, p)), np.zeros((n, p, p))
        for part in self._parts:
            place = np.array([k for k, c in enumerate(wanted) if c in part.columns], dtype=np.intp)
            own = [int(np.flatnonzero(part.columns == wanted[k])[0]) for k in place]
            names = tuple(part.model.parameters[i].name for i in own)
            form = part.model.quadratic(names, part.theta(theta))
            if form is None:
                return None
            # y = s + r x of the part, put into c + l y + y q y
            s, r, rows = part.shift[own], part.response[own], part.rows
            both = form.square + np.swapaxes(form.square, 1, 2)
            constant[rows] = form.constant + form.linear @ s + s @ form.square @ s
            linear[rows[:, None], place] = (form.linear + both @ s) * r
            square[rows[:, None, None], place[:, None], place] = form.square * r * r[:, None]
        return Quadratic(constant=constant, linear=linear, square=square)

    def _checked(self, theta: FloatArray) -> FloatArray:
        theta = np.asarray(theta, dtype=np.float64)
        if theta.shape[-1:] != (len(self._parameters),):
            raise ValueError(
                f"theta: shape {theta.shape}: the last axis must hold the {len(self._parameters)} parameters"
            )
        return theta

    def _column(self, name: str) -> int:
        names = [p.name for p in self._parameters]
        if name not in names:
            raise ConfigError(f"parameter {name!r}: not one of this model; {nearest(name, names)}")
        return names.index(name)


def steps_of_runs(exposure: Exposure, runs: Collection[int]) -> Exposure:
    """Return the steps of some runs, in their order."""
    return exposure.take(np.flatnonzero(np.isin(exposure.run, list(runs))))


def _renumbered(name: str, steps: list[int]) -> str:
    """Return the name of a part's parameter in the whole, in which its steps have these numbers."""
    return f"{name.rpartition('.')[0]}.{steps[step_of(name)]}" if is_per_step(name) else name


def _error(parameter: Parameter) -> float:
    return 0.0 if parameter.constraint is None else parameter.constraint.error


def _response(own: Parameter, whole: Parameter) -> float:
    """Return how far the parameter of a part moves with that of the whole."""
    return _error(own) / _error(whole) if _error(whole) > 0 else 1.0


def _shared(versions: list[Parameter]) -> Parameter:
    """Return the parameter that the parts share: that of the largest error, within the bounds of all."""
    widest = max(versions, key=_error)
    follow = [(p, r) for p in versions if (r := _response(p, widest)) > 0]
    return replace(
        widest,
        lower=max(widest.lower, *(p.value + (p.lower - p.value) / r for p, r in follow)),
        upper=min(widest.upper, *(p.value + (p.upper - p.value) / r for p, r in follow)),
        scale=min(p.scale / r for p, r in follow),
    )
