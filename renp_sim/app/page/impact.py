"""What each group of nuisances adds to the error of the result: groups frozen one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from renp_sim.analysis.infer.result import ModelFit, ParameterFit
from renp_sim.app.systematics import NUISANCES, STATISTICS, Systematic
from renp_sim.arrays import FloatArray

__all__ = ["ORDER", "Frozen", "impacts"]

ORDER = (Systematic.BACKGROUND, Systematic.EFFICIENCY, Systematic.CALIBRATION, Systematic.NORMALISATION)
"""In which groups are frozen, each together with those before it; what is in none of them comes first."""

OTHERS = "other parameters"

POINTS = 17
"""Of a profile from the best value to an end; in between √Δq is a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """The interval of the result while some parameters rest at their best values.

    Parameters
    ----------
    group
        What was frozen last; empty where everything floats.
    names
        Its parameters.
    lower, upper
        The ends of the region that holds the best value.
    """

    group: str
    names: tuple[str, ...]
    lower: float
    upper: float


def impacts(fitted: ModelFit, result: ParameterFit) -> tuple[Frozen, ...]:
    """Return the interval with everything floating, then with one group more frozen each time.

    The last has no nuisance left: statistics only. Empty where there is nothing to freeze, or no end.

    Parameters
    ----------
    fitted
        The best fit.
    result
        Its parameter whose interval is looked at, with one.
    """
    setup = fitted.setup
    groups = _groups([name for name in setup.names if name != result.name])
    if not groups or result.intervals is None or len(setup.without(result.name).searched) > 0:
        # where another parameter has to be searched at every point this would take as long as the fit
        return ()
    holding = [r for r in result.intervals.regions if r.lower <= result.value <= r.upper]
    if not holding:
        return ()
    lower, upper = holding[0].lower, holding[0].upper
    found = [Frozen(group="", names=(), lower=lower, upper=upper)]
    frozen: tuple[str, ...] = ()
    for group, names in groups:
        frozen += names
        curve = replace(fitted.curve, setup=setup.without(*frozen), searched=None, grid=np.empty(0))
        # what rests has no constraint term any more
        dropped = sum((fitted.parameter(name).prior_pull or 0.0) ** 2 for name in frozen)
        ends = []
        for end in (lower, upper):
            values = np.linspace(result.value, end, POINTS)
            delta_q = curve.delta_q(result.name, values) + dropped
            ends.append(_end(values, delta_q, result.intervals.delta_q))
        is_last = len(frozen) == len(setup.names) - 1
        name = f"{group}: {STATISTICS}" if is_last else group
        found.append(Frozen(group=name, names=names, lower=ends[0], upper=ends[1]))
    return tuple(found)


def _groups(names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the groups that have members, in the order in which they are frozen.

    Examples
    --------
    >>> _groups(["efficiency", "normalisation", "background.dark", "dm2_21_eV2"])[:2]
    [('other parameters', ('dm2_21_eV2',)), ('background', ('background.dark',))]
    """
    begins = {group: NUISANCES[group] for group in ORDER}
    rest = tuple(name for name in names if not name.startswith(tuple(begins.values())))
    found = [(OTHERS, rest)]
    found += [(g.value, tuple(n for n in names if n.startswith(begin))) for g, begin in begins.items()]
    return [(group, members) for group, members in found if members]


def _end(values: FloatArray, delta_q: FloatArray, level: float) -> float:
    """Return where a profile first passes a level on the way from the best value; the last value if never."""
    root = np.sqrt(np.maximum(delta_q, 0.0))
    above = np.flatnonzero(root > np.sqrt(level))
    if not len(above) or above[0] == 0:
        return float(values[-1])
    last, first = above[0] - 1, above[0]
    if not np.isfinite(root[first]):
        return float(values[first])
    share = (np.sqrt(level) - root[last]) / (root[first] - root[last])
    return float(values[last] + share * (values[first] - values[last]))
