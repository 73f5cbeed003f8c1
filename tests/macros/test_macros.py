"""Every macro under real ROOT, and its numbers against the Python analysis."""

import itertools
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import uproot
from matplotlib.image import imread
from scipy.optimize import minimize

from renp_sim.analysis.data import Observation
from renp_sim.analysis.from_ntuple import observation_from_tables
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.spectrum.measured import measured_spectrum
from renp_sim.app.data import read_data
from renp_sim.app.fitting import fit_data
from renp_sim.app.question import Question
from renp_sim.app.toy_summary import read_campaign
from renp_sim.ntuple.reader import read_many
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.interactions import StandardModel
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target
from tests.macros.real_root import MACROS, NAMES, Output, call, hadd, session
from tests.macros.run_files import Files, make, make_campaign, rewrite

pytestmark = pytest.mark.usefixtures("root")

PAIRS = [(0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2)]
E_EG = known_atoms()["Yb"].e_eg_eV


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="session")
def ran(pictures):
    """Return the output of a macro, run once for each set of arguments; it must have ended well."""
    made: dict[tuple[object, ...], Output] = {}

    def once(name: str, inputs: Path, *arguments: object) -> Output:
        key = (name, inputs, *arguments)
        if key not in made:
            stem = pictures / f"{name}{len(made)}"
            made[key] = call(MACROS / f"{name}.C", inputs, stem, *arguments)
            assert (made[key].returncode, made[key].stderr) == (0, ""), made[key].stdout
            assert_is_picture(stem)
        return made[key]

    return once


def assert_is_picture(stem: Path) -> None:
    """PNG and PDF are there, and something is drawn in them."""
    pixels = imread(stem.with_suffix(".png"))
    assert pixels.shape[0] > 400
    assert pixels.shape[1] > 600
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 10
    assert np.mean(np.any(pixels[..., :3] < 0.9, axis=2)) > 0.005
    pdf = stem.with_suffix(".pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 5000


def rows(text: str, columns: int) -> np.ndarray:
    """Return the lines that are `columns` numbers."""
    lines = [line.split() for line in text.splitlines()]
    number = re.compile(r"-?\d[\d.e+-]*")
    found = [line for line in lines if len(line) == columns and all(number.fullmatch(word) for word in line)]
    return np.array(found, dtype=float)


@pytest.mark.parametrize("name", NAMES)
def test_macro_says_what_it_read(name, ran, files: Files):
    text = ran(name, files.given(name)).stdout
    assert f"read {files.given(name)}" in text
    with uproot.open(files.given(name)) as file:
        assert str(file["runs/run"].array()[0]) in text
    assert re.search(r"wrote .*\.png\nwrote .*\.pdf\n", text)


def test_spectrum_equals_python(ran, files: Files):
    expected = measured_spectrum(observation_from_tables(read_many(files.scan)))
    printed = rows(ran("spectrum", files.scan).stdout, 7).T
    columns = (
        expected.omega_eV,
        expected.linewidth_eV,
        expected.counts,
        expected.background,
        expected.value,
        expected.error_down,
        expected.error_up,
    )
    assert printed.shape == (7, 22)
    for got, want in zip(printed, columns, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-12)


def test_spectrum_marks_thresholds(ran, files: Files):
    expected = Neutrinos.from_lightest_mass(0.01, Oscillation.nufit(Ordering.NORMAL)).thresholds_eV(E_EG)
    printed = thresholds(ran("spectrum", files.scan).stdout)
    np.testing.assert_allclose(printed[:, 0], [expected[p] for p in PAIRS], rtol=0, atol=6e-12)
    given = thresholds(ran("spectrum", files.scan, 0.02, 0.03, 0.04).stdout)
    assert given[1, 0] == pytest.approx(E_EG / 2 - 0.05**2 / (2 * E_EG), abs=6e-12)


def thresholds(text: str) -> np.ndarray:
    """Return ω_ij and its errors, where there are any, of the six pairs, shape (6, 1 or 3)."""
    found = [re.findall(rf"omega_{i + 1}{j + 1} = (\S+) eV(?:  -(\S+) \+(\S+))?", text)[0] for i, j in PAIRS]
    return np.array([[float(word) for word in line if word] for line in found])


def test_rate_equals_python(tmp_path):
    """Dirac and Majorana with phases, any f_L, sharp and broad lines, on and off thresholds."""
    rng = np.random.default_rng(7)
    lines, expected = [], []
    atom = known_atoms()["Yb"]
    cases = itertools.product(Nature, (0.0, 1 / 3, 1.0), (0.0, 1e-7, 1e-6, 3e-5), range(8))
    for nature, f_l, sigma, _ in cases:
        masses = np.where(rng.random(3) < 0.1, 0.0, rng.uniform(0, 0.06, 3))
        phases = dict(
            zip(("delta_cp_deg", "alpha21_deg", "alpha31_deg"), rng.uniform(0, 360, 3).tolist(), strict=True)
        )
        if nature is Nature.DIRAC:
            phases |= {"alpha21_deg": 0.0, "alpha31_deg": 0.0}
        oscillation = Oscillation.nufit(Ordering.NORMAL, **phases)
        neutrinos = Neutrinos.from_masses(masses, oscillation, nature)
        threshold = rng.choice(neutrinos.thresholds_eV(E_EG).ravel())
        omega = threshold + rng.choice([-1e-3, -20 * sigma, -3 * sigma, 0.5 * sigma, 4 * sigma])
        numbers = (E_EG, atom.e_vg_eV, f_l, oscillation.sin2_theta12, oscillation.sin2_theta13)
        numbers += (*phases.values(), int(nature is Nature.MAJORANA), *masses.tolist(), omega, sigma)
        lines.append(" ".join(repr(float(x)) if not isinstance(x, int) else str(x) for x in numbers))
        emission = Emission(
            target=Target(atom=atom, f_l=f_l), neutrinos=neutrinos, interaction=StandardModel()
        )
        expected.append(mean_spectral_function(omega, sigma, emission).sum())
    (tmp_path / "inputs.txt").write_text("\n".join(lines) + "\n")
    made = call(Path(__file__).with_name("dump_rates.C"), tmp_path / "inputs.txt")
    assert (made.returncode, made.stderr) == (0, "")
    got = np.array([float(x) for x in re.findall(r"^rate (\S+)$", made.stdout, re.M)])
    assert np.count_nonzero(expected) > 100
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-20)


