"""Results on one screen."""

from typing import Any

from renp_sim.cli.output import print_notes

__all__ = ["print_fit", "print_run", "print_search"]

MOST_CORRELATED = 8
"""Parameters whose correlations fit on 80 columns."""


def print_fit(table: dict[str, Any]) -> None:
    """Print what `fit --json` prints, for people."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, markup=False)
    names = [name for fitted in table["fits"].values() for name in _floating(fitted)]
    width = max((len(name) for name in names), default=0)
    for label, fitted in table["fits"].items():
        console.print(f"{label}, {100 * table['level']:.4g} % intervals", style="bold")
        for name, parameter in _floating(fitted).items():
            pull = (
                ""
                if parameter["prior_pull"] is None
                else f"  pull of the prior {parameter['prior_pull']:+.2f}"
            )
            value = f"{parameter['value']:.7g}"
            value += " or another, as good" if parameter["is_flat"] else ""
            value = value if parameter["seen"] else "anything"
            console.print(f"  {name:{width}} = {value}  {_regions(parameter['intervals'])}{pull}")
    _print_quality(console, table)
    _print_correlation(console, table)
    _print_thresholds(console, table)
    print_notes(console, (*table["notes"], *table["fits"][table["best"]]["warnings"]))


def print_run(table: dict[str, Any], search: dict[str, Any]) -> None:
    """Print what `run` found on one screen; report.html and `fit` have the rest."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, markup=False)
    label, best = table["best"], table["fits"][table["best"]]
    known = [(name, p) for name, p in _floating(best).items() if p["role"] == "constrained"]
    if known:
        name, worst = max(known, key=lambda each: abs(each[1]["prior_pull"]))
        pull = f"{worst['prior_pull']:+.2f}"
        said = f"{len(known)} parameters are known with errors, the largest pull {pull} of {name}"
        alone = f"{name} is known with an error, its pull {pull}"
        console.print(f"{label}: {alone if len(known) == 1 else said}")
    _print_quality(console, table)
    at = {pair: row["value"] for pair, row in table["thresholds_eV"][label].items()}
    rows = [f"ω_{pair} {value:.8f}" for pair, value in at.items() if value is not None]
    console.print(f"thresholds of {label}{_where(table['thresholds_of'])} (eV){'' if rows else ': anything'}")
    for start in range(0, len(rows), 3):
        console.print("  " + "   ".join(rows[start : start + 3]))
    print_notes(console, (*table["notes"], *best["warnings"]))
    print_search(search)


def _print_quality(console: Any, table: dict[str, Any]) -> None:
    """Print how well each hypothesis fits."""
    from renp_sim.app.page.words import likely

    for label, fitted in table["fits"].items():
        p_value = fitted["p_value_asymptotic"]
        quality = "" if p_value is None else f", asymptotic p {likely(p_value)}"
        above = table["delta_minus_two_ln_L"][label]
        line = f"{label}: −2lnL = {_number(fitted['minus_two_ln_L'])} for {fitted['ndf']} degrees of freedom"
        behind = "" if label == table["best"] else f"; {_number(above)} above {table['best']}"
        console.print(line + quality + behind)
    if table.get("goodness") is not None:
        good = table["goodness"]
        failed = f", {good['n_failed']} fits failed" if good["n_failed"] else ""
        error = "" if good["is_bound"] else f" ± {good['p_error']:.1g}"
        p_value = likely(good["p_value"], is_bound=good["is_bound"])
        console.print(f"{table['best']}: p {p_value}{error} from {good['n_toys']} toys{failed}")
    if len(table["fits"]) > 1:
        console.print(
            "hypotheses are not nested: their difference is no χ²; toys give its meaning", style="dim"
        )


def _floating(fitted: dict[str, Any]) -> dict[str, Any]:
    return {name: p for name, p in fitted["parameters"].items() if p["role"] != "fixed"}


def _print_correlation(console: Any, table: dict[str, Any]) -> None:
    """Print the lower triangle of the best hypothesis, its columns numbered as its rows."""
    correlation = table["fits"][table["best"]]["correlation"]
    names, matrix = correlation["names"], correlation["matrix"]
    if len(names) < 2:
        return
    if len(names) > MOST_CORRELATED:
        console.print(f"correlations of {table['best']}: {len(names)} parameters; --json has the matrix")
        return
    width = max(len(name) for name in names)
    console.print(f"correlations of {table['best']}")
    console.print(" " * (width + 4) + "".join(f"{column:>8}" for column in range(1, len(names))))
    for row, name in enumerate(names):
        values = "".join(f"{'?' if r is None else f'{r:+.3f}':>8}" for r in matrix[row][:row])
        console.print(f"  {row + 1} {name:{width}}{values}".rstrip())


def _print_thresholds(console: Any, table: dict[str, Any]) -> None:
    console.print(f"thresholds of {table['best']}{_where(table['thresholds_of'])} (eV)")
    for pair, row in table["thresholds_eV"][table["best"]].items():
        intervals = "  ".join(f"[{low:.9f}, {high:.9f}]" for low, high in row["intervals"])
        value = "anything" if row["value"] is None else f"{row['value']:.9f}"
        console.print(f"  ω_{pair} = {value}  {intervals}")


def print_search(table: dict[str, Any]) -> None:
    """Print the onsets that the search without neutrino physics found."""
    onsets = table["onsets"]
    if not table["omega_eV"]:
        print("onsets without neutrino physics: not searched or drawn with so few frequencies")
        return
    print(f"onsets found without neutrino physics: {len(onsets)}")
    if onsets:
        print("  (68 % intervals, level and local shape floating; thresholds between two steps count as one)")
    for onset in onsets:
        low, high = onset["intervals_eV"][0][0], onset["intervals_eV"][-1][1]
        place, delta_q = onset["position_eV"], onset["delta_q"]
        where = _where(onset["atom"] if len(table["atoms"]) > 1 else None)
        print(f"  {place:.7f} eV [{low:.7f}, {high:.7f}]{where}, local Δ(−2lnL) = {delta_q:.1f}")


def _where(atom: str | None) -> str:
    return f" in {atom}" if atom else ""


def _number(value: float | None) -> str:
    return "∞" if value is None else f"{value:.5g}"


def _regions(intervals: dict[str, Any] | None) -> str:
    if intervals is None:
        return ""
    ends = [
        f"{'(≤ ' if region['lower_open'] else '['}{_end(region['lower'])}, {_end(region['upper'])}"
        f"{' ≤)' if region['upper_open'] else ']'}"
        for region in intervals["regions"]
    ]
    return " ".join(ends)


def _end(value: float | None) -> str:
    return "∞" if value is None else f"{value:.7g}"
