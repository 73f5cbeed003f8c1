"""`renp-sim limit RUN|FILE…`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from renp_sim.cli.given import refuse_unused
from renp_sim.cli.options import (
    Cluster,
    Constrain,
    Fix,
    Free,
    Json,
    Model,
    Normalisation,
    Quiet,
    Seed,
    Settings,
    Subjects,
    Toys,
    Workers,
)
from renp_sim.cli.output import print_json, print_notes
from renp_sim.cli.progress import working

__all__ = ["limit"]


Parameter = Annotated[
    str,
    typer.Option(metavar="NAME", help="Parameter, such as interaction.g_left.11.", show_default=False),
]
Level = Annotated[float, typer.Option("--cl", help="Confidence level.")]
Method = Annotated[
    Literal["asimov", "profile", "cls", "feldman-cousins"],
    typer.Option(help="How; a run file has an expected limit, ROOT files have an observed one."),
]
Band = Annotated[bool, typer.Option("--band", help="Also ±1σ and ±2σ of the counts.")]
OfCls = Annotated[
    Literal["auto", "asymptotic", "exact", "toys"],
    typer.Option(help="Of CLs; auto counts outcomes where they are few."),
]
PowerConstrained = Annotated[
    bool, typer.Option("--power-constrained", help="No stronger than that of data 1σ down.")
]
Belts = Annotated[
    Path | None,
    typer.Option(metavar="FILE.npz", help="Keep belts of Feldman–Cousins here, and reuse what is there."),
]


def limit(
    context: typer.Context,
    subjects: Subjects,
    parameter: Parameter,
    level: Level = 0.9,
    method: Method = "profile",
    band: Band = False,
    p_values: OfCls = "auto",
    power_constrained: PowerConstrained = False,
    toys: Toys = None,
    belts: Belts = None,
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: Fix = None,
    constrain: Constrain = None,
    model: Model = None,
    settings: Settings = None,
    seed: Seed = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print the limit on a parameter: observed of ROOT files, expected of a run file."""
    from renp_sim.app.limit import LimitMethod, PValues, limit_of
    from renp_sim.app.subject import subject_of
    from renp_sim.cli.fit_options import resting_question
    from renp_sim.parallel.choice import executing
    from renp_sim.production.memory import keep_freed_memory

    question = resting_question(normalisation, free, fix, constrain)
    subject = subject_of(subjects, model=model, settings=settings or (), seed=seed)
    refuse_unused(context, _unused(method, p_values, has_toy_band=band and subject.is_planned))
    executors = executing(workers, keep_freed_memory, cluster=cluster)
    with executors as executor, working("limit", quiet=quiet):
        report = limit_of(
            subject,
            question,
            parameter,
            level=level,
            method=LimitMethod(method),
            band=band,
            p_values=PValues(p_values),
            n_toys=toys or 0,
            is_power_constrained=power_constrained,
            belts=belts,
            executor=executor,
        )
    if json:
        print_json(report.as_dict())
    else:
        _print(report.as_dict())


def _unused(method: str, p_values: str, *, has_toy_band: bool) -> dict[str, str]:
    """Return what nothing would come of, and what it is for."""
    needs = {}
    if method != "cls":
        needs["p_values"] = "--method cls"
    if method == "feldman-cousins":
        needs["band"] = "--method asimov, profile or cls"
    if method == "cls" and p_values in ("asymptotic", "exact"):
        needs["toys"] = "--p-values toys or auto"
    if method in ("asimov", "profile") and not has_toy_band:
        needs["toys"] = "--method cls or feldman-cousins, or the --band of a run file"
    return needs


def _print(table: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, markup=False)
    kind = "expected" if table["is_expected"] else "observed"
    floating = ", ".join(table["floating"]) or "nothing else floats"
    console.print(
        f"{table['parameter']}, {kind}, {100 * table['cl']:g} % CL {table['sided']}, {table['method']} "
        f"({table['p_values']}), {table['hypothesis']}",
        style="bold",
    )
    console.print(f"  normalisation {table['normalisation']}; floating: {floating}")
    if table["upper"] is None:
        console.print(f"  {table['status']}")
    else:
        # where only the size matters the ends are one, of a one-sided level too
        is_size = table["lower"] == -table["upper"]
        shown = [
            f"{name} {_shown(table[end])}{_error(table[f'{end}_error'])}"
            for end, name in (("upper", "size up to"),) * is_size or (("lower", "lower"), ("upper", "upper"))
        ]
        console.print(f"  {'  '.join(shown)}")
    if len(table["intervals"]) > 1:
        regions = "  ".join(f"[{_end(low, '−∞')}, {_end(high, '∞')}]" for low, high in table["intervals"])
        console.print(f"  allowed: {regions}")
    if table["delta_q"] is not None:
        console.print(f"  at Δ(−2lnL) = {table['delta_q']:.4f}")
    if table["expected"] is not None:
        ends = "  ".join(
            f"{name} {_shown(value)}"
            for name, value in zip(("−2σ", "−1σ", "median", "+1σ", "+2σ"), table["expected"], strict=True)
        )
        console.print(f"  band of upper ends: {ends}")
    print_notes(console, table["notes"])


def _end(value: float | None, none: str) -> str:
    return none if value is None else f"{value:.6g}"


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def _error(error: float | None) -> str:
    return "" if not error else f" ± {error:.2g}"
