"""From files to fits: which hypotheses are compared, what floats, and the thresholds that follow."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.fit import FitResult, ModelFit, fit
from renp_sim.analysis.model import Constraint, Observation, Shape
from renp_sim.analysis.observation import observation_from_tables
from renp_sim.analysis.profile import profile
from renp_sim.analysis.spectrum import ONE_SIGMA
from renp_sim.app.setup import Setup, load, setup_from_table
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.reader import NtupleTables, read_many
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation
from renp_sim.physics.target import Target
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts, steps_of_runs
from renp_sim.prediction.mass_sum import MassSum

__all__ = [
    "Data",
    "Masses",
    "Question",
    "fit_data",
    "fitted_neutrinos",
    "mass_profile",
    "model_of",
    "question_of",
    "read_data",
    "thresholds_of",
]

FloatArray = NDArray[np.float64]

THREE_MASSES = ("m1_eV", "m2_eV", "m3_eV")

START_MASS_EV = 0.01
"""Where the masses stand before the search, which does not depend on it."""


class Masses(StrEnum):
    """Which masses are the parameters."""

    LIGHTEST = "lightest"
    THREE = "three"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """Files, ready to be fitted.

    Parameters
    ----------
    tables
        What the files say, all but events.
    observation
        Counts and exposure per step.
    setup
        What the model is built from: the run file given, or the configuration of the first run.
    targets
        Target by run number: that of the run file given, or each run's own.
    """

    tables: NtupleTables
    observation: Observation
    setup: Setup
    targets: Mapping[int, Target]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the data.

    Parameters
    ----------
    orderings, natures
        Hypotheses that are compared; empty natures mean that of the run.
    masses
        The lightest mass, or three.
    free, fix, constrain
        `NAME`, `NAME=VALUE`, `NAME` or `NAME=VALUE±ERROR` (also `VALUE:ERROR`, or `VALUE:ERROR%` for a
        log-normal one); names may be patterns such as `background.*`. What the data state an error for
        is constrained if nothing else is said, except parameters per step.
    level
        Two-sided level of the intervals.
    """

    orderings: tuple[Ordering, ...] = (Ordering.NORMAL, Ordering.INVERTED)
    natures: tuple[Nature, ...] = ()
    masses: Masses = Masses.LIGHTEST
    free: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    constrain: tuple[str, ...] = ()
    level: float = ONE_SIGMA


def question_of(
    *,
    masses: str = "lightest",
    ordering: str = "both",
    nature: str = "run",
    normalisation: str = "fixed",
    free: Sequence[str] = (),
    fix: Sequence[str] = (),
    constrain: Sequence[str] = (),
    level: float = ONE_SIGMA,
) -> Question:
    """Return the question that the options of `fit` ask.

    Raises
    ------
    ConfigError
        If the level or the normalisation cannot be used.
    """
    if not 0 < level < 1:
        raise ConfigError(f"--level {level:g}: must lie in (0, 1)")
    if normalisation == "free":
        free = [*free, "normalisation"]
    elif normalisation != "fixed":
        percent = _number(
            normalisation.removesuffix("%"), "--normalisation", f"{normalisation} (fixed, free, or per cent)"
        )
        constrain = [*constrain, f"normalisation=1:{percent}%"]
    return Question(
        orderings=tuple(Ordering) if ordering == "both" else (Ordering(ordering),),
        natures=tuple(Nature) if nature == "both" else () if nature == "run" else (Nature(nature),),
        masses=Masses(masses),
        free=tuple(free),
        fix=tuple(fix),
        constrain=tuple(constrain),
        level=level,
    )


def read_data(paths: Sequence[Path], model: Path | None = None, settings: tuple[str, ...] = ()) -> Data:
    """Read files for a fit.

    Parameters
    ----------
    paths
        ROOT files.
    model
        Run file whose target, neutrinos and interaction are fitted instead of those in the files.
    settings
        `--set` changes to it.

    Raises
    ------
    SchemaError
        If a file cannot be read, or carries no configuration and none is given.
    ConfigError
        If the run file or a setting is wrong.
    """
    tables = read_many([str(path) for path in paths])
    setup = _setup_for(tables, model, settings)
    runs = tables.runs["run"].tolist()
    if model is not None:
        targets = dict.fromkeys(runs, setup.emission.target)
    else:
        targets = dict(zip(runs, _targets_of(tables), strict=True))
    return Data(tables=tables, observation=observation_from_tables(tables), setup=setup, targets=targets)