@pytest.mark.parametrize("which", ["scan", "majorana", "drifting"])
def test_fit_of_the_lightest_mass_equals_python(which, ran, files: Files):
    """The same minimum as `renp-sim fit`, with all that the file states an error for."""
    path = getattr(files, which)
    data = read_data([path])
    expected = fit_data(data, Question())
    text = ran("fit_thresholds", path).stdout
    for ordering in Ordering:
        (part,) = re.findall(rf"mixing of {ordering} ordering: (.*?)(?=\nmixing|\nbest)", text, re.S)
        fit = next(f for f in expected.fits if f.label.startswith(str(ordering)))
        assert float(re.match(r"-2lnL = (\S+)", part)[1]) == pytest.approx(fit.minus_two_ln_L, abs=1e-3)
        own = fit.parameter("lightest_mass_eV")
        printed = thresholds(part)
        nu = Neutrinos.from_lightest_mass(own.value, oscillation_of(data, ordering))
        wanted = nu.thresholds_eV(E_EG)
        for (omega, down, up), pair in zip(printed, PAIRS, strict=True):
            assert abs(omega - wanted[pair]) < 1e-3 * max(down, up)
        best, low, high = map(float, re.findall(r"mass = (\S+) eV, 68 % in (\S+) to (\S+)", part)[0])
        (region,) = (r for r in own.intervals.regions if r.lower <= own.value <= r.upper)
        assert best == pytest.approx(own.value, abs=1e-3 * (high - low))
        assert (low, high) == pytest.approx((region.lower, region.upper), abs=0.01 * (high - low))
    assert f"best: mixing of {expected.best.label.partition('/')[0]} ordering" in text


def oscillation_of(data, ordering):
    own = data.assumptions.oscillation
    return own if own.ordering is ordering else Oscillation.nufit(ordering)


def chi2_of_masses(observation: Observation, ordering: Ordering):
    """Return −2 ln L of three masses, everything else as stated; independent of the Python fits."""
    e = observation.exposure
    per_unit = e.counts_per_unit
    seen = per_unit > 0

    def chi2(masses: np.ndarray) -> float:
        neutrinos = Neutrinos.from_masses(np.abs(masses), Oscillation.nufit(ordering))
        emission = Emission(
            target=Target(atom=known_atoms()["Yb"]), neutrinos=neutrinos, interaction=StandardModel()
        )
        mu = e.background_counts.copy()
        settings, which = np.unique(e.omega_eV[seen], return_inverse=True)
        spectrum = mean_spectral_function(settings, e.linewidth_eV[0], emission).sum(axis=(-2, -1))
        mu[seen] += per_unit[seen] * spectrum[which]
        return float(poisson_deviance(observation.counts, mu).sum())

    return chi2


