"""The arbiter of frozen fits tells a right interval from one that is off by hundredths of an error."""

from copy import deepcopy

from benchmarks.arbiter import is_right
from tests.analysis.frozen_fits import fitted, frozen_fits

LABEL = "normal/dirac"


def test_parabolas_and_ends_are_judged() -> None:
    (case,) = frozen_fits(["thirteen_free_1e4"])
    fit = fitted(case)[LABEL]
    assert is_right(case, LABEL, "background.dark", fit)
    assert is_right(case, LABEL, "normalisation", fit)
    # HESSE of the fit before was off by a hundredth of an error
    before = deepcopy(fit)
    before["intervals"]["background.dark"] = case.before["fits"][LABEL]["intervals"]["background.dark"]
    assert not is_right(case, LABEL, "background.dark", before)
    moved = deepcopy(fit)
    moved["intervals"]["normalisation"]["regions"][0][1] += 3e-5
    assert moved["intervals"]["normalisation"]["method"] == "profile"
    assert not is_right(case, LABEL, "normalisation", moved)
