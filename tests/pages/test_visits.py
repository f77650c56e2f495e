"""No page is forgotten."""

from __future__ import annotations

from tests.pages.visits import WITHOUT_PAGE, all_visits
from tests.test_access import ROWS


def test_every_url_has_a_visit_or_no_page() -> None:
    """A1, C6: a new URL is looked at in both languages and for accessibility."""
    assert {visit.name for visit in all_visits()} == set(ROWS) - WITHOUT_PAGE