def lowest(function, start) -> tuple[np.ndarray, float]:
    """Nelder–Mead, started again where it stopped, since kinks may halt it."""
    x = np.asarray(start, dtype=float)
    for size in (3e-4, 1e-4, 3e-5):
        simplex = np.vstack([x, x + size * np.eye(len(x))])
        options = {"xatol": 1e-10, "fatol": 1e-9, "initial_simplex": simplex, "maxiter": 1000}
        x = minimize(function, x, method="Nelder-Mead", options=options).x
    return x, function(x)


def test_fit_of_three_masses_equals_python(ran, files: Files):
    """No other method finds a lower minimum, and at one end of an interval −2 ln L has risen by 1."""
    text = ran("fit_thresholds", files.scan, "three", "fixed").stdout
    (part,) = re.findall(r"mixing of normal ordering: (.*?)(?=\nmixing|\nbest)", text, re.S)
    q, *masses = map(float, re.findall(r"-2lnL = (\S+) at m = ([^,]+), ([^,]+), (\S+) eV", part)[0])
    chi2 = chi2_of_masses(observation_from_tables(read_many(files.scan)), Ordering.NORMAL)
    truth = Neutrinos.from_lightest_mass(0.01, Oscillation.nufit(Ordering.NORMAL)).masses_eV
    assert chi2(np.array(masses)) == pytest.approx(q, abs=1e-5)
    # the second start is a few errors away from the minimum
    found = [lowest(chi2, start) for start in (truth, np.add(masses, [-2e-5, 2e-5, -2e-4]))]
    best, q_best = min(found, key=lambda pair: pair[1])
    assert q == pytest.approx(q_best, abs=1e-3)
    printed = thresholds(part)
    for (omega, down, up), (i, j) in zip(printed, PAIRS, strict=True):
        assert abs(omega - (E_EG / 2 - (best[i] + best[j]) ** 2 / (2 * E_EG))) < 1e-3 * max(down, up)
    # the sum of m_1 and m_2 at the end of ω_12, with m_1 and m_3 free
    omega, down, _ = printed[PAIRS.index((0, 1))]
    total = np.sqrt(2 * E_EG * (E_EG / 2 - (omega - down)))
    _, q_end = lowest(lambda x: chi2(np.array([x[0], total - x[0], x[1]])), best[[0, 2]])
    assert q_end - q_best == pytest.approx(1, abs=0.01)


def test_efficiency_and_resolution_equal_python(ran, files: Files):
    """Counted from rows of lost photons, or from the generated photons that `steps` tells: the same."""
    printed = {path: rows(ran("truth_vs_reco", path).stdout, 5) for path in (files.scan, files.with_lost)}
    np.testing.assert_array_equal(*printed.values())
    with uproot.open(files.with_lost) as file:
        events = file["events"].arrays(library="np")
        omega = file["steps"]["omega_set_eV"].array(library="np")[events["step"]]
    signal = events["origin"] == 0
    seen = signal & events["recorded"]
    for omega_eV, generated, recorded, efficiency, stated in printed[files.scan]:
        here = np.isclose(omega, omega_eV, rtol=0, atol=1e-9)
        assert (generated, recorded) == (np.sum(signal & here), np.sum(seen & here))
        assert efficiency == pytest.approx(recorded / generated, rel=1e-8)
        assert stated == pytest.approx(0.3, rel=1e-4)
    residual = events["photon_energy_eV"][seen].astype(float) - events["omega_emitted_eV"][seen]
    text = ran("truth_vs_reco", files.with_lost).stdout
    mean, sigma = map(float, re.findall(r"mean (\S+) eV, sigma (\S+) eV", text)[0])
    assert (mean, sigma) == pytest.approx((residual.mean(), residual.std()), abs=1e-9)


def test_residuals_are_weighted(ran, files: Files, tmp_path):
    """Of a run with weights and one without."""
    merged = hadd(tmp_path / "merged.root", [files.weighted, files.few[0]])
    with uproot.open(merged) as file:
        events = file["events"].arrays(library="np")
    signal = events["origin"] == 0
    residual, weight = (
        (events["photon_energy_eV"] - events["omega_emitted_eV"])[signal],
        events["weight"][signal],
    )
    mean = np.average(residual, weights=weight)
    width = np.sqrt(np.average((residual - mean) ** 2, weights=weight))
    text = ran("truth_vs_reco", merged).stdout
    printed = [float(x) for x in re.findall(r"mean (\S+) eV, sigma (\S+) eV", text)[0]]
    assert printed == pytest.approx((mean, width), abs=1e-9)
    assert abs(residual.mean() - mean) > 1e-6


