"""What the options of `fit` mean: the question that they ask.

`NAME` is a parameter or a pattern such as `background.*`; `VALUE:ERROR` is a measurement, `VALUE:ERROR%` a
log-normal one.
"""

import math
from collections.abc import Iterator, Sequence

from renp_sim.app.question import (
    ONE_SIGMA,
    Constraint,
    Masses,
    Nature,
    Normalisation,
    Ordering,
    Question,
    Shape,
    Treatment,
)
from renp_sim.cli.output import complain
from renp_sim.errors import ConfigError

__all__ = ["question_of", "resting_question"]


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
    may_rest: bool = False,
) -> Question:
    """Return the question that the options of `fit` ask.

    Parameters
    ----------
    may_rest
        Whether `--fix NAME` without a value leaves a parameter where the run file has it.

    Raises
    ------
    ConfigError
        If an option cannot be understood.
    """
    if not 0 < level < 1:
        raise ConfigError(f"--level {level:g}: must lie in (0, 1)")
    return Question(
        orderings=tuple(Ordering) if ordering == "both" else (Ordering(ordering),),
        natures=tuple(Nature) if nature == "both" else () if nature == "run" else (Nature(nature),),
        masses=Masses(masses),
        normalisation=_normalisation(normalisation),
        treatment=Treatment(
            free=tuple(name.strip() for name in free),
            fixed={
                name: None if value is None and may_rest else _number(value, f"--fix {text}")
                for name, value, text in _pairs(fix, "--fix")
            },
            constrained={
                name: None if value is None else _constraint(value, f"--constrain {text}")
                for name, value, text in _pairs(constrain, "--constrain")
            },
        ),
        level=level,
    )


def resting_question(
    normalisation: str,
    free: Sequence[str] | None,
    fix: Sequence[str] | None,
    constrain: Sequence[str] | None,
) -> Question:
    """Return the question of a command that knows a run file: `--fix NAME` leaves NAME where that has it."""
    return question_of(
        normalisation=normalisation, free=free or (), fix=fix or (), constrain=constrain or (), may_rest=True
    )


def _pairs(texts: Sequence[str], option: str) -> Iterator[tuple[str, str | None, str]]:
    """Yield name, value (None without `=`) and text of each; ConfigError if a name is there twice."""
    seen = set()
    for text in texts:
        name, equals, value = text.partition("=")
        if name.strip() in seen:
            raise ConfigError(f"{option} {text}: {name.strip()} is asked for twice")
        seen.add(name.strip())
        yield name.strip(), value if equals else None, text


def _finite(text: str) -> float | None:
    """Return a finite number, None if the text is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _normalisation(text: str) -> Normalisation | Constraint:
    if text in tuple(Normalisation):
        return Normalisation(text)
    percent = _finite(text.removesuffix("%"))
    if percent is None or percent <= 0:
        raise ConfigError(
            f"--normalisation {text}: write fixed, free, or to how many per cent it is known, as 10%"
        )
    if percent < 1 and not text.endswith("%"):
        # who thinks of shares means a hundred times as much
        complain(
            f"note: --normalisation {text}: {percent:g} per cent, that is {percent / 100:g}; "
            f"write {text}% if so, or {100 * percent:g}%"
        )
    return Constraint(value=1.0, error=percent / 100, shape=Shape.LOG_NORMAL)


def _number(text: str | None, given: str) -> float:
    value = _finite(text or "")
    if value is None:
        raise ConfigError(f"{given}: write NAME=VALUE with a finite number")
    return value


def _constraint(text: str, given: str) -> Constraint:
    value, _, error = text.replace("±", ":").partition(":")
    shape = Shape.LOG_NORMAL if error.endswith("%") else Shape.GAUSSIAN
    number, width = _finite(value), _finite(error.removesuffix("%"))
    if number is None or width is None:
        raise ConfigError(f"{given}: write NAME=VALUE:ERROR or NAME=VALUE:ERROR% with finite numbers")
    try:
        return Constraint(
            value=number, error=width / 100 if shape is Shape.LOG_NORMAL else width, shape=shape
        )
    except ValueError as refused:
        raise ConfigError(f"{given}: {refused}") from None
