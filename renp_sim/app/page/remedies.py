"""Warnings, each with the command that resolves it or says more."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from renp_sim.analysis.infer.result import ModelFit, Role
from renp_sim.app.page.answer import POOR, in_doubt
from renp_sim.app.page.words import MASSES, number
from renp_sim.app.thresholds import FitReport

__all__ = ["Warned", "with_remedies"]

NOT_NESTED = "hypotheses are not nested: their difference is no χ²; toys give its meaning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning, and what to type."""

    text: str
    command: str


RULES = (
    (r"expect fewer than", "fit {files} --toys 10000"),
    (r"data do not see it", "fit {files} --fix {name}={value}"),
    (r"is at an end of its range", "limit {files} --parameter {name} --method feldman-cousins{toys}"),
    (r"no parabolic error", "limit {files} --parameter {name} --cl 0.6827"),
    (r"did not converge", "fit {files}{fixes}"),
    (r"no step expects a count", "spectrum {files}"),
    (r"not nested|equally good", "compare {files} --question ordering --method toys"),
    (r"degrees of freedom differ", "fit {files} --toys 10000"),
    (r"no content hashes", "merge {files} -o merged.root"),
    (r"a fit uses its", "check {model}"),
    (r"describes the data", "fit {files} --normalisation free"),
    (r"left out", "report --help"),
)
"""What a warning says, and the command for it."""

DEFAULT = "fit {files} --json"


def with_remedies(fit: FitReport, notes: Sequence[str] = ()) -> list[Warned]:
    """Return the warnings of a fit, the gravest first, and further notes, with a command each."""
    result = fit.result
    best = result.best
    texts = []
    if best.p_value is not None and best.p_value < POOR:
        texts.append(
            f"no hypothesis describes the data well: asymptotic p = {best.p_value:.2g} of {best.label}; "
            "a normalisation that is not known, a background that is not stated or damaged data do this"
        )
    texts += best.warnings
    if in_doubt(result) is not None and all(delta > 0 for label, delta in _others(fit)):
        texts.append(NOT_NESTED)
    texts += [*result.notes, *fit.data.notes, *notes]
    return [
        Warned(text=_shown(fit, text), command=_command(fit, best, text)) for text in dict.fromkeys(texts)
    ]


def _others(fit: FitReport) -> list[tuple[str, float]]:
    best = fit.result.best.label
    return [(label, delta) for label, delta in fit.result.delta_q.items() if label != best]


def _shown(fit: FitReport, text: str) -> str:
    """Return a warning without the folders that files happen to lie in."""
    paths = [*fit.data.tables.paths, *([] if fit.data.model is None else [fit.data.model])]
    for path in paths:
        text = text.replace(str(path), path.name)
    return text


def _command(fit: FitReport, best: ModelFit, text: str) -> str:
    template = next((command for pattern, command in RULES if re.search(pattern, text)), DEFAULT)
    name = text.partition(":")[0]
    values = {p.name: p.value for p in best.parameters}
    nuisances = [p for p in best.floating if p.role is Role.FREE and p.name not in MASSES]
    files, model = fit.data.tables.paths, fit.data.model
    given = _names(files)
    if model is not None:
        # what a blind file hides is given again
        given += f" --model {quote(model.name)}"
    return "renp-sim " + template.format(
        files=given,
        model=quote(model.name) if model is not None else "RUN",
        name=name,
        value=number(values.get(name), 6).replace("−", "-"),
        toys=" --toys 4000" if len(best.setup.names) > 1 else "",
        fixes="".join(f" --fix {p.name}={p.value:.6g}" for p in nuisances) or " --toys 10000",
    )


def _names(files: Sequence[Path]) -> str:
    return " ".join(quote(path.name) for path in files)