def test_what_is_recorded_is_what_is_stated(files: Files, tmp_path):
    """Merged runs, two with afterpulses and dead time, one of them pulsed: each agrees within 4σ (6e-5).

    The broken twins leave out the counts per pulse, or the dead time, and are wrong by more than that.
    """
    runs = (files.scan, files.afterpulses, files.pulsed)
    made = call(MACROS / "truth_vs_reco.C", hadd(tmp_path / "all.root", list(runs)), tmp_path / "picture")
    assert (made.returncode, made.stderr) == (0, "")
    for path in runs:
        run = read_many(path).runs["run"][0]
        (part,) = re.findall(rf"^run {run}: (.*?)(?=^run |^wrote )", made.stdout, re.S | re.M)
        recorded, expected = map(float, re.findall(r"(\S+) signal photons recorded, (\S+) expected", part)[0])
        lines = rows(part, 5)
        np.testing.assert_allclose((lines[:, 1] * lines[:, 4]).sum(), expected, rtol=1e-7)
        sigma = np.sqrt((lines[:, 1] * lines[:, 4] * (1 - lines[:, 4])).sum())
        assert abs(recorded - expected) < 4 * sigma
        assert ("afterpulses are no photons here" in part) is (path is not files.scan)
        factors = [float(x) for x in re.findall(r"divided by (\S+) counts per pulse", part)]
        factors += [1 / (1 - float(x) / 100) for x in re.findall(r"dead time takes (\S+) % of", part)]
        assert len(factors) == (0 if path is files.scan else 2)
        assert all(abs(recorded - expected * factor) > 4 * sigma for factor in factors)


def test_kinematics_equal_python(ran, files: Files):
    text = ran("neutrino_kinematics", files.scan).stdout
    with uproot.open(files.scan) as file:
        events = file["events"].arrays(library="np")
    signal = events["origin"] == 0
    found = re.findall(r"pairs: (\d+), mean E_i (\S+) eV, mean E_j (\S+) eV, mean cos\(theta\*\) (\S+)", text)
    n_pairs, *means = map(float, found[0])
    names = ("nu_i_energy_eV", "nu_j_energy_eV", "cos_theta_star")
    assert n_pairs == signal.sum()
    np.testing.assert_allclose(means, [events[name][signal].mean() for name in names], rtol=1e-6)
    worst = [
        float(x) for x in re.findall(r"cos\(theta\*\) (\S+), q\^2 (\S+) eV\^2, energy (\S+) eV", text)[0]
    ]
    assert max(worst[1:]) < 1e-12


def test_dataframe_joins_events_with_their_steps(ran, files: Files):
    for path in (files.scan, files.weighted):
        text = ran("rdataframe_example", path).stdout
        with uproot.open(path) as file:
            events = file["events"].arrays(["step", "photon_energy_eV", "weight"], library="np")
            omega = file["steps"]["omega_set_eV"].array(library="np")[events["step"]]
        offset, weight = 1e3 * (events["photon_energy_eV"].astype(float) - omega), events["weight"]
        numbers = (
            r"(\d+) recorded photons, sum of weights (\S+), offsets from (\S+) to (\S+) meV, mean (\S+) meV"
        )
        found = re.findall(numbers, text)[0]
        mean = np.average(offset, weights=weight)
        want = (len(offset), weight.sum(), offset.min(), offset.max(), mean)
        np.testing.assert_allclose([float(x) for x in found], want, rtol=1e-7)
    assert abs(mean - offset.mean()) > 1e-3 * abs(mean)


def test_runs_of_other_masses_are_one_physics(files: Files, tmp_path):
    """As for `renp-sim`, which says so too; but no one truth is compared with."""
    heavier = make(tmp_path / "heavier.root", 21, neutrino={"lightest_mass_eV": 0.011})
    inputs, stem = f"{files.scan},{heavier}", tmp_path / "picture"
    made, said = session(("spectrum", inputs, stem), ("fit_thresholds", inputs, stem))
    assert said == ""
    assert [part.value for part in made] == [0, 0]
    assert all("runs were made with different masses" in part.text for part in made)
    assert "no threshold is marked" in made[0].text
    assert "nature and mixing are hidden" not in made[1].text


