"""Numbers as people read them: with their unit, and as many digits as their error has."""

import math
from collections.abc import Sequence

from renp_sim.analysis.infer.result import ParameterFit
from renp_sim.analysis.infer.weights import is_below, is_beyond
from renp_sim.analysis.intervals import Interval, Intervals
from renp_sim.app.data import Data
from renp_sim.app.hypothesis import MASS_NAMES
from renp_sim.errors import listed
from renp_sim.ntuple.reader import NtupleTables
from renp_sim.plots.letters import no_formula

__all__ = [
    "MASSES",
    "duration",
    "hypothesis_text",
    "likely",
    "named",
    "number",
    "percent",
    "region_text",
    "run_names",
    "sigma_text",
    "title_of",
    "unit_of",
    "value_text",
    "without_folders",
]

MASSES = tuple(name for names in MASS_NAMES.values() for name in names)

DAY_S, HOUR_S = 86_400.0, 3_600.0

SYMBOLS = {"lightest_mass_eV": "the lightest mass", "m1_eV": "m₁", "m2_eV": "m₂", "m3_eV": "m₃"}


def number(value: float | None, digits: int = 5) -> str:
    """Return a number to some digits; what is unknown is a dash."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}g}".replace("-", "−")


def likely(p_value: float, digits: int = 3, *, is_bound: bool = False) -> str:
    """Return what follows on the p of a p-value; beyond 37 σ a float has none.

    Examples
    --------
    >>> likely(0.12345), likely(1e-4, is_bound=True), likely(0.0)
    ('= 0.123', '≤ 0.0001', '< 1e-300')
    """
    return f"{'≤' if is_bound else '='} {p_value:.{digits}g}" if p_value > 0 else "< 1e-300"


def sigma_text(sigma: float, n_toys: int) -> str:
    """Return a significance of toys: where what they tell ends it is that or more, or less.

    Examples
    --------
    >>> sigma_text(3.14159, 50), sigma_text(8.0, 50), sigma_text(-2.0538, 50)
    ('3.14', '≥ 8.00', '≤ -2.05')
    """
    mark = "≥ " if is_beyond(sigma) else "≤ " if is_below(sigma, n_toys) else ""
    return f"{mark}{sigma:.2f}"


def percent(share: float, digits: int = 4) -> str:
    """Return a share in per cent."""
    return f"{100 * share:.{digits}g} %"


def duration(time_s: float) -> str:
    """Return a time in days, hours or seconds.

    Examples
    --------
    >>> duration(596160.0), duration(5400.0), duration(12.0)
    ('6.9 d', '1.5 h', '12 s')
    """
    for unit, length_s in (("d", DAY_S), ("h", HOUR_S)):
        if time_s >= length_s:
            return f"{time_s / length_s:.4g} {unit}"
    return f"{time_s:.4g} s"


def named(name: str) -> str:
    """Return what a parameter is called in a sentence."""
    return SYMBOLS.get(name, name)


def hypothesis_text(label: str) -> str:
    """Return what a hypothesis is called in a sentence.

    Examples
    --------
    >>> hypothesis_text("normal/dirac")
    'normal ordering (Dirac)'
    """
    ordering, _, nature = label.partition("/")
    return f"{ordering} ordering ({nature.capitalize()})"


def unit_of(name: str) -> tuple[float, str]:
    """Return by what a parameter is multiplied to be read, and its unit: masses are in meV."""
    if name in MASSES:
        return 1e3, " meV"
    if name.endswith("_eV") or name.startswith("frequency_offset_eV"):
        return 1e6, " µeV"
    return (1.0, " eV²") if name.endswith("_eV2") else (1.0, "")


def value_text(fitted: ParameterFit) -> str:
    """Return the value of a parameter, with the digits of its intervals."""
    scale, unit = unit_of(fitted.name)
    regions = () if fitted.intervals is None else fitted.intervals.regions
    return _fixed(scale * fitted.value, _decimals(regions, scale)) + unit


def region_text(name: str, intervals: Intervals | None) -> str:
    """Return all regions of a parameter; an end that is that of its range says so."""
    if intervals is None:
        return "–"
    scale, unit = unit_of(name)
    decimals = _decimals(intervals.regions, scale)
    ends = [
        f"{'(≤ ' if r.lower_open else '['}{_fixed(scale * r.lower, decimals)}, "
        f"{_fixed(scale * r.upper, decimals)}{' ≤)' if r.upper_open else ']'}"
        for r in intervals.regions
    ]
    return " ∪ ".join(ends) + unit if ends else "–"


def _decimals(regions: Sequence[Interval], scale: float) -> int | None:
    """Return decimals that show three digits of the width of regions; None where nothing is known of it."""
    widths = [scale * (r.upper - r.lower) for r in regions]
    known = [width for width in widths if 0 < width < math.inf]
    return min(max(2 - math.floor(math.log10(min(known))), 0), 12) if known else None


def _fixed(value: float, decimals: int | None) -> str:
    if not math.isfinite(value) or decimals is None or abs(value) >= 1e6 or 0 < abs(value) < 1e-9:
        return number(value, 6)
    if abs(value) < 10.0 ** (-decimals - 1):
        return "0"
    return number(value, 4) if decimals > 9 else f"{value:.{decimals}f}".replace("-", "−")


def run_names(tables: NtupleTables) -> list[str]:
    """Return what each run is called: its name and its number."""
    return [f"{name} (run {run})" if name else f"run {run}" for run, name in tables.names.items()]


def title_of(tables: NtupleTables) -> str:
    """Return what stands above plots of some files: their first runs."""
    return no_formula(listed(run_names(tables), 3))


def without_folders(data: Data, text: str) -> str:
    """Return a text without the folders that the files happen to lie in."""
    for path in (*data.tables.paths, *(() if data.model is None else (data.model,))):
        text = text.replace(str(path), path.name)
    return text
