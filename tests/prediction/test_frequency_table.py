"""Tables of Ī in the frequency say what the spectrum says, for every kind of line."""

from dataclasses import replace

import numpy as np
import pytest

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.neutrino import Ordering, Oscillation
from renp_sim.physics.target import Target
from renp_sim.prediction import frequency_cells
from renp_sim.prediction.expected_counts import ExpectedCounts

OFFSET = "frequency_offset_eV"
MASSES_EV = np.concatenate([[0.0, 1e-6, 1e-5, 1e-4, 1e-3], np.linspace(0.0081, 0.0103, 12), [0.03, 0.1]])


def model_of(linewidth_eV: float, ordering: Ordering = Ordering.NORMAL) -> ExpectedCounts:
    """Return 1e5 counts at the most in nine steps beside the last thresholds, in two runs, and far below."""
    n = 10
    exposure = Exposure.of(
        omega_eV=np.append(np.linspace(1.0715, 1.07168, n - 1), 1.069),
        live_time_s=86400.0,
        gamma0_hz=10.0,
    )
    exposure = replace(
        exposure,
        linewidth_eV=np.full(n, linewidth_eV),
        omega_common_error_eV=np.full(n, 3e-6),
        omega_step_error_eV=np.where(np.arange(n) < 2, 2e-6, 0.0),
        run=np.repeat([1, 2], [4, n - 4]),
    )
    return ExpectedCounts(
        exposure=exposure, target=Target(atom=known_atoms()["Yb"]), oscillation=Oscillation.nufit(ordering)
    )


def rows_of(model: ExpectedCounts) -> FloatArray:
    """Return masses with offsets of a few errors each, and those with a step on either side of a threshold.

    Not on it: there the last bit of the frequency of a sharp line is worth 0.03 standard deviations.
    """
    stream = np.random.default_rng(8)
    rows = np.tile([p.value for p in model.parameters], (len(MASSES_EV), 60, 1))
    rows[..., 0] = MASSES_EV[:, None]
    for column, parameter in enumerate(model.parameters):
        if parameter.name.startswith(OFFSET):
            rows[..., column] = stream.normal(0.0, 2 * parameter.scale, rows.shape[:2])
    rows = rows.reshape(-1, rows.shape[-1])
    beside = np.tile(rows[::60], (2, 1))
    column = [p.name for p in model.parameters].index(OFFSET)
    beside[:, column] = np.nan_to_num(model.kinks(OFFSET, beside)[:, 0])
    beside[:, column] += np.repeat([-1e-9, 1e-9], len(MASSES_EV))
    return np.concatenate([rows, beside])


def worst(model: ExpectedCounts) -> float:
    """Return how far μ from tables is off at most, in standard deviations of the counts."""
    rows = rows_of(model)
    expected = model.expected(rows)
    tabled = model.tabled((OFFSET,))
    assert tabled is not model
    return float(np.max(np.abs(tabled.expected(rows) - expected) / np.sqrt(1 + expected)))


@pytest.mark.parametrize("ordering", list(Ordering))
@pytest.mark.parametrize("linewidth_eV", [0.0, 1e-7, 1e-6, 2e-5])
def test_tables_say_what_the_spectrum_says(linewidth_eV: float, ordering: Ordering) -> None:
    """Wherever offsets of steps, runs and all together lead, and beside thresholds."""
    assert worst(model_of(linewidth_eV, ordering)) < 1e-6


@pytest.mark.parametrize(
    ("name", "value", "linewidth_eV"),
    [("WIDTH_IN_LINES", 12.0, 1e-6), ("REACH_IN_LINES", 2.0, 1e-6), ("ONSETS", 200.0, 0.0)],
)
def test_cells_that_are_too_wide_end_in_no_series(
    monkeypatch: pytest.MonkeyPatch, name: str, value: float, linewidth_eV: float
) -> None:
    """Then more cells are asked directly, which is slow but right; slopes are of series wherever they are."""
    fine = model_of(linewidth_eV).tabled((OFFSET,))
    fine.gradient(rows_of(fine))
    monkeypatch.setattr(frequency_cells, name, value)
    coarse = model_of(linewidth_eV).tabled((OFFSET,))
    coarse.gradient(rows_of(coarse))
    assert fine._table is not None
    assert coarse._table is not None
    assert coarse._table.n_endless > 2 * fine._table.n_endless


@pytest.mark.parametrize("names", [("lightest_mass_eV", OFFSET), ("normalisation",), ()])
def test_no_tables_where_the_masses_move_too(names: tuple[str, ...]) -> None:
    """A table of each mass for one frequency would cost twenty times what it saves."""
    model = model_of(1e-6)
    assert model.tabled(names) is model


def test_what_is_asked_once_needs_no_series() -> None:
    """A cell that holds fewer frequencies than its series has nodes is asked directly: μ itself."""
    model = model_of(1e-6)
    row = rows_of(model)[:1]
    tabled = model.tabled((OFFSET,))
    np.testing.assert_allclose(tabled.expected(row), model.expected(row), rtol=1e-13)
    assert tabled._table is not None
    assert not np.any(tabled._table._slot >= 0)


def test_tables_are_kept() -> None:
    model = model_of(1e-6)
    assert model.tabled((OFFSET,)) is model.tabled((OFFSET, "normalisation"))


@pytest.mark.parametrize("linewidth_eV", [1e-6, 2e-5])
def test_derivatives_in_offsets_are_those_of_the_spectrum(linewidth_eV: float) -> None:
    """Of the common offset, of those of runs and of steps; to what differences of the spectrum say."""
    model = model_of(linewidth_eV)
    offsets = [i for i, p in enumerate(model.parameters) if p.name.startswith(OFFSET)]
    rows = rows_of(model)[::7]
    slope = model.gradient(rows)[..., offsets]
    tabled = model.tabled((OFFSET,)).gradient(rows)[..., offsets]
    np.testing.assert_allclose(tabled, slope, atol=1e-5 * np.max(np.abs(slope)))


def test_numbers_do_not_depend_on_what_was_asked_before() -> None:
    """Bit by bit: processes that share toys have been asked for different ones."""
    model, again = (model_of(1e-5).tabled(("frequency_offset_eV",)) for _ in range(2))
    rows = rows_of(model)
    first = model.expected(rows[:3])
    again.expected(np.repeat(rows, 40, axis=0))
    assert np.array_equal(again.expected(rows[:3]), first)
