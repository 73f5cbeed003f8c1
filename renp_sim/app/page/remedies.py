"""Warnings, each with the command that resolves it or says more."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from renp_sim.analysis.infer.result import ModelFit
from renp_sim.analysis.model import Constraint, Shape
from renp_sim.app.hypothesis import Masses
from renp_sim.app.page.answer import POOR, in_doubt
from renp_sim.app.page.words import likely, without_folders
from renp_sim.app.question import Normalisation
from renp_sim.app.thresholds import FitReport

__all__ = ["Warned", "with_remedies"]

NOT_NESTED = "hypotheses are not nested: their difference is no χ²; toys give its meaning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning, and what to type."""

    text: str
    command: str


RULES = (
    (r"expect fewer than|are asymptotic", "fit {files} --toys 10000"),
    (r"data do not see it", "fit {files} --fix {name}={value}"),
    (r"is at an end of its range", "limit {files} --parameter {name} --method feldman-cousins --toys 2000"),
    (r"no parabolic error|fit as well", "limit {files} --parameter {name} --cl 0.6827"),
    (r"did not converge", "fit {files} --toys 1000"),
    (r"no step expects a count", "spectrum {files}"),
    (r"not nested|equally good", "compare {files} --question ordering --method toys"),
    (r"degrees of freedom differ", "fit {files} --toys 10000"),
    (r"no content hashes", "merge {files} -o merged.root"),
    (r"leaves out the spin factor", "fit {files} --normalisation free"),
    (r"a fit uses its", "check {model}"),
    (r"describes the data", "fit {files} --normalisation free"),
    (r"the frequency of each step", "fit {files} --constrain 'frequency_offset_eV.*'"),
    (r"the efficiency of each step", "fit {files} --constrain 'efficiency.*'"),
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
            f"no hypothesis describes the data well: asymptotic p {likely(best.p_value, 2)} of {best.label}; "
            "a normalisation that is not known, a background that is not stated or damaged data do this"
        )
    texts += best.warnings
    if in_doubt(result) is not None:
        texts.append(NOT_NESTED)
    texts += [*result.notes, *fit.data.notes, *fit.notes, *notes]
    return [
        Warned(text=without_folders(fit.data, text), command=_command(fit, best, text))
        for text in dict.fromkeys(texts)
    ]


def _command(fit: FitReport, best: ModelFit, text: str) -> str:
    template = next((command for pattern, command in RULES if re.search(pattern, text)), DEFAULT)
    name = text.partition(":")[0]
    value = next((p.value for p in best.parameters if p.name == name), 0.0)
    model = fit.data.model
    command = template.format(
        files=" ".join(quote(path.name) for path in fit.data.tables.paths),
        model="RUN" if model is None else quote(model.name),
        name=quote(name),
        value=f"{value:.6g}",
    )
    if template.startswith(("fit", "limit", "compare")):
        command += _options(fit, whole=template.startswith("fit"))
    return f"renp-sim {command}"


def _options(fit: FitReport, *, whole: bool) -> str:
    """Return the options that ask the same; `whole` is for `fit`, which compares hypotheses."""
    question, asked, out = fit.question, fit.question.treatment, []
    if question.normalisation is not Normalisation.FIXED:
        out.append(f"--normalisation {question.normalisation_text}")
    out += [f"--free {quote(name)}" for name in asked.free]
    out += [f"--fix {quote(n if v is None else f'{n}={v:.6g}')}" for n, v in asked.fixed.items()]
    out += [f"--constrain {quote(name + _measured(c))}" for name, c in asked.constrained.items()]
    if whole and question.masses is Masses.THREE:
        out.append("--masses three")
    if whole and len(question.orderings) == 1:
        out.append(f"--ordering {question.orderings[0]}")
    if whole and question.natures:
        out.append(f"--nature {question.natures[0] if len(question.natures) == 1 else 'both'}")
    if fit.data.model is not None:
        out.append(f"--model {quote(fit.data.model.name)}")
    out += [f"--set {quote(setting)}" for setting in fit.data.settings]
    return "".join(f" {option}" for option in out)


def _measured(constraint: Constraint | None) -> str:
    if constraint is None:
        return ""
    if constraint.shape is Shape.LOG_NORMAL:
        return f"={constraint.value:.6g}:{100 * constraint.error:.6g}%"
    return f"={constraint.value:.6g}:{constraint.error:.6g}"
