"""A plan as files: a run file with its schedule, and its certificate as table and plot."""

from pathlib import Path
from typing import TYPE_CHECKING

from renp_sim.app.plan import OptimalSchedule
from renp_sim.app.rate_figure import named_thresholds_eV, threshold_windows
from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.errors import ConfigError
from renp_sim.files import write_file
from renp_sim.outputs import require_outputs
from renp_sim.plots.figure import FORMATS
from renp_sim.plots.letters import no_formula
from renp_sim.plots.plan import plan_plot

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["plan_files", "write_plan"]


def plan_files(path: Path) -> list[Path]:
    """Return the files that `write_plan` writes.

    Raises
    ------
    ConfigError
        If the name is none of a run file.
    """
    if path.suffix != ".toml":
        raise ConfigError(f"--output {path}: a run file is written; give it a name that ends in .toml")
    return [path, *(path.with_suffix(f".{kind}") for kind in ("csv", *FORMATS))]


def write_plan(plan: OptimalSchedule, path: Path, *, force: bool = False) -> list[Path]:
    """Write the run file of a plan, and beside it what each candidate brings, as CSV, PNG and PDF.

    Raises
    ------
    ConfigError
        If the name is none of a run file.
    SchemaError
        If a file exists and `force` is not given, or cannot be written.
    """
    import tomli_w

    require_outputs(plan_files(path), inputs=[plan.layout.run.source], force=force)
    says = plan.sentences()
    text = "".join(f"# {line}\n" for line in says) + "\n" + tomli_w.dumps(plan.table())
    rate, bound = plan.information_per_h()

    emission, omega_eV = plan.layout.run.emission, plan.candidates.omega_eV
    (low, high), *close = threshold_windows(emission) or [(float(omega_eV[0]), float(omega_eV[-1]))]
    span = high - min(low, float(plan.omega_eV[0]))
    # a step may be chosen far below the thresholds
    whole = (min(low, float(plan.omega_eV[0]) - 0.05 * span), high)

    def draw() -> "Figure":
        share = plan.duration_s / plan.duration_s.sum()
        return plan_plot(
            omega_eV,
            rate,
            bound,
            plan.omega_eV,
            share,
            windows=[whole, *close],
            thresholds_eV=named_thresholds_eV(emission),
            title=f"{no_formula(plan.layout.run.config.run.name)}: {plan.asking.asked}",
        )

    rows = zip(omega_eV.tolist(), rate.tolist(), plan.found.time.tolist(), strict=True)
    table = write_table_and_plot(
        path.parent,
        path.stem,
        [*says, f"no candidate brings more than {bound!r} per hour: the dual bound"],
        ("omega_eV", "delta_q_per_h", "wall_time_d"),
        rows,
        draw,
        force=force,
    )
    write_file(path, text.encode(), force=True)
    return [path, *table]
