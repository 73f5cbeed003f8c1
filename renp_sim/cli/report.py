"""`renp-sim report FILE|FOLDER…`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from renp_sim.cli.options import (
    Constrain,
    FixAt,
    Force,
    Free,
    Level,
    Masses,
    Model,
    Natures,
    Normalisation,
    Orderings,
    Quiet,
    Seed,
    Settings,
)
from renp_sim.cli.progress import working
from renp_sim.constants import ONE_SIGMA
from renp_sim.errors import ConfigError

__all__ = ["report"]


def report(
    subjects: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE|FOLDER...",
            help="ROOT files, or folders of `run` and `fit`, with toys, belts, limits and exposures in them.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.html", help="The page to write.")
    ] = Path("report.html"),
    masses: Masses = "lightest",
    ordering: Orderings = "both",
    nature: Natures = "run",
    normalisation: Normalisation = "fixed",
    free: Free = None,
    fix: FixAt = None,
    constrain: Constrain = None,
    level: Level = ONE_SIGMA,
    energies: Annotated[bool, typer.Option("--energies", help="Fit counts per step and energy bin.")] = False,
    model: Model = None,
    settings: Settings = None,
    seed: Seed = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write report.html, one file to hand on; options are those of `fit`, a folder is as it was fitted."""
    from renp_sim.app.handover import hand_over
    from renp_sim.app.page.answer import answer
    from renp_sim.cli.fit_options import question_of
    from renp_sim.production.memory import keep_freed_memory

    keep_freed_memory()
    if output.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--output {output}: the report is HTML: give a name that ends in .html")
    asked: dict[str, Any] = {
        "masses": masses,
        "ordering": ordering,
        "nature": nature,
        "normalisation": normalisation,
        "free": tuple(free or ()),
        "fix": tuple(fix or ()),
        "constrain": tuple(constrain or ()),
        "level": level,
    }
    question = question_of(**asked)
    is_asked = energies or question != question_of()
    with working("writing the report", quiet=quiet):
        found = hand_over(
            subjects,
            output,
            question=question if is_asked else None,
            model=model,
            settings=settings or (),
            seed=seed,
            energies=energies,
            force=force,
        )
    print(answer(found.fit))
    print(f"wrote {output}")
