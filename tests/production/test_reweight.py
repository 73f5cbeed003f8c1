"""Weights against samples that were generated directly, and what weights cannot do."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from scipy.stats import chi2

from renp_sim.cli import main
from renp_sim.cli.program import run_program
from renp_sim.errors import ConfigError, NumericsError, SchemaError
from renp_sim.ntuple.merge import merge
from renp_sim.ntuple.reader import iterate_events, read_tables
from renp_sim.ntuple.weights import WeightWriter
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.rates import checked_bracket, spectral_function
from renp_sim.production import reweight as reweight_module
from renp_sim.production.generate import generate
from renp_sim.production.reweight import Reweighting, reweight
from renp_sim.runfile.reading import apply_settings
from renp_sim.runfile.run import Run, load, run_from_table

TABLE: dict[str, Any] = {
    "run": {"seed": 3},
    "neutrino": {"lightest_mass_eV": 0.05},
    "laser": {
        "linewidth_eV": 1e-5,
        # sharp, broad, and a line that ω_11 cuts
        "steps": [
            {"omega_eV": 1.067, "duration_s": 5e8, "linewidth_eV": 0.0},
            {"omega_eV": 1.0675, "duration_s": 5e8},
            {"omega_eV": 1.06941, "duration_s": 5e8},
        ],
    },
    "background": [{"name": "dark", "kind": "dark_counts", "rate_hz": 1e-5}],
}
VECTOR = (
    "interaction={model='vector_mediator', mass_eV=0.02, g_electron=1e-13, longitudinal=true, "
    "g_left={12=[2e-14, 3e-14], 13=[2e-14, 2e-14]}, g_right={12=[0.0, -3e-14], 13=-2e-14}}"
)
SCALAR = (
    "interaction={model='scalar_mediator', mass_eV=1e-3, y_electron=1e-6, "
    "y_scalar={12=[0.0, 3e-13], 23=[2e-13, 2e-13]}, y_pseudoscalar={13=3e-13}}"
)
MOMENTS = (
    "interaction={model='em_moments', magnetic_muB={12=5e-11, 33=5e-11}, electric_muB={13=[0.0, 5e-11]}}"
)
# a resonance as wide as 0.3 of the line of step 1
RESONANCE = (
    "interaction={model='vector_mediator', mass_eV=0.1349, g_electron=1e-12, g_left={11=1e-16, 12=1e-16}, "
    "width_eV=1e-4}"
)
HYPOTHESES = {
    "vector": (VECTOR,),
    "scalar": (SCALAR,),
    "moments": (MOMENTS,),
    "resonance": (RESONANCE,),
    "target": ("target.spin_tensor=0.6", "target.density_cm3=1.1e21", "target.coherence=0.9"),
    "mixing": ("neutrino.sin2_theta12=0.5", "neutrino.sin2_theta13=0.1", "neutrino.delta_cp_deg=10.0"),
}
MAJORANA = ("neutrino.nature=majorana", "neutrino.alpha21_deg=30.0")
MAJORANA_HYPOTHESES = {
    "phases": ("neutrino.alpha21_deg=190.0", "neutrino.alpha31_deg=80.0", "neutrino.sin2_theta13=0.1"),
    "vector": (VECTOR,),
    "moments": ("interaction={model='em_moments', magnetic_muB={12=5e-11, 23=3e-11}}",),
}


def setup(*settings: str) -> Run:
    return run_from_table(apply_settings(TABLE, settings))


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("samples")
    for name, settings in {"dirac": (), "majorana": MAJORANA}.items():
        generate(setup(*settings), folder / f"{name}.root")
    return {name: folder / f"{name}.root" for name in ("dirac", "majorana")}


def events_of(path: Path) -> dict[str, np.ndarray]:
    names = ["run", "event", "step", "origin", "nu_i", "nu_j", "omega_emitted_eV", "cos_theta_star"]
    blocks = list(iterate_events(path, names))
    return {name: np.concatenate([block[name] for block in blocks]) for name in names}


def weights_of(path: Path) -> dict[str, np.ndarray]:
    with uproot.open(path) as file:
        assert file["weights"].classname == "TTree"
        return {name: file["weights"][name].array(library="np") for name in ("run", "event", "weight")}


def histogram(events: dict[str, np.ndarray], weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Σw and Σw² of signal photons in bins of step × pair × cosθ* × ω inside the line."""
    signal = events["origin"] == 0
    step, nu_i, nu_j = (events[name][signal] for name in ("step", "nu_i", "nu_j"))
    cosine = np.minimum(((events["cos_theta_star"][signal] + 1) * 5).astype(int), 9)
    sigmas = (events["omega_emitted_eV"][signal] - np.array([1.067, 1.0675, 1.06941])[step]) / 1e-5
    place = np.where(step == 0, 0, np.digitize(sigmas, [-1.5, -0.5, 0.5, 1.5]))
    cell = ((step * 9 + 3 * (nu_i - 1) + nu_j - 1) * 10 + cosine) * 5 + place
    w = weight[signal]
    return np.bincount(cell, w, 3 * 450), np.bincount(cell, w**2, 3 * 450)


