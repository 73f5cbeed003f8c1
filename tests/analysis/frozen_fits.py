"""Frozen fits: data sets with what the fit said of them before its search was rewritten, and a comparison.

Each line of `tests/reference/frozen_fits.jsonl` is one data set:

- `id`, `what`: its name, and why it is there.
- `config`: the run file (TOML) whose target, neutrinos and interaction are fitted.
- `counts`, `exposure`: what was recorded, and every field of `Exposure`; a plain number stands for all steps.
- `fit`: options of `renp-sim fit`, as they are typed.
- `before`: per hypothesis −2 ln L, values, errors and intervals of what floated, by the fit of 7faad99, and
  its CPU seconds; `{"timeout": true}` where it took more than ten minutes.
- `brute`: per hypothesis a minimum of −2 ln L that shares no search with the fit, and, where the parameter
  has one axis only, the regions below the level; null where none was affordable.
"""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np

import renp_sim
from renp_sim.analysis.data import Exposure, Observation
from renp_sim.app.assumptions import Assumptions
from renp_sim.app.data import Data
from renp_sim.cli.fit_options import question_of

__all__ = ["Comparison", "FrozenFit", "compared", "data_of", "fitted", "frozen_fits"]

FROZEN = Path(__file__).parents[1] / "reference" / "frozen_fits.jsonl"

SAME_Q = 1e-6
"""−2 ln L may be this much higher than before: rounding, and where a minimisation stops."""

SAME_END = 1e-3
"""Ends of intervals may differ by this many errors."""

Table = dict[str, Any]

NO_INTERVAL: Table = {"regions": [], "method": "none", "delta_q": 1.0}

NOTHING: Table = {"minus_two_ln_L": math.inf, "values": {}, "intervals": {}}
"""What is known of a hypothesis where the fit took too long."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrozenFit:
    """One line of the file; `exposure` with plain numbers spread over the steps."""

    id: str
    what: str
    config: str
    observation: Observation
    options: Mapping[str, Any]
    before: Table
    brute: Table | None

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return self.observation.exposure.n_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What another fit says of a frozen one.

    Parameters
    ----------
    than_before, than_brute
        Largest −2 ln L above the one frozen, over the hypotheses; None where none is known.
    shift
        Largest change of an end of an interval, in units of the distance from the best value to its farther
        end over √Δq; inf where a region or an open end came or went.
    where
        Hypothesis, parameter and methods of that change.
    doubtful
        Hypotheses and parameters whose intervals are why the verdict is `INTERVALS`.
    verdict
        `same`; `explained`: intervals that differ where −2 ln L is lower now, or that the brute force has;
        `INTERVALS`: that differ from those of the brute force, or without one from those before; `HIGHER`:
        −2 ln L is above the frozen fit or the brute force.
    """

    than_before: float | None
    than_brute: float | None
    shift: float
    where: str
    doubtful: tuple[tuple[str, str], ...]
    verdict: str


def frozen_fits(ids: Collection[str] = ()) -> Iterator[FrozenFit]:
    """Yield the data sets, all or those of these ids, in the order of the file."""
    for line in FROZEN.read_text(encoding="utf-8").splitlines():
        table = json.loads(line)
        if ids and table["id"] not in ids:
            continue
        yield FrozenFit(
            id=table["id"],
            what=table["what"],
            config=table["config"],
            observation=observation_of(table["exposure"], table["counts"]),
            options=table["fit"],
            before=table["before"],
            brute=table["brute"],
        )


def observation_of(exposure: Table, counts: list[int]) -> Observation:
    """Return counts with their exposure from the table of its fields."""
    omega_eV = np.broadcast_to(exposure["omega_eV"], len(counts))
    return Observation(
        exposure=Exposure.of(**exposure | {"omega_eV": omega_eV}), counts=np.array(counts, dtype=np.float64)
    )


