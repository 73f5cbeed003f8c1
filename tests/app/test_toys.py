"""Toys that are kept: the same whoever makes them, extended instead of made again, read back as printed."""

from typing import ClassVar

import numpy as np
import pytest

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.infer.outcomes import Uniforms
from renp_sim.analysis.infer.power import weighted_power
from renp_sim.analysis.likelihood.poisson import IMPOSSIBLE_Q
from renp_sim.app.compare import setups_of
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.app.question import Normalisation, Question, Treatment
from renp_sim.app.toy_plan import plan_toys
from renp_sim.app.toy_summary import read_campaign
from renp_sim.app.toys import make_toys
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.toy_reader import open_toys
from renp_sim.parallel.executor import Serial
from renp_sim.parallel.processes import processes
from renp_sim.runfile.run import load
from tests.app.toy_files import MASS_RESTS, assert_same, plan, rows_of

N = 5000
"""Into the second block."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A campaign that one process made at once."""
    path = tmp_path_factory.mktemp("toys") / "whole.root"
    make_toys(plan(), path, 0, N)
    return path


def test_every_fit_is_a_row(whole):
    rows = rows_of(whole)
    assert rows["toy"].tolist() == np.repeat(np.arange(N), 8).tolist()
    for name, values in (("hypothesis", [0, 1]), ("exposure_factor", [1.0, 2.5]), ("fitted", [0, 1])):
        assert np.unique(rows[name]).tolist() == values
    assert rows["counts"].shape == (8 * N, 2)
    assert set(rows) >= {"fit_background_dark_counts", "err_background_dark_counts", "nll", "n_calls", "run"}
    # one experiment goes on, whatever is fitted to it
    counts = rows["counts"].reshape(N, 2, 2, 2, 2)
    assert np.array_equal(counts[..., 0, :], counts[..., 1, :])
    assert np.all(counts[:, :, 1] >= counts[:, :, 0])


def test_pulls_of_the_own_hypothesis_are_normal(whole):
    """The width is that of 5000 toys to four errors; the other hypothesis would be off by many."""
    rows = rows_of(whole)
    own = (rows["hypothesis"] == 0) & (rows["fitted"] == 0) & (rows["status"] == 0)
    pull = (rows["fit_background_dark_counts"][own] - 1) / rows["err_background_dark_counts"][own]
    assert own.sum() > 0.99 * 2 * N
    assert abs(pull.mean()) < 0.1
    assert 0.9 < pull.std() < 1.1


@pytest.mark.parametrize(("first", "last"), [(0, 100), (4000, 4200)])
def test_a_part_is_a_part_of_the_whole(whole, tmp_path, first, last):
    make_toys(plan(), tmp_path / "part.root", first, last)
    everything = rows_of(whole)
    inside = (everything["toy"] >= first) & (everything["toy"] < last)
    assert_same(rows_of(tmp_path / "part.root"), {name: v[inside] for name, v in everything.items()})


def test_workers_make_the_same_toys(whole, tmp_path):
    with processes(2) as team:
        make_toys(plan(), tmp_path / "two.root", 0, N, executor=team)
    assert_same(rows_of(tmp_path / "two.root"), rows_of(whole))


class Counting(Serial):
    """Remembers which blocks were asked for."""

    blocks: ClassVar[list[int]] = []

    def submit(self, function, /, *arguments):
        self.blocks.append(arguments[1])
        return super().submit(function, *arguments)


def test_a_campaign_is_extended_and_not_made_again(whole, tmp_path):
    path = tmp_path / "grows.root"
    make_toys(plan(), path, 0, 4096)
    with pytest.raises(SchemaError, match="exists already"):
        make_toys(plan(), path, 0, N)
    Counting.blocks.clear()
    make_toys(plan(), path, 0, N, resume=True, executor=Counting())
    assert Counting.blocks == [1]
    assert_same(rows_of(path), rows_of(whole))
    Counting.blocks.clear()
    before = path.read_bytes()
    make_toys(plan(), path, 0, 100, resume=True, executor=Counting())
    assert (Counting.blocks, path.read_bytes()) == ([], before)


def test_another_configuration_is_not_extended(tmp_path):
    path = tmp_path / "toys.root"
    make_toys(plan(), path, 0, 10)
    for other in (plan(factors=(1.0, 2.0)), plan(drawn="truth"), plan(MASS_RESTS, "ordering", "run.seed=5")):
        with pytest.raises(SchemaError, match="another configuration"):
            make_toys(other, path, 0, 20, resume=True)
    assert open_toys(path).ranges == ((0, 10),)


class Failing(Serial):
    """Fails at the second block, as a worker or a user may."""

    def submit(self, function, /, *arguments):
        if arguments[1] == 1:
            raise SystemExit(130)
        return super().submit(function, *arguments)


def test_what_is_done_when_it_is_interrupted_is_a_file(whole, tmp_path):
    path = tmp_path / "toys.root"
    with pytest.raises(SystemExit):
        make_toys(plan(), path, 0, N, executor=Failing())
    assert [p.name for p in tmp_path.iterdir()] == ["toys.root"]
    assert open_toys(path).ranges == ((0, 4096),)
    make_toys(plan(), path, 0, N, resume=True)
    assert_same(rows_of(path), rows_of(whole))


