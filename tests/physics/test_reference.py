"""The 160 rows of reference/spectra.jsonl: an independent evaluation to 17 digits, inputs as IEEE doubles."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renp_sim.physics.atom import known_atoms
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import interaction_named
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum, spectral_function
from renp_sim.physics.target import Target

TABLE = Path(__file__).parents[1] / "reference" / "spectra.jsonl"
ROWS = [json.loads(line) for line in TABLE.read_text("utf-8").splitlines()]


def emission_of(config: dict[str, Any]) -> Emission:
    atom = known_atoms()[config["target"]["atom"]]
    spin_tensor = config["target"].get("spin_tensor", "isotropic")
    named = {"isotropic": 1 / 3, "transverse": 0.0}
    f_l = atom.longitudinal_share() if spin_tensor == "atomic" else named.get(spin_tensor, spin_tensor)
    neutrino = dict(config["neutrino"])
    nature, ordering = Nature(neutrino.pop("nature")), Ordering(neutrino.pop("ordering"))
    lightest = neutrino.pop("lightest_mass_eV")
    section = dict(config["interaction"])
    interaction = interaction_named(section.pop("model"))(
        **{k: CouplingMatrix.from_elements(v) if isinstance(v, dict) else v for k, v in section.items()}
    )
    assert interaction.problems(nature) == []
    return Emission(
        target=Target(atom=atom, f_l=f_l),
        neutrinos=Neutrinos.from_lightest_mass(lightest, Oscillation.nufit(ordering, **neutrino), nature),
        interaction=interaction,
    )


def nine(pairs: dict[str, Any]) -> np.ndarray:
    """Return the values of "11" … "33" as an array; closed pairs are 0, coefficients come last."""
    full = np.zeros((3, 3, *np.shape(next(iter(pairs.values()), 0.0))))
    for name, value in pairs.items():
        full[int(name[0]) - 1, int(name[1]) - 1] = np.asarray(value, dtype=float)
    return full


def test_table_is_complete() -> None:
    assert len(ROWS) == 160
    assert {row["config"]["interaction"]["model"] for row in ROWS} == {
        "standard_model",
        "vector_mediator",
        "scalar_mediator",
        "em_moments",
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_row(row: dict[str, Any]) -> None:
    emitted, omega = emission_of(row["config"]), row["omega_eV"]
    e_eg = emitted.target.atom.e_eg_eV
    k = Kinematics.at(omega, emitted.neutrinos, e_eg_eV=e_eg, f_l=emitted.target.f_l)
    # q² − s₊ keeps nine digits within 1e-7 eV of a threshold, as masses are rounded to 16 themselves
    is_near = np.abs(emitted.neutrinos.thresholds_eV(e_eg) - omega) < 1e-7
    tolerance = np.where(is_near, 1e-9, 1e-11)

    spectrum = spectral_function(omega, emitted)
    pairs = nine(row["pairs"])
    assert np.all(np.abs(spectrum - pairs) <= tolerance * pairs)
    assert np.array_equal(spectrum == 0, pairs == 0)
    total = float(row["spectral_function"])
    assert abs(spectrum.sum() - total) <= tolerance.min() * total

    bracket = np.stack(checked_bracket(k, emitted), axis=-1)
    if row["bracket"]:
        reference = nine(row["bracket"])
        scale = np.max(np.abs(reference), axis=-1)
        assert np.all(np.max(np.abs(bracket - reference), axis=-1) <= tolerance * scale)
    assert np.array_equal(np.any(bracket != 0, axis=-1), k.is_open)
    assert np.array_equal(
        spectrum, pair_spectrum(k, tuple(np.moveaxis(bracket, -1, 0)), emitted.target.atom.e_vg_eV)
    )
