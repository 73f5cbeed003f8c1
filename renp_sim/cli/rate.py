"""`renp-sim rate RUN`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from renp_sim.cli.loading import loaded
from renp_sim.cli.options import Force, Json, RunFile, RunNumber, Seed, Settings
from renp_sim.cli.output import print_json, print_table
from renp_sim.errors import ConfigError

if TYPE_CHECKING:
    from renp_sim.app.budget import Budget
    from renp_sim.app.rates import RateReport
    from renp_sim.runfile.run import Run

__all__ = ["rate"]


def rate(
    run_file: RunFile,
    omega: Annotated[
        list[float] | None,
        typer.Option(
            "--omega", metavar="EV", help="A frequency in eV instead of the run's steps (repeatable)."
        ),
    ] = None,
    grid: Annotated[
        str | None, typer.Option("--grid", metavar="START:STOP:POINTS", help="A grid of frequencies in eV.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also draw I(ω), PNG or PDF: over the grid, or around the thresholds; or the budget.",
        ),
    ] = None,
    budget: Annotated[
        bool,
        typer.Option(
            "--budget", help="Instead: expected counts of each step by component, and what limits it."
        ),
    ] = False,
    settings: Settings = None,
    seed: Seed = None,
    run_number: RunNumber = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Print the spectral function I(ω), its pairs, thresholds, rates and expected counts."""
    from renp_sim.app.rates import asked_frequencies, rate_at, rate_of_schedule

    run = loaded(run_file, settings, seed=seed, run_number=run_number)
    frequencies = asked_frequencies(omega or [], grid, run.emission.target.atom.e_eg_eV)
    if budget:
        if frequencies is not None:
            raise ConfigError("--budget: is of the steps of the run; leave --omega and --grid out")
        _budget(run, plot, force=force, json=json)
        return
    report = rate_of_schedule(run) if frequencies is None else rate_at(run, frequencies)
    if plot is not None:
        from renp_sim.app.rate_figure import plot_rate

        plot_rate(run, plot, frequencies, force=force)
    if json:
        print_json(report.as_dict())
        return
    _print(report)
    if plot is not None:
        print(f"wrote {plot}")


def _budget(run: "Run", plot: Path | None, *, force: bool, json: bool) -> None:
    from renp_sim.app.budget import budget_of, plot_budget

    budget = budget_of(run)
    if plot is not None:
        plot_budget(run, budget, plot, force=force)
    if json:
        print_json(budget.as_dict())
        return
    _print_budget(budget)
    if plot is not None:
        print(f"wrote {plot}")


def _print_budget(budget: "Budget") -> None:
    from rich.markup import escape

    headings = ("step", "ω \\[eV]", "kind", *map(escape, budget.components), "limited by")
    rows = []
    for k, (kind, limit) in enumerate(zip(budget.kind, budget.limited_by, strict=True)):
        row = [str(k), f"{budget.omega_eV[k]:.9g}", kind]
        shares = zip(budget.counts[k].tolist(), budget.fraction[k].tolist(), strict=True)
        row += [f"{count:.4g} ({100 * share:.3g} %)" for count, share in shares]
        worst = budget.relative[k].max()
        rows.append([*row, f"{limit} ({100 * worst:.3g} %)" if budget.counts[k, 0] > 0 else limit])
    print_table(headings, rows)
    print("counts, and their share of the step; behind what limits it, how well the signal is known for it")


def _print(report: "RateReport") -> None:
    from rich.console import Console

    # what is longer than a screen is broken by the terminal, and not within a number
    console = Console(soft_wrap=True)
    thresholds = report.as_dict()["thresholds_eV"]
    # a pair heavier than E_eg is never emitted
    shown = {pair: f"= {value:.9f} eV" if value > 0 else "none" for pair, value in thresholds.items()}
    console.print("thresholds  " + "  ".join(f"ω_{pair} {text}" for pair, text in shown.items()))
    signal, background = report.expected_counts, report.background_counts
    if signal is None or background is None:
        headings: tuple[str, ...] = ("ω \\[eV]", "I(ω)", "rate \\[1/s]")
    else:
        headings = ("step", "kind", "ω \\[eV]", "I(ω)", "rate \\[1/s]", "expected counts", "background")
    rows = []
    for k, omega in enumerate(report.omega_eV):
        row = [f"{omega:.9g}", f"{report.spectral_function[k]:.10g}", f"{report.rate_hz[k]:.6g}"]
        if signal is not None and background is not None:
            row = [str(k), report.kind[k], *row, f"{signal[k]:.5g}", f"{background[k]:.5g}"]
        rows.append(row)
    print_table(headings, rows)
    if signal is not None and background is not None:
        console.print(f"recorded signal photons expected in all: {signal.sum():.6g}")
        console.print(f"recorded background photons expected in all: {background.sum():.6g}")
