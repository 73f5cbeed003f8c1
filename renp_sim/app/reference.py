"""What `renp-sim keys` prints, as in `docs/guide/keys.md`: keys of run files, parameters of fits."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.model import Parameter
from renp_sim.app.hypothesis import MASS_NAMES
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.interactions import INTERACTIONS, Interaction
from renp_sim.physics.neutrino import Nature, Ordering, Oscillation
from renp_sim.prediction.couplings import coupling_parameters
from renp_sim.prediction.parameters import Group, exposure_parameters, neutrino_parameters
from renp_sim.prediction.responses import Responses
from renp_sim.runfile.reference import KeyTable, key_tables

__all__ = ["parameter_names", "reference"]

MEANINGS = {
    Group.MASSES: "mass; free",
    Group.OSCILLATION: "as in the run, with the error of NuFIT 5.2 if constrained; fixed",
    Group.FREQUENCY: "offset of the frequency scale; constrained where an error is stated: of several runs "
    "each has its own, unless that of all is named",
    Group.STEP_FREQUENCY: "offset of step k of the exposure, where it states an error of its own; fixed",
    Group.COUPLINGS: "coupling, the partner ji follows; as in the run, fixed",
    Group.NORMALISATION: "factor on Γ₀ η; fixed, or as --normalisation says",
    Group.EFFICIENCY: "factor on the efficiency; constrained where an error is stated",
    Group.STEP_EFFICIENCY: "the same of step k, where it states an error of its own; fixed",
    Group.BACKGROUND: "factor on the rate of the component NAME; constrained where an error is stated",
}
"""What a parameter is, and what is done with it if nothing is said."""


def parameter_names() -> dict[Group, list[str]]:
    """Return the names of all parameters of fits, by group; k is a step, R a run, NAME a background."""
    e_eg_eV = known_atoms()["Yb"].e_eg_eV
    exposure = Exposure.of(
        omega_eV=[e_eg_eV / 4] * 2,
        live_time_s=1.0,
        run=[1, 2],
        components=["NAME"],
        omega_step_error_eV=[1e-6, 0.0],
        efficiency_step_error=[0.1, 0.0],
    )
    oscillation = Oscillation.nufit(Ordering.NORMAL)
    found: dict[Group, tuple[Parameter, ...]] = {}
    for masses in MASS_NAMES.values():
        for nature in Nature:
            groups = neutrino_parameters((0.01,) * len(masses), oscillation, nature, e_eg_eV, n_couplings=1)
            couplings = (p for kind in INTERACTIONS for p in coupling_parameters(_plain(kind), nature))
            for group, parameters in {**groups, Group.COUPLINGS: tuple(couplings)}.items():
                found[group] = found.get(group, ()) + parameters
    found |= exposure_parameters(exposure, Responses.of(exposure), e_eg_eV, several_runs=True)
    numbered = {group: [_general(p.name) for p in found[group]] for group in sorted(found)}
    return {group: list(dict.fromkeys(names)) for group, names in numbered.items()}


def _general(name: str) -> str:
    return re.sub(r"\.run\d$", ".runR", re.sub(r"\.0$", ".k", name))


def _plain(kind: type[Interaction]) -> Interaction:
    """Return an interaction that has whatever must be given."""
    needed = [f.name for f in fields(kind) if f.default is MISSING]  # type: ignore[arg-type]
    return kind(**dict.fromkeys(needed, 1.0))


def reference() -> str:
    """Return the whole reference in Markdown."""
    return "\n".join([*_key_lines(), *_parameter_lines()]) + "\n"


def _key_lines() -> Iterator[str]:
    yield "# Keys of the run file"
    yield ""
    yield "Printed by `renp-sim keys` from the program itself. What has no default may be left out, unless it"
    yield "is required. No number is larger than 10³⁰ in size. In `--set` an element of a list is written"
    yield "`laser.scan[0].passes=2`."
    for table in key_tables():
        yield from _table_lines(table)


def _table_lines(table: KeyTable) -> Iterator[str]:
    yield from ("", f"## `{table.heading}`", "", table.says)
    if table.rows:
        yield from ("", "| key | value | unit | default | meaning |", "|---|---|---|---|---|")
    for row in table.rows:
        default = row.default if row.default in ("", "required") else f"`{row.default}`"
        cells = (f"`{row.key}`", row.takes, row.unit, default, row.meaning)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _parameter_lines() -> Iterator[str]:
    yield from ("", "# Parameters of `fit`", "")
    yield "For `--free`, `--fix` and `--constrain`; patterns such as `background.*` name several."
    yield from ("", "| name | what it is; what is done with it if nothing is said |", "|---|---|")
    for group, names in parameter_names().items():
        rows: dict[str, list[str]] = {}
        for name in names:
            # the elements of a matrix stand together
            row = ".".join(name.split(".")[:2]) if group is Group.COUPLINGS else name
            rows.setdefault(row, []).append(name)
        for together in rows.values():
            yield f"| {', '.join(f'`{name}`' for name in together)} | {MEANINGS[group]} |"
