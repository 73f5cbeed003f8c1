"""From files to fits: which hypotheses are compared, what floats, and the thresholds that follow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.fit import FitResult, ModelFit, fit
from renp_sim.analysis.model import Constraint, Observation, Shape
from renp_sim.analysis.observation import observation_from_tables
from renp_sim.app.setup import Setup, load, setup_from_table
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.reader import NtupleTables, read_many
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation
from renp_sim.prediction.expected_counts import ExpectedCounts

__all__ = ["Data", "Masses", "Question", "fit_data", "models_of", "read_data"]

FloatArray = NDArray[np.float64]


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
        What the model is built from: the run file given, or the configuration in the file.
    """

    tables: NtupleTables
    observation: Observation
    setup: Setup


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
    level: float = 0.6826894921370859


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
        If the run file or a setting is wrong, or the files are of different atoms.
    """
    tables = read_many([str(path) for path in paths])
    return Data(
        tables=tables,
        observation=observation_from_tables(tables),
        setup=_setup_for(tables, model, settings),
    )


def _setup_for(tables: NtupleTables, model: Path | None, settings: tuple[str, ...]) -> Setup:
    if model is not None:
        return load(model, settings)
    if settings:
        raise ConfigError("--set changes the run file of --model RUN, which is not given")
    if not tables.config[0].get("run"):
        raise SchemaError(f"{tables.paths[0]}: carries no configuration to fit: give one with --model RUN")
    setup = setup_from_table(tables.config[0])
    atom = setup.emission.target.atom
    levels = {
        (float(a), float(b)) for a, b in zip(tables.runs["e_eg_eV"], tables.runs["e_vg_eV"], strict=True)
    }
    if levels != {(atom.e_eg_eV, atom.e_vg_eV)}:
        raise ConfigError(
            f"the files are of different atoms (E_eg, E_vg in {sorted(levels)} eV): fit them apart"
        )
    return setup


def models_of(data: Data, question: Question) -> dict[str, ExpectedCounts]:
    """Return the models to compare, by label such as `normal/dirac`.

    The ordering of the run keeps its oscillation parameters; the other one has those of NuFIT 5.2.
    """
    setup = data.setup
    own_nature = setup.emission.neutrinos.nature
    models = {}
    for ordering in question.orderings:
        for nature in question.natures or (own_nature,):
            is_own = ordering is setup.oscillation.ordering
            oscillation = setup.oscillation if is_own else Oscillation.nufit(ordering)
            start = Neutrinos.from_lightest_mass(0.01, oscillation).masses_eV
            models[f"{ordering}/{nature}"] = ExpectedCounts(
                exposure=data.observation.exposure,
                target=setup.emission.target,
                oscillation=oscillation,
                nature=nature,
                interaction=setup.emission.interaction,
                masses_eV=(0.01,) if question.masses is Masses.LIGHTEST else tuple(start.tolist()),
            )
    return models


def fit_data(data: Data, question: Question) -> FitResult:
    """Fit the data.

    Raises
    ------
    ConfigError
        If a parameter is unknown or asked for twice.
    FitError
        If no model allows the counts.
    """
    models = models_of(data, question)
    names = next(iter(models.values()))
    floating = _Floating.of(question, [p.name for p in names.parameters], _stated(names))
    used = tuple(dict.fromkeys([*floating.free, *floating.constrain, *floating.fix]))
    return fit(
        data.observation,
        {label: model.offering(used) for label, model in models.items()},
        free=floating.free,
        fix=floating.fix,
        constrain=floating.constrain,
        level=question.level,
    )


def _stated(model: ExpectedCounts) -> list[str]:
    """Return the parameters for which the data state an error: efficiency, backgrounds, frequency."""
    common = ("efficiency", "frequency_offset_eV")
    return [
        p.name
        for p in model.parameters
        if p.constraint is not None and (p.name in common or p.name.startswith("background."))
    ]


@dataclass(frozen=True, slots=True)
class _Floating:
    """What the options of a fit mean for the parameters of a model."""

    free: tuple[str, ...]
    fix: dict[str, float]
    constrain: dict[str, Constraint | None]

    @classmethod
    def of(cls, question: Question, names: list[str], stated: list[str]) -> "_Floating":
        masses = [name for name in names if name == "lightest_mass_eV" or name in ("m1_eV", "m2_eV", "m3_eV")]
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
        constrain |= {name: None for name in stated if name not in asked}
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


def threshold_rows(data: Data, fitted: ModelFit) -> dict[str, Any]:
    """Return ω_ij of a fit with its intervals, by pair.

    With the lightest mass as parameter each ω_ij falls as it grows, so the ends of its intervals are those
    of the mass.
    """
    raise NotImplementedError


def _pairs() -> Iterable[tuple[int, int]]:
    return ((i, j) for i in range(3) for j in range(i, 3))
