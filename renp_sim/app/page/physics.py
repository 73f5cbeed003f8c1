"""The assumptions that matter most for what the numbers mean."""

from dataclasses import fields

from renp_sim.analysis.model import Constraint
from renp_sim.app.page.parts import Section, Table
from renp_sim.app.page.words import number
from renp_sim.app.thresholds import FitReport
from renp_sim.physics.neutrino import Oscillation
from renp_sim.physics.target import Target
from renp_sim.runfile.notes import atom_notes
from renp_sim.runfile.tables import table_of

__all__ = ["assumptions_section"]


def assumptions_section(fit: FitReport) -> Section:
    """Return the section."""
    data = fit.data
    rows: list[tuple[str, str, str]] = []
    for target in dict.fromkeys(data.targets.values()):
        rows += _of_target(target)
    interaction = table_of(data.assumptions.interaction)
    model = str(interaction.get("model", data.assumptions.interaction.name))
    rest = ", ".join(f"{k} = {_shown(v)}" for k, v in interaction.items() if k not in ("model", "formula"))
    rows.append(("interaction", model, rest or "nothing but the Standard Model couples"))
    formula = str(interaction.get("formula", "derived"))
    why = (
        "as printed in GP23 but for one prefactor"
        if formula == "published"
        else "GP23 with its errata mended"
    )
    rows.append(("formula", formula, why))
    known = fit.question.normalisation
    rows.append(
        (
            "normalisation Γ₀",
            fit.question.normalisation_text,
            "known to this, log-normal" if isinstance(known, Constraint) else _of_normalisation(known.value),
        )
    )
    rows.append(
        (
            "nature",
            data.assumptions.nature.value,
            "Majorana pairs have one more term, which counts near thresholds",
        )
    )
    rows += _of_oscillation(data.assumptions.oscillation)
    return Section(
        key="assumptions",
        title="Assumptions that matter",
        blocks=(Table(caption="What the model assumes", head=("what", "is", "why it matters"), rows=rows),),
    )


def _of_target(target: Target) -> list[tuple[str, str, str]]:
    atom = target.atom
    return [
        (
            f"spin tensor of {atom.name}, f_L",
            number(target.f_l),
            "1/3 is GP23's isotropic average; a J = 0 → 1 → 0 atom has 0, and near the end point rates that "
            "are 30 to 160 times lower",
        ),
        (
            f"Γ_ref of {atom.name}",
            f"{number(atom.gamma_ref_hz)} s⁻¹",
            "; ".join(
                (
                    "a convention of the literature: every expected count is proportional to it",
                    *atom_notes([atom]),
                )
            ),
        ),
        (
            f"levels of {atom.name}",
            f"E_eg = {number(atom.e_eg_eV, 9)} eV, E_vg = {number(atom.e_vg_eV, 9)} eV",
            "thresholds move by half of what E_eg does",
        ),
    ]


def _of_normalisation(known: str) -> str:
    if known == "free":
        return "not known: only the shape of the spectrum tells"
    return "taken as exactly known: --normalisation free or 10% says what it is worth"


def _of_oscillation(oscillation: Oscillation) -> list[tuple[str, str, str]]:
    values = {f.name: getattr(oscillation, f.name) for f in fields(oscillation) if f.name != "ordering"}
    text = ", ".join(f"{name} = {number(float(value), 6)}" for name, value in values.items())
    return [
        (
            f"oscillation, {oscillation.ordering} ordering",
            text,
            "held unless they are listed as floating; the other ordering is at NuFIT 5.2",
        )
    ]


def _shown(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    return str(value)