def _setup_for(tables: NtupleTables, model: Path | None, settings: tuple[str, ...]) -> Setup:
    if model is not None:
        return load(model, settings)
    if settings:
        raise ConfigError("--set changes the run file of --model RUN, which is not given")
    for run, config in zip(tables.runs["run"].tolist(), tables.config, strict=True):
        if not config.get("run"):
            files = ", ".join(map(str, tables.paths))
            raise SchemaError(
                f"{files}: run {run} carries no configuration to fit: give one with --model RUN"
            )
    return setup_from_table(tables.config[0])


def _targets_of(tables: NtupleTables) -> list[Target]:
    """Return the target of each run from its own configuration."""
    # a campaign may have hundreds of runs of one target
    known: dict[str, Target] = {}
    keys = [json.dumps(config.get("target"), sort_keys=True) for config in tables.config]
    for key, config in zip(keys, tables.config, strict=True):
        if key not in known:
            known[key] = setup_from_table(config).emission.target
    return [known[key] for key in keys]


def model_of(
    data: Data, label: str, masses: Masses, lightest_mass_eV: float = START_MASS_EV
) -> ExpectedCounts | JointCounts:
    """Return the model of a hypothesis such as `normal/dirac`; its masses stand at those of the lightest.

    Runs of targets with different levels or spin tensors are joined; densities are the exposure's.
    """
    ordering, nature = label.split("/")
    oscillation = oscillation_of(data, Ordering(ordering))
    start = Neutrinos.from_lightest_mass(lightest_mass_eV, oscillation).masses_eV
    exposure = data.observation.exposure
    runs_of_kind: dict[tuple[float, float, float], list[int]] = {}
    for run, target in data.targets.items():
        runs_of_kind.setdefault(_kind(target), []).append(run)
    groups = list(runs_of_kind.values())
    models = tuple(
        ExpectedCounts(
            exposure=steps_of_runs(exposure, runs),
            target=data.targets[runs[0]],
            oscillation=oscillation,
            nature=Nature(nature),
            interaction=data.setup.emission.interaction,
            masses_eV=(lightest_mass_eV,) if masses is Masses.LIGHTEST else tuple(start.tolist()),
        )
        for runs in groups
    )
    if len(models) == 1:
        return models[0]
    return JointCounts(
        exposure=exposure,
        models=models,
        model_of_run={run: i for i, runs in enumerate(groups) for run in runs},
    )


def _kind(target: Target) -> tuple[float, float, float]:
    """Return what the spectrum of a target depends on: levels and spin tensor."""
    return target.atom.e_eg_eV, target.atom.e_vg_eV, target.f_l


def oscillation_of(data: Data, ordering: Ordering) -> Oscillation:
    """Return the oscillation parameters of a hypothesis: the run's for its own ordering, else NuFIT 5.2."""
    own = data.setup.oscillation
    return own if ordering is own.ordering else Oscillation.nufit(ordering)


def fit_data(data: Data, question: Question) -> FitResult:
    """Fit the data by every hypothesis.

    Raises
    ------
    ConfigError
        If a parameter is unknown or asked for twice.
    FitError
        If no hypothesis allows the counts.
    """
    natures = question.natures or (data.setup.emission.neutrinos.nature,)
    labels = [f"{ordering}/{nature}" for ordering in question.orderings for nature in natures]
    starts = dict.fromkeys(labels, START_MASS_EV)
    if question.masses is Masses.THREE:
        # three masses start where one fits best: their own search is coarse
        one = fit_data(data, replace(question, masses=Masses.LIGHTEST, free=(), fix=(), constrain=()))
        starts = {fitted.label: fitted.parameter("lightest_mass_eV").value for fitted in one.fits}
    models = {label: model_of(data, label, question.masses, starts[label]) for label in labels}
    floating = Floating.of(question, next(iter(models.values())))
    return fit(
        data.observation,
        {label: model.offering(floating.names) for label, model in models.items()},
        free=floating.free,
        fix=floating.fix,
        constrain=floating.constrain,
        level=question.level,
    )