def p_value(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> float:
    """χ² of two weighted histograms with Poisson totals, in bins that have 30 events or more of each."""
    seen = (second[1] >= 30) & (first[0] ** 2 >= 30 * first[1])
    difference = (first[0] - second[0])[seen]
    return float(chi2.sf(np.sum(difference**2 / (first[1] + second[1])[seen]), np.count_nonzero(seen)))


def without_angles(events: dict[str, np.ndarray], weight: np.ndarray) -> np.ndarray:
    """Return the broken twin of weights: right for the rate of each pair and step, blind to cosθ*."""
    pair = (events["step"] * 9 + 3 * events["nu_i"] + events["nu_j"]) * (events["origin"] == 0)
    mean = np.bincount(pair, weight) / np.maximum(np.bincount(pair), 1)
    return mean[pair]


def require_same_sample(
    sample: Path, base: tuple[str, ...], settings: tuple[str, ...], folder: Path, *, is_interfering: bool
) -> None:
    made = reweight(sample, settings, folder / "weights.root")
    direct = folder / "direct.root"
    generate(setup(*base, *settings, "run.seed=77"), direct)
    events, wanted, keys = events_of(sample), events_of(direct), weights_of(folder / "weights.root")
    mu = read_tables(direct).steps["mu_signal"]
    direct.unlink()
    assert np.array_equal(keys["run"], events["run"])
    assert np.array_equal(keys["event"], events["event"])
    weight = keys["weight"]
    assert np.all(weight[events["origin"] != 0] == 1)
    got, plain = histogram(events, weight), histogram(events, np.ones(len(weight)))
    target = histogram(wanted, np.ones(len(wanted["run"])))
    assert np.count_nonzero(target[1] >= 30) > 100
    assert p_value(got, target) > 1e-5
    assert p_value(plain, target) < 1e-5
    if is_interfering:
        assert p_value(histogram(events, without_angles(events, weight)), target) < 1e-5
    signal = events["origin"] == 0
    sums, squares = (np.bincount(events["step"][signal], weight[signal] ** n, 3) for n in (1, 2))
    assert np.all(np.abs(sums - mu) < 5 * np.sqrt(squares))
    assert made.sum_of_weights == pytest.approx(weight[signal].sum(), rel=1e-12)
    assert 0 < made.effective_events <= made.n_signal == np.count_nonzero(signal)


@pytest.mark.parametrize("name", HYPOTHESES)
def test_reweighted_sample_is_the_generated_one(samples: dict[str, Path], name: str, tmp_path: Path) -> None:
    """Steps, pairs, cosθ* and ω: false-alarm probability 1e-5; without weights (the twin) it must fail.

    So must weights that know the rates only, where the interference is odd in cosθ*. Sums of weights lie
    within 5 standard errors of the expected counts, three at 6e-7.
    """
    interfering = name in ("vector", "scalar", "moments")
    require_same_sample(samples["dirac"], (), HYPOTHESES[name], tmp_path, is_interfering=interfering)


@pytest.mark.parametrize("name", MAJORANA_HYPOTHESES)
def test_majorana_sample(samples: dict[str, Path], name: str, tmp_path: Path) -> None:
    """The same, with unordered pairs: false-alarm probability 1e-5."""
    require_same_sample(
        samples["majorana"], MAJORANA, MAJORANA_HYPOTHESES[name], tmp_path, is_interfering=False
    )


def between(generated: Run, wanted: Run) -> Reweighting:
    schedule = generated.truth
    return Reweighting.between(generated, wanted, schedule.omega_eV, schedule.linewidth_eV)


@pytest.mark.parametrize("settings", [*HYPOTHESES.values(), *MAJORANA_HYPOTHESES.values()])
def test_mean_weight_is_the_ratio_of_rates(settings: tuple[str, ...]) -> None:
    """∫ w ½B dc over the generated bracket is the wanted rate, by Gauss–Legendre points, to 1e-12."""
    base = () if settings in HYPOTHESES.values() else MAJORANA
    generated, wanted = setup(*base), setup(*base, *settings)
    reweighting = between(generated, wanted)
    cosine, share = np.polynomial.legendre.leggauss(8)
    target = generated.emission.target
    omega = 1.0672
    kinematics = Kinematics.at(
        omega, generated.emission.neutrinos, e_eg_eV=target.atom.e_eg_eV, f_l=target.f_l
    )
    a0, a1, a2 = checked_bracket(kinematics, generated.emission)
    old, new = (spectral_function(omega, s.emission) for s in (generated, wanted))
    for i, j in np.argwhere(old > 0):
        labels = (np.full(8, n + 1, dtype=np.int8) for n in (i, j))
        weight = reweighting.weights(*labels, np.full(8, omega), cosine)
        density = a0[i, j] + cosine * (a1[i, j] + cosine * a2[i, j])
        mean = np.sum(share * weight * density) / np.sum(share * density)
        assert mean == pytest.approx(reweighting.scale * new[i, j] / old[i, j], rel=1e-12)


def test_the_same_hypothesis_has_weights_of_one() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(1, 3, (2, 1000)).astype(np.int8)
    omega, cosine = rng.uniform(1.0, 1.067, 1000), rng.uniform(-1, 1, 1000)
    weight = between(setup(), setup()).weights(labels[0], labels[1], omega, cosine)
    assert np.array_equal(weight, np.ones(1000))


def test_photons_rounded_onto_their_threshold_have_weights() -> None:
    generated = setup()
    threshold = float(generated.emission.neutrinos.thresholds_eV(2.14349)[0, 0])
    omega = threshold + np.spacing(threshold) * np.array([-2.0, -1.0, 0.0, 1.0])
    ones = np.ones(4, dtype=np.int8)
    weight = between(generated, setup(MOMENTS)).weights(ones, ones, omega, np.zeros(4))
    assert np.all((weight > 0) & np.isfinite(weight))
    beyond = between(generated, setup(MOMENTS)).weights(ones, ones, omega + 1e-9, np.zeros(4))
    assert np.all(np.isnan(beyond))


QED = "background=[{name='two-photon', kind='qed', rate_hz=1e-5}]"
NO_MIXING = ("neutrino.sin2_theta12=0.0", "neutrino.sin2_theta13=0.0")
NARROW = RESONANCE.replace("width_eV=1e-4", "width_eV=1e-7")


@pytest.mark.parametrize(
    ("base", "settings", "says"),
    [
        ((), ("neutrino.lightest_mass_eV=0.06",), r"neutrino masses = \[0\.06.*thresholds and momenta"),
        ((), ("neutrino.dm2_21_eV2=7.5e-5",), "neutrino masses"),
        ((), ("neutrino.nature=majorana",), r"neutrino\.nature = majorana.*ordered"),
        ((), ("target.atom=Sr",), r"target\.atom: levels.*1\.77514"),
        ((), ("target.volume_cm3=50.0",), r"target\.volume_cm3 = 50\.0: .*emission points"),
        ((), ("target.length_cm=50.0",), r"target\.length_cm"),
        ((), ("laser.linewidth_eV=2e-5",), r"\[laser\] differs"),
        ((), ("detector.efficiency=0.5",), r"\[detector\] differs"),
        ((), ("background=[]",), r"\[background\] differs"),
        ((), ("drift.density={total_rel=-0.1}",), r"\[drift\] differs"),
        ((), ("laser.pulses={repetition_hz=1.0, window_s=0.1}",), r"\[laser\] differs"),
        ((), ("run.seed=4",), r"run\.seed = 4"),
        ((QED,), ("target.density_cm3=2e21",), "background 'two-photon': its rate changes"),
        (("target.coherence=0.0",), ("target.coherence=0.5",), r"target\.coherence = 0\.5.*no signal"),
        (
            NO_MIXING,
            ("neutrino.sin2_theta12=0.3",),
            r"steps\[0\] at ω = 1\.067 eV: the sample has no pair 12",
        ),
        (NO_MIXING, (SCALAR,), "no pair 23"),
        ((), (NARROW,), r"steps\[1\] at ω = 1\.0675 eV: its line holds the resonance of vector_mediator"),
        ((NARROW,), (MOMENTS,), r"steps\[1\].* M = 0\.1349 eV"),
    ],
)
def test_what_weights_cannot_do_is_refused(
    base: tuple[str, ...], settings: tuple[str, ...], says: str
) -> None:
    generated = setup(*base)
    with pytest.raises(ConfigError, match=says) as caught:
        between(generated, setup(*base, *settings))
    assert all("generate the sample instead" in problem for problem in caught.value.problems)


def test_all_reasons_are_given_at_once() -> None:
    wanted = setup("neutrino.lightest_mass_eV=0.06", "detector.efficiency=0.5", "target.length_cm=5.0")
    with pytest.raises(ConfigError) as caught:
        between(setup(), wanted)
    assert len(caught.value.problems) == 3


def test_background_does_not_forbid_another_interaction() -> None:
    assert between(setup(QED), setup(QED, MOMENTS)).scale == 1
    assert between(setup(), setup("target.density_cm3=2e21")).scale == 4


def test_pole_that_nothing_resolves_is_an_error() -> None:
    with pytest.raises(NumericsError, match="sits on the pole"):
        between(setup(), setup(RESONANCE.replace("width_eV=1e-4", "width_eV=0.0")))


def test_blind_files_are_refused(
    samples: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = read_tables(samples["dirac"])
    blind = replace(tables, runs={**tables.runs, "is_blind": np.array([True])})
    monkeypatch.setattr(reweight_module, "read_tables", lambda path: blind)
    with pytest.raises(ConfigError, match=r"is blind.*unblind"):
        reweight(samples["dirac"], (MOMENTS,), tmp_path / "w.root")


def test_files_are_safe(samples: dict[str, Path], tmp_path: Path) -> None:
    sample = samples["dirac"]
    with pytest.raises(ConfigError, match="--set"):
        reweight(sample, (), tmp_path / "w.root")
    with pytest.raises(SchemaError, match="is the input"):
        reweight(sample, (MOMENTS,), sample, force=True)
    with pytest.raises(ConfigError, match=r"interaction\.mass"):
        reweight(sample, ("interaction.mass=1.0",), tmp_path / "w.root")
    with pytest.raises(SchemaError, match="no such file"):
        reweight(tmp_path / "none.root", (MOMENTS,), tmp_path / "w.root")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "w.root").write_text("mine")
    with pytest.raises(SchemaError, match="--force"):
        reweight(sample, (MOMENTS,), tmp_path / "w.root")
    assert (tmp_path / "w.root").read_text() == "mine"
    reweight(sample, (MOMENTS,), tmp_path / "w.root", force=True)
    assert len(weights_of(tmp_path / "w.root")["weight"]) == read_tables(sample).runs["n_events"][0]


def test_a_failure_leaves_no_file(
    samples: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that their own configuration cannot give are found, and nothing is written."""
    heavier = setup("neutrino.lightest_mass_eV=0.06").resolved()
    tables = replace(read_tables(samples["dirac"]), config=(heavier,))
    monkeypatch.setattr(reweight_module, "read_tables", lambda path: tables)
    with pytest.raises(SchemaError, match="cannot come from the configuration"):
        reweight(samples["dirac"], (MOMENTS,), tmp_path / "w.root")
    assert list(tmp_path.iterdir()) == []


def test_several_runs_of_one_file_by_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A merged file has the weights of its runs one after the other, whatever model each started from."""
    short = [f"laser.steps[{n}].duration_s=2e7" for n in range(3)]
    parts = []
    for seed, base in ((1, ()), (2, (SCALAR,))):
        path = tmp_path / f"{seed}.root"
        generate(setup(*short, *base, f"run.seed={seed}"), path)
        reweight(path, (MOMENTS,), tmp_path / f"w{seed}.root")
        parts.append(path)
    both = tmp_path / "both.root"
    merge(both, parts)
    with pytest.raises(SystemExit) as ended:
        # the fields one by one: those of the scalar must not stay behind
        main(
            [
                "reweight",
                str(both),
                "-o",
                str(tmp_path / "w.root"),
                "--set",
                "interaction.model=em_moments",
                "--set",
                "interaction.magnetic_muB={12=5e-11, 33=5e-11}",
                "--set",
                "interaction.electric_muB={13=[0.0, 5e-11]}",
            ]
        )
    assert ended.value.code == 0
    assert "signal photons, sum of weights" in capsys.readouterr().out
    together = weights_of(tmp_path / "w.root")
    apart = [weights_of(tmp_path / f"w{seed}.root") for seed in (1, 2)]
    for name, values in together.items():
        assert np.array_equal(values, np.concatenate([part[name] for part in apart]))
    with uproot.open(tmp_path / "w.root") as file:
        rows = file["hypotheses/config"].array(library="ak").tolist()
        assert file["hypotheses/run"].array(library="np").tolist() == list(dict.fromkeys(together["run"]))
    assert [json.loads(bytes(row))["interaction"]["model"] for row in rows] == ["em_moments", "em_moments"]


def test_blocks_do_not_matter(
    samples: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reweight(samples["dirac"], (SCALAR,), tmp_path / "a.root")
    monkeypatch.setattr(reweight_module, "CHUNK", 777)
    reweight(samples["dirac"], (SCALAR,), tmp_path / "b.root")
    first, second = weights_of(tmp_path / "a.root"), weights_of(tmp_path / "b.root")
    assert np.array_equal(first["weight"], second["weight"])


def test_weights_must_be_weights(tmp_path: Path) -> None:
    one = np.ones(1, dtype=np.int64)
    for bad in (-1.0, np.nan, np.inf):
        with (
            pytest.raises(ValueError, match="finite and not negative"),
            WeightWriter(tmp_path / "w.root") as writer,
        ):
            writer.weights({"run": one, "event": one, "weight": np.array([bad])})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "is_read"), [("cos_theta_star", True), ("phi", False)])
def test_damage_of_what_is_read_gets_into_no_weight(tmp_path: Path, name: str, is_read: bool) -> None:
    sample, out = tmp_path / "sample.root", tmp_path / "weights.root"
    generate(setup("output.compression=none", "laser.steps=[{omega_eV=1.067, duration_s=1e7}]"), sample)
    with uproot.open(sample) as file:
        branch = file["events"][name]
        end = int(branch.member("fBasketSeek")[0] + branch.member("fBasketBytes")[0])
    data = bytearray(sample.read_bytes())
    data[end - 1] ^= 1
    sample.write_bytes(data)
    if is_read:
        with pytest.raises(SchemaError, match="events: cos_theta_star: not what was written"):
            reweight(sample, ("target.coherence=0.9",), out)
    else:
        reweight(sample, ("target.coherence=0.9",), out)
    assert out.exists() is not is_read


def test_afterpulses_are_told(tmp_path: Path) -> None:
    """A file does not say what caused them, so that no weight can be theirs."""
    pulses = 'detector.afterpulse={kind="exponential",probability=0.5,decay_s=1e-6}'
    generate(load("gp23_three_frequencies", (pulses,)), tmp_path / "with.root")
    generate(load("gp23_three_frequencies"), tmp_path / "without.root")
    setting = ["target.coherence=0.5"]
    (note,) = reweight(tmp_path / "with.root", setting, tmp_path / "a.root").notes
    n_after = int(np.sum(events_of(tmp_path / "with.root")["origin"] == 5))
    assert note.startswith(f"{n_after} afterpulses keep the weight 1")
    assert reweight(tmp_path / "without.root", setting, tmp_path / "b.root").notes == ()


@pytest.mark.parametrize(
    ("base", "wanted", "says"),
    [
        (
            "dirac",
            "neutrino.ordering=inverted",
            "neutrino.ordering = inverted: the sample is normal: another",
        ),
        ("majorana", "neutrino.nature=dirac", "neutrino.nature = dirac: the sample is majorana: pairs of"),
        ("dirac", "neutrino.nature=majorana", "neutrino.nature = majorana: the sample is dirac: pairs of"),
    ],
)
def test_other_neutrinos_are_refused_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], base: str, wanted: str, says: str
) -> None:
    """Not by the first value of the file that they cannot have."""
    made = str(tmp_path / "run.root")
    few = ("--set", "laser.scan=[{omegas_eV=[1.0711], total_duration_s=1e3}]")
    assert run_program(["generate", "fine_scan", "-o", made, *few, "--set", f"neutrino.nature={base}"]) == 0
    capsys.readouterr()
    out = str(tmp_path / "weights.root")
    assert run_program(["reweight", made, "--set", wanted, "-o", out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert line.endswith("generate the sample instead")
    assert run_program(["reweight", made, "--set", "neutrino.ordering=up", "-o", out]) == 2
    assert "neutrino.ordering" in capsys.readouterr().err
    assert run_program(["reweight", made, "--set", "neutrino.delta_cp_deg=10", "-o", out]) == 0
    assert "rows, factors on events.weight; " in capsys.readouterr().out
