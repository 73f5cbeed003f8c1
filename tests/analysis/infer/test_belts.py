"""A file of belts: reused, extended, refused for anything else."""

from pathlib import Path

import numpy as np
import pytest

from renp_sim.analysis.infer import belts as belts_module
from renp_sim.analysis.infer.acceptance import Acceptance
from renp_sim.analysis.infer.belts import Belts, belts_of, purpose_of
from renp_sim.analysis.infer.feldman_cousins import feldman_cousins_limit
from renp_sim.analysis.infer.limit import Limit
from renp_sim.analysis.infer.toys import Part
from renp_sim.errors import SchemaError
from tests.analysis.infer.counting import counting_setup

NAME = "normalisation"
SETUP = counting_setup(1.0, 3.0, 0.1)


def limit_with(path: Path | None, n_toys: int, n: float = 8.0, seed: int = 5) -> tuple[Limit, int]:
    """Return an interval, and how many distributions were made for it."""
    with belts_of(path, SETUP, NAME, seed=seed, n_toys=n_toys) as belts:
        found = feldman_cousins_limit(SETUP, np.array([n]), NAME, 0.9, belts)
        return found, belts.n_new


def same(a: Limit, b: Limit) -> bool:
    ends = [(f.lower, f.upper, f.lower_error, f.upper_error) for f in (a, b)]
    return ends[0] == ends[1]


def test_second_time_nothing_is_made(tmp_path: Path) -> None:
    path = tmp_path / "belts.npz"
    alone, _ = limit_with(None, 200)
    first, n_first = limit_with(path, 200)
    written = path.read_bytes()
    second, n_second = limit_with(path, 200)
    assert n_first > 30
    assert n_second == 0
    assert same(first, alone)
    assert same(first, second)
    assert path.read_bytes() == written


def test_more_toys_extend_and_equal_a_fresh_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "belts.npz"
    limit_with(path, 200)
    fresh, _ = limit_with(None, 500)
    drawn: list[int] = []
    own = Part.outcomes

    def counted(part, *arguments):
        drawn.append(part.last - part.first)
        return own(part, *arguments)

    monkeypatch.setattr(Part, "outcomes", counted)
    more, _ = limit_with(path, 500)
    assert same(more, fresh)
    assert set(drawn) <= {300, 500}
    assert drawn.count(300) > 30
    drawn.clear()
    # fewer than the file has are not thrown away
    fewer, n_new = limit_with(path, 100)
    assert same(fewer, fresh)
    assert (n_new, drawn) == (0, [])


def test_seed_of_the_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "belts.npz"
    first, _ = limit_with(path, 200, seed=5)
    second, n_new = limit_with(path, 200, seed=6)
    assert same(first, second)
    assert n_new == 0


def test_counted_outcomes_are_kept_for_other_data_and_levels(tmp_path: Path) -> None:
    """Without anything else that floats, most of what one count asks for another one asks too."""
    path = tmp_path / "belts.npz"
    setup = counting_setup(1.0, 3.0)
    made = []
    for n, level in ((6.0, 0.9), (7.0, 0.9), (7.0, 0.95)):
        with belts_of(path, setup, NAME, seed=0, n_toys=0) as belts:
            kept = feldman_cousins_limit(setup, np.array([n]), NAME, level, belts)
            made.append(belts.n_new)
        assert same(kept, feldman_cousins_limit(setup, np.array([n]), NAME, level))
    assert max(made[1:]) < 0.7 * made[0]


def test_rounding_is_no_other_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of 1e-6 is; the twins know too many digits, and too few."""
    rounded, other = (counting_setup(1.0, 3.0 * (1 + change), 0.1) for change in (1e-14, 1e-6))

    def are_the_same() -> tuple[bool, bool]:
        own = purpose_of(SETUP, NAME)
        return purpose_of(rounded, NAME) == own, purpose_of(other, NAME) == own

    assert are_the_same() == (True, False)
    for digits, same_as in ((17, (False, False)), (5, (True, True))):
        monkeypatch.setattr(belts_module, "DIGITS", digits)
        assert are_the_same() == same_as


@pytest.mark.parametrize(
    ("setup", "name", "n_toys", "what"),
    [
        (counting_setup(1.0, 3.1, 0.1), NAME, 200, "are for configuration"),
        (counting_setup(1.0, 3.0, 0.2), NAME, 200, "are for constraints"),
        (counting_setup(1.0, 3.0), NAME, 200, "are for floating"),
        (SETUP, "background.dark", 200, "are for parameter normalisation, not background.dark"),
        (SETUP, NAME, 0, "are of toys"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, setup, name: str, n_toys: int, what: str) -> None:
    path = tmp_path / "belts.npz"
    with belts_of(path, SETUP, NAME, seed=5, n_toys=200) as belts:
        belts.keep(SETUP.theta, Acceptance(statistic=np.arange(200.0)))
    written = path.read_bytes()
    with pytest.raises(SchemaError, match=what), belts_of(path, setup, name, seed=5, n_toys=n_toys):
        pass
    assert path.read_bytes() == written


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"renp", "other"])
def test_files_that_are_none_are_refused_and_kept(tmp_path: Path, content) -> None:
    path = tmp_path / "belts.npz"
    if content == "other":
        np.savez(path, head=np.array("{}"), x=np.arange(3))
    else:
        path.write_bytes(content)
    written = path.read_bytes()
    with pytest.raises(SchemaError, match="no file of belts"):
        Belts.open(path, SETUP, NAME, seed=1, n_toys=10)
    assert path.read_bytes() == written
    with pytest.raises(SchemaError, match="there is no folder"):
        Belts.open(tmp_path / "none" / "belts.npz", SETUP, NAME, seed=1, n_toys=10)
    with pytest.raises(SchemaError, match=r"ends in \.npz"):
        Belts.open(tmp_path / "belts.root", SETUP, NAME, seed=1, n_toys=10)


def test_what_was_made_is_kept_when_it_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "belts.npz"

    def stopped() -> None:
        with belts_of(path, SETUP, NAME, seed=5, n_toys=200) as belts:
            belts.keep(SETUP.theta, Acceptance(statistic=np.arange(200.0)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    found = Belts.open(path, SETUP, NAME, seed=5, n_toys=200).found(SETUP.theta)
    assert found is not None
    assert found.critical(0.9) == Acceptance(statistic=np.arange(200.0)).critical(0.9)