def _stated(model: ExpectedCounts | JointCounts) -> list[str]:
    """Return the parameters for which the data state an error: efficiency, backgrounds, frequency."""
    common = ("efficiency", "frequency_offset_eV")
    return [
        p.name
        for p in model.parameters
        if p.constraint is not None and (p.name in common or p.name.startswith("background."))
    ]


@dataclass(frozen=True, slots=True)
class Floating:
    """What the options of a fit mean for the parameters of a model."""

    free: tuple[str, ...]
    fix: dict[str, float]
    constrain: dict[str, Constraint | None]

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters that are named."""
        return tuple(dict.fromkeys([*self.free, *self.constrain, *self.fix]))

    @classmethod
    def of(cls, question: Question, model: ExpectedCounts | JointCounts) -> "Floating":
        """Read the options; ConfigError if one cannot be understood."""
        names = [p.name for p in model.parameters]
        masses = [name for name in names if name in ("lightest_mass_eV", *THREE_MASSES)]
        free = [name for pattern in question.free for name in _matching(pattern, names, "--free")]
        fix = {}
        for text in question.fix:
            pattern, _, value = text.partition("=")
            for name in _matching(pattern, names, "--fix"):
                fix[name] = _number(value, "--fix", text)
        constrain: dict[str, Constraint | None] = {}
        for text in question.constrain:
            pattern, equals, value = text.partition("=")
            made = _constraint(value, text) if equals else None
            for name in _matching(pattern, names, "--constrain"):
                constrain[name] = made
        asked = [*free, *fix, *constrain]
        twice = sorted({name for name in asked if asked.count(name) > 1})
        if twice:
            raise ConfigError(f"{', '.join(twice)}: is asked for twice by --free, --fix and --constrain")
        free += [name for name in masses if name not in asked]
        constrain |= {name: None for name in _stated(model) if name not in asked}
        return cls(tuple(free), fix, constrain)


def _matching(pattern: str, names: list[str], option: str) -> list[str]:
    found = [name for name in names if fnmatchcase(name, pattern.strip())]
    if not found:
        raise ConfigError(f"{option} {pattern}: no such parameter; there are {', '.join(names)}")
    return found


def _number(text: str, option: str, given: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{option} {given}: write NAME=VALUE with a number") from None


def _constraint(text: str, given: str) -> Constraint:
    value, _, error = text.replace("±", ":").partition(":")
    shape = Shape.LOG_NORMAL if error.endswith("%") else Shape.GAUSSIAN
    number = _number(value, "--constrain", given)
    width = _number(error.removesuffix("%"), "--constrain", given)
    try:
        return Constraint(
            value=number, error=width / 100 if shape is Shape.LOG_NORMAL else width, shape=shape
        )
    except ValueError as error_:
        raise ConfigError(f"--constrain {given}: {error_}") from None


def fitted_neutrinos(data: Data, fitted: ModelFit) -> Neutrinos:
    """Return the neutrinos of a fit at its best masses; all else is that of its hypothesis."""
    ordering, nature = fitted.label.split("/")
    oscillation = oscillation_of(data, Ordering(ordering))
    values = {p.name: p.value for p in fitted.parameters}
    if "lightest_mass_eV" in values:
        return Neutrinos.from_lightest_mass(values["lightest_mass_eV"], oscillation, Nature(nature))
    return Neutrinos.from_masses([values[name] for name in THREE_MASSES], oscillation, Nature(nature))


def mass_profile(
    data: Data, question: Question, fitted: ModelFit, values_eV: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return −2 ln L over the lightest mass with all else that floated fitted anew.

    Returns
    -------
    tuple
        Kinks inside the range, all points with the kinks and the best value among them, −2 ln L there.
    """
    name = "lightest_mass_eV"
    whole = model_of(data, fitted.label, Masses.LIGHTEST)
    floating = Floating.of(question, whole)
    model = whole.offering(floating.names)
    theta = np.array([fitted.parameter(p.name).value for p in model.parameters])
    kinks = model.kinks(name, theta)
    kinks = kinks[(kinks > values_eV[0]) & (kinks < values_eV[-1])]
    points = np.union1d(values_eV, [*kinks, fitted.parameter(name).value])
    found = profile(
        data.observation,
        model,
        {name: points},
        free=[free for free in floating.free if free != name],
        fix=floating.fix,
        constrain=floating.constrain,
    )
    return kinks, points, found.q