def test_runs_of_other_physics_are_not_fitted_together(ran, files: Files, tmp_path):
    """One line names them and what differs; a chosen run is fitted as if it were alone."""
    xenon = {"target": {"atom": "Xe"}, "detector": {"energy_window_eV": [0.0, 10.0]}, "background": []}
    above = {"omegas_eV": [4.2], "total_duration_s": 1e3}
    others = {
        "atom or spin tensor": make(tmp_path / "xenon.root", 11, laser={"scan": [above]}, **xenon),
        "nature, ordering": files.majorana,
        "interaction": make(
            tmp_path / "scalar.root",
            12,
            interaction={
                "model": "scalar_mediator",
                "mass_eV": 1.0,
                "y_electron": 1e-9,
                "y_scalar": {"11": 1e-9},
            },
            neutrino={"lightest_mass_eV": 0.01, "nature": "dirac"},
        ),
    }
    merged = [hadd(tmp_path / f"{k}.root", [files.scan, other]) for k, other in enumerate(others.values())]
    runs = [read_many(path).runs["run"].tolist() for path in merged]
    stem = tmp_path / "picture"
    tail = ("lightest", "stated", 0, 0, -1)
    made, said = session(
        *(("fit_thresholds", path, stem) for path in merged),
        ("spectrum", merged[0], stem),
        ("fit_thresholds", merged[1], stem, *tail, 17),
        ("fit_thresholds", merged[1], tmp_path / "one", *tail, runs[1][0]),
    )
    assert [part.value for part in made] == [1, 1, 1, 1, 1, 0]
    *refused, absent = said.splitlines()
    assert absent == "renp: run 17: is not there: give one of the numbers above"
    whats = [*others, next(iter(others))]
    for line, what, (first, other) in zip(refused, whats, [*runs, runs[0]], strict=True):
        assert line.startswith(
            f"renp: run {other}: not the physics of run {first} ({what}): give runs of one"
        )
    assert not list(tmp_path.glob("picture*"))
    alone = ran("fit_thresholds", files.scan).stdout
    np.testing.assert_array_equal(thresholds(made[-1].text), thresholds(alone))


NEED_NO_PHYSICS = ("truth_vs_reco", "neutrino_kinematics", "merge_check", "rdataframe_example")

NEEDED = {
    "spectrum": ("steps", "gamma0_hz"),
    "fit_thresholds": ("backgrounds", "present"),
    "truth_vs_reco": ("events", "origin"),
    "neutrino_kinematics": ("events", "nu_i_px_eV"),
    "merge_check": ("events", "event"),
    "rdataframe_example": ("events", "photon_energy_eV"),
    "toy_exposure": ("toys", "nll"),
}


def test_skims(files: Files, tmp_path):
    """What a macro reads and a skim lacks is named, also in a second file; the rest it may lack."""
    assert sorted(NEEDED) == NAMES
    skim = Path(__file__).with_name("skim")
    lacking = [("runs", "e_eg_eV"), ("events", "phi"), *NEEDED.values()]
    inputs = [files.toys if tree == "toys" else files.few[0] for tree, _ in lacking]
    skims = [tmp_path / f"{tree}.{branch}.root" for tree, branch in lacking]
    copied, _ = session(
        *((skim, path, out, *what) for path, out, what in zip(inputs, skims, lacking, strict=True))
    )
    assert {part.value for part in copied} == {0}
    given = dict(zip(lacking, skims, strict=True))
    stem = tmp_path / "picture"
    second = f"{files.few[1]},{given[NEEDED['spectrum']]}"
    refused = [(name, given[what], stem) for name, what in NEEDED.items()]
    made, said = session(
        *refused,
        ("spectrum", given["runs", "e_eg_eV"], stem),
        ("spectrum", second, stem),
        ("rdataframe_example", given["events", "phi"], tmp_path / "frame"),
        ("spectrum", given[NEEDED["truth_vs_reco"]], tmp_path / "spectrum"),
    )
    assert [part.value for part in made] == [1] * (len(refused) + 2) + [0, 0]
    told = [*NEEDED.values(), ("runs", "e_eg_eV"), NEEDED["spectrum"]]
    for line, what in zip(said.splitlines(), told, strict=True):
        tree, branch = what
        assert line == (
            f"renp: {given[what]}: `{tree}` lacks the branch {branch}: keep it in the skim, or give the file "
            "that the skim was made from"
        )
    assert not list(tmp_path.glob("picture*"))


def test_events_without_a_step(files: Files, tmp_path):
    """A skim that lost rows of `steps` or `runs` is refused by whatever joins events with them."""
    skim = Path(__file__).with_name("skim")
    run = read_many(files.few[0]).runs["run"][0]
    copies = {"steps": "step != 2", "runs": "run < 0"}
    session(*((skim, files.few[0], tmp_path / f"{tree}.root", tree, "", cut) for tree, cut in copies.items()))
    both = f"{files.few[1]},{tmp_path / 'runs.root'}"
    names = ("truth_vs_reco", "neutrino_kinematics", "rdataframe_example")
    given = [(name, path, tmp_path / "picture") for name in names for path in (tmp_path / "steps.root", both)]
    made, said = session(*given)
    assert {part.value for part in made} == {1}
    lines = said.splitlines()
    line = f"renp: run {run}: events of step 2 have no row in `runs` or `steps`: keep these rows in the skim"
    assert len(lines) == len(given)
    assert all(each.startswith(line) for each in lines[::2])
    assert all("runs.root: `runs` has no row" in each for each in lines[1::2])


