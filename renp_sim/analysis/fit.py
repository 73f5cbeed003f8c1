"""Fit of one observation by one or several models, which are the hypotheses to be compared.

The global minimum is searched as for toys and polished by MINUIT; errors come from the profile of −2 ln L,
through MINOS where it is smooth. All numbers are asymptotic until toys have been run.
"""

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from renp_sim.analysis.intervals import (
    Interval,
    Intervals,
    Method,
    Sided,
    delta_q_of_level,
    profile_intervals,
)
from renp_sim.analysis.constraint import prior_pull
from renp_sim.analysis.minuit import Curvature, minos_ends, minuit_of, polished
from renp_sim.analysis.newton import Status
from renp_sim.analysis.scan import bent_names, kinked_names
from renp_sim.analysis.search import search
from renp_sim.analysis.setup import Setup
from renp_sim.errors import ConfigError, FitError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from renp_sim.analysis.model import Constraint, Model, Observation

__all__ = ["FitResult", "ModelFit", "ParameterFit", "Role", "fit"]

FloatArray = NDArray[np.float64]

FEW_COUNTS = 10.0
"""Below this expectation of a step, asymptotic levels are a shortcut."""

ONE_SIGMA = 0.6826894921370859
"""Two-sided level of Δq = 1."""


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
        From the second derivatives (HESSE); None where they mean nothing: at a bound, near a kink, unseen.
    intervals
        Two-sided intervals, None where fixed.
    at_bound
        Whether the best value is at a bound of the parameter.
    seen
        Whether the data and the constraints say anything about it.
    prior_pull
        (θ̂ − θ₀)/σ_prior of its constraint, None without.
    """

    name: str
    role: Role
    value: float
    error: float | None
    intervals: Intervals | None
    at_bound: bool
    seen: bool
    prior_pull: float | None


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
    ndf
        Steps that can have counts + constraints − floating parameters that are seen.
    p_value
        Of minus_two_ln_L as a χ² of ndf (asymptotic); None where ndf < 1.
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
    """

    label: str
    parameters: tuple[ParameterFit, ...]
    minus_two_ln_L: float
    ndf: int
    p_value: float | None
    correlation_names: tuple[str, ...]
    correlation: FloatArray
    expected: FloatArray
    status: Status
    valid: bool
    calls: int
    warnings: tuple[str, ...]

    def parameter(self, name: str) -> ParameterFit:
        """Return one parameter by name; KeyError if there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(name)

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
            "minus_two_ln_L": self.minus_two_ln_L,
            "ndf": self.ndf,
            "p_value_asymptotic": self.p_value,
            "parameters": {p.name: _plain(asdict(p)) for p in self.parameters},
            "correlation": {"names": list(self.correlation_names), "matrix": _plain(self.correlation)},
            "expected_counts": _plain(self.expected),
            "calls": self.calls,
            "warnings": list(self.warnings),
        } | {"minus_two_ln_L": _plain(self.minus_two_ln_L)}


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
        """The model with the lowest −2 ln L."""
        return min(self.fits, key=lambda f: f.minus_two_ln_L)

    @property
    def delta_q(self) -> dict[str, float]:
        """−2 ln L of each model above that of the best; models are not nested, so Wilks does not hold."""
        lowest = self.best.minus_two_ln_L
        return {f.label: f.minus_two_ln_L - lowest if math.isfinite(lowest) else 0.0 for f in self.fits}

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
            "level": self.level,
            "delta_minus_two_ln_L": _plain(self.delta_q),
            "fits": {f.label: f.as_dict() for f in self.fits},
        }


def fit(
    observation: "Observation",
    models: "Mapping[str, Model]",
    *,
    free: "Collection[str]" = (),
    fix: "Mapping[str, float] | None" = None,
    constrain: "Mapping[str, Constraint | None] | None" = None,
    level: float = ONE_SIGMA,
    intervals: bool = True,
) -> FitResult:
    """Fit one observation by each model.

    Parameters
    ----------
    observation
        One set of counts, shape (n,).
    models
        By label, such as `normal/dirac`; each for the exposure of the observation.
    free
        Parameters that float without a constraint term.
    fix
        Parameters that stay, with their values; so do all that are not named, at the model's value.
    constrain
        Parameters that float with this constraint, or with the model's own where None.
    level
        Two-sided level of the intervals.
    intervals
        False leaves them out, which is faster.

    Returns
    -------
    FitResult
        Also where the data say nothing: then a status and a warning tell so.

    Raises
    ------
    ConfigError
        If a name is unknown or given twice, or shapes do not fit.
    FitError
        If every model gives counts zero probability; carries the result.
    """
    delta_q_of_level(level)
    counts = np.asarray(observation.counts, dtype=float)
    if counts.ndim != 1:
        raise ConfigError(f"observation.counts has shape {counts.shape}: a fit takes one set of counts (n,)")
    fits = []
    for label, model in models.items():
        setup = Setup.of(model, free=free, fix=fix, constrain=constrain)
        n_steps = model.expected(setup.theta).shape[-1]
        if n_steps != len(counts):
            raise ConfigError(f"model {label} expects {n_steps} steps, the observation has {len(counts)}")
        fits.append(_fit_model(label, setup, counts, level, intervals))
    result = FitResult(fits=tuple(fits), level=level)
    if not math.isfinite(result.best.minus_two_ln_L):
        where = ", ".join(str(i) for i in np.flatnonzero((counts > 0) & (result.best.expected <= 0))[:5])
        raise FitError(
            f"no model allows the counts: steps {where} have counts where every model expects none; "
            "give a background component or free it",
            last=result,
        )
    return result


def _fit_model(label: str, setup: Setup, counts: FloatArray, level: float, intervals: bool) -> ModelFit:
    """Search, polish, and say what is known of every parameter."""
    solution = search(setup, counts[None])
    theta, q = solution.theta[0], float(solution.q[0])
    status, calls = Status(int(solution.status[0])), int(solution.calls[0])
    setup = setup.moved(theta)
    curvature: Curvature | None = None
    seen = np.zeros(0, dtype=bool)
    at_bound = np.zeros(0, dtype=bool)
    scanned = kinked_names(setup)
    if len(setup.free) and math.isfinite(q):
        seen = _seen(setup, theta)
        x = theta[setup.free]
        at_bound = (x <= setup.lower) | (x >= setup.upper)
        held = tuple(np.flatnonzero(at_bound | ~seen).tolist())
        if len(held) < len(x):
            limits = {setup.names.index(n): _smooth_piece(setup, n) for n in scanned}
            minuit = minuit_of(setup, counts, x, limits=limits, held=held)
            curvature = polished(minuit, setup)
            calls += curvature.calls
            if curvature.q < q:
                theta, q = theta.copy(), curvature.q
                theta[setup.free] = np.clip(curvature.x, setup.lower, setup.upper)
                setup = setup.moved(theta)
        if not np.all(seen):
            status = Status.UNCONSTRAINED
    expected = setup.model.expected(theta)
    n_constraints = sum(c is not None for c in setup.constraints)
    ndf = int(np.sum((expected > 0) | (counts > 0))) + n_constraints - int(np.sum(seen))
    errors = _errors(setup, curvature, at_bound, seen, scanned)
    found = _intervals(setup, counts, q, errors, seen, scanned, level) if intervals else {}
    names, correlation = _correlation(setup, curvature, errors)
    return ModelFit(
        label=label,
        parameters=_parameters(setup, errors, found, at_bound, seen),
        minus_two_ln_L=q,
        ndf=ndf,
        p_value=float(chi2.sf(q, ndf)) if ndf > 0 and math.isfinite(q) else None,
        correlation_names=names,
        correlation=correlation,
        expected=expected,
        status=status,
        valid=math.isfinite(q) and status is not Status.NOT_CONVERGED,
        calls=calls,
        warnings=_warnings(setup, status, expected, errors, seen, scanned),
    )


def _seen(setup: Setup, theta: FloatArray) -> NDArray[np.bool_]:
    """Return which floating parameters the data or a constraint can tell, shape (f,).

    A parameter is unseen if moving it by its typical step, either way, changes no expectation.
    """
    here = setup.model.expected(theta)
    out = np.array([constraint is not None for constraint in setup.constraints])
    for position, i in enumerate(setup.free):
        for side in (-1, 1):
            moved = theta.copy()
            step = side * setup.scale[position]
            moved[i] = np.clip(theta[i] + step, setup.lower[position], setup.upper[position])
            if not np.allclose(setup.model.expected(moved), here, rtol=1e-12, atol=0):
                out[position] = True
    return out


def _smooth_piece(setup: Setup, name: str) -> tuple[float, float]:
    """Return the ends of the smooth piece that a scanned parameter is in."""
    i = setup.index(name)
    position = setup.names.index(name)
    here = setup.theta[i]
    kinks = setup.model.kinks(name, setup.theta)
    low = max([setup.lower[position], *kinks[kinks < here]])
    high = min([setup.upper[position], *kinks[kinks > here]])
    return float(low), float(high)


def _errors(
    setup: Setup,
    curvature: Curvature | None,
    at_bound: NDArray[np.bool_],
    seen: NDArray[np.bool_],
    scanned: tuple[str, ...],
) -> dict[str, float]:
    """Return the HESSE errors that mean something: no bound and no kink within two of them."""
    if curvature is None or curvature.covariance is None:
        return {}
    out = {}
    for position, name in enumerate(setup.names):
        variance = curvature.covariance[position, position]
        if at_bound[position] or not seen[position] or not (np.isfinite(variance) and variance > 0):
            continue
        error = math.sqrt(variance)
        here = setup.theta[setup.index(name)]
        if name in scanned:
            low, high = _smooth_piece(setup, name)
            if min(here - low, high - here) < 2 * error:
                continue
        out[name] = error
    return out


def _intervals(
    setup: Setup,
    counts: FloatArray,
    q: float,
    errors: dict[str, float],
    seen: NDArray[np.bool_],
    scanned: tuple[str, ...],
    level: float,
) -> dict[str, Intervals]:
    """Return the intervals of every floating parameter: MINOS where one parabola-like minimum is sure."""
    out = {}
    delta = delta_q_of_level(level)
    minuit = None
    bent = [n for n in setup.names if _enters_squared(setup, n)]
    for position, name in enumerate(setup.names):
        best = float(setup.theta[setup.index(name)])
        low, high = float(setup.lower[position]), float(setup.upper[position])
        if not seen[position] or not math.isfinite(q):
            region = Interval(lower=low, upper=high, lower_open=True, upper_open=True)
            out[name] = Intervals(
                regions=(region,),
                level=level,
                delta_q=delta,
                sided=Sided.TWO,
                level_at_bound=None,
                method=Method.PROFILE,
                valid=math.isfinite(q),
            )
            continue
        if not scanned and not bent and len(errors) == len(setup.names):
            if minuit is None:
                minuit = minuit_of(setup, counts, setup.theta[setup.free])
                minuit.migrad()
            ends = minos_ends(minuit, setup, name, level) if minuit.valid else None
            if ends is not None:
                out[name] = Intervals(
                    regions=(Interval(lower=float(ends[0]), upper=float(ends[1])),),
                    level=level,
                    delta_q=delta,
                    sided=Sided.TWO,
                    level_at_bound=None,
                    method=Method.MINOS,
                    valid=True,
                )
                continue
        error = errors.get(name, float(setup.scale[position]))
        out[name] = profile_intervals(setup, counts, name, best=best, q_min=q, error=error, level=level)
    return out


def _enters_squared(setup: Setup, name: str) -> bool:
    """Return whether μ bends in a parameter, so that −2 ln L may have a second minimum."""
    quadratic = setup.model.quadratic((name,), setup.theta)
    return quadratic is not None and bool(np.any(quadratic.square != 0))


def _correlation(
    setup: Setup, curvature: Curvature | None, errors: dict[str, float]
) -> tuple[tuple[str, ...], FloatArray]:
    """Return the correlation matrix of the parameters that have an error."""
    names = tuple(n for n in setup.names if n in errors)
    if curvature is None or curvature.covariance is None or not names:
        return (), np.zeros((0, 0))
    keep = [setup.names.index(n) for n in names]
    covariance = curvature.covariance[np.ix_(keep, keep)]
    sigma = np.sqrt(np.diag(covariance))
    return names, covariance / np.outer(sigma, sigma)


def _parameters(
    setup: Setup,
    errors: dict[str, float],
    found: dict[str, Intervals],
    at_bound: NDArray[np.bool_],
    seen: NDArray[np.bool_],
) -> tuple[ParameterFit, ...]:
    """Return the parameters, floating ones first."""
    floating, resting = [], []
    for i, parameter in enumerate(setup.model.parameters):
        value = float(setup.theta[i])
        if parameter.name not in setup.names:
            resting.append(_resting(parameter.name, value))
            continue
        position = setup.names.index(parameter.name)
        constraint = setup.constraints[position]
        floating.append(
            ParameterFit(
                name=parameter.name,
                role=Role.FREE if constraint is None else Role.CONSTRAINED,
                value=value,
                error=errors.get(parameter.name),
                intervals=found.get(parameter.name),
                at_bound=bool(len(at_bound) and at_bound[position]),
                seen=bool(len(seen) and seen[position]),
                prior_pull=None if constraint is None else float(prior_pull(constraint, value)),
            )
        )
    return (*floating, *resting)


def _resting(name: str, value: float) -> ParameterFit:
    return ParameterFit(
        name=name,
        role=Role.FIXED,
        value=value,
        error=None,
        intervals=None,
        at_bound=False,
        seen=True,
        prior_pull=None,
    )


def _warnings(
    setup: Setup,
    status: Status,
    expected: FloatArray,
    errors: dict[str, float],
    seen: NDArray[np.bool_],
    scanned: tuple[str, ...],
) -> tuple[str, ...]:
    """Return what a reader must know, a line each."""
    out = []
    if not np.any(expected > 0):
        out.append("no step expects a count at the best fit: the data say nothing about the shape")
    few = (expected > 0) & (expected < FEW_COUNTS)
    if np.any(few):
        out.append(
            f"{int(np.sum(few))} of {len(expected)} steps expect fewer than {FEW_COUNTS:g} counts (down to "
            f"{np.min(expected[few]):.2g}): levels and p-values are asymptotic; check them with toys"
        )
    for position, name in enumerate(setup.names):
        if len(seen) and not seen[position]:
            out.append(f"{name}: the data do not see it; its value is where it started and any value is allowed")
        elif name in scanned and name not in errors:
            out.append(f"{name}: near a kink or a bound its parabolic error means nothing; use the intervals")
    if status is Status.NOT_CONVERGED:
        out.append("the fit did not converge: the values are the best met")
    return tuple(out)


def _plain(value: Any) -> Any:
    """Return numbers, strings, lists and dicts only; what is not finite is None."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(v) for v in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
