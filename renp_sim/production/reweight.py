"""`reweight`: weights that turn a generated sample into another hypothesis.

The weight of a signal photon is the ratio of the differential rates at its true (ω, i, j, cosθ*): what the
kinematics alone decides cancels, and Γ₀'η'/(Γ₀η) · B'_ij(c)/B_ij(c) is left. A Majorana state i < j holds
both ordered pairs, which have the same bracket but for the sign of c, so its ratio is the same one.

Background keeps the weight 1, live times stay those of the sample. What weights cannot do is refused
(`renp_sim.production.reach`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.reader import NtupleTables, iterate_events, read_tables
from renp_sim.ntuple.schema import Origin
from renp_sim.ntuple.weights import WeightWriter
from renp_sim.outputs import require_outputs
from renp_sim.physics.current import Bracket
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.physics.rates import Emission, checked_bracket
from renp_sim.production.reach import other_neutrinos, uncovered
from renp_sim.runfile.reading import apply_settings
from renp_sim.runfile.run import Run, run_from_table

__all__ = ["Reweighted", "Reweighting", "reweight"]

Columns = Mapping[str, NDArray[Any]]

COLUMNS = ("run", "event", "origin", "nu_i", "nu_j", "omega_emitted_eV", "cos_theta_star")

CHUNK = 8192
"""Photons whose brackets are in memory at a time: nine pairs of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reweighted:
    """What was written.

    Parameters
    ----------
    path
        The file of weights.
    n_events
        Its rows.
    n_signal
        Signal photons among them.
    sum_of_weights, effective_events
        Σw and (Σw)²/Σw² of the signal photons: how many unweighted ones are as good as they are.
    notes
        What a reader of the sample must know, a line each.
    """

    path: Path
    n_events: int
    n_signal: int
    sum_of_weights: float
    effective_events: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reweighting:
    """Two hypotheses about the same photons.

    Parameters
    ----------
    generated, wanted
        What the sample was generated with, and what it shall stand for.
    scale
        Γ₀'η'/(Γ₀η).
    """

    generated: Emission
    wanted: Emission
    scale: float

    @classmethod
    def between(
        cls, generated: Run, wanted: Run, omega_eV: FloatArray, linewidth_eV: FloatArray
    ) -> "Reweighting":
        """Return the reweighting from one run to another one.

        Parameters
        ----------
        generated, wanted
            The runs.
        omega_eV, linewidth_eV
            True frequency and σ of the sample's steps, shape (n,).

        Raises
        ------
        ConfigError
            With every reason why weights cannot do it, a line each.
        """
        problems = uncovered(generated, wanted, omega_eV, linewidth_eV)
        if problems:
            raise ConfigError(*problems)
        strength = [e.target.gamma0_hz * e.target.coherence for e in (wanted.emission, generated.emission)]
        return cls(
            generated=generated.emission,
            wanted=wanted.emission,
            scale=strength[0] / strength[1] if strength[1] else 1.0,
        )

    def weights(
        self, nu_i: NDArray[np.int8], nu_j: NDArray[np.int8], omega_eV: FloatArray, cosine: FloatArray
    ) -> FloatArray:
        """Return the weights of signal photons, shape (m,); NaN where the sample's own rate is 0.

        Parameters
        ----------
        nu_i, nu_j
            Mass eigenstates 1…3.
        omega_eV, cosine
            Emitted frequency and cosθ*.
        """
        weight = np.empty(len(omega_eV))
        for start in range(0, len(omega_eV), CHUNK):
            part = slice(start, start + CHUNK)
            # photons of a sharp line share their frequency
            omega, place = np.unique(omega_eV[part], return_inverse=True)
            entry = (place, nu_i[part] - 1, nu_j[part] - 1)
            old, new = (_density(e, omega, entry, cosine[part]) for e in (self.generated, self.wanted))
            weight[part] = self.scale * np.divide(new, old, out=np.full_like(new, np.nan), where=old > 0)
        return weight


