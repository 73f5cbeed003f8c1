"""Fit of one observation by one or several models, which are the hypotheses to be compared.

The global minimum is searched as for toys and polished by MINUIT; errors come from the profile of −2 ln L,
through MINOS where it is smooth. All numbers are asymptotic until toys have been run.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.best_fit import BestFit, is_flat
from renp_sim.analysis.infer.goodness import asymptotic_p_value
from renp_sim.analysis.infer.minuit import minos_ends, minuit_of
from renp_sim.analysis.infer.possible import impossible
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.infer.profile_regions import regions_of
from renp_sim.analysis.infer.result import FitResult, ModelFit, ParameterFit, Role
from renp_sim.analysis.intervals import Interval, Intervals, Method, delta_q_of_level
from renp_sim.analysis.likelihood.constraint import prior_pull
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.search.singles import singles_of
from renp_sim.arrays import FloatArray
from renp_sim.constants import ONE_SIGMA
from renp_sim.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from renp_sim.analysis.data import Observation
    from renp_sim.analysis.model import Constraint, Model

__all__ = ["FEW_COUNTS", "FitResult", "ModelFit", "ParameterFit", "Role", "fit"]


FEW_COUNTS = 10.0
"""Below this expectation of a step, asymptotic levels are a shortcut."""


def fit(
    observation: "Observation",
    models: "Mapping[str, Model]",
    *,
    free: "Collection[str]" = (),
    fix: "Mapping[str, float | None] | None" = None,
    constrain: "Mapping[str, Constraint | None] | None" = None,
    level: float = ONE_SIGMA,
    intervals: "Collection[str] | None" = None,
) -> FitResult:
    """Fit one observation by each model.

    Parameters
    ----------
    observation
        One set of counts, shape (n,).
    models
        By label, such as `normal/dirac`; each for the exposure of the observation.
    free
        Parameters that float without a constraint term; those of some models only, in these.
    fix
        Parameters that stay, with their values; so do all that are not named, at the model's value.
    constrain
        Parameters that float with this constraint, or with the model's own where None.
    level
        Two-sided level of the intervals.
    intervals
        Parameters whose intervals are taken from the profile. None means the free ones, and all where that
        is cheap; the others get the interval of the parabola.

    Returns
    -------
    FitResult
        Also where the data say nothing: then a status and a warning tell so.

    Raises
    ------
    ConfigError
        If a name is unknown or given twice, or shapes do not fit.
    FitError
        If every model gives the counts zero probability; carries the result.
    """
    delta_q_of_level(level)
    counts = np.asarray(observation.counts, dtype=float)
    if counts.ndim != 1:
        raise ConfigError(f"observation.counts has shape {counts.shape}: a fit takes one set of counts (n,)")
    if not models:
        raise ConfigError("models: none is given; a fit needs at least one")
    fits = []
    known = {parameter.name for model in models.values() for parameter in model.parameters}
    for label, model in models.items():
        missing = known - {parameter.name for parameter in model.parameters}
        setup = Setup.of(
            model,
            free=[name for name in free if name not in missing],
            fix={name: value for name, value in (fix or {}).items() if name not in missing},
            constrain={name: value for name, value in (constrain or {}).items() if name not in missing},
        )
        n_steps = model.expected(setup.theta).shape[-1]
        if n_steps != len(counts):
            raise ConfigError(f"model {label} expects {n_steps} steps, the observation has {len(counts)}")
        best = BestFit.of(setup, counts, delta_q_of_level(level))
        rows = "energy bins" if observation.exposure.is_split else "steps"
        fits.append(_described(best, label, level, intervals, rows))
    result = FitResult(fits=tuple(fits), level=level)
    if not math.isfinite(result.best.minus_two_ln_L):
        raise impossible(counts, result.best.expected, last=result)
    return result


def _described(
    best: BestFit, label: str, level: float, wanted: "Collection[str] | None", rows: str
) -> ModelFit:
    """Return all that is known; `rows` is what the counts are of."""
    setup = best.setup
    expected = setup.model.expected(setup.theta)
    errors = best.errors()
    names, correlation = best.correlation(errors)
    # what moves one step only, and has a kink near: a profile of each costs as much as the fit
    untold = frozenset(singles_of(setup, best.kinked)) - frozenset(errors)
    n_constraints = sum(c is not None for c in setup.constraints)
    is_measured = (expected > 0) | (best.counts > 0)
    n_measured = int(np.sum(is_measured)) + n_constraints
    ndf = max(n_measured - int(np.sum(best.seen)), 0)
    return ModelFit(
        label=label,
        parameters=_parameters(best, errors, _intervals(best, errors, level, wanted, untold)),
        minus_two_ln_L=best.q,
        n_measured=n_measured,
        ndf=ndf,
        p_value=asymptotic_p_value(best.q, expected[is_measured], n_constraints, ndf),
        correlation_names=names,
        correlation=correlation,
        expected=expected,
        status=best.status,
        valid=math.isfinite(best.q) and best.status is not Status.NOT_CONVERGED,
        calls=best.calls,
        warnings=_warnings(best, expected, errors, rows, untold),
        setup=setup,
        curve=best.curve,
    )


def _intervals(
    best: BestFit,
    errors: dict[str, float],
    level: float,
    wanted: "Collection[str] | None",
    untold: frozenset[str],
) -> dict[str, Intervals]:
    """Return the intervals of the floating parameters, by the method that suits each.

    Those `untold` have none but where they are wanted by name.
    """
    setup, out = best.setup, {}
    if not math.isfinite(best.q):
        return {}
    bent = bool(setup.bent or setup.amplitudes)
    smooth = not best.kinked and not bent and len(errors) == len(setup.names)
    for position, name in enumerate(setup.names):
        parameter = setup.model.parameters[setup.index(name)]
        if not best.seen[position]:
            everything = Interval(
                lower=parameter.lower, upper=parameter.upper, lower_open=True, upper_open=True
            )
            out[name] = Intervals.two_sided((everything,), level, Method.PROFILE)
            continue
        is_wanted = (
            name in wanted if wanted is not None else (setup.constraints[position] is None or not best.kinked)
        )
        if not is_wanted and name in errors:
            out[name] = _parabola(setup, name, errors[name], level)
            continue
        if not is_wanted and (wanted is not None or name in untold):
            continue
        found = _by_minos(best, name, level) if smooth else None
        if found is None:
            found = _by_profile(best.curve, name, errors.get(name, parameter.scale), level)
        out[name] = found
    return out


def _by_minos(best: BestFit, name: str, level: float) -> Intervals | None:
    minuit = minuit_of(best.setup, best.counts, best.setup.theta[best.setup.free])
    minuit.migrad()
    ends = minos_ends(minuit, best.setup, name, level) if minuit.valid else None
    if ends is None:
        return None
    return Intervals.two_sided((Interval(lower=ends[0], upper=ends[1]),), level, Method.MINOS)


def _by_profile(curve: ProfileCurve, name: str, error: float, level: float) -> Intervals:
    regions, points, profile = regions_of(curve, name, error, delta_q_of_level(level))
    return Intervals.two_sided(regions, level, Method.PROFILE, values=points, profile=profile)


def _parameters(
    best: BestFit, errors: dict[str, float], intervals: dict[str, Intervals]
) -> tuple[ParameterFit, ...]:
    """Return the parameters, floating ones first."""
    floating, resting, flat = [], [], is_flat(best.setup)
    for parameter, value in zip(best.setup.model.parameters, best.setup.theta.tolist(), strict=True):
        if parameter.name not in best.setup.names:
            resting.append(ParameterFit(name=parameter.name, role=Role.FIXED, value=value))
            continue
        position = best.setup.names.index(parameter.name)
        constraint = best.setup.constraints[position]
        floating.append(
            ParameterFit(
                name=parameter.name,
                role=Role.FREE if constraint is None else Role.CONSTRAINED,
                value=value,
                error=errors.get(parameter.name),
                intervals=intervals.get(parameter.name),
                at_bound=bool(best.at_bound[position]),
                seen=bool(best.seen[position]),
                is_flat=bool(flat[position]),
                prior_pull=None if constraint is None else float(prior_pull(constraint, value)),
            )
        )
    return (*floating, *resting)


def _warnings(
    best: BestFit, expected: FloatArray, errors: dict[str, float], rows: str, untold: frozenset[str]
) -> tuple[str, ...]:
    """Return what a reader must know, a line each."""
    out = []
    if not np.any(expected > 0):
        says = "exclude what expects some" if np.any(best.seen) else "say nothing about the model"
        out.append(f"no step expects a count at the best fit: the data {says}")
    if few := few_counts(expected, rows):
        out.append(f"{few}: levels and p-values are asymptotic; check them with toys")
    known = (best.seen.tolist(), best.at_bound.tolist(), is_flat(best.setup).tolist())
    for name, seen, at_bound, flat in zip(best.setup.names, *known, strict=True):
        if not seen:
            out.append(f"{name}: the data do not see it: any value is allowed, the one given is a start")
        elif at_bound:
            low, high = best.setup.limits(name)
            value = best.setup.theta[best.setup.index(name)]
            out.append(f"{name}: its best value, {value:g}, is at an end of its range [{low:g}, {high:g}]")
        elif flat:
            value = best.setup.theta[best.setup.index(name)]
            out.append(f"{name}: values beside {value:g} fit as well: it is not measured, its interval is")
        elif name in best.kinked and name not in errors and name not in untold:
            out.append(f"{name}: a kink or a bound is near, so it has no parabolic error; use the intervals")
    if untold:
        out.append(
            f"{len(untold)} of the parameters of single steps, such as {min(untold)}, have a kink near: they "
            "have no parabolic error, and no interval was looked for"
        )
    if best.status is Status.NOT_CONVERGED:
        out.append("the fit did not converge: the values are the best met")
    return tuple(out)


def few_counts(expected: FloatArray, rows: str = "steps") -> str:
    """Return how many rows expect too few counts for asymptotic levels; empty if none does.

    Examples
    --------
    >>> few_counts(np.array([25.0, 4.0, 0.0]))
    '1 of 3 steps expect fewer than 10 counts (down to 4), and 1 none, which adds nothing to −2 ln L'
    >>> few_counts(np.array([25.0, 0.0]))
    ''
    """
    few = (expected > 0) & (expected < FEW_COUNTS)
    if not np.any(few):
        return ""
    n_none = int(np.sum(expected == 0))
    none = f", and {n_none} none, which add{'s' * (n_none == 1)} nothing to −2 ln L" if n_none else ""
    return (
        f"{int(np.sum(few))} of {len(expected)} {rows} expect fewer than {FEW_COUNTS:g} counts "
        f"(down to {np.min(expected[few]):.2g}){none}"
    )


def _parabola(setup: Setup, name: str, error: float, level: float) -> Intervals:
    """Return the interval of a parabola, which ends where the parameter does."""
    reach, value = error * math.sqrt(delta_q_of_level(level)), float(setup.theta[setup.index(name)])
    low, high = setup.limits(name)
    region = Interval(
        lower=max(value - reach, low),
        upper=min(value + reach, high),
        lower_open=value - reach < low,
        upper_open=value + reach > high,
    )
    return Intervals.two_sided((region,), level, Method.PARABOLA)
