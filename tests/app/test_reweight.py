"""Weights against samples that were generated directly, and what weights cannot do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from scipy.stats import chi2

from renp_sim.app.generation import generate
from renp_sim.app.reweight import Reweighted, reweight
from renp_sim.app.run_file import apply_settings
from renp_sim.app.setup import Setup, setup_from_table
from renp_sim.cli import main
from renp_sim.errors import ConfigError, NumericsError, SchemaError
from renp_sim.ntuple.reader import iterate_events, read_tables

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
MOMENTS = "interaction={model='em_moments', magnetic_muB={12=5e-11, 33=5e-11}, electric_muB={13=[0.0, 5e-11]}}"
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


def setup(*settings: str) -> Setup:
    return setup_from_table(apply_settings(TABLE, settings))


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


def require_same_sample(sample: Path, base: tuple[str, ...], settings: tuple[str, ...], folder: Path) -> None:
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
    signal = events["origin"] == 0
    sums, squares = (np.bincount(events["step"][signal], weight[signal] ** n, 3) for n in (1, 2))
    assert np.all(np.abs(sums - mu) < 5 * np.sqrt(squares))
    assert made.sum_of_weights == pytest.approx(weight[signal].sum(), rel=1e-12)
    assert 0 < made.effective_events <= made.n_signal == np.count_nonzero(signal)


@pytest.mark.parametrize("name", HYPOTHESES)
def test_reweighted_sample_is_the_generated_one(samples: dict[str, Path], name: str, tmp_path: Path) -> None:
    """Steps, pairs, cosθ* and ω: false-alarm probability 1e-5; without weights (the twin) it must fail.

    Sums of weights lie within 5 standard errors of the expected counts, three at 6e-7.
    """
    require_same_sample(samples["dirac"], (), HYPOTHESES[name], tmp_path)


@pytest.mark.parametrize("name", MAJORANA_HYPOTHESES)
def test_majorana_sample(samples: dict[str, Path], name: str, tmp_path: Path) -> None:
    """The same, with unordered pairs: false-alarm probability 1e-5."""
    require_same_sample(samples["majorana"], MAJORANA, MAJORANA_HYPOTHESES[name], tmp_path)