def test_no_legend_covers_what_is_drawn(files: Files, tmp_path):
    """Points, curves and bins of every macro, and of files that are hard to draw."""
    look = Path(__file__).with_name("under_legends")
    flat = {"background": [{"name": "dark", "kind": "dark_counts", "rate_hz": 1.0}]}
    dark = make(
        tmp_path / "dark.root", 13, laser={"scan": [{"omegas_eV": [1.07], "total_duration_s": 1e5}]}, **flat
    )
    merged = hadd(tmp_path / "all.root", [files.scan, files.afterpulses, files.pulsed])
    plain = [(name, files.given(name)) for name in NAMES]
    hard = [
        ("spectrum", files.empty),
        ("spectrum", dark),
        ("spectrum", files.few[0]),
        ("truth_vs_reco", merged),
        ("truth_vs_reco", files.few[0]),
        ("rdataframe_example", dark),
        ("rdataframe_example", merged),
        ("rdataframe_example", files.weighted),
        ("fit_thresholds", files.majorana),
        ("merge_check", merged),
    ]
    calls = [(name, path, tmp_path / name) for name, path in plain + hard]
    made, said = session(*(each for call_of in calls for each in (call_of, (look, call_of[0]))))
    assert said == ""
    looks = [part.text for part in made[1::2]]
    for (name, path), text in zip(plain + hard, looks, strict=True):
        found = re.findall(r"(\S+): (\d+) legends, (\d+) places, (\d+) under", text)
        ((_, n_legends, n_places, n_under),) = found
        assert (int(n_legends) > 0, int(n_places) > 0, int(n_under)) == (True, True, 0), (
            name,
            path.name,
            text,
        )


def test_a_legend_over_a_point_is_found(tmp_path):
    """The broken twin of the test above."""
    draw = tmp_path / "covered.C"
    draw.write_text(
        "int covered() { auto *c = new TCanvas; auto *g = new TGraph; g->AddPoint(0, 0); g->AddPoint(1, 1); "
        'g->Draw("AP"); auto *l = new TLegend(0.7, 0.7, 0.95, 0.95); l->AddEntry(g, "g", "p"); l->Draw(); '
        "c->Update(); return 0; }\n"
    )
    made, _ = session((draw.with_suffix(""),), (Path(__file__).with_name("under_legends"), "c1"))
    assert "1 legends, 2 places, 1 under a legend" in made[1].text


def test_merged_files_are_as_good_as_separate_ones(files: Files, tmp_path):
    merged = hadd(tmp_path / "merged.root", list(files.few[:2]))
    for path in files.few[:2]:
        shutil.copy(path, tmp_path)
    inputs = (merged, ", ".join(map(str, files.few[:2])), tmp_path / "few*.root")
    for name in ("spectrum", "fit_thresholds"):
        made, said = session(*((name, given, tmp_path / name) for given in inputs))
        assert said == ""
        assert [part.value for part in made] == [0, 0, 0]
        numbers = [re.findall(r"^(?!read|wrote|Processing).+$", part.text, re.M) for part in made]
        assert len(numbers[0]) > 10
        assert numbers[0] == numbers[1] == numbers[2]


def test_books_of_a_merged_file(ran, files: Files, tmp_path):
    merged = hadd(tmp_path / "merged.root", [*files.few[:2], files.empty])
    text = ran("merge_check", merged).stdout
    tables = read_many(merged)
    n_recorded = tables.runs["n_recorded"].sum()
    assert f"sum: 3 runs, {n_recorded} events, {n_recorded} recorded" in text
    assert "\nsound\n" in text
    printed = rows(text, 6)
    order = np.argsort(tables.runs["run"])
    for column, name in (
        (0, "run"),
        (2, "n_events"),
        (3, "n_recorded"),
        (4, "live_time_s"),
        (5, "wall_time_s"),
    ):
        np.testing.assert_allclose(printed[:, column], tables.runs[name][order].astype(float), rtol=1e-8)