def thresholds_of(
    data: Data, question: Question, fitted: ModelFit, *, with_sums: bool = True
) -> dict[str, dict[str, Any]]:
    """Return ω_ij of a fit, eV, with a list of intervals, by pair `11` … `33`, for the atom of the first run.

    Each ω_ij falls as the lightest mass grows, and ω_ii as m_i does, so the ends of the mass intervals are
    those of the thresholds. With three masses the others come from profiles of m_i + m_j.
    """
    e_eg_eV = data.setup.emission.target.atom.e_eg_eV
    oscillation = oscillation_of(data, Ordering(fitted.label.partition("/")[0]))
    if not any(p.name == "lightest_mass_eV" for p in fitted.parameters):
        return _thresholds_of_three(data, question, fitted, with_sums=with_sums)
    mass = fitted.parameter("lightest_mass_eV")

    def at(values: list[float]) -> FloatArray:
        return Neutrinos.from_lightest_mass(np.array(values), oscillation).thresholds_eV(e_eg_eV)

    best = at([mass.value])[0]
    regions = mass.intervals.regions if mass.intervals is not None else ()
    ends = at([end for region in regions for end in (region.upper, region.lower)]).reshape(-1, 2, 3, 3)
    return {
        f"{i + 1}{j + 1}": {
            "value": float(best[i, j]),
            # regions rise with the mass, thresholds fall
            "intervals": [[float(low), float(high)] for low, high in ends[::-1, :, i, j]],
        }
        for i in range(3)
        for j in range(i, 3)
    }


def _thresholds_of_three(
    data: Data, question: Question, fitted: ModelFit, *, with_sums: bool
) -> dict[str, dict[str, Any]]:
    """Return ω_ij where three masses floated: ω_ii from m_i, the others from profiles of m_i + m_j."""
    e_eg_eV = data.setup.emission.target.atom.e_eg_eV
    values = [fitted.parameter(name).value for name in THREE_MASSES]
    rows = {}
    for i in range(3):
        for j in range(i, 3):
            wanted = with_sums or i == j
            regions = _sum_regions(data, question, fitted, i + 1, j + 1) if wanted else []
            ends = [[e_eg_eV / 2 - end**2 / (2 * e_eg_eV) for end in reversed(r)] for r in reversed(regions)]
            total = values[i] + values[j]
            rows[f"{i + 1}{j + 1}"] = {"value": e_eg_eV / 2 - total**2 / (2 * e_eg_eV), "intervals": ends}
    return rows


def _sum_regions(
    data: Data, question: Question, fitted: ModelFit, i: int, j: int
) -> list[tuple[float, float]]:
    """Return the interval of m_i + m_j, eV, a list of regions."""
    if i == j:
        mass = fitted.parameter(f"m{i}_eV").intervals
        return [] if mass is None else [(2 * r.lower, 2 * r.upper) for r in mass.regions]
    whole = model_of(data, fitted.label, Masses.THREE)
    floating = Floating.of(question, whole)
    values = {p.name: p.value for p in fitted.parameters}
    joined = whole.offering(floating.names).starting(values)
    model = MassSum(whole=joined, i=i, j=j)  # type: ignore[arg-type]  # it asks for no more than both have
    free = [model.name if name == f"m{i}_eV" else name for name in floating.free]
    found = fit(
        data.observation,
        {fitted.label: model},
        free=free,
        fix=floating.fix,
        constrain=floating.constrain,
        level=question.level,
        intervals=(model.name,),
    )
    total = found.best.parameter(model.name).intervals
    return [] if total is None else [(r.lower, r.upper) for r in total.regions]
