"""Matrices given by elements: completed by the rule of their vertex, contradictions refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renp_sim.errors import ConfigError
from renp_sim.physics.couplings import CouplingMatrix, Symmetry, complete
from tests.physics.gp23 import matrix

finite = st.floats(allow_nan=False, allow_infinity=False)
tables = st.dictionaries(
    st.sampled_from([f"{i}{j}" for i in "123" for j in "123"]),
    finite | st.lists(finite, min_size=2, max_size=2),
)


@given(tables)
def test_elements_come_back_bit_for_bit(table: dict[str, float | list[float]]) -> None:
    given_matrix = CouplingMatrix.from_elements(table)
    through_a_file = json.loads(json.dumps(given_matrix.elements()))
    assert CouplingMatrix.from_elements(through_a_file) == given_matrix
    assert hash(CouplingMatrix.from_elements(through_a_file)) == hash(given_matrix)


@pytest.mark.parametrize(
    ("symmetry", "sign", "value"),
    [(Symmetry.HERMITIAN, 1, 1 + 2j), (Symmetry.SYMMETRIC, 1, 3.0), (Symmetry.ANTISYMMETRIC, -1, 3.0)],
)
@pytest.mark.parametrize("name", ["12", "21"])
def test_partner_follows(symmetry: Symmetry, sign: int, value: complex, name: str) -> None:
    full = CouplingMatrix(((name, value),)).completed(symmetry)
    i, j = int(name[0]) - 1, int(name[1]) - 1
    assert full[i, j] == value
    assert full[j, i] == sign * np.conj(value)
    assert np.count_nonzero(full) == 2


def test_agreeing_partners_are_fine() -> None:
    both = matrix(e12=[1.0, 2.0], e21=[1.0, -2.0]).completed(Symmetry.HERMITIAN)
    assert np.array_equal(both, matrix(e12=[1.0, 2.0]).completed(Symmetry.HERMITIAN))


@pytest.mark.parametrize(
    ("table", "symmetry", "says"),
    [
        ({"11": [1.0, 2.0]}, Symmetry.HERMITIAN, r"g\.11 = \[1\.0, 2\.0\]: .*real: drop the imaginary"),
        ({"12": 1.0, "21": 2.0}, Symmetry.HERMITIAN, r"g\.21 = 2\.0: must be the conjugate of 12 = 1\.0"),
        ({"12": [0.0, 1.0], "21": [0.0, 1.0]}, Symmetry.HERMITIAN, r"g\.21 = .*conjugate of 12"),
        ({"12": [1.0, 2.0]}, Symmetry.SYMMETRIC, r"g\.12 = .*must be real for Majorana"),
        ({"13": 1.0, "31": -1.0}, Symmetry.SYMMETRIC, r"g\.31 = -1\.0: must be equal to 13 = 1\.0"),
        ({"22": 1.0}, Symmetry.ANTISYMMETRIC, r"g\.22 = 1\.0: a Majorana neutrino .*CPT"),
        ({"12": 1.0, "21": 1.0}, Symmetry.ANTISYMMETRIC, r"g\.21 = 1\.0: must be minus 12 = 1\.0"),
    ],
)
def test_contradictions_are_refused(table: dict[str, float], symmetry: Symmetry, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        CouplingMatrix.from_elements(table).completed(symmetry, "g")


@pytest.mark.parametrize("table", [{"14": 1.0}, {"0": 1.0}, {"e": 1.0}, {11: 1.0}])
def test_unknown_elements_are_refused(table: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"interaction\.g_left\..*: no such element"):
        CouplingMatrix.from_elements(table, "interaction.g_left")


@pytest.mark.parametrize("value", ["1e-3", True, [], [1.0, 2.0, 3.0], [1.0, "2"], float("nan"), None])
def test_values_that_are_no_numbers_are_refused(value: object) -> None:
    with pytest.raises(ConfigError, match=r"g_left\.12 = .*must be a finite number or \[re, im\]"):
        CouplingMatrix.from_elements({"12": value}, "g_left")  # type: ignore[dict-item]


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        CouplingMatrix.from_elements({"44": 1.0, "12": "x"})  # type: ignore[dict-item]
    assert len(caught.value.problems) == 2
    wrong = matrix(e11=[1.0, 1.0], e22=[1.0, 1.0])
    with pytest.raises(ConfigError) as caught:
        complete({"a": wrong, "b": wrong}, Symmetry.HERMITIAN)
    assert [line.split(" ")[0] for line in caught.value.problems] == ["a.11", "a.22", "b.11", "b.22"]


def test_an_element_may_run_over_toys() -> None:
    toys = np.array([1.0, 2.0, 3.0])
    varied = matrix(e11=5.0, e21=7.0).with_element("12", 1j * toys)
    full = varied.completed(Symmetry.HERMITIAN)
    assert full.shape == (3, 3, 3)
    assert np.array_equal(full[:, 0, 1], 1j * toys)
    assert np.array_equal(full[:, 1, 0], -1j * toys)
    assert np.array_equal(full[:, 0, 0], [5.0, 5.0, 5.0])
    with pytest.raises(ConfigError, match="array of shape"):
        varied.completed(Symmetry.SYMMETRIC)


def test_a_number_replaces_an_element_and_its_partner() -> None:
    assert matrix(e21=[1.0, 1.0]).with_element("12", 2.0) == matrix(e12=2.0)