def test_books_that_do_not_add_up(files: Files, tmp_path):
    """A run that was merged twice, and one whose last event is missing."""
    twice = hadd(tmp_path / "twice.root", [files.few[0], files.few[0]])
    short = rewrite(tmp_path / "short.root", files.few[0], without_last_event=True)
    made, said = session(
        ("merge_check", twice, tmp_path / "twice"), ("merge_check", short, tmp_path / "short")
    )
    assert [part.value for part in made] == [1, 1]
    assert "is there twice: its photons would count twice" in said
    n = read_many(files.few[0]).runs["n_events"][0]
    assert f"runs has {n} events, events has {n - 1} rows" in said
    assert re.search(r"step \d+: steps and events differ by 1 recorded photons", said)


def test_blind_files(ran, files: Files, tmp_path):
    """What needs no truth is the same as for the open file; what needs it says so."""
    blind = rewrite(tmp_path / "blind.root", files.scan, blind=True)
    need_truth = ("truth_vs_reco", "neutrino_kinematics")
    names = ("spectrum", "fit_thresholds", "merge_check", *need_truth)
    made, said = session(*((name, blind, tmp_path / name) for name in names))
    text = {name: part.text for name, part in zip(names, made, strict=True)}
    assert [part.value for part in made] == [0, 0, 0, 1, 1]
    assert [line.partition(":")[0] for line in said.splitlines()] == list(need_truth)
    assert said.count("the file is blind or empty") == 2
    assert "(blind)" in text["spectrum"]
    assert "no threshold is marked" in text["spectrum"]
    np.testing.assert_array_equal(rows(text["spectrum"], 7), rows(ran("spectrum", files.scan).stdout, 7))
    assert "Dirac and NuFIT 5.2 are taken" in text["fit_thresholds"]
    np.testing.assert_array_equal(
        thresholds(text["fit_thresholds"]), thresholds(ran("fit_thresholds", files.scan).stdout)
    )
    assert "\nsound\n" in text["merge_check"]


def test_blind_files_beside_open_ones(ran, files: Files, tmp_path):
    """Hidden physics is not taken from another run; what needs truth has that of the open run alone."""
    blind = rewrite(tmp_path / "blind.root", files.majorana, blind=True)
    both = f"{blind},{files.scan}"
    (hidden,), (told,) = (read_many(path).runs["run"].tolist() for path in (blind, files.scan))
    stem, tail = tmp_path / "picture", ("lightest", "stated", 0, 0, -1)
    made, said = session(
        ("spectrum", both, stem),
        ("spectrum", both, stem, 0.01, 0.02, 0.03),
        ("fit_thresholds", both, stem),
        ("fit_thresholds", both, tmp_path / "one", *tail, told),
        ("spectrum", both, tmp_path / "other", 0.01, 0.02, 0.03, hidden),
        *((name, both, tmp_path / name) for name in NEED_NO_PHYSICS),
    )
    assert [part.value for part in made] == [1, 1, 1, 0, 0, *(0 for _ in NEED_NO_PHYSICS)]
    line = f"renp: run {hidden}: blind, unlike run {told}, and may hide other physics: give blind and open"
    assert [each.startswith(line) for each in said.splitlines()] == [True] * 3
    assert not list(tmp_path.glob("picture*"))
    alone = ran("fit_thresholds", files.scan).stdout
    np.testing.assert_array_equal(thresholds(made[3].text), thresholds(alone))
    assert "nature and mixing are hidden: the curve is of Dirac" in made[4].text
    text = dict(zip(NEED_NO_PHYSICS, (part.text for part in made[5:]), strict=True))
    for name, columns in (("truth_vs_reco", 5), ("neutrino_kinematics", 0)):
        assert f"run {hidden}: blind, and left out" in text[name]
        open_only = ran(name, files.scan).stdout
        np.testing.assert_array_equal(rows(text[name], columns), rows(open_only, columns))
    said_of_pairs = [
        [line for line in printed.splitlines() if line.startswith(("pairs: ", "largest departures"))]
        for printed in (text["neutrino_kinematics"], ran("neutrino_kinematics", files.scan).stdout)
    ]
    assert said_of_pairs[0] == said_of_pairs[1] != []
    assert "\nsound\n" in text["merge_check"]
    counted = sum(int(np.sum(read_many(path).runs["n_recorded"])) for path in (blind, files.scan))
    assert f"{counted} recorded photons" in text["rdataframe_example"]


