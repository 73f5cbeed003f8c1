import numpy as np
import pytest

from renp_sim.errors import SchemaError
from renp_sim.ntuple.columns import checked_columns
from renp_sim.ntuple.schema import Branch, Tree


def checked(dtype, values):
    tree = Tree(name="events", row="", branches=(Branch(name="x", dtype=dtype, meaning=""),))
    return checked_columns(tree, {"x": values})["x"]


def test_matching_dtype_is_passed_on_without_a_copy():
    values = np.arange(5, dtype=np.int16)
    assert checked("int16", values) is values


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("int32", np.array([2**31 - 1, -(2**31)], dtype=np.int64)),
        ("int8", np.array([127.0, -128.0])),
        ("int64", np.array([2.0**62, -(2.0**63)])),
        ("uint64", np.array([0, 2**63 - 1], dtype=np.int64)),
        ("float32", np.array([1e38, np.inf, -np.inf, np.nan, 1e-60])),
        ("float64", np.array([2**53, -(2**53)], dtype=np.int64)),
        ("float64", np.array([0.1], dtype=">f8")),
        ("int64", np.array([], dtype=np.float64)),
    ],
)
def test_values_that_fit_are_kept(dtype, values):
    out = checked(dtype, values)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, values.astype(dtype))


@pytest.mark.parametrize(
    ("dtype", "bad"),
    [
        ("int32", np.array([0, 2**40])),
        ("int8", np.array([0, -129])),
        ("int64", np.array([0, 2**63], dtype=np.uint64)),
        ("int64", np.array([0.0, 2.0**63])),
        ("uint64", np.array([0, -1])),
        ("int32", np.array([0.0, 1.7])),
        ("int8", np.array([0.0, np.nan])),
        ("int64", np.array([0.0, np.inf])),
        ("float32", np.array([0.0, 1e300])),
        ("float64", np.array([0, 2**53 + 1])),
        ("float32", np.array([0, 2**24 + 1])),
    ],
)
def test_values_that_uproot_would_narrow_are_refused(dtype, bad):
    with pytest.raises(SchemaError, match=r"^events\.x\[1\] = .*: does not fit " + dtype):
        checked(dtype, bad)


@pytest.mark.parametrize(
    ("dtype", "bad"),
    [
        ("bool", np.array([0, 1])),
        ("float64", np.array(["1.0"])),
        ("float64", np.array([1.0 + 0j])),
        ("int64", np.array([None])),
        ("int64", np.array([2**70])),
    ],
)
def test_what_is_not_a_number_of_that_kind_is_a_bug(dtype, bad):
    with pytest.raises(ValueError, match=r"^events\.x: has dtype"):
        checked(dtype, bad)


def test_missing_unknown_and_ragged_columns_are_named():
    tree = Tree(name="t", row="", branches=tuple(Branch(name=n, dtype="int64", meaning="") for n in "ab"))
    one = np.zeros(1, dtype=np.int64)
    with pytest.raises(ValueError, match=r"t: missing branches \['b'\], unknown branches \['c'\]"):
        checked_columns(tree, {"a": one, "c": one})
    with pytest.raises(ValueError, match=r"t\.b: has shape \(2,\), not \(1,\)"):
        checked_columns(tree, {"a": one, "b": np.zeros(2, dtype=np.int64)})
    with pytest.raises(ValueError, match=r"t\.a: has shape \(1, 2\)"):
        checked_columns(tree, {"a": np.zeros((1, 2)), "b": one})
