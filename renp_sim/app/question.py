"""What is asked of data: which hypotheses are compared, and what floats."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from renp_sim.analysis.model import Constraint, Model, Shape
from renp_sim.constants import ONE_SIGMA
from renp_sim.errors import ConfigError
from renp_sim.physics.neutrino import Nature, Ordering

__all__ = ["MASS_NAMES", "THREE_MASSES", "Floating", "Masses", "Question", "question_of"]

THREE_MASSES = ("m1_eV", "m2_eV", "m3_eV")

MASS_NAMES = ("lightest_mass_eV", *THREE_MASSES)


class Masses(StrEnum):
    """Which masses are the parameters."""

    LIGHTEST = "lightest"
    THREE = "three"


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
        constrain = [*constrain, f"normalisation=1:{_percent(normalisation)}%"]
    return Question(
        orderings=tuple(Ordering) if ordering == "both" else (Ordering(ordering),),
        natures=tuple(Nature) if nature == "both" else () if nature == "run" else (Nature(nature),),
        masses=Masses(masses),
        free=tuple(free),
        fix=tuple(fix),
        constrain=tuple(constrain),
        level=level,
    )


def _stated(model: Model) -> list[str]:
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
    def of(cls, question: Question, model: Model) -> "Floating":
        """Read the options; ConfigError if one cannot be understood."""
        names = [p.name for p in model.parameters]
        masses = [name for name in names if name in MASS_NAMES]
        free = [name for pattern in question.free for name in _matching(pattern, names, "--free")]
        fix = {}
        for text in question.fix:
            pattern, _, value = text.partition("=")
            for name in _matching(pattern, names, "--fix"):
                fix[name] = _number(value, text)
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
        raise ConfigError(
            f"{option} {pattern or repr(pattern)}: no such parameter; there are {', '.join(names)}"
        )
    return found


def _finite(text: str) -> float | None:
    """Return a finite number, None if the text is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _percent(normalisation: str) -> float:
    percent = _finite(normalisation.removesuffix("%"))
    if percent is None or percent <= 0:
        raise ConfigError(
            f"--normalisation {normalisation}: write fixed, free, or to how many per cent it is known, as 10%"
        )
    return percent


def _number(text: str, given: str) -> float:
    value = _finite(text)
    if value is None:
        raise ConfigError(f"--fix {given}: write NAME=VALUE with a finite number")
    return value


def _constraint(text: str, given: str) -> Constraint:
    value, _, error = text.replace("±", ":").partition(":")
    shape = Shape.LOG_NORMAL if error.endswith("%") else Shape.GAUSSIAN
    number, width = _finite(value), _finite(error.removesuffix("%"))
    if number is None or width is None:
        raise ConfigError(
            f"--constrain {given}: write NAME=VALUE:ERROR or NAME=VALUE:ERROR% with finite numbers"
        )
    try:
        return Constraint(
            value=number, error=width / 100 if shape is Shape.LOG_NORMAL else width, shape=shape
        )
    except ValueError as error_:
        raise ConfigError(f"--constrain {given}: {error_}") from None
