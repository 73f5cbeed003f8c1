"""What a fit says: values, intervals, correlations and the warnings that go with them."""

import math
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.intervals import Intervals
from renp_sim.analysis.minimise.solution import TIE, Status
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup
    from renp_sim.analysis.infer.profile_curve import ProfileCurve

__all__ = ["FitResult", "ModelFit", "ParameterFit", "Role", "plain"]


class Role(StrEnum):
    """What a parameter does in a fit."""

    FREE = "free"
    CONSTRAINED = "constrained"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFit:
    """What a fit says of one parameter.

    Parameters
    ----------
    name
        With its unit.
    role
        Free, constrained or fixed.
    value
        Best value, or where it was fixed.
    error
        From the second derivatives; None where they mean nothing: at a bound, near a kink, unseen.
    intervals
        None where fixed, or not asked for.
    at_bound
        Whether the best value is at a bound of the parameter.
    seen
        Whether the data and the constraints say anything about it.
    is_flat
        Whether values beside the best one, on one side at least, fit as well.
    prior_pull
        (θ̂ − θ₀)/σ_prior of its constraint, None without.
    """

    name: str
    role: Role
    value: float
    error: float | None = None
    intervals: Intervals | None = None
    at_bound: bool = False
    seen: bool = True
    is_flat: bool = False
    prior_pull: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelFit:
    """Best fit of one model.

    Parameters
    ----------
    label
        Of the model.
    parameters
        Floating ones first, in the order of the model.
    minus_two_ln_L
        Baker–Cousins χ²_P with the constraint terms: 0 is a perfect fit.
    n_measured
        Steps that can have counts, or have some, and constraints.
    ndf
        n_measured − floating parameters that are seen. What a hypothesis does not see is no freedom of it.
    p_value
        Of minus_two_ln_L, asymptotic: of a χ² with its mean and variance; None where ndf < 1.
    correlation_names, correlation
        Of the parameters that have an error, shape (c, c).
    expected
        μ̂ per step, shape (n,).
    status
        How the fit ended.
    valid
        Whether it can be used at all.
    calls
        Evaluations of the expectation.
    warnings
        A line each.
    setup
        What was fitted, at the best values.
    curve
        The profile that the intervals are from.
    """

    label: str
    parameters: tuple[ParameterFit, ...]
    minus_two_ln_L: float
    n_measured: int
    ndf: int
    p_value: float | None
    correlation_names: tuple[str, ...]
    correlation: FloatArray
    expected: FloatArray
    status: Status
    valid: bool
    calls: int
    warnings: tuple[str, ...]
    setup: "Setup" = field(repr=False)
    curve: "ProfileCurve" = field(repr=False)

    def parameter(self, name: str) -> ParameterFit:
        """Return one parameter by name; KeyError if there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(name)

    def value_of(self, name: str, default: float) -> float:
        """Return the value of a parameter, or a default where the model has none of that name."""
        return next((p.value for p in self.parameters if p.name == name), default)

    @property
    def floating(self) -> tuple[ParameterFit, ...]:
        """The parameters that were not fixed."""
        return tuple(p for p in self.parameters if p.role is not Role.FIXED)

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers, strings, lists and dicts; what is not finite is None."""
        return {
            "label": self.label,
            "status": self.status.name.lower(),
            "valid": self.valid,
            "minus_two_ln_L": plain(self.minus_two_ln_L),
            "n_measured": self.n_measured,
            "ndf": self.ndf,
            "p_value_asymptotic": self.p_value,
            "parameters": {p.name: plain(p) for p in self.parameters},
            "correlation": {"names": list(self.correlation_names), "matrix": plain(self.correlation)},
            "expected_counts": plain(self.expected),
            "calls": self.calls,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitResult:
    """Fits of one observation by several models.

    Parameters
    ----------
    fits
        One per model, in the order given.
    level
        Nominal two-sided level of all intervals; each is relative to the minimum of its own model.
    """

    fits: tuple[ModelFit, ...]
    level: float

    @property
    def best(self) -> ModelFit:
        """The model with the lowest −2 ln L; of those that are equally good, the first."""
        return next(f for f in self.fits if f.label in self.equally_good)

    @property
    def equally_good(self) -> tuple[str, ...]:
        """The models whose −2 ln L is the lowest but for rounding, by label."""
        lowest = min(f.minus_two_ln_L for f in self.fits)
        room = TIE * (1 + lowest) if math.isfinite(lowest) else 0.0
        return tuple(f.label for f in self.fits if f.minus_two_ln_L <= lowest + room)

    @property
    def delta_q(self) -> dict[str, float]:
        """−2 ln L of each model above that of the best, 0 of those that are equally good.

        Models are not nested, so Wilks does not hold.
        """
        best, ties = self.best.minus_two_ln_L, self.equally_good
        return {f.label: 0.0 if f.label in ties else f.minus_two_ln_L - best for f in self.fits}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know to compare the models, a line each."""
        out = []
        if len(self.equally_good) > 1:
            out.append(f"{', '.join(self.equally_good)}: equally good, −2 ln L differs by rounding only")
        if len({f.ndf for f in self.fits}) > 1:
            terms = ", ".join(
                f"{f.label} {f.n_measured} − {sum(p.seen for p in f.floating)}" for f in self.fits
            )
            out.append(
                f"degrees of freedom differ: {terms}; a step where nothing is expected and nothing was "
                "counted is no measurement, a parameter that a hypothesis does not see is no freedom"
            )
        return tuple(out)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings of the best model."""
        return self.best.warnings

    def fit(self, label: str) -> ModelFit:
        """Return the fit of one model; KeyError if there is none."""
        for candidate in self.fits:
            if candidate.label == label:
                return candidate
        raise KeyError(label)

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers, strings, lists and dicts, ready for JSON."""
        return {
            "best": self.best.label,
            "equally_good": list(self.equally_good),
            "level": self.level,
            "delta_minus_two_ln_L": plain(self.delta_q),
            "fits": {f.label: f.as_dict() for f in self.fits},
        }


def plain(value: Any) -> Any:
    """Return numbers, strings, lists and dicts only; what is not finite is None.

    Examples
    --------
    >>> plain({"a": np.array([1.0, np.inf]), "b": Role.FREE})
    {'a': [1.0, None], 'b': 'free'}
    """
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
