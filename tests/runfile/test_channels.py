"""Channels of a run file, to the columns of the ntuple and the model of a fit."""

import json
from pathlib import Path

import numpy as np
import pytest

from renp_sim.app.data import read_data
from renp_sim.app.fitting import model_of
from renp_sim.app.hypothesis import Hypothesis
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.physics.line import mean_efficiency
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.prediction.exposure import by_channel
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, load, run_from_table
from tests.runfile.run_tables import problems_of

CHANNELS = (
    "detector.channels=["
    "{share=0.3, efficiency={kind='turn_on', energy_eV=1.07, width_eV=1e-3, common_error_rel=0.1}}, "
    "{share=0.6, efficiency={kind='constant', value=0.5, common_error_rel=0.2, step_error_rel=0.05}}]"
)
LASER = ("laser.linewidth_eV=1e-3", "laser.scan=[{omegas_eV=[1.0688, 1.0711], total_duration_s=1e5}]")


def run_of(*settings: str) -> Run:
    table = read_table("gp23_three_frequencies")
    return run_from_table(apply_settings(table, ["target.volume_cm3=1e6", *LASER, CHANNELS, *settings]))


def test_errors_of_channels_add_in_square(tmp_path: Path) -> None:
    """Means over the line per channel by themselves; a twin would add them linearly."""
    run = run_of()
    generate(run, tmp_path / "run.root")
    steps = read_tables(tmp_path / "run.root").steps
    line = (run.schedule.omega_eV, run.schedule.linewidth_eV)
    turn_on, constant = (mean_efficiency(*line, alone, run.emission) for _, alone in by_channel(run.detector))
    assert constant == pytest.approx(0.3, rel=1e-12)
    assert np.all((turn_on > 0.01) & (turn_on < 0.29))
    np.testing.assert_allclose(steps["efficiency"], turn_on + 0.3, rtol=1e-9)
    np.testing.assert_allclose(steps["efficiency_common_error"], np.hypot(0.1 * turn_on, 0.06), rtol=1e-9)
    np.testing.assert_allclose(steps["efficiency_step_error"], 0.015, rtol=1e-12)
    # five standard deviations of two counts, a false alarm in 1.1e-6 of seeds
    mu = steps["mu_signal"]
    assert np.all(np.abs(steps["n_recorded"] - mu) < 5 * np.sqrt(mu))
    channel = np.concatenate([block["channel"] for block in iterate_events(tmp_path / "run.root")])
    share = np.sum(mu * turn_on / (turn_on + 0.3))
    assert set(channel) == {0, 1}
    assert abs(np.sum(channel == 0) - share) < 5 * np.sqrt(share)


def test_a_fit_has_the_errors_and_the_mean(tmp_path: Path) -> None:
    generate(run_of(), tmp_path / "run.root")
    data = read_data(tmp_path / "run.root")
    model = model_of(data.experiment, Hypothesis(ordering=Ordering.NORMAL, nature=Nature.DIRAC))
    constraints = {p.name: p.constraint for p in model.parameters if p.name.startswith("efficiency")}
    assert set(constraints) == {"efficiency", "efficiency.0", "efficiency.1"}
    steps = data.tables.steps
    stated = steps["efficiency_common_error"] / steps["efficiency"]
    assert constraints["efficiency"] is not None
    assert constraints["efficiency"].error == pytest.approx(stated.max(), rel=1e-12)
    one = model.offering(("lightest_mass_eV",))
    np.testing.assert_allclose(one.expected(np.array([[0.01]]))[0], steps["mu_signal"], rtol=1e-9)


def test_the_configuration_gives_the_run_back() -> None:
    run = run_of()
    again = run_from_table(json.loads(json.dumps(run.resolved())))
    assert again.resolved() == run.resolved()
    assert again.number == run.number
    assert again.detector == run.detector


def test_a_run_without_channels_keeps_its_number() -> None:
    """Numbers of examples as they were before there were channels."""
    numbers = [load(name).number for name in ("fine_scan", "gp23_three_frequencies")]
    assert numbers == NUMBERS_BEFORE
    assert run_of().number != run_of("detector.channels[0].share=0.31").number


NUMBERS_BEFORE = [1508538114222452, 8628117542409942]


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (["detector.channels=[{share=0.7}, {share=0.4}]"], ["channels: their shares sum to 1.1: must be at"]),
        (["detector.channels=[{share=0.7}]", "detector.efficiency=0.2"], ["efficiency: must be left out"]),
        (["detector.channels=[{share=0}]"], ["channels[0].share = 0: must lie in (0, 1]"]),
        (["detector.channels=[{shar=0.5}]"], ["channels[0].shar: no such key", "channels[0].share: is miss"]),
        (["detector.channels=0.2"], ["channels = 0.2: must be a list"]),
        (
            ["detector.channels=[{share=0.5, efficiency={kind='constant', valu=1}}]"],
            ["channels[0].efficiency.valu: no such key", "channels[0].efficiency.value: is missing"],
        ),
    ],
)
def test_a_mistake_names_its_place(settings: list[str], lines: list[str]) -> None:
    found = problems_of(*settings)
    assert len(found) == len(lines)
    for line, start in zip(found, lines, strict=True):
        assert line.startswith(f"detector.{start}")