def data_of(case: FrozenFit) -> Data:
    """Return what a fit takes, without a ROOT file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.toml"
        path.write_text(case.config, encoding="utf-8")
        run = renp_sim.load(path)
    runs = np.unique(case.observation.exposure.run).tolist()
    return Data(
        # all that a fit asks of a file
        tables=SimpleNamespace(names={}),  # type: ignore[arg-type]
        observation=case.observation,
        fitted=case.observation,
        assumptions=Assumptions.of(run.config.neutrino, run.emission.interaction),
        targets=dict.fromkeys(runs, run.emission.target),
    )


def fitted(case: FrozenFit) -> dict[str, Table]:
    """Fit a case by the program as it is; the one place that knows what its names are today."""
    result = renp_sim.fit_data(data_of(case), question_of(**case.options))
    return {fit.label: _summary(fit) for fit in result.fits}


def _summary(fit: Any) -> Table:
    """Return −2 ln L, and what is said of each parameter that floats."""
    return {
        "minus_two_ln_L": fit.minus_two_ln_L,
        "status": fit.status.name.lower(),
        "values": {p.name: p.value for p in fit.floating},
        "errors": {p.name: p.error for p in fit.floating},
        "intervals": {
            p.name: {
                "delta_q": p.intervals.delta_q,
                "method": str(p.intervals.method),
                "regions": [[r.lower, r.upper, r.lower_open, r.upper_open] for r in p.intervals.regions],
            }
            for p in fit.floating
            if p.intervals is not None
        },
    }


def compared(case: FrozenFit, after: Mapping[str, Table]) -> Comparison:
    """Compare a fit with the frozen one, and where there is a brute force, with that."""
    before, brute = case.before.get("fits", {}), case.brute or {}
    than_before, than_brute = _excess(after, before), _excess(after, brute)
    shift, where, doubtful, verdicts = 0.0, "", [], {"same"}
    for label, new in after.items():
        old = before.get(label, NOTHING)
        exact = brute.get(label, {}).get("regions", {})
        is_lower = new["minus_two_ln_L"] < old["minus_two_ln_L"] - SAME_Q
        for name in old["intervals"] | exact:
            frozen = old["intervals"].get(name, NO_INTERVAL)
            moved = new["intervals"].get(name, NO_INTERVAL)
            right = exact.get(name, frozen["regions"])
            best = brute[label]["at"][name] if name in exact else old["values"][name]
            # an error from second derivatives means nothing near a kink
            error = _reach(right, best) / math.sqrt(moved["delta_q"])
            wrong = _shift(right, moved["regions"], error)
            change = _shift(frozen["regions"], moved["regions"], error) if before else wrong
            if change > shift:
                shift, where = change, f"{label} {name} {frozen['method']} → {moved['method']}"
            if wrong > SAME_END and (name in exact or not is_lower):
                verdicts.add("INTERVALS")
                doubtful.append((label, name))
            elif change > SAME_END:
                verdicts.add("explained")
    verdict: str = next(v for v in ("INTERVALS", "explained", "same") if v in verdicts)
    if max((e for e in (than_before, than_brute) if e is not None), default=0.0) > SAME_Q:
        verdict = "HIGHER"
    return Comparison(
        than_before=than_before,
        than_brute=than_brute,
        shift=shift,
        where=where,
        doubtful=tuple(doubtful),
        verdict=verdict,
    )


def _excess(after: Mapping[str, Table], frozen: Mapping[str, Table]) -> float | None:
    """Return by how much −2 ln L is higher, at most, over the hypotheses that are frozen."""
    key = "minus_two_ln_L"
    return max((after[label][key] - fit[key] for label, fit in frozen.items()), default=None)


def _reach(regions: list[list[Any]], best: float) -> float:
    """Return how far the best value is from the farthest end that is not open; 1 if all are."""
    ends = [
        end for region in regions for end, is_open in zip(region[:2], region[2:], strict=True) if not is_open
    ]
    return max((abs(end - best) for end in ends), default=0.0) or 1.0


def _shift(old: list[list[Any]], new: list[list[Any]], unit: float) -> float:
    """Return the largest distance of ends, in units; inf where the regions are not the same ones."""
    if [region[2:] for region in old] != [region[2:] for region in new]:
        return math.inf
    moved = [
        abs(a - b)
        for before, after in zip(old, new, strict=True)
        for a, b in zip(before[:2], after[:2], strict=True)
    ]
    return max(moved, default=0.0) / unit
