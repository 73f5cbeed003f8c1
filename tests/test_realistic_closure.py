"""Closure of the joint fit of `yb_realistic`, with all of it switched on that an analysis can know.

Interleaved passes with control and dark time, a coherent control of QED, pulses that decay, two channels,
afterpulses, dead time, four backgrounds of unknown size, a drawn offset of the frequency scale, and a density
that falls. What ages without anybody knowing, the efficiency, has a test of its own.
"""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.campaign import Closure, campaign, closures
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.laser.calibration import Calibration
from renp_sim.ntuple.reader import read_tables
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.pseudo_data import measured_values
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import read_table
from renp_sim.runfile.run import Run, run_from_table

OFFSET = "frequency_offset_eV"
BACKGROUNDS = ("dark", "continuum", "leakage", "qed")
CONSTRAINED = ("efficiency", OFFSET, *(f"background.{name}" for name in BACKGROUNDS))
TRUTH = {"lightest_mass_eV": 0.01, "normalisation": 1.0, "efficiency": 1.0, OFFSET: 0.0} | {
    f"background.{name}": 1.0 for name in BACKGROUNDS
}
BOUND = float(norm.isf(2.5e-4))
"""Of a mean and of a width, in their errors: false alarm 5e-4 each, 0.8 % for those of eight parameters."""


def realistic(seed: int = 1, *, ageing: bool = False) -> Run:
    table = read_table("yb_realistic")
    if not ageing:
        del table["drift"]["efficiency"]
    table["run"] = {"seed": seed}
    return run_from_table(table)


@pytest.fixture(scope="module")
def fitted() -> ExpectedCounts:
    experiment = Experiment.of(realistic())
    model = model_of(experiment, hypothesis_of_run(experiment)).offering(tuple(TRUTH))
    assert isinstance(model, ExpectedCounts)
    return model


def faults(rows: list[Closure]) -> list[str]:
    """Return the parameters whose pulls have a wrong mean or width, with both."""
    out = []
    for row in rows:
        mean, width = row.mean[0], row.width[0]
        n = len(row.pulls)
        if abs(mean) > BOUND / np.sqrt(n) or abs(width - 1) > BOUND / np.sqrt(2 * (n - 1)):
            out.append(f"{row.name}: pulls {mean:+.2f} ± {width:.2f}")
    return out


@pytest.mark.slow
def test_pulls_of_all_parameters(fitted: ExpectedCounts) -> None:
    """80 experiments, their counts drawn from what is expected."""
    rows = campaign(fitted, 80, 1, truth=TRUTH, constrained=CONSTRAINED, covered=())
    assert [row.name for row in rows] == list(TRUTH)
    assert faults(rows) == []


@pytest.mark.slow
def test_what_is_wrong_is_noticed(fitted: ExpectedCounts) -> None:
    """Twins of 15 experiments: QED is left out of the fit; an offset is five times what is stated of it."""
    without = campaign(
        fitted, 15, 2, truth=TRUTH, constrained=CONSTRAINED, covered=(), fix={"background.qed": 0.0}
    )
    assert any(line.startswith("background.leakage") for line in faults(without))
    far = TRUTH | {OFFSET: 1e-6}
    off = campaign(fitted, 15, 3, truth=far, constrained=CONSTRAINED, covered=(), is_randomised=False)
    assert any(line.startswith("lightest_mass_eV") for line in faults(off))


@pytest.mark.slow
def test_whole_chain(fitted: ExpectedCounts, tmp_path: Path) -> None:
    """Six runs through photons, detector and file; offsets are drawn there, what constrains the rest here."""
    counts, offsets = [], []
    for seed in range(1, 7):
        run = realistic(seed)
        made = generate(run, tmp_path / "run.root", force=True)
        counts.append(read_tables(made.path).steps["n_recorded"].astype(np.float64))
        error_eV = run.config.laser.calibration.common_error_eV
        drawn = Calibration(common_offset_eV=None, common_error_eV=error_eV)
        offsets.append(drawn.offsets_eV(1, seed)[0])
    measured = {
        p.name: measured_values(p, TRUTH[p.name], seed=1, n_toys=len(counts))
        for p in fitted.parameters
        if p.name in CONSTRAINED
    }
    # whatever the offset of a run, it is stated to be 0
    measured[OFFSET] = np.zeros(len(counts))
    rows = closures(fitted, np.array(counts), measured, TRUTH | {OFFSET: np.array(offsets)})
    assert faults(rows) == []


@pytest.mark.slow
def test_what_ageing_does(fitted: ExpectedCounts, tmp_path: Path) -> None:
    """The efficiency falls by 2 % without anybody knowing: expected counts with it and without, fitted.

    In standard deviations the normalisation moves by −0.19 and the mass, as passes are interleaved, by +0.08.
    """
    counts = []
    for ageing in (False, True):
        run = realistic(ageing=ageing)
        steps = read_tables(generate(run, tmp_path / "run.root", force=True).path).steps
        counts.append(steps["mu_signal"] + steps["mu_background"])
    measured = {name: np.full(2, TRUTH[name]) for name in CONSTRAINED}
    rows = closures(fitted, np.array(counts), measured, TRUTH)
    bias = {row.name: float(row.pulls[1] - row.pulls[0]) for row in rows}
    assert -0.3 < bias["normalisation"] < -0.1
    assert 0 < bias["lightest_mass_eV"] < 0.15
    assert all(
        abs(by) < 0.1 for name, by in bias.items() if name not in ("normalisation", "lightest_mass_eV")
    )
