"""Power against exposure: by every outcome a line, by toys points, and where the Asimov set is enough."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.plots.figure import COLOURS, INK, QUIET, figure, logarithmic, put_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["power_plot", "toy_plot"]


def power_plot(
    curves: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]],
    *,
    powers: Sequence[float],
    asimov: float | None,
    significance: float,
    title: str = "",
) -> "Figure":
    """Draw the power of a test.

    Parameters
    ----------
    curves
        "exact" and "toys": factors on the exposure, power, and its error, shape (g,) each; "asimov" with Δq.
    powers
        Those that were asked for.
    asimov
        Factor at which an Asimov set is enough; None without.
    significance
        One-sided.
    title
        Above the plot, left.
    """
    with figure(6.4, 4.7) as drawn:
        axes = drawn.subplots()
        is_power = [name for name in ("exact", "toys") if name in curves]
        if "exact" in curves:
            factor, value, _ = curves["exact"]
            axes.plot(factor, value, color=COLOURS[0], label="every outcome")
        if "toys" in curves:
            factor, value, error = curves["toys"]
            axes.errorbar(factor, value, error, color=COLOURS[1], fmt="o", label="toys")
        if not is_power:
            factor, value, _ = curves["asimov"]
            axes.plot(factor, np.sqrt(np.maximum(value, 0)), color=COLOURS[0], label="Asimov set")
        if asimov is not None:
            axes.axvline(asimov, color=INK, linestyle=(0, (5, 2)), linewidth=1.0, label="Asimov exposure")
        for level in powers if is_power else [significance]:
            axes.axhline(level, color=QUIET, linestyle=":", linewidth=1.0, zorder=0)
        every = np.concatenate([factor for factor, *_ in curves.values()])
        logarithmic(axes, "x", float(np.min(every)), float(np.max(every)))
        axes.set_xlabel("exposure, in durations of the run file")
        if is_power:
            axes.set_ylim(0, 1.05)
            axes.set_ylabel(f"power at {significance:g}σ")
        else:
            axes.set_ylim(bottom=0)
            axes.set_ylabel(r"$(\Delta q)^{1/2}$ of an Asimov set")
        drawn.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        put_title(drawn, title)
        return drawn


def toy_plot(
    points: Sequence[Mapping[str, Any]],
    *,
    significance: float,
    powers: Sequence[float],
    title: str = "",
) -> "Figure":
    """Draw what toys say along the exposure: significances with their bands, and the power.

    Parameters
    ----------
    points
        By rising exposure: `factor`, `power`, `power_error`, and the quantiles of the one-sided
        `significance` over toys, `minus_2_sigma` … `plus_2_sigma`.
    significance
        Of the power.
    powers
        Those that were asked for.
    title
        Above the plot, left.
    """
    factor = np.array([point["factor"] for point in points])

    def quantile(name: str) -> FloatArray:
        return np.array([point["significance"][name] for point in points])

    with figure(6.4, 6.4) as drawn:
        upper, lower = drawn.subplots(2, 1, sharex=True)
        for k, label, alpha in ((2, "95 % of experiments", 0.15), (1, "68 %", 0.3)):
            ends = quantile(f"minus_{k}_sigma"), quantile(f"plus_{k}_sigma")
            upper.fill_between(factor, *ends, color=COLOURS[0], alpha=alpha, linewidth=0, label=label)
        upper.plot(factor, quantile("median"), color=COLOURS[0], label="median")
        upper.axhline(significance, color=QUIET, linestyle=":", linewidth=1.0, zorder=0)
        upper.set_ylabel("significance in σ")
        errors = [point["power_error"] for point in points]
        lower.errorbar(factor, [point["power"] for point in points], errors, color=COLOURS[1], fmt="o-")
        for level in powers:
            lower.axhline(level, color=QUIET, linestyle=":", linewidth=1.0, zorder=0)
        lower.set_ylim(0, 1.05)
        logarithmic(lower, "x", factor[0], factor[-1])
        lower.set_ylabel(f"power at {significance:g}σ")
        lower.set_xlabel("exposure, in durations of the run file")
        drawn.legend(*upper.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        put_title(drawn, title)
        return drawn