def test_bands_of_toys_equal_python(ran, files: Files, tmp_path):
    table = read_campaign(files.toys)
    expected = [[row["factor"], table["n_toys"], *row["significance"].values()] for row in table["exposures"]]
    np.testing.assert_allclose(rows(ran("toy_exposure", files.toys).stdout, 7), expected, rtol=0, atol=2e-9)
    parts = [make_campaign(tmp_path / f"{a}.root", a, b) for a, b in ((2000, 3000), (0, 2000))]
    merged = hadd(tmp_path / "all.root", parts)
    assert read_campaign(merged)["exposures"] == table["exposures"]
    twice = f"{parts[0]},{merged}"
    made, said = session(
        *(("toy_exposure", given, tmp_path / f"picture{k}") for k, given in enumerate((merged, twice)))
    )
    assert [part.value for part in made] == [0, 1]
    np.testing.assert_allclose(rows(made[0].text, 7), expected, rtol=0, atol=2e-9)
    assert re.search(r"renp: toy 2\d\d\d: is there twice: leave one of the files out", said)


def test_wrong_inputs(files: Files, tmp_path):
    """Every macro says one clear line, returns 1 and draws nothing."""
    (tmp_path / "text.root").write_text("not ROOT")
    whole = files.scan.read_bytes()
    (tmp_path / "torn.root").write_bytes(whole[: len(whole) // 2])
    with uproot.recreate(tmp_path / "foreign.root") as file:
        file.mktree("events", {"x": "float64"})
    wrong = {
        "absent.root": "no such file",
        "*absent*.root": "no such file",
        "text.root": "is not a ROOT file, or is torn",
        "torn.root": "is not a ROOT file, or is torn",
        "foreign.root": "has no TTree `runs`",
    }
    cases = [(name, given) for name in NAMES for given in wrong]
    made, said = session(*((name, tmp_path / given, tmp_path / "picture") for name, given in cases))
    assert {part.value for part in made} == {1}
    lines = said.splitlines()
    assert len(lines) == len(cases), said
    for line, (_, given) in zip(lines, cases, strict=True):
        assert line.startswith(f"renp: {tmp_path / given}: {wrong[given]}")
    assert not list(tmp_path.glob("picture*"))


def test_returned_value_is_the_exit_code(tmp_path):
    made = call(MACROS / "spectrum.C", tmp_path / "absent.root", tmp_path / "picture")
    assert made.returncode == 1


def test_other_refusals(files: Files, tmp_path):
    """Weighted counts, a run given twice, no option, two masses, a folder that is not there."""
    stem = tmp_path / "picture"
    copy = shutil.copy(files.few[0], tmp_path / "copy.root")
    made, said = session(
        ("spectrum", files.weighted, stem),
        ("fit_thresholds", files.weighted, stem),
        ("spectrum", f"{files.few[0]},{copy}", stem),
        ("fit_thresholds", f"{files.few[0]},{copy}", stem),
        ("fit_thresholds", files.scan, stem, "heaviest"),
        ("spectrum", files.scan, stem, 0.01, 0.02),
        ("spectrum", files.scan, stem, 0.01, 0.02, -0.03),
        ("spectrum", files.empty, tmp_path / "absent" / "picture"),
    )
    assert {part.value for part in made} == {1}
    assert said.count("its counts are not Poisson") == 2
    assert said.count("is there twice: leave one of the files out") == 2
    assert "masses heaviest, nuisances stated: must be lightest or three, stated or fixed" in said
    assert (
        "spectrum: masses 0.01, 0.02, -1 eV: must be three, each 0 or more; leave all out for the true"
        in said
    )
    assert "spectrum: masses 0.01, 0.02, -0.03 eV: must be three" in said
    assert "absent/picture.png: cannot be written" in said
    assert not list(tmp_path.glob("picture*"))


def test_all_compile_together(files: Files, tmp_path):
    """ACLiC takes every macro, all in one session, and what it makes gives the same value and pictures."""
    before = sorted(MACROS.rglob("*"))
    driver = tmp_path / "all.C"
    calls = "".join(
        f'   if ({name}("{files.given(name)}", "{tmp_path / name}") != 0)\n      return {k + 1};\n'
        for k, name in enumerate(NAMES)
    )
    includes = "".join(f'#include "{MACROS / name}.C"\n' for name in NAMES)
    driver.write_text(f"{includes}int all()\n{{\n{calls}   return 0;\n}}\n")
    build = f'gSystem->SetBuildDir("{tmp_path / "build"}", kTRUE);'
    # optimising would only cost time
    lines = (build, 'gSystem->SetFlagsOpt("-O0");', f'gROOT->ProcessLine(".L {driver}+");')
    made = call(driver.with_suffix(".C+"), before=lines)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "warning" not in made.stderr
    for name in NAMES:
        assert_is_picture(tmp_path / name)
    assert sorted(MACROS.rglob("*")) == before