def reweight(
    path: Path,
    settings: Sequence[str],
    output: Path,
    *,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Reweighted:
    """Write the weights that turn a sample into the one of a changed configuration.

    Parameters
    ----------
    path
        An ntuple with truth, of one or several runs.
    settings
        Changes to the configuration in the file, `section.key=value` each. Another `interaction.model` starts
        from that model's own defaults.
    output
        The file of weights: `weight` multiplies `events.weight`.
    force
        Replace an existing file.
    progress
        Called with the rows that are done and all of them.

    Raises
    ------
    ConfigError
        If nothing is changed, or if weights cannot do it: a line for each reason.
    SchemaError
        If a file cannot be read or written.
    """
    if not settings:
        raise ConfigError("reweight: give the other hypothesis, at least one --set KEY=VALUE")
    require_outputs([output], inputs=[path], force=force)
    tables = read_tables(path)
    hypotheses = {run: _hypothesis(tables, n, settings) for n, run in enumerate(tables.runs["run"].tolist())}
    n_all, n_done, n_signal, total, square = int(tables.runs["n_events"].sum()), 0, 0, 0.0, 0.0
    n_after = 0
    with WeightWriter(output, force=force) as writer:
        for block in iterate_events(path, COLUMNS):
            weight = np.ones(len(block["run"]))
            signal = np.flatnonzero(block["origin"] == Origin.SIGNAL)
            for run, (reweighting, _) in hypotheses.items():
                rows = signal[block["run"][signal] == run]
                weight[rows] = _weights_of_rows(path, reweighting, block, rows)
            writer.weights({"run": block["run"], "event": block["event"], "weight": weight})
            n_done, n_signal = n_done + len(weight), n_signal + len(signal)
            n_after += int(np.sum(block["origin"] == Origin.AFTERPULSE))
            total += float(weight[signal].sum())
            square += float(np.square(weight[signal]).sum())
            if progress is not None:
                progress(n_done, n_all)
        for run, (_, wanted) in hypotheses.items():
            writer.hypothesis(run, wanted.resolved())
    return Reweighted(
        path=output,
        n_events=n_done,
        n_signal=n_signal,
        sum_of_weights=total,
        effective_events=total**2 / square if square else 0.0,
        notes=(*tables.notes, *_of_afterpulses(n_after)),
    )


def _of_afterpulses(number: int) -> tuple[str, ...]:
    """Return what must be known where a file has afterpulses: it does not say what caused them."""
    if not number:
        return ()
    return (
        f"{number} afterpulses keep the weight 1, also those of photons that have another: leave them out",
    )


def _hypothesis(tables: NtupleTables, number: int, settings: Sequence[str]) -> tuple[Reweighting, Run]:
    run = int(tables.runs["run"][number])
    where = f"{tables.paths[0]}: run {run}"
    if tables.runs["is_blind"][number]:
        raise ConfigError(f"{where} is blind and has no truth to weight: unblind it with its key file first")
    config = tables.config[number]
    changed = _changed(config, settings)
    # the other neutrinos of a file that has every value of its own might not even be a run
    if problems := _other_neutrinos(config, changed):
        raise ConfigError(*(f"{where}: {problem}" for problem in problems))
    generated, wanted = run_from_table(config), run_from_table(changed)
    steps = tables.steps["run"] == run
    try:
        reweighting = Reweighting.between(
            generated, wanted, tables.steps["omega_true_eV"][steps], tables.steps["linewidth_eV"][steps]
        )
    except ConfigError as error:
        raise ConfigError(*(f"{where}: {problem}" for problem in error.problems)) from None
    return reweighting, wanted


def _other_neutrinos(config: Mapping[str, Any], changed: Mapping[str, Any]) -> list[str]:
    known = ({*Ordering}, {*Nature})
    old, new = config["neutrino"], changed["neutrino"]
    if not isinstance(new, dict) or new.get("ordering") not in known[0] or new.get("nature") not in known[1]:
        # which is told of the run file
        return []
    return other_neutrinos(old, new)


def _changed(config: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Return the table with the changes; another model does not keep the couplings of the old one."""
    changed = apply_settings(config, settings)
    model = config["interaction"]["model"]
    if isinstance(changed["interaction"], dict) and changed["interaction"].get("model", model) != model:
        return apply_settings({**config, "interaction": {}}, settings)
    return changed


def _weights_of_rows(
    path: Path, reweighting: Reweighting, block: Columns, rows: NDArray[np.intp]
) -> FloatArray:
    columns = [block[name][rows] for name in ("nu_i", "nu_j", "omega_emitted_eV", "cos_theta_star")]
    weight = reweighting.weights(*columns)
    if np.any(np.isnan(weight)):
        event = block["event"][rows[np.argmax(np.isnan(weight))]]
        raise SchemaError(
            f"{path}: event {event} cannot come from the configuration in the file: generate the file again"
        )
    return weight


def _density(
    emission: Emission,
    omega_eV: FloatArray,
    entry: tuple[NDArray[np.intp], NDArray[Any], NDArray[Any]],
    cosine: FloatArray,
) -> FloatArray:
    """Return B_ij(c) of photons, eV², shape (m,), given by their place among frequencies, i − 1 and j − 1."""
    a0, a1, a2 = (a[entry] for a in _bracket_at(emission, omega_eV))
    # where B touches 0 rounding may carry it below
    density: FloatArray = np.maximum(a0 + cosine * (a1 + cosine * a2), 0.0)
    return density


def _bracket_at(emission: Emission, omega_eV: FloatArray) -> Bracket:
    """Return the sharp bracket at emitted frequencies, shape (n, 3, 3)."""
    e_eg_eV = emission.target.atom.e_eg_eV
    kinematics = Kinematics.at(
        omega_eV,
        emission.neutrinos,
        e_eg_eV=e_eg_eV,
        f_l=emission.target.f_l,
        # a photon that was rounded onto its threshold or just beyond it did come from below
        rounding_eV2=4 * float(np.finfo(np.float64).eps) * e_eg_eV**2,
    )
    return checked_bracket(kinematics, emission)
