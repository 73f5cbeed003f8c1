"""Values that a branch may have: what no run can have is refused, whoever wrote it."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from renp_sim.ntuple.schema import LEGENDS, Branch, Columns, Tree

__all__ = ["allowed_values", "misfits", "range_faults"]

NOT_NEGATIVE: Final = frozenset(
    [
        *("run", "step", "event", "scan_pass", "component", "weight"),
        *("n_events", "n_recorded", "n_generated", "mu_signal", "mu_background", "mu"),
        *("time_s", "live_time_s", "wall_time_s", "start_s", "duration_s"),
        *("e_eg_eV", "e_vg_eV", "m1_eV", "m2_eV", "m3_eV", "dm2_21_eV2"),
        *("omega_set_eV", "omega_true_eV", "linewidth_eV", "omega_common_error_eV", "omega_step_error_eV"),
        *("gamma_ref_hz", "gamma0_hz", "expected_rate_hz", "rate_error_hz"),
        *("efficiency", "efficiency_common_error", "efficiency_step_error"),
    ]
)
FRACTIONS: Final = frozenset(["spin_f_l", "sin2_theta12", "sin2_theta13", "coherence"])

OF_THE_RECORDED: Final = frozenset(["time_s", "photon_energy_eV"])
"""NaN where a photon is lost."""


def range_faults(tree: Tree, columns: Columns) -> Iterator[str]:
    """Yield a line for each column with a value that no run can have: the first such value."""
    for branch, misfit in misfits(tree, columns):
        row = int(np.argmax(misfit))
        value = columns[branch.name][row]
        yield f"{tree.name}.{branch.name}[{row}] = {value}: must be {allowed_values(branch)}"


def misfits(tree: Tree, columns: Columns) -> Iterator[tuple[Branch, NDArray[np.bool_]]]:
    """Yield the branches that have such values, each with a mask of its rows."""
    for branch in tree.flat:
        values = columns[branch.name]
        # two numbers of a column are cheaper than a mask of it
        if not _ends_allowed(branch, values) and not (allowed := _allowed(branch, values)).all():
            yield branch, ~allowed


def _ends_allowed(branch: Branch, values: NDArray[Any]) -> bool:
    """Return whether the least and the largest value say that all are allowed; a NaN is both."""
    if not len(values):
        return True
    low, high = values.min(), values.max()
    if branch.name in LEGENDS:
        # no number between them is without a legend
        known = sum(bool(low <= number <= high) for number in LEGENDS[branch.name])
        return known == int(high) - int(low) + 1
    is_finite = bool(np.isfinite(low) and np.isfinite(high))
    is_low = branch.name in NOT_NEGATIVE | FRACTIONS and low < 0
    return is_finite and not is_low and not (branch.name in FRACTIONS and high > 1)


def _allowed(branch: Branch, values: NDArray[Any]) -> NDArray[np.bool_]:
    allowed: NDArray[np.bool_] = np.isfinite(values)
    if branch.name in NOT_NEGATIVE | FRACTIONS:
        allowed &= values >= 0
    if branch.name in FRACTIONS:
        allowed &= values <= 1
    if branch.name in LEGENDS:
        allowed &= np.isin(values, list(LEGENDS[branch.name]))
    if branch.truth and values.dtype.kind != "f":
        allowed |= values == branch.hidden_id
    elif branch.truth or branch.name in OF_THE_RECORDED:
        allowed |= np.isnan(values)
    return allowed


def allowed_values(branch: Branch) -> str:
    """Say what values a branch may have."""
    if branch.name in LEGENDS:
        return f"one of {', '.join(map(str, LEGENDS[branch.name]))}"
    if branch.name in FRACTIONS:
        return "a number from 0 to 1"
    return "a number, not negative" if branch.name in NOT_NEGATIVE else "a finite number"