def test_the_power_is_that_of_compare(whole):
    """The first exposure has the toys of `exposure --method toys`."""
    made = plan(factors=(1.0,))
    experiment = Experiment.of(made.run)
    truth, alternative, labels = setups_of(experiment, MASS_RESTS, "ordering")
    table = read_campaign(whole, significance=2.0, powers=(0.5,))
    assert table["hypotheses"] == list(labels)
    model = model_of(experiment, hypothesis_of_run(experiment))
    both = Comparison.of(model.expected(experiment.theta_true(model)), truth, alternative)
    uniforms = Uniforms.of(both.alternative, 2, seed=made.campaign.seed, n_toys=N)
    expected = weighted_power(*both.weighted_toys(uniforms), 0.022750131948179195)
    row = table["exposures"][0]
    assert (row["power"], row["power_error"]) == pytest.approx((expected.value, expected.error), abs=2 / N)
    assert row["live_time_s"] == pytest.approx(2e5)
    assert table["ranges"] == [[0, N]]


def test_at_a_wall_the_alternative_is_impossible(tmp_path):
    run = load("gp23_three_frequencies", ("laser.scan=[{omegas_eV=[1.07164], total_duration_s=1e6}]",))
    question = Question(treatment=Treatment(fixed={"normalisation": None}))
    made = plan_toys(run, question, "lightest_mass_eV=0.011")
    make_toys(made, tmp_path / "wall.root", 0, 500)
    rows = rows_of(tmp_path / "wall.root")
    seen = (rows["fitted"] == 1) & (rows["counts"][:, 0] > 0)
    assert np.all(rows["nll"][seen] >= IMPOSSIBLE_Q / 2)
    assert np.all(rows["status"][seen] == 5)
    table = read_campaign(tmp_path / "wall.root", significance=2.0)
    # one count excludes it, and 1 − exp(−μ) of all experiments have one
    mu = float(made.campaign.setups[0][0].model.expected(made.campaign.setups[0][0].theta)[0])
    assert table["exposures"][0]["power"] == pytest.approx(1 - np.exp(-mu), abs=0.1)
    assert table["fits"]["failed"] == 0


def test_toys_without_a_question(tmp_path):
    made = plan(Question(normalisation=Normalisation.FREE), None)
    make_toys(made, tmp_path / "free.root", 0, 50)
    rows = rows_of(tmp_path / "free.root")
    assert len(rows["toy"]) == 100
    assert not rows["fitted"].any()
    assert {"fit_normalisation", "fit_lightest_mass_eV"} <= rows.keys()
    assert read_campaign(tmp_path / "free.root")["results"] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factors": (1.0, 1.0)}, "--exposure 1,1: write positive factors"),
        ({"factors": (-1.0,)}, "--exposure -1"),
        ({"asked": None, "drawn": "alternative"}, "--hypothesis alternative"),
        ({"asked": "colour"}, "--question colour"),
    ],
)
def test_what_is_no_campaign(options, message):
    with pytest.raises(ConfigError, match=message):
        plan(**options)


def test_toys_that_are_none(tmp_path):
    with pytest.raises(ConfigError, match="--toys 5:5"):
        make_toys(plan(), tmp_path / "toys.root", 5, 5)


def test_what_floats_in_truth_only_moves_no_constraint(tmp_path):
    """Its column is missing in the alternative: the measured background was taken for another, or none."""
    made = plan(Question(), "lightest_mass_eV=0.02", factors=(1.0,))
    ((truth, alternative),) = made.campaign.setups
    assert len(truth.names) == len(alternative.names) + 1 == 2
    make_toys(made, tmp_path / "toys.root", 0, 500)
    rows = rows_of(tmp_path / "toys.root")
    nll, ratio = (rows[name].reshape(500, 2, 2) for name in ("nll", "log_ratio"))
    counts = np.zeros(2)
    both = Comparison(counts=counts, truth=truth, alternative=alternative, q_truth=0.0, q_alternative=0.0)
    uniforms = Uniforms.of(alternative, 2, seed=made.campaign.seed, n_toys=500)
    for statistic, drawn in zip(both.weighted_toys(uniforms)[0], (1, 0), strict=True):
        expected = 2 * (nll[:, drawn, 1] - nll[:, drawn, 0])
        assert statistic == pytest.approx(expected, abs=1e-6)
    for log_ratio, drawn in zip(both.weighted_toys(uniforms)[1], (1, 0), strict=True):
        assert ratio[:, drawn, 0] == pytest.approx(log_ratio, rel=1e-12, abs=1e-12)
        assert np.array_equal(ratio[:, drawn, 0], ratio[:, drawn, 1])


@pytest.mark.slow
def test_a_few_toys_of_a_slow_fit_are_a_small_block(tmp_path):
    laser = ("laser.linewidth_eV=1e-6", "laser.calibration={common_error_eV=5e-6}")
    made = plan(Question(), "ordering", *laser, factors=(1.0,), drawn="truth")
    assert (made.campaign.block_toys, plan().campaign.block_toys) == (256, 4096)
    make_toys(made, tmp_path / "few.root", 250, 256)
    make_toys(made, tmp_path / "more.root", 200, 256)
    more = rows_of(tmp_path / "more.root")
    assert_same(rows_of(tmp_path / "few.root"), {name: v[-12:] for name, v in more.items()})
