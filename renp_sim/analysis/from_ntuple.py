"""From the tables of ntuples to what an analysis needs: counts and what is known of each step."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.data import Exposure, Observation
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.errors import SchemaError
from renp_sim.ntuple.reader import NtupleTables

__all__ = ["observation_from_tables"]


def observation_from_tables(tables: NtupleTables) -> Observation:
    """Return counts and exposure of the steps of all runs, in file order.

    Background components of several runs are the same where their names are; a run that lacks one has rate
    0 of it. Names come from the run's configuration, and are `component0` … where it does not tell.

    Parameters
    ----------
    tables
        As `renp_sim.ntuple.reader` reads them; truth is not looked at.

    Raises
    ------
    SchemaError
        If a run is not Poisson (made with `--events` or `--oversample`), or the trees contradict each other.
    """
    _require_poisson(tables)
    steps, backgrounds = tables.steps, tables.backgrounds
    names = _names_by_run(tables)
    components = tuple(dict.fromkeys(name for run in names.values() for name in run))
    row, column = _places(tables, names, components)
    shape = (len(steps["run"]), len(components))
    rate, error, present = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    rate[row, column] = backgrounds["expected_rate_hz"]
    error[row, column] = backgrounds["rate_error_hz"]
    present[row, column] = backgrounds["present"]
    exposure = Exposure(
        run=steps["run"].astype(np.int64),
        step=steps["step"].astype(np.int64),
        kind=steps["kind"].astype(np.int8),
        omega_eV=_floats(steps["omega_set_eV"]),
        linewidth_eV=_floats(steps["linewidth_eV"]),
        omega_common_error_eV=_floats(steps["omega_common_error_eV"]),
        omega_step_error_eV=_floats(steps["omega_step_error_eV"]),
        live_time_s=_floats(steps["live_time_s"]),
        coherence=_floats(steps["coherence"]),
        gamma0_hz=_floats(steps["gamma0_hz"]),
        efficiency=_floats(steps["efficiency"]),
        efficiency_common_error=_floats(steps["efficiency_common_error"]),
        efficiency_step_error=_floats(steps["efficiency_step_error"]),
        components=components,
        background_rate_hz=rate,
        background_error_hz=error,
        background_present=present,
        energy_low_eV=np.zeros(shape[0]),
        energy_high_eV=np.full(shape[0], np.inf),
    )
    return Observation(exposure=exposure, counts=_floats(steps["n_recorded"]))


def _floats(values: NDArray[Any]) -> FloatArray:
    return values.astype(np.float64)


def _require_poisson(tables: NtupleTables) -> None:
    weighted = tables.runs["run"][~tables.runs["is_poisson"].astype(np.bool_)].tolist()
    if weighted:
        raise SchemaError(
            f"run {', '.join(map(str, weighted))}: was made with --events or --oversample, so its "
            "weights restore the expectation but its counts are not Poisson: generate it without them"
        )


def _names_by_run(tables: NtupleTables) -> dict[int, list[str]]:
    """Return the name of each component number, by run."""
    names: dict[int, list[str]] = {}
    runs = tables.runs["run"].tolist()
    if len(tables.config) != len(runs):
        raise SchemaError(f"runs: {len(runs)} rows but {len(tables.config)} configurations")
    for run, config in zip(runs, tables.config, strict=True):
        own = tables.backgrounds["component"][tables.backgrounds["run"] == run]
        told = config.get("background") or []
        count = int(np.max(own, initial=-1)) + 1
        names[run] = [
            str(told[k].get("name", f"component{k}")) if k < len(told) else f"component{k}"
            for k in range(count)
        ]
        if len(set(names[run])) < count:
            raise SchemaError(f"run {run}: background components {names[run]}: names must differ")
    return names


def _places(
    tables: NtupleTables, names: dict[int, list[str]], components: tuple[str, ...]
) -> tuple[IndexArray, IndexArray]:
    """Return the step row and the component column of each row of `backgrounds`."""
    keys = list(zip(tables.steps["run"].tolist(), tables.steps["step"].tolist(), strict=True))
    row_of = {key: i for i, key in enumerate(keys)}
    if len(row_of) < len(keys):
        raise SchemaError("steps: a (run, step) is there twice: leave one of the files out")
    column_of = {name: i for i, name in enumerate(components)}
    rows, columns = [], []
    entries = (tables.backgrounds[key].tolist() for key in ("run", "step", "component"))
    for run, step, component in zip(*entries, strict=True):
        if (run, step) not in row_of:
            raise SchemaError(f"backgrounds: run {run}, step {step} is not in `steps`: generate it again")
        rows.append(row_of[run, step])
        columns.append(column_of[names[run][component]])
    if len(set(zip(rows, columns, strict=True))) < len(rows):
        raise SchemaError("backgrounds: a (run, step, component) is there twice: generate it again")
    return np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp)
