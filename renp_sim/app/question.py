"""What is asked of data: which hypotheses are compared, and what floats."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from renp_sim.analysis.floating import Treatment
from renp_sim.analysis.model import Constraint, Model, Shape
from renp_sim.app.hypothesis import MASS_NAMES, Hypothesis, Masses
from renp_sim.constants import ONE_SIGMA
from renp_sim.errors import ConfigError, nearest
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.prediction.parameters import COMMON_OFFSET

# with the words that a question is put in
__all__ = [
    "ONE_SIGMA",
    "Constraint",
    "Masses",
    "Nature",
    "Normalisation",
    "Ordering",
    "Question",
    "Shape",
    "Treatment",
    "treatment_of",
]


NOTHING_SAID = Treatment()


class Normalisation(StrEnum):
    """What is known of Γ₀, where it is not a measurement with an error."""

    FIXED = "fixed"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the data.

    Parameters
    ----------
    orderings, natures
        Hypotheses that are compared; empty natures mean that of the run.
    masses
        The lightest mass, or three.
    normalisation
        What is known of Γ₀: everything, nothing, or a measurement of the factor on it.
    treatment
        What is done with the other parameters; names may be patterns such as `background.*`. What the data
        state an error for is constrained if nothing else is said, except parameters per step.
    level
        Two-sided level of the intervals.
    """

    orderings: tuple[Ordering, ...] = (Ordering.NORMAL, Ordering.INVERTED)
    natures: tuple[Nature, ...] = ()
    masses: Masses = Masses.LIGHTEST
    normalisation: Normalisation | Constraint = Normalisation.FIXED
    treatment: Treatment = NOTHING_SAID
    level: float = ONE_SIGMA

    @property
    def normalisation_text(self) -> str:
        """What is known of Γ₀, as the option has it."""
        known = self.normalisation
        return f"{100 * known.error:g}%" if isinstance(known, Constraint) else known.value

    def normalisation_beside(self, parameter: str) -> str:
        """Return the same where a parameter is looked for, which may be Γ₀ itself."""
        is_itself = parameter == "normalisation" and self.normalisation is Normalisation.FIXED
        return "free, as the parameter" if is_itself else self.normalisation_text

    def hypotheses(self, nature: Nature) -> tuple[Hypothesis, ...]:
        """Return the hypotheses that are compared; `nature` is that of the run."""
        return tuple(
            Hypothesis(ordering=ordering, nature=each, masses=self.masses)
            for ordering in self.orderings
            for each in self.natures or (nature,)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads."""
        known, asked = self.normalisation, self.treatment
        return {
            "orderings": list(self.orderings),
            "natures": list(self.natures),
            "masses": self.masses,
            "normalisation": asdict(known) if isinstance(known, Constraint) else known,
            "free": list(asked.free),
            "fixed": dict(asked.fixed),
            "constrained": {name: c and asdict(c) for name, c in asked.constrained.items()},
            "level": self.level,
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "Question":
        """Return the question that `as_dict` kept; KeyError, TypeError or ValueError if it is none."""
        known = table["normalisation"]
        constrained = table["constrained"].items()
        return cls(
            orderings=tuple(map(Ordering, table["orderings"])),
            natures=tuple(map(Nature, table["natures"])),
            masses=Masses(table["masses"]),
            normalisation=_constraint(known) if isinstance(known, Mapping) else Normalisation(known),
            treatment=Treatment(
                free=tuple(table["free"]),
                fixed=dict(table["fixed"]),
                constrained={name: c and _constraint(c) for name, c in constrained},
            ),
            level=float(table["level"]),
        )

    def with_nothing_floating(self, masses: Masses) -> "Question":
        """Return the question with these masses, and nothing said of other parameters."""
        return replace(self, masses=masses, normalisation=Normalisation.FIXED, treatment=NOTHING_SAID)


def _constraint(table: Mapping[str, Any]) -> Constraint:
    return Constraint(value=table["value"], error=table["error"], shape=Shape(table["shape"]))


def treatment_of(question: Question, model: Model, elsewhere: Collection[str] = ()) -> Treatment:
    """Return what is done with each parameter of a model: patterns as names, masses and stated errors too.

    Parameters
    ----------
    question
        What is asked for.
    model
        Whose parameters are meant.
    elsewhere
        Names in models of other hypotheses, such as Majorana phases: a pattern for these is none for this.

    Raises
    ------
    ConfigError
        If a pattern meets no parameter, or a parameter is asked for twice.
    """
    names = [parameter.name for parameter in model.parameters]
    asked = question.treatment
    free = [name for pattern in asked.free for name in _matching(pattern, names, elsewhere)]
    fixed = {
        name: value for pattern, value in asked.fixed.items() for name in _matching(pattern, names, elsewhere)
    }
    constrained = {
        name: constraint
        for pattern, constraint in asked.constrained.items()
        for name in _matching(pattern, names, elsewhere)
    }
    if question.normalisation is Normalisation.FREE:
        free.append("normalisation")
    elif isinstance(question.normalisation, Constraint):
        _require_once([*free, *fixed, *constrained, "normalisation"])
        constrained["normalisation"] = question.normalisation
    named = [*free, *fixed, *constrained]
    _require_once(named)
    masses = {name for every in MASS_NAMES.values() for name in every}
    free += [name for name in names if name in masses and name not in named]
    constrained |= {name: None for name in _stated(model, named) if name not in named}
    return Treatment(free=tuple(free), fixed=fixed, constrained=constrained)


def _matching(pattern: str, names: list[str], elsewhere: Collection[str]) -> list[str]:
    found = [name for name in names if fnmatchcase(name, pattern)]
    if not found and not any(fnmatchcase(name, pattern) for name in elsewhere):
        others = {mass: masses for masses, every in MASS_NAMES.items() for mass in every}
        if pattern in others:
            masses = others[pattern]
            key = "masses_eV" if masses is Masses.THREE else "lightest_mass_eV"
            raise ConfigError(
                f"{pattern!r}: is a parameter of `fit --masses {masses.value}`, or of a run file with "
                f"neutrino.{key}"
            )
        raise ConfigError(f"{pattern!r}: no such parameter; {nearest(pattern, names)}")
    return found


def _require_once(names: Iterable[str]) -> None:
    listed = list(names)
    twice = sorted({name for name in listed if listed.count(name) > 1})
    if twice:
        raise ConfigError(f"{', '.join(twice)}: asked for twice; it is either free, fixed or constrained")


def _stated(model: Model, named: Collection[str]) -> list[str]:
    """Return the parameters for which the data state an error: efficiency, backgrounds, frequency.

    Of the frequency it is the offset of each run where there are several, unless the one of all is named.
    """
    stated = [p.name for p in model.parameters if p.constraint is not None]
    runs = [name for name in stated if name.startswith(f"{COMMON_OFFSET}.run")]
    offsets = runs if runs and COMMON_OFFSET not in named else [COMMON_OFFSET]
    return [name for name in stated if name in ("efficiency", *offsets) or name.startswith("background.")]
