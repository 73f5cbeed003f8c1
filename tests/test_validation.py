"""What the validation page claims is so."""

from pathlib import Path

from tests.validation import Status, checks, page

PAGE = Path(__file__).parents[1] / "docs" / "validation.md"


def test_the_page_is_what_the_program_gives() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.validation > docs/validation.md"


def test_a_wrong_number_is_no_agreement() -> None:
    """The twin: what is found, moved by three times the tolerance, is told from what is stated."""
    for check in checks():
        moved = check.stated * (1 + 3 * check.tolerance_rel)
        assert check.agrees(moved) is (check.status is Status.NOT_REPRODUCED)
        assert check.agrees(check.stated) is not (check.status is Status.NOT_REPRODUCED)
