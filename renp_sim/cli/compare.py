"""`renp-sim compare RUN|FILE…`."""

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
    Question,
    Quiet,
    Seed,
    Settings,
    Subjects,
    Toys,
    Workers,
)
from renp_sim.cli.output import ROUNDING, print_json, print_notes
from renp_sim.cli.progress import working

__all__ = ["compare"]

DEFAULT_TOYS = 10_000


def compare(
    context: typer.Context,
    subjects: Subjects,
    question: Question,
    method: Annotated[
        Literal["asimov", "toys", "exact"],
        typer.Option(help="The p-value: asymptotic, from toys, or from every outcome."),
    ] = "asimov",
    toys: Toys = None,
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
    """Print whether an alternative is excluded: by data, or by the median experiment of a run file."""
    from renp_sim.app.compare import CompareMethod
    from renp_sim.app.compare import compare as compare_subject
    from renp_sim.app.subject import subject_of
    from renp_sim.cli.fit_options import resting_question
    from renp_sim.parallel.choice import executing
    from renp_sim.production.memory import keep_freed_memory

    if method != "toys":
        refuse_unused(context, {"toys": "--method toys"})
    asked = resting_question(normalisation, free, fix, constrain)
    subject = subject_of(subjects, model=model, settings=settings or (), seed=seed)
    given = executing(workers, keep_freed_memory, cluster=cluster)
    with given as executor, working("comparing", quiet=quiet):
        report = compare_subject(
            subject,
            asked,
            question,
            method=CompareMethod(method),
            n_toys=DEFAULT_TOYS if toys is None else toys,
            executor=executor,
        )
    if json:
        print_json(report.as_dict())
    else:
        _print(report.as_dict())


def _print(table: dict[str, Any]) -> None:
    from rich.console import Console

    from renp_sim.app.page.words import likely

    console = Console(soft_wrap=True, highlight=False, markup=False)
    kind = "expected of the median experiment" if table["is_expected"] else "observed"
    console.print(
        f"{table['question']}: {table['truth']} against {table['alternative']}, {kind}", style="bold"
    )
    delta_q = "∞" if table["delta_q"] is None else f"{table['delta_q']:.6g}"
    # the p-value below is that of the median of all outcomes, or of toys
    of = " of the Asimov set" if table["is_expected"] else ""
    console.print(f"  Δ(−2lnL){of} = {delta_q}; normalisation {table['normalisation']}")
    for side in ("truth", "alternative"):
        values = ", ".join(f"{name} = {value:.6g}" for name, value in table[f"{side}_at"].items())
        console.print(f"  {side} at {values or 'what the run file says'}")
    is_bound = table["is_bound"]
    error = "" if is_bound or not table["p_error"] else f" ± {table['p_error']:.2g}"
    at_least = "≥ " if is_bound else ""
    sigma = "no number" if table["significance"] is None else f"{at_least}{table['significance']:.3f} σ"
    p_value = likely(table["p_value"], 4, is_bound=is_bound)
    console.print(f"  p {p_value}{error}, {sigma} one-sided ({table['method']})")
    if table["delta_q_band"] is not None:
        band = ", ".join(f"{value if abs(value) > ROUNDING else 0.0:.4g}" for value in table["delta_q_band"])
        console.print(f"  Δ(−2lnL) of experiments under the truth, −2σ … median … +2σ: {band}")
        if table["asymptotic_significance"] is not None:
            console.print(
                f"  asymptotic: {table['asymptotic_significance']:.3f} σ, the root of Δ(−2lnL); "
                "right where counts are many and its distribution is Gaussian"
            )
    print_notes(console, table["notes"])
