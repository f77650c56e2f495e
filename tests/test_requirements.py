"""Nothing that was asked for is without a test."""

from __future__ import annotations

from tests.requirements import OPEN, PAGE, REQUIREMENTS, SEED, page, proofs_by_id


def test_every_requirement_has_a_test():
    without = {name for name, tests in proofs_by_id().items() if not tests}
    assert without == OPEN, f"No test names {', '.join(sorted(without - OPEN))} in its docstring."


def test_every_id_of_the_design_document_stands_under_one_of_ours():
    assert all(set(ids) <= REQUIREMENTS.keys() for _what, ids in SEED.values())


def test_the_page_in_the_docs_is_current():
    assert PAGE.read_text() == page(), "Run: python -m tests.requirements"
